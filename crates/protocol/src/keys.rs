//! Key lists, and how an agent comes from the one it knows to the newest.
//!
//! A list is ordered by (epoch, serial). It is signed by a server key of the list before it, or by
//! the recovery key. Only the recovery key raises the epoch, and it may lower the serial, so that
//! neither a thief of a server key nor a restored server can outbid it.

use crate::encoding::{PublicKey, Sha256};
use crate::signing::Verifier;
use crate::statement::{Statement, Unverified};
use serde::{Deserialize, Serialize};

/// What agents trust: the server's keys and addresses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyList {
    /// Raised by the recovery key only.
    pub epoch: u32,
    /// Raised by one with each list of an epoch.
    pub serial: u32,
    /// The server's signing keys.
    pub signing: Vec<PublicKey>,
    /// SHA-256 of the SubjectPublicKeyInfo (DER) of each TLS key that is accepted with "skip TLS
    /// verification".
    pub tls: Vec<Sha256>,
    /// Further addresses of the same server, `host[:port]`.
    pub addresses: Vec<String>,
    /// When it was written, Unix seconds.
    pub time: i64,
}

impl Statement for KeyList {
    const TYPE: &'static str = "trasa-keys+jws";
}

impl KeyList {
    /// The signing key with this fingerprint.
    #[must_use]
    pub fn signing_key(&self, fingerprint: &Sha256) -> Option<&PublicKey> {
        self.signing.iter().find(|key| key.fingerprint() == *fingerprint)
    }

    const fn order(&self) -> (u32, u32) {
        (self.epoch, self.serial)
    }
}

/// Why a chain of key lists is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ChainError {
    /// A link is not a key list at all.
    #[error("link {0} is not a key list")]
    Malformed(usize),
    /// A link is signed by a key that nothing before it vouches for, or does not verify.
    #[error("link {0} is not signed by a known key")]
    Unknown(usize),
    /// A link does not come after the one before it, or raises the epoch without the recovery key.
    #[error("link {0} is out of order")]
    Order(usize),
    /// The chain ends before the list that is known, or never meets it.
    #[error("the chain does not reach beyond the known list")]
    Behind,
}

/// Follows a chain of key lists, oldest first, from the anchor.
///
/// `known` is the list accepted last; `None` at admission. The result is the newest list: the known
/// one where there is none newer. A newer list is accepted only if it follows the known one by
/// signatures, or if the recovery key raised the epoch beyond it: an old server key, once replaced,
/// leads no admitted agent anywhere.
///
/// # Errors
/// [`ChainError`], with the index of the link that is at fault.
pub fn follow<V: Verifier>(
    anchor: &PublicKey,
    known: Option<&KeyList>,
    chain: &[String],
    verifier: impl Fn(&PublicKey) -> V,
) -> Result<KeyList, ChainError> {
    let mut newest: Option<KeyList> = known.cloned();
    let mut met = known.is_none();
    let mut previous: Option<KeyList> = None;
    for (index, link) in chain.iter().enumerate() {
        let unverified = Unverified::<KeyList>::read(link).ok_or(ChainError::Malformed(index))?;
        let by_anchor = unverified.key == anchor.fingerprint();
        let signer = if by_anchor {
            Some(*anchor)
        } else {
            previous.as_ref().and_then(|list| list.signing_key(&unverified.key)).copied()
        };
        let signer = signer.ok_or(ChainError::Unknown(index))?;
        let list = unverified.verify(&verifier(&signer)).ok_or(ChainError::Unknown(index))?;
        if !follows(previous.as_ref(), &list, by_anchor) {
            return Err(ChainError::Order(index));
        }
        if Some(&list) == known {
            met = true;
        } else if newest.as_ref().is_none_or(|newest| {
            let raised = by_anchor && list.epoch > newest.epoch;
            raised || (met && list.order() > newest.order())
        }) {
            met = true;
            newest = Some(list.clone());
        }
        previous = Some(list);
    }
    newest.filter(|_| met).ok_or(ChainError::Behind)
}

fn follows(previous: Option<&KeyList>, list: &KeyList, by_anchor: bool) -> bool {
    match previous {
        None => by_anchor,
        Some(previous) if by_anchor => list.epoch > previous.epoch || list.order() > previous.order(),
        Some(previous) => list.epoch == previous.epoch && list.serial > previous.serial,
    }
}

#[cfg(test)]
pub(crate) mod tests;
