//! Backup and restore: the store, the sealing key and the TLS files in one file that only the
//! recovery key opens.

pub mod envelope;

use crate::audit::{Actor, Entry};
use crate::folder::{self, CERTIFICATE_FILE, TLS_KEY_FILE};
use crate::init::{InitError, Workshop};
use crate::keys::change;
use crate::keys::p256::{BadKey, SigningKey};
use crate::sealing::{KEY_FILE, KeyText, SealError, Sealer};
use crate::store::restored::Voided;
use crate::store::{DATABASE_FILE, OrganisationId, Store, StoreError, Use};
use envelope::{EnvelopeError, OpeningReader, SealingWriter};
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// Why there is no backup, or nothing was restored.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BackupError {
    /// A file could not be used.
    #[error("{0}: {1}")]
    File(PathBuf, #[source] io::Error),
    /// The backup itself.
    #[error("{0}: {1}")]
    Envelope(PathBuf, #[source] EnvelopeError),
    /// The backup holds something that this program does not know.
    #[error(
        "the backup holds {0:?}, which this program does not know; restore with the release that made it"
    )]
    UnknownPart(String),
    /// The folder to restore into.
    #[error(transparent)]
    Folder(#[from] InitError),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The sealing key.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// A key.
    #[error(transparent)]
    Key(#[from] BadKey),
}

/// Parts of a backup: name (1 byte of length), length (8 bytes, big endian), content.
const PARTS: [&str; 4] = [KEY_FILE, CERTIFICATE_FILE, TLS_KEY_FILE, DATABASE_FILE];

/// Writes a backup of the store in `data`, beside a server that may be running.
///
/// # Errors
/// [`BackupError`]; an existing file is not overwritten, a half one is removed.
pub async fn write(
    store: &Store,
    data: &Path,
    file: &Path,
    actor: Actor,
    now: i64,
) -> Result<u64, BackupError> {
    let organisation = OrganisationId::DEFAULT;
    let at = |path: &Path, error| BackupError::File(path.to_owned(), error);
    let anchor = store.anchor(organisation)?;
    let out = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(file)
        .map_err(|error| at(file, error))?;
    let mut half = Removed(Some(file.to_owned()));
    // The audit says so before the copy is taken, so that the backup holds the row as well.
    store
        .write(move |write| {
            write.audit(organisation, now, &Entry::new("backup", actor, anchor.fingerprint()))
        })
        .await?;
    let unique = crate::random::bytes::<6>().map_err(StoreError::from)?;
    let copy = data.join(format!(".backup-{}", protocol::encoding::encode(&unique)));
    let _copy = Removed(Some(copy.clone()));
    store.copy_to(&copy)?;

    let envelope = |error| BackupError::Envelope(file.to_owned(), error);
    let mut writer = SealingWriter::begin(BufWriter::new(out), &anchor, now).map_err(envelope)?;
    let sealing = KeyText::load(data)?.key()?;
    part(&mut writer, KEY_FILE, sealing.len() as u64, &sealing[..]).map_err(|error| at(file, error))?;
    for (name, path) in [
        (CERTIFICATE_FILE, data.join(CERTIFICATE_FILE)),
        (TLS_KEY_FILE, data.join(TLS_KEY_FILE)),
        (DATABASE_FILE, copy),
    ] {
        let content = File::open(&path).map_err(|error| at(&path, error))?;
        let length = content.metadata().map_err(|error| at(&path, error))?.len();
        part(&mut writer, name, length, content).map_err(|error| at(file, error))?;
    }
    let out = writer.finish().map_err(|error| at(file, error))?;
    let out = out.into_inner().map_err(|error| at(file, error.into_error()))?;
    out.sync_all().map_err(|error| at(file, error))?;
    folder::sync_parent(file).map_err(|error| at(file, error))?;
    half.0 = None;
    out.metadata().map(|metadata| metadata.len()).map_err(|error| at(file, error))
}

fn part(out: &mut impl Write, name: &str, length: u64, content: impl Read) -> io::Result<()> {
    out.write_all(&[u8::try_from(name.len()).map_err(io::Error::other)?])?;
    out.write_all(name.as_bytes())?;
    out.write_all(&length.to_be_bytes())?;
    let copied = io::copy(&mut content.take(length), out)?;
    if copied == length { Ok(()) } else { Err(io::Error::other("a file became shorter while it was read")) }
}

/// What a restore did.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Restored {
    /// When the backup was made: whatever was revoked since is not revoked now.
    pub backup_time: i64,
    /// Number of the backup's last audit row.
    pub last_row: i64,
    /// What was voided, and what stands as it was then.
    pub voided: Voided,
    /// Epoch of the new key list: agents follow it by the recovery key.
    pub epoch: u32,
}

/// Makes the folder `data` from a backup. Afterwards no one-time code from before is good, no logon is
/// pending, and the server has a new signing key.
///
/// # Errors
/// [`BackupError`]; nothing is left behind then.
pub async fn restore(
    file: &Path,
    data: &Path,
    recovery: SigningKey,
    actor: Actor,
    now: i64,
) -> Result<Restored, BackupError> {
    let workshop = Workshop::open(data)?;
    let input = File::open(file).map_err(|error| BackupError::File(file.to_owned(), error))?;
    let (mut reader, header) = OpeningReader::begin(BufReader::new(input), &recovery)
        .map_err(|error| BackupError::Envelope(file.to_owned(), error))?;
    unpack(&mut reader, file, workshop.path())?;
    let sealer = Sealer::new(&KeyText::load(workshop.path())?)?;
    let store = Store::open(workshop.path(), sealer, Use::Command)?;
    let signing = SigningKey::generate()?;
    let created = header.created;
    let least_epoch = u32::try_from(now).unwrap_or(0);
    let restored = store
        .write(move |write| {
            let organisation = OrganisationId::DEFAULT;
            let last_row = write.as_read().last_audit_row(organisation)?;
            let voided = write.void_after_restore(organisation, now)?;
            let (epoch, _) =
                change::recover(write, organisation, (&recovery, &signing), least_epoch, actor.clone(), now)?;
            let entry = Entry::alarm("restored", actor, recovery.public_key().fingerprint())
                .detail("backup_time", created)
                .detail("voided", voided);
            write.audit(organisation, now, &entry)?;
            Ok(Restored { backup_time: created, last_row, voided, epoch })
        })
        .await?;
    drop(store);
    workshop.finish()?;
    Ok(restored)
}

fn unpack(reader: &mut impl Read, file: &Path, into: &Path) -> Result<(), BackupError> {
    let damaged = |error| BackupError::File(file.to_owned(), error);
    loop {
        let mut length = [0];
        // The end of the content is authentic: the last chunk says so.
        if reader.read(&mut length).map_err(damaged)? == 0 {
            return Ok(());
        }
        let mut name = vec![0; usize::from(length[0])];
        reader.read_exact(&mut name).map_err(damaged)?;
        let name = String::from_utf8_lossy(&name).into_owned();
        // Only these names: a path in a backup must lead nowhere else.
        if !PARTS.contains(&name.as_str()) {
            return Err(BackupError::UnknownPart(name));
        }
        let mut length = [0; 8];
        reader.read_exact(&mut length).map_err(damaged)?;
        let length = u64::from_be_bytes(length);
        if name == KEY_FILE {
            let mut key = Zeroizing::new([0; 32]);
            reader.read_exact(&mut key[..]).map_err(damaged)?;
            KeyText::from_key(&key).write_new(into)?;
            continue;
        }
        let path = into.join(name);
        let failed = |error| BackupError::File(path.clone(), error);
        let mut out = std::fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)
            .map_err(failed)?;
        let copied = io::copy(&mut reader.by_ref().take(length), &mut out).map_err(failed)?;
        if copied != length {
            return Err(damaged(io::ErrorKind::UnexpectedEof.into()));
        }
        out.sync_all().map_err(failed)?;
    }
}

/// A file that is removed unless it was finished.
struct Removed(Option<PathBuf>);

impl Drop for Removed {
    fn drop(&mut self) {
        if let Some(path) = &self.0 {
            let _ = std::fs::remove_file(path);
        }
    }
}
