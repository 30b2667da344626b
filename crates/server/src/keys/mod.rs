//! The server's own keys: what signs answers, and the chain of key lists up to the anchor.

pub mod certificate;
pub mod change;
pub mod p256;
pub mod recovery;

use p256::SigningKey;
pub use p256::VerifyingKey;
use protocol::encoding::PublicKey;
use protocol::keys::{KeyList, follow};

/// The keys of one organisation as the store holds them now. Immutable; replaced as a whole.
#[derive(Debug)]
pub struct ServerKeys {
    /// Public half of the recovery key.
    pub anchor: PublicKey,
    /// The newest key list.
    pub list: KeyList,
    /// Every key list ever signed, oldest first, as compact JWS.
    pub chain: Vec<String>,
    /// Signs answers, receipts and audit segments.
    pub signing: SigningKey,
}

/// Why the keys in the store do not fit together.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeysError {
    /// The chain is damaged.
    #[error(
        "the chain of key lists in the store is damaged ({0}); restore a backup, or run `trasa-server key recover`"
    )]
    Chain(#[from] protocol::keys::ChainError),
    /// The newest list does not name the signing key.
    #[error("the newest key list does not name the server's signing key; run `trasa-server key recover`")]
    Unlisted,
    /// There is no signing key.
    #[error("the store has no signing key; run `trasa-server key recover`")]
    NoSigningKey,
}

impl ServerKeys {
    /// Puts the parts together after checking them as an agent would.
    ///
    /// # Errors
    /// [`KeysError`].
    pub fn new(anchor: PublicKey, chain: Vec<String>, signing: SigningKey) -> Result<Self, KeysError> {
        let list = follow(&anchor, None, &chain, VerifyingKey::new)?;
        if !list.signing.contains(signing.public_key()) {
            return Err(KeysError::Unlisted);
        }
        Ok(Self { anchor, list, chain, signing })
    }
}
