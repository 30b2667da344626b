//! Making a server's folder. It comes into being by one rename: a crash in the middle leaves no
//! folder that looks used.

use crate::administrators::Role;
use crate::administrators::link::{NewLink, OWNER_SECS, Url};
use crate::audit::{Actor, Entry};
use crate::folder;
use crate::keys::certificate::{self, CertificateError, facts};
use crate::keys::p256::{BadKey, SigningKey};
use crate::keys::{change, recovery};
use crate::sealing::{KeyText, SealError, Sealer};
use crate::store::{OrganisationId, Store, StoreError, keys::ANCHOR};
use protocol::encoding::Sha256;
use std::io;
use std::path::{Path, PathBuf};

/// Setting: the names in the certificate, a JSON array.
pub const HOSTS: &str = "hosts";
/// Setting: where people and agents reach the server.
pub const PUBLIC_URL: &str = "public_url";
/// Setting: when somebody last showed a copy of the recovery key, Unix seconds.
pub const RECOVERY_CONFIRMED: &str = "recovery_confirmed";

/// What the folder is made for.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Names in the self-signed certificate; never empty.
    pub hosts: Vec<String>,
    /// Where people and agents reach the server.
    pub public_url: String,
    /// Addresses in the key list, `host[:port]`.
    pub addresses: Vec<String>,
    /// Where the recovery key is written.
    pub recovery_out: PathBuf,
}

/// What was made.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Made {
    /// The folder.
    pub data: PathBuf,
    /// The recovery key's file.
    pub recovery_key: PathBuf,
    /// Fingerprint of the anchor.
    pub anchor: Sha256,
    /// SHA-256 of the TLS key's SubjectPublicKeyInfo.
    pub tls_key: Sha256,
    /// The names in the certificate.
    pub hosts: Vec<String>,
    /// Where people and agents reach the server.
    pub public_url: String,
    /// By which the first owner comes in, once, within a day.
    pub owner_link: Url,
}

/// Why no folder was made. Nothing was changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InitError {
    /// There is something already.
    #[error("{0} is in use: it is not empty; nothing was changed")]
    Used(PathBuf),
    /// The recovery key's file is there already.
    #[error(
        "{0} exists and may be another server's recovery key: move it away or name another file with --recovery-out; nothing was changed"
    )]
    RecoveryKeyExists(PathBuf),
    /// A file or folder could not be made.
    #[error("{0}: {1}")]
    File(PathBuf, #[source] io::Error),
    /// A host name is wrong, or the certificate could not be made.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// A key could not be made.
    #[error(transparent)]
    Key(#[from] BadKey),
    /// The sealing key could not be made.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// The store could not be made.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Makes the folder.
///
/// # Errors
/// [`InitError`]; nothing is left behind then.
pub async fn init(data: &Path, plan: &Plan, actor: Actor, now: i64) -> Result<Made, InitError> {
    let workshop = Workshop::open(data)?;
    if plan.recovery_out.symlink_metadata().is_ok() {
        return Err(InitError::RecoveryKeyExists(plan.recovery_out.clone()));
    }
    let recovery = SigningKey::generate()?;
    let (tls_key, owner_link) = fill(workshop.path(), plan, &recovery, actor, now).await?;

    let text = recovery::to_text(&recovery)?;
    let file = |error| InitError::File(plan.recovery_out.clone(), error);
    folder::write_private(&plan.recovery_out, text.as_bytes()).map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => InitError::RecoveryKeyExists(plan.recovery_out.clone()),
        _ => file(error),
    })?;
    folder::sync_parent(&plan.recovery_out).map_err(file)?;
    // Only now: a folder without its recovery key would be worse than none.
    if let Err(error) = workshop.finish() {
        // The key of a folder that never was would only confuse.
        let _ = std::fs::remove_file(&plan.recovery_out);
        return Err(error);
    }
    Ok(Made {
        data: data.to_owned(),
        recovery_key: plan.recovery_out.clone(),
        anchor: recovery.public_key().fingerprint(),
        tls_key,
        hosts: plan.hosts.clone(),
        public_url: plan.public_url.clone(),
        owner_link,
    })
}

async fn fill(
    folder: &Path,
    plan: &Plan,
    recovery: &SigningKey,
    actor: Actor,
    now: i64,
) -> Result<(Sha256, Url), InitError> {
    let certificate = certificate::self_signed(&plan.hosts, None, now)?;
    let tls_key = facts(certificate.certificate.as_bytes())?.spki_sha256;
    for (name, content) in [
        (folder::CERTIFICATE_FILE, certificate.certificate.as_bytes()),
        (folder::TLS_KEY_FILE, certificate.key.as_bytes()),
    ] {
        let path = folder.join(name);
        folder::write_private(&path, content).map_err(|error| InitError::File(path, error))?;
    }
    let sealing = if std::env::var_os(crate::sealing::KEY_VARIABLE).is_some() {
        KeyText::load(folder)?
    } else {
        let key = KeyText::generate()?;
        key.write_new(folder)?;
        key
    };
    let store = Store::create(folder, Sealer::new(&sealing)?, now)?;
    let signing = SigningKey::generate()?;
    let anchor = *recovery.public_key();
    let first_list = (tls_key, plan.addresses.clone());
    let hosts = serde_json::to_string(&plan.hosts).map_err(StoreError::from)?;
    let public_url = plan.public_url.clone();
    let recovery = SigningKey::from_pkcs8(&recovery.to_pkcs8()?)?;
    let link = NewLink::invite(Role::Owner, None, now + OWNER_SECS)?;
    let owner_link = link.url(&public_url);
    store
        .write(move |write| {
            let organisation = OrganisationId::DEFAULT;
            write.set_setting(organisation, ANCHOR, &anchor.to_string())?;
            write.set_setting(organisation, HOSTS, &hosts)?;
            write.set_setting(organisation, PUBLIC_URL, &public_url)?;
            change::first(write, organisation, &recovery, &signing, first_list, now)?;
            let entry = Entry::new("init", actor, anchor.fingerprint())
                .detail("public_url", &public_url)
                .detail("owner_link", link.id)
                .detail("until", link.until);
            write.add_administrator_link(organisation, &link, &entry, now)
        })
        .await?;
    Ok((tls_key, owner_link))
}

/// A folder under another name that becomes the data folder when it is finished, or vanishes.
#[derive(Debug)]
pub struct Workshop {
    target: PathBuf,
    path: PathBuf,
    /// The target exists, empty (a mount point, or made by a package): its files are moved in.
    inside: bool,
    finished: bool,
}

impl Workshop {
    /// Begins; the target must not exist, or be an empty folder.
    ///
    /// # Errors
    /// [`InitError::Used`], [`InitError::File`].
    pub fn open(target: &Path) -> Result<Self, InitError> {
        let file = |path: &Path, error| InitError::File(path.to_owned(), error);
        let inside = match std::fs::read_dir(target) {
            Ok(mut entries) => {
                if entries.any(|entry| entry.map_or(true, |entry| entry.file_name() != "lost+found")) {
                    return Err(InitError::Used(target.to_owned()));
                }
                true
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => false,
            Err(error) if error.kind() == io::ErrorKind::NotADirectory => {
                return Err(InitError::Used(target.to_owned()));
            }
            Err(error) => return Err(file(target, error)),
        };
        let unique = crate::random::bytes::<6>().map_err(StoreError::from)?;
        let unique = protocol::encoding::encode(&unique);
        let path = if inside {
            target.join(format!(".init-{unique}"))
        } else {
            let mut name = target.file_name().unwrap_or(target.as_os_str()).to_owned();
            name.push(format!(".init-{unique}"));
            target.with_file_name(name)
        };
        folder::create(&path).map_err(|error| file(&path, error))?;
        Ok(Self { target: target.to_owned(), path, inside, finished: false })
    }

    /// Where to put the files.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Gives the folder its name.
    ///
    /// # Errors
    /// [`InitError::Used`] when somebody was quicker, [`InitError::File`].
    pub fn finish(mut self) -> Result<(), InitError> {
        let file = |error: io::Error| match error.kind() {
            io::ErrorKind::DirectoryNotEmpty | io::ErrorKind::AlreadyExists => {
                InitError::Used(self.target.clone())
            }
            _ => InitError::File(self.target.clone(), error),
        };
        std::fs::File::open(&self.path).and_then(|folder| folder.sync_all()).map_err(file)?;
        if self.inside {
            self.move_in().map_err(file)?;
        } else {
            std::fs::rename(&self.path, &self.target).map_err(file)?;
        }
        folder::sync_parent(&self.target).map_err(file)?;
        self.finished = true;
        Ok(())
    }

    /// The database comes last: without it a folder does not count as used.
    fn move_in(&self) -> io::Result<()> {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::set_permissions(&self.target, std::fs::Permissions::from_mode(0o700))?;
        let mut names = std::fs::read_dir(&self.path)?
            .map(|entry| entry.map(|entry| entry.file_name()))
            .collect::<io::Result<Vec<_>>>()?;
        names.sort_by_key(|name| name == crate::store::DATABASE_FILE);
        for name in names {
            std::fs::rename(self.path.join(&name), self.target.join(&name))?;
        }
        std::fs::File::open(&self.target)?.sync_all()?;
        std::fs::remove_dir(&self.path)
    }
}

impl Drop for Workshop {
    fn drop(&mut self) {
        if !self.finished {
            let _ = std::fs::remove_dir_all(&self.path);
        }
    }
}
