//! The recovery key's file: PEM (PKCS#8), put away by the administrator.

use super::p256::SigningKey;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use protocol::encoding::PublicKey;
use rustls_pki_types::PrivatePkcs8KeyDer;
use rustls_pki_types::pem::PemObject as _;
use std::path::Path;
use zeroize::Zeroizing;

/// Why a recovery key is not taken.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecoveryError {
    /// The file cannot be read.
    #[error("the recovery key {0} cannot be read: {1}")]
    Io(String, #[source] std::io::Error),
    /// The file is something else.
    #[error("{0} does not hold a recovery key")]
    Malformed(String),
    /// It is another server's.
    #[error("this is the recovery key of another server: its anchor is {found}, this server's is {expected}")]
    Other {
        /// Fingerprint of the key in the file.
        found: String,
        /// Fingerprint of this server's anchor.
        expected: String,
    },
}

/// The file's text.
///
/// # Errors
/// When the key cannot be written.
pub fn to_text(key: &SigningKey) -> Result<Zeroizing<String>, super::p256::BadKey> {
    let der = key.to_pkcs8()?;
    let encoded = Zeroizing::new(STANDARD.encode(&der[..]));
    let mut text = Zeroizing::new(String::with_capacity(1024));
    text.push_str("TRASA recovery key. Keep it away from the server, in two places.\n");
    text.push_str("It replaces lost or stolen server keys and opens backups.\nAnchor: ");
    text.push_str(&key.public_key().fingerprint().to_string());
    text.push_str("\n-----BEGIN PRIVATE KEY-----\n");
    let mut rest = encoded.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at_checked(64).unwrap_or((rest, ""));
        text.push_str(line);
        text.push('\n');
        rest = after;
    }
    text.push_str("-----END PRIVATE KEY-----\n");
    Ok(text)
}

/// Reads the file and, where the anchor is known, compares.
///
/// # Errors
/// [`RecoveryError`].
pub fn read(path: &Path, anchor: Option<&PublicKey>) -> Result<SigningKey, RecoveryError> {
    let shown = path.display().to_string();
    let text =
        std::fs::read(path).map(Zeroizing::new).map_err(|error| RecoveryError::Io(shown.clone(), error))?;
    let der =
        PrivatePkcs8KeyDer::from_pem_slice(&text).map_err(|_| RecoveryError::Malformed(shown.clone()))?;
    let key = SigningKey::from_pkcs8(der.secret_pkcs8_der()).map_err(|_| RecoveryError::Malformed(shown))?;
    match anchor {
        Some(anchor) if anchor != key.public_key() => Err(RecoveryError::Other {
            found: key.public_key().fingerprint().to_string(),
            expected: anchor.fingerprint().to_string(),
        }),
        _ => Ok(key),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::{RecoveryError, read, to_text};
    use crate::keys::p256::SigningKey;

    #[test]
    fn reads_back_and_knows_its_server() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("recovery.key");
        let key = SigningKey::generate().unwrap();
        std::fs::write(&path, to_text(&key).unwrap().as_bytes()).unwrap();
        assert_eq!(read(&path, Some(key.public_key())).unwrap().public_key(), key.public_key());
        let other = SigningKey::generate().unwrap();
        assert!(matches!(read(&path, Some(other.public_key())), Err(RecoveryError::Other { .. })));
        std::fs::write(&path, "nonsense").unwrap();
        assert!(matches!(read(&path, None), Err(RecoveryError::Malformed(_))));
    }
}
