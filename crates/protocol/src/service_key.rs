//! The text of a ServiceKey or token: `<secret part>.<fingerprint of the anchor>`, both base64url.
//!
//! A ServiceKey's secret part is 32 random bytes; a token's is 8 bytes of token id and 32 random
//! bytes. The length tells which it is, so that both can be pasted into the same field.

use crate::encoding::{self, Bytes, Sha256};
use zeroize::{Zeroize, ZeroizeOnDrop};

/// The id of a token.
pub type TokenId = Bytes<8>;

/// A parsed ServiceKey or token.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct AdmissionSecret {
    #[zeroize(skip)]
    token: Option<TokenId>,
    #[zeroize(skip)]
    fingerprint: Sha256,
    hmac_key: [u8; 32],
}

impl core::fmt::Debug for AdmissionSecret {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("AdmissionSecret")
            .field("token", &self.token)
            .field("fingerprint", &self.fingerprint)
            .field("hmac_key", &"[REDACTED]")
            .finish()
    }
}

impl AdmissionSecret {
    /// A ServiceKey of the anchor with this fingerprint.
    #[must_use]
    pub const fn service_key(hmac_key: [u8; 32], fingerprint: Sha256) -> Self {
        Self { token: None, fingerprint, hmac_key }
    }

    /// A token of the anchor with this fingerprint.
    #[must_use]
    pub const fn token(id: TokenId, hmac_key: [u8; 32], fingerprint: Sha256) -> Self {
        Self { token: Some(id), fingerprint, hmac_key }
    }

    /// Reads the text; white space around it is ignored. `None` for anything that is neither.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (secret, fingerprint) = text.trim().split_once('.')?;
        let fingerprint = Bytes::parse(fingerprint)?;
        let mut bytes = encoding::decode(secret)?;
        let parsed = match bytes.len() {
            32 => bytes.as_slice().try_into().ok().map(|key| Self::service_key(key, fingerprint)),
            40 => bytes
                .split_first_chunk::<8>()
                .and_then(|(id, key)| Some(Self::token(Bytes(*id), key.try_into().ok()?, fingerprint))),
            _ => None,
        };
        bytes.zeroize();
        parsed
    }

    /// The text that is shown once.
    #[must_use]
    pub fn to_text(&self) -> zeroize::Zeroizing<String> {
        let mut bytes = zeroize::Zeroizing::new(Vec::with_capacity(40));
        if let Some(id) = self.token {
            bytes.extend_from_slice(&id.0);
        }
        bytes.extend_from_slice(&self.hmac_key);
        zeroize::Zeroizing::new(format!("{}.{}", encoding::encode(&bytes), self.fingerprint))
    }

    /// The token's id, `None` for a ServiceKey.
    #[must_use]
    pub const fn token_id(&self) -> Option<TokenId> {
        self.token
    }

    /// Fingerprint of the anchor that the server must show.
    #[must_use]
    pub const fn fingerprint(&self) -> Sha256 {
        self.fingerprint
    }

    /// The key of the admission request's HMAC.
    #[must_use]
    pub const fn hmac_key(&self) -> &[u8; 32] {
        &self.hmac_key
    }
}

#[cfg(test)]
mod tests {
    use super::AdmissionSecret;
    use crate::encoding::Bytes;

    #[test]
    fn both_kinds_read_back() {
        let key = AdmissionSecret::service_key([7; 32], Bytes([9; 32]));
        let token = AdmissionSecret::token(Bytes([1; 8]), [7; 32], Bytes([9; 32]));
        for (secret, id) in [(key, None), (token, Some(Bytes([1; 8])))] {
            let back = AdmissionSecret::parse(&format!(" {}\r\n", *secret.to_text()));
            assert_eq!(back.as_ref().map(AdmissionSecret::token_id), Some(id));
            assert_eq!(back.map(|b| (*b.hmac_key(), b.fingerprint())), Some(([7; 32], Bytes([9; 32]))));
        }
    }

    #[test]
    fn nonsense_is_refused_and_debug_is_silent() {
        for text in ["", ".", "abc", "abc.def", &"A".repeat(43)] {
            assert!(AdmissionSecret::parse(text).is_none(), "{text}");
        }
        let shown = format!("{:?}", AdmissionSecret::service_key([7; 32], Bytes([9; 32])));
        assert!(shown.contains("REDACTED") && !shown.contains("7, 7"));
    }
}
