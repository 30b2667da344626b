//! Secrets that a browser or a program shows again: 32 random bytes, of which the store keeps only the
//! SHA-256. No slow hash is needed, as nobody guesses 256 bits.

use crate::random::{self, NoRandomness};
use aws_lc_rs::digest::{SHA256, digest};
use protocol::encoding::Bytes;
use std::fmt;
use zeroize::Zeroizing;

/// The secret, as text of 43 characters (base64url).
#[derive(Clone)]
pub struct Shown(Zeroizing<[u8; 32]>);

impl Shown {
    /// A new one.
    ///
    /// # Errors
    /// [`NoRandomness`].
    pub fn random() -> Result<Self, NoRandomness> {
        random::secret().map(Self)
    }

    /// Reads what was shown.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Bytes::<32>::parse(text).map(|bytes| Self(Zeroizing::new(bytes.0)))
    }

    /// What the store keeps.
    #[must_use]
    pub fn hash(&self) -> [u8; 32] {
        sha256(&self.0[..])
    }

    /// A second secret that follows from this one, for another use.
    #[must_use]
    pub fn derived(&self, purpose: &str) -> Zeroizing<String> {
        let mut input = Zeroizing::new(Vec::with_capacity(64));
        input.extend_from_slice(&self.0[..]);
        input.extend_from_slice(purpose.as_bytes());
        Zeroizing::new(protocol::encoding::encode(&sha256(&input)))
    }

    /// The text. Goes to whom it is for and nowhere else.
    #[must_use]
    pub fn to_text(&self) -> Zeroizing<String> {
        Zeroizing::new(protocol::encoding::encode(&self.0[..]))
    }
}

impl fmt::Debug for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Shown([REDACTED])")
    }
}

/// SHA-256, for what is only looked up by its hash.
#[must_use]
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest(&SHA256, bytes).as_ref());
    hash
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::Shown;

    #[test]
    fn what_is_shown_reads_back_and_tells_nothing_in_debug() {
        let secret = Shown::random().unwrap();
        let text = secret.to_text();
        assert_eq!(text.len(), 43);
        assert_eq!(Shown::parse(&text).unwrap().hash(), secret.hash());
        assert_ne!(*secret.derived("a"), *secret.derived("b"));
        assert!(!format!("{secret:?}").contains(text.as_str()));
        for wrong in ["", "x", &text[1..]] {
            assert!(Shown::parse(wrong).is_none(), "{wrong}");
        }
    }
}
