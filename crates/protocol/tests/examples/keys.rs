//! The keys of the examples: worthless on purpose, each scalar is one repeated byte.

use hmac::{KeyInit as _, Mac as _};
use p256::ecdsa::{Signature, SigningKey, VerifyingKey};
use protocol::encoding::{Bytes, PublicKey};
use protocol::signing::{Signer, Unverified, Verifier};

pub const SERVICE_SECRET: [u8; 32] = [0x44; 32];

#[derive(Clone)]
pub struct P256 {
    key: SigningKey,
    key_id: Option<String>,
}

fn p256(seed: u8) -> P256 {
    P256 { key: SigningKey::from_slice(&[seed; 32]).unwrap(), key_id: None }
}

pub fn anchor() -> P256 {
    p256(0x11)
}

pub fn server() -> P256 {
    p256(0x22)
}

pub fn machine() -> P256 {
    P256 { key_id: Some(super::cases::machine_id().to_string()), ..p256(0x33) }
}

pub fn public(key: &P256) -> PublicKey {
    Bytes(key.key.verifying_key().to_sec1_point(false).as_bytes().try_into().unwrap())
}

impl Signer for P256 {
    fn key_id(&self) -> String {
        self.key_id.clone().unwrap_or_else(|| public(self).fingerprint().to_string())
    }
    fn sign(&self, message: &[u8]) -> Vec<u8> {
        let signature: Signature = p256::ecdsa::signature::Signer::sign(&self.key, message);
        signature.to_bytes().to_vec()
    }
}

impl Verifier for P256 {
    fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        verifier(&public(self)).verifies(message, signature)
    }
}

pub struct Public(VerifyingKey);

pub fn verifier(key: &PublicKey) -> Public {
    Public(VerifyingKey::from_sec1_bytes(&key.0).unwrap())
}

impl Verifier for Public {
    fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        let signature = Signature::from_slice(signature).unwrap();
        p256::ecdsa::signature::Verifier::verify(&self.0, message, &signature).is_ok()
    }
}

pub struct ServiceKey;

impl Signer for ServiceKey {
    fn key_id(&self) -> String {
        super::cases::service_id().to_string()
    }
    fn sign(&self, message: &[u8]) -> Vec<u8> {
        let mut mac = hmac::Hmac::<sha2::Sha256>::new_from_slice(&SERVICE_SECRET).unwrap();
        mac.update(message);
        mac.finalize().into_bytes().to_vec()
    }
}

impl Verifier for ServiceKey {
    fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        self.sign(message) == signature
    }
}

pub fn verify_request(request: &Unverified) -> bool {
    if request.parameters.key_id == machine().key_id() {
        request.verify(&machine())
    } else {
        request.parameters.key_id == ServiceKey.key_id() && request.verify(&ServiceKey)
    }
}
