//! The server's own keys: what signs answers, and the chain of key lists up to the anchor.

pub mod certificate;
pub mod change;
pub mod p256;
pub mod recovery;

use p256::SigningKey;
pub use p256::VerifyingKey;
use protocol::encoding::{PublicKey, Sha256};
use protocol::keys::{KeyList, follow};
use protocol::statement::Unverified;

/// The keys of one organisation as the store holds them now. Immutable; replaced as a whole.
#[derive(Debug)]
pub struct ServerKeys {
    /// Public half of the recovery key.
    pub anchor: PublicKey,
    /// The newest key list.
    pub list: KeyList,
    /// Every key list ever signed, oldest first, as compact JWS.
    pub chain: Vec<String>,
    /// Every signing key that the chain ever named: receipts and segments of former keys stay good.
    pub known: Vec<PublicKey>,
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
        let known = listed(&anchor, &chain)?;
        Ok(Self { anchor, list, chain, known, signing })
    }

    /// The signing key of this fingerprint, if the chain ever named it.
    #[must_use]
    pub fn known_key(&self, fingerprint: &Sha256) -> Option<&PublicKey> {
        self.known.iter().find(|key| key.fingerprint() == *fingerprint)
    }
}

/// Every signing key that a chain names, after the whole chain was followed from the anchor.
///
/// # Errors
/// [`KeysError::Chain`].
pub fn listed(anchor: &PublicKey, chain: &[String]) -> Result<Vec<PublicKey>, KeysError> {
    follow(anchor, None, chain, VerifyingKey::new)?;
    let mut keys = Vec::new();
    for list in chain.iter().filter_map(|link| Unverified::<KeyList>::read(link)) {
        for key in &list.unverified().signing {
            if !keys.contains(key) {
                keys.push(*key);
            }
        }
    }
    Ok(keys)
}
