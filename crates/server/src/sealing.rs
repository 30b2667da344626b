//! Secrets at rest: AES-256-GCM under a key that is never in the database.
//!
//! A sealed value is `version (1) || key id (8) || nonce (12) || ciphertext || tag (16)` and is
//! bound to the [`Place`] it stands in: copied into another row, table or organisation it does not
//! open.

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use aws_lc_rs::digest::{SHA256, digest};
use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use zeroize::{Zeroize as _, Zeroizing};

/// Name of the key file in the data folder.
pub const KEY_FILE: &str = "sealing.key";
/// The environment variable that replaces the key file.
pub const KEY_VARIABLE: &str = "TRASA_SEALING_KEY";

const VERSION: u8 = 1;
const KEY_PREFIX: &str = "trasa-sealing-key-1 ";
const HEADER_BYTES: usize = 1 + 8;

/// Where a sealed value stands.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// Table and column, such as `devices.secret`.
    pub column: &'a str,
    /// The row's id.
    pub row: &'a [u8],
    /// The organisation that the row belongs to.
    pub organisation: i64,
}

impl Place<'_> {
    fn aad(&self) -> Vec<u8> {
        let mut aad = b"trasa-seal-1".to_vec();
        for part in [self.column.as_bytes(), self.row, &self.organisation.to_be_bytes()] {
            aad.extend_from_slice(&(part.len() as u64).to_be_bytes());
            aad.extend_from_slice(part);
        }
        aad
    }
}

/// Why sealing or unsealing failed. The messages name no secret.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SealError {
    /// The key is not where it is looked for: the administrator's to put back.
    #[error(
        "there is no sealing key at {0}; put the file back from where you keep it, or run `trasa-server restore` with a backup and the recovery key"
    )]
    Missing(PathBuf),
    /// Others than the owner can read the key file.
    #[error("the sealing key {0} can be read by other users of this machine; run `chmod 600 {0}`")]
    TooOpen(PathBuf),
    /// The text is no sealing key.
    #[error("{0} does not hold a sealing key; put back the file that `trasa-server init` wrote")]
    Malformed(String),
    /// The file could not be read or written.
    #[error("the sealing key {0} cannot be used: {1}")]
    Io(PathBuf, #[source] io::Error),
    /// The store was sealed by another key.
    #[error(
        "the sealing key is not the one that this store was made with; put back the right {KEY_FILE} (or {KEY_VARIABLE}), or run `trasa-server restore` with a backup and the recovery key"
    )]
    WrongKey,
    /// A sealed value was altered or moved, or is of a key that is not at hand.
    #[error("a sealed value in {0} does not open: it was altered, moved, or sealed by another key")]
    Damaged(String),
    /// No random bytes, or the cipher refused.
    #[error("sealing failed")]
    Failed,
}

/// The key as text, `trasa-sealing-key-1 <base64url of 32 bytes>`; wiped when dropped.
pub struct KeyText(Zeroizing<String>);

impl std::fmt::Debug for KeyText {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("KeyText([REDACTED])")
    }
}

impl KeyText {
    /// A new random key.
    ///
    /// # Errors
    /// [`SealError::Failed`] when the system has no random bytes.
    pub fn generate() -> Result<Self, SealError> {
        let key = crate::random::secret::<32>().map_err(|_| SealError::Failed)?;
        Ok(Self::from_key(&key))
    }

    /// From the 32 bytes, such as those of a backup.
    #[must_use]
    pub fn from_key(key: &[u8; 32]) -> Self {
        let encoded = Zeroizing::new(protocol::encoding::encode(key));
        let mut text = Zeroizing::new(String::with_capacity(80));
        text.push_str(KEY_PREFIX);
        text.push_str(&encoded);
        text.push('\n');
        Self(text)
    }

    /// Reads `TRASA_SEALING_KEY`, else the key file in `folder`.
    ///
    /// # Errors
    /// Each says in one sentence what to do.
    pub fn load(folder: &Path) -> Result<Self, SealError> {
        if let Ok(text) = std::env::var(KEY_VARIABLE) {
            return Ok(Self(Zeroizing::new(text)));
        }
        let path = folder.join(KEY_FILE);
        let metadata = match fs::metadata(&path) {
            Ok(metadata) => metadata,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(SealError::Missing(path)),
            Err(error) => return Err(SealError::Io(path, error)),
        };
        if metadata.permissions().mode() & 0o077 != 0 {
            return Err(SealError::TooOpen(path));
        }
        match fs::read_to_string(&path) {
            Ok(text) => Ok(Self(Zeroizing::new(text))),
            Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                Err(SealError::Malformed(path.display().to_string()))
            }
            Err(error) => Err(SealError::Io(path, error)),
        }
    }

    /// Writes the key file, readable by its owner only; an existing file is never overwritten.
    ///
    /// # Errors
    /// [`SealError::Io`].
    pub fn write_new(&self, folder: &Path) -> Result<(), SealError> {
        let path = folder.join(KEY_FILE);
        fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)
            .and_then(|mut file| {
                file.write_all(self.0.as_bytes())?;
                file.sync_all()
            })
            .map_err(|error| SealError::Io(path, error))
    }

    /// The 32 bytes.
    ///
    /// # Errors
    /// [`SealError::Malformed`].
    pub fn key(&self) -> Result<Zeroizing<[u8; 32]>, SealError> {
        let malformed = || SealError::Malformed(format!("the sealing key ({KEY_FILE} or {KEY_VARIABLE})"));
        let encoded = self.0.trim().strip_prefix(KEY_PREFIX.trim_end()).ok_or_else(malformed)?;
        let decoded = protocol::encoding::decode(encoded.trim()).map(Zeroizing::new).ok_or_else(malformed)?;
        let mut key = Zeroizing::new([0; 32]);
        if decoded.len() != key.len() {
            return Err(malformed());
        }
        key.copy_from_slice(&decoded);
        Ok(key)
    }
}

/// Seals and opens values. Cheap to share behind an `Arc`; holds no lock.
pub struct Sealer {
    id: [u8; 8],
    cipher: RandomizedNonceKey,
}

impl std::fmt::Debug for Sealer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sealer")
            .field("key_id", &protocol::encoding::encode(&self.id))
            .finish_non_exhaustive()
    }
}

impl Sealer {
    /// From the key's text.
    ///
    /// # Errors
    /// [`SealError::Malformed`].
    pub fn new(text: &KeyText) -> Result<Self, SealError> {
        let key = text.key()?;
        let mut named = Zeroizing::new(b"trasa sealing key id".to_vec());
        named.extend_from_slice(&key[..]);
        let hash = digest(&SHA256, &named);
        let mut id = [0; 8];
        id.copy_from_slice(hash.as_ref().get(..8).ok_or(SealError::Failed)?);
        let cipher = RandomizedNonceKey::new(&AES_256_GCM, &key[..]).map_err(|_| SealError::Failed)?;
        Ok(Self { id, cipher })
    }

    /// Seals a secret for its place.
    ///
    /// # Errors
    /// [`SealError::Failed`].
    pub fn seal(&self, place: Place<'_>, secret: &[u8]) -> Result<Vec<u8>, SealError> {
        // Sealed in place in a buffer that is long enough, so that no copy of the secret is left.
        let mut sealed = Vec::with_capacity(secret.len() + AES_256_GCM.tag_len());
        sealed.extend_from_slice(secret);
        let nonce = self
            .cipher
            .seal_in_place_append_tag(Aad::from(place.aad()), &mut sealed)
            .map_err(|_| SealError::Failed);
        let nonce = match nonce {
            Ok(nonce) => nonce,
            Err(error) => {
                sealed.zeroize();
                return Err(error);
            }
        };
        let mut out = Vec::with_capacity(HEADER_BYTES + NONCE_LEN + sealed.len());
        out.push(VERSION);
        out.extend_from_slice(&self.id);
        out.extend_from_slice(nonce.as_ref());
        out.append(&mut sealed);
        Ok(out)
    }

    /// Opens a sealed value that stands in `place`.
    ///
    /// # Errors
    /// [`SealError::WrongKey`] when another key sealed it, [`SealError::Damaged`] for all else.
    pub fn open(&self, place: Place<'_>, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealError> {
        let damaged = || SealError::Damaged(place.column.to_owned());
        let (header, rest) = sealed.split_at_checked(HEADER_BYTES).ok_or_else(damaged)?;
        let (version, key_id) = header.split_first().ok_or_else(damaged)?;
        if *version != VERSION {
            return Err(damaged());
        }
        if key_id != self.id {
            return Err(SealError::WrongKey);
        }
        let (nonce, ciphertext) = rest.split_at_checked(NONCE_LEN).ok_or_else(damaged)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| damaged())?;
        let mut opened = Zeroizing::new(ciphertext.to_vec());
        let length = self
            .cipher
            .open_in_place(nonce, Aad::from(place.aad()), &mut opened)
            .map_err(|_| damaged())?
            .len();
        opened.truncate(length);
        Ok(opened)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::{KeyText, Place, SealError, Sealer};
    use std::os::unix::fs::PermissionsExt as _;

    const PLACE: Place<'_> = Place { column: "devices.secret", row: b"row-1", organisation: 1 };

    fn sealer(key: u8) -> Sealer {
        Sealer::new(&KeyText::from_key(&[key; 32])).unwrap()
    }

    #[test]
    fn opens_in_its_place_only() {
        let sealer = sealer(7);
        let sealed = sealer.seal(PLACE, b"a secret").unwrap();
        assert!(!sealed.windows(8).any(|window| window == b"a secret"));
        assert_eq!(sealer.open(PLACE, &sealed).unwrap().as_slice(), b"a secret");
        for other in [
            Place { column: "services.key", ..PLACE },
            Place { row: b"row-2", ..PLACE },
            Place { organisation: 2, ..PLACE },
        ] {
            assert!(matches!(sealer.open(other, &sealed), Err(SealError::Damaged(_))), "{other:?}");
        }
    }

    #[test]
    fn any_flipped_byte_and_any_cut_is_noticed() {
        let sealer = sealer(7);
        let sealed = sealer.seal(PLACE, b"a secret").unwrap();
        for index in 0..sealed.len() {
            let mut altered = sealed.clone();
            altered[index] ^= 1;
            assert!(sealer.open(PLACE, &altered).is_err(), "byte {index}");
            assert!(sealer.open(PLACE, &sealed[..index]).is_err(), "cut at {index}");
        }
    }

    #[test]
    fn another_key_is_named_as_such() {
        let sealed = sealer(7).seal(PLACE, b"a secret").unwrap();
        assert!(matches!(sealer(8).open(PLACE, &sealed), Err(SealError::WrongKey)));
    }

    #[test]
    fn the_same_secret_never_looks_the_same() {
        let sealer = sealer(7);
        assert_ne!(sealer.seal(PLACE, b"x").unwrap(), sealer.seal(PLACE, b"x").unwrap());
    }

    #[test]
    fn key_files_are_private_and_never_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(KeyText::load(folder.path()), Err(SealError::Missing(_))));
        let key = KeyText::generate().unwrap();
        key.write_new(folder.path()).unwrap();
        assert!(matches!(key.write_new(folder.path()), Err(SealError::Io(..))));
        assert_eq!(KeyText::load(folder.path()).unwrap().key().unwrap(), key.key().unwrap());
        let path = folder.path().join(super::KEY_FILE);
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
        assert!(matches!(KeyText::load(folder.path()), Err(SealError::TooOpen(_))));
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        for damaged in ["", "nonsense", "trasa-sealing-key-1 AAAA"] {
            std::fs::write(&path, damaged).unwrap();
            assert!(matches!(KeyText::load(folder.path()).unwrap().key(), Err(SealError::Malformed(_))));
        }
    }

    #[test]
    fn debug_shows_no_key() {
        let shown = format!("{:?} {:?}", KeyText::from_key(&[7; 32]), sealer(7));
        assert!(shown.contains("REDACTED") && !shown.contains("BwcHBwcH"));
    }
}
