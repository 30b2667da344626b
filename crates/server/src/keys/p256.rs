//! The primitives that `protocol` wants handed in, by aws-lc-rs: ECDSA P-256 and HMAC-SHA-256.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, UnparsedPublicKey,
};
use protocol::encoding::{Bytes, PublicKey, Sha256};
use protocol::signing::{Signer, Verifier};
use zeroize::Zeroizing;

/// A key could not be made or read. Says nothing about its content.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("the key cannot be used: it is not an ECDSA P-256 key")]
pub struct BadKey;

/// SHA-256.
#[must_use]
pub fn sha256(bytes: &[u8]) -> Sha256 {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest(&SHA256, bytes).as_ref());
    Bytes(hash)
}

/// A private P-256 key that signs statements and answers.
pub struct SigningKey {
    pair: EcdsaKeyPair,
    public: PublicKey,
    id: String,
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SigningKey").field("id", &self.id).finish_non_exhaustive()
    }
}

impl SigningKey {
    /// A new random key.
    ///
    /// # Errors
    /// [`BadKey`] when the system has no random bytes.
    pub fn generate() -> Result<Self, BadKey> {
        EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).map_err(|_| BadKey).and_then(Self::from_pair)
    }

    /// From PKCS#8 (DER).
    ///
    /// # Errors
    /// [`BadKey`].
    pub fn from_pkcs8(der: &[u8]) -> Result<Self, BadKey> {
        EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der)
            .map_err(|_| BadKey)
            .and_then(Self::from_pair)
    }

    fn from_pair(pair: EcdsaKeyPair) -> Result<Self, BadKey> {
        let public = Bytes(pair.public_key().as_ref().try_into().map_err(|_| BadKey)?);
        let id = public.fingerprint().to_string();
        Ok(Self { pair, public, id })
    }

    /// The private key as PKCS#8 (DER).
    ///
    /// # Errors
    /// [`BadKey`] when the library cannot write it.
    pub fn to_pkcs8(&self) -> Result<Zeroizing<Vec<u8>>, BadKey> {
        let der = self.pair.to_pkcs8v1().map_err(|_| BadKey)?;
        Ok(Zeroizing::new(der.as_ref().to_vec()))
    }

    /// The public half.
    #[must_use]
    pub const fn public_key(&self) -> &PublicKey {
        &self.public
    }
}

impl Signer for SigningKey {
    fn key_id(&self) -> String {
        self.id.clone()
    }

    fn sign(&self, message: &[u8]) -> Vec<u8> {
        // It fails only without random bytes; an empty signature verifies nowhere.
        self.pair
            .sign(&SystemRandom::new(), message)
            .map(|signature| signature.as_ref().to_vec())
            .unwrap_or_default()
    }
}

/// A public P-256 key, of a machine, a server or the anchor.
#[derive(Debug, Clone)]
pub struct VerifyingKey(UnparsedPublicKey<[u8; 65]>);

impl VerifyingKey {
    /// From the form on the wire. A point that is not on the curve verifies nothing.
    #[must_use]
    pub fn new(key: &PublicKey) -> Self {
        Self(UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, key.0))
    }
}

impl Verifier for VerifyingKey {
    fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        self.0.verify(message, signature).is_ok()
    }
}

/// Whether these 65 bytes are a point of the curve, so that the key can ever verify anything.
#[must_use]
pub fn is_public_key(key: &PublicKey) -> bool {
    aws_lc_rs::signature::ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, key.0).is_ok()
}

/// The HMAC key of an admission, with its key id (ServiceID or token id).
pub struct HmacKey {
    id: String,
    key: hmac::Key,
}

impl std::fmt::Debug for HmacKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HmacKey").field("id", &self.id).finish_non_exhaustive()
    }
}

impl HmacKey {
    /// From the 32 secret bytes.
    #[must_use]
    pub fn new(id: String, secret: &[u8]) -> Self {
        Self { id, key: hmac::Key::new(hmac::HMAC_SHA256, secret) }
    }
}

impl Signer for HmacKey {
    fn key_id(&self) -> String {
        self.id.clone()
    }

    fn sign(&self, message: &[u8]) -> Vec<u8> {
        hmac::sign(&self.key, message).as_ref().to_vec()
    }
}

impl Verifier for HmacKey {
    fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        hmac::verify(&self.key, message, signature).is_ok()
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::{HmacKey, SigningKey, VerifyingKey, is_public_key};
    use protocol::encoding::Bytes;
    use protocol::signing::{Signer as _, Verifier as _};

    #[test]
    fn signs_and_verifies_after_a_round_trip() {
        let key = SigningKey::generate().unwrap();
        let again = SigningKey::from_pkcs8(&key.to_pkcs8().unwrap()).unwrap();
        assert_eq!(again.public_key(), key.public_key());
        let signature = again.sign(b"message");
        assert_eq!(signature.len(), 64);
        let verifier = VerifyingKey::new(key.public_key());
        assert!(verifier.verifies(b"message", &signature));
        assert!(!verifier.verifies(b"massage", &signature));
        assert!(!verifier.verifies(b"message", b""));
        assert!(is_public_key(key.public_key()));
        assert!(!is_public_key(&Bytes([4; 65])));
    }

    #[test]
    fn macs_depend_on_the_key() {
        let mac = HmacKey::new("a".to_owned(), &[1; 32]).sign(b"message");
        assert!(HmacKey::new("a".to_owned(), &[1; 32]).verifies(b"message", &mac));
        assert!(!HmacKey::new("a".to_owned(), &[2; 32]).verifies(b"message", &mac));
    }
}
