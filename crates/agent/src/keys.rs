//! The agent's keys: P-256 for the machine, HMAC for its admission.

use hmac::{KeyInit as _, Mac as _};
use p256::ecdsa::signature::{Signer as _, Verifier as _};
use p256::ecdsa::{Signature, SigningKey, VerifyingKey};
use protocol::encoding::{Bytes, PublicKey};
use protocol::id::MachineId;
use protocol::service_key::AdmissionSecret;
use protocol::signing::{Signer, Verifier};
use zeroize::Zeroizing;

/// A machine's key pair. The secret half wipes itself.
pub struct MachineKey(SigningKey);

impl core::fmt::Debug for MachineKey {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("MachineKey([REDACTED])")
    }
}

impl MachineKey {
    /// Makes one from random bytes; `None` for the few that are no scalar of the curve.
    #[must_use]
    pub fn from_bytes(secret: &[u8; 32]) -> Option<Self> {
        SigningKey::from_slice(secret).ok().map(Self)
    }

    /// The secret scalar, to be sealed.
    #[must_use]
    pub fn to_bytes(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.0.to_bytes().into())
    }

    /// The public half.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        let mut bytes = [0; 65];
        bytes.copy_from_slice(self.0.verifying_key().to_sec1_point(false).as_bytes());
        Bytes(bytes)
    }

    /// Signs requests of this machine.
    #[must_use]
    pub const fn signer(&self, machine: MachineId) -> MachineSigner<'_> {
        MachineSigner { key: self, machine }
    }
}

/// Signs requests of an admitted machine.
#[derive(Debug)]
pub struct MachineSigner<'a> {
    key: &'a MachineKey,
    machine: MachineId,
}

impl Signer for MachineSigner<'_> {
    fn key_id(&self) -> String {
        self.machine.to_string()
    }

    fn sign(&self, message: &[u8]) -> Vec<u8> {
        // Deterministic (RFC 6979): no random number can go wrong at the logon.
        let signature: Signature = self.key.0.sign(message);
        signature.to_bytes().to_vec()
    }
}

/// Signs the request to be admitted.
pub struct AdmissionSigner<'a> {
    /// ServiceKey or token.
    pub secret: &'a AdmissionSecret,
    /// ServiceID, or the token's id.
    pub key_id: String,
}

impl Signer for AdmissionSigner<'_> {
    fn key_id(&self) -> String {
        self.key_id.clone()
    }

    fn sign(&self, message: &[u8]) -> Vec<u8> {
        // HMAC takes keys of any length, so this cannot fail; an empty signature would be refused.
        hmac::Hmac::<sha2::Sha256>::new_from_slice(self.secret.hmac_key()).map_or_else(
            |_| Vec::new(),
            |mut mac| {
                mac.update(message);
                mac.finalize().into_bytes().to_vec()
            },
        )
    }
}

/// Checks P-256 signatures of a server or recovery key.
pub struct P256Verifier(Option<VerifyingKey>);

impl P256Verifier {
    /// For a public key; one that is no point of the curve verifies nothing.
    #[must_use]
    pub fn new(key: &PublicKey) -> Self {
        Self(VerifyingKey::from_sec1_bytes(&key.0).ok())
    }
}

impl Verifier for P256Verifier {
    fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        let (Some(key), Ok(signature)) = (&self.0, Signature::from_slice(signature)) else { return false };
        key.verify(message, &signature).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::{MachineKey, P256Verifier};
    use protocol::encoding::Bytes;
    use protocol::id::MachineId;
    use protocol::signing::{Signer as _, Verifier as _};

    #[test]
    fn what_is_signed_verifies_and_nothing_else() {
        let key = MachineKey::from_bytes(&[7; 32]).expect("a scalar");
        let signature = key.signer(MachineId::new([1; 16])).sign(b"message");
        let verifier = P256Verifier::new(&key.public());
        assert_eq!(signature.len(), 64);
        assert!(verifier.verifies(b"message", &signature));
        assert!(!verifier.verifies(b"Message", &signature));
        assert!(!verifier.verifies(b"message", &signature[..63]));
        assert!(!P256Verifier::new(&Bytes([4; 65])).verifies(b"message", &signature));
        assert!(MachineKey::from_bytes(&[0; 32]).is_none());
        assert_eq!(format!("{key:?}"), "MachineKey([REDACTED])");
    }
}
