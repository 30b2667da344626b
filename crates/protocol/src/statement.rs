//! Statements that outlive a connection: compact JWS (RFC 7515) with ES256 and a fixed header.
//!
//! The header is exactly `{"alg":"ES256","kid":…,"typ":…}`: nothing in it is negotiated. What is
//! stated is JSON.

use crate::encoding::{self, PublicKey, Sha256};
use crate::signing::{Signer, Verifier};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// What kind of statement; stands in the header, so that none can be taken for another.
pub trait Statement: Serialize + DeserializeOwned {
    /// The header's `typ`.
    const TYPE: &'static str;
}

/// That a machine was admitted: shown when the server no longer knows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// The machine.
    pub machine: crate::id::MachineId,
    /// The service that admitted it.
    pub service: crate::id::ServiceId,
    /// The machine's public key.
    pub public_key: PublicKey,
    /// The name under which it was admitted.
    pub name: String,
    /// When, Unix seconds.
    pub time: i64,
}

impl Statement for Receipt {
    const TYPE: &'static str = "trasa-receipt+jws";
}

#[derive(Serialize, Deserialize, PartialEq)]
struct Header {
    alg: String,
    kid: Sha256,
    typ: String,
}

/// Signs a statement. `key` is the signer's public key, whose fingerprint becomes `kid`.
///
/// # Errors
/// Where the statement cannot be written as JSON.
pub fn sign<S: Statement>(
    statement: &S,
    key: &PublicKey,
    signer: &impl Signer,
) -> Result<String, serde_json::Error> {
    let header = Header { alg: "ES256".to_owned(), kid: key.fingerprint(), typ: S::TYPE.to_owned() };
    let header = encoding::encode(&serde_json::to_vec(&header)?);
    let payload = encoding::encode(&serde_json::to_vec(statement)?);
    let signed = format!("{header}.{payload}");
    let signature = encoding::encode(&signer.sign(signed.as_bytes()));
    Ok(format!("{signed}.{signature}"))
}

/// A statement whose form is right and whose signature is not verified yet.
#[derive(Debug, Clone)]
pub struct Unverified<S> {
    /// Fingerprint of the key that is said to have signed.
    pub key: Sha256,
    statement: S,
    signed: String,
    signature: Vec<u8>,
}

impl<S: Statement> Unverified<S> {
    /// Reads a compact JWS; `None` unless it is one of this kind.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let (signed, signature) = text.rsplit_once('.')?;
        let (header, payload) = signed.split_once('.')?;
        let header: Header = serde_json::from_slice(&encoding::decode(header)?).ok()?;
        if header.alg != "ES256" || header.typ != S::TYPE {
            return None;
        }
        let statement = serde_json::from_slice(&encoding::decode(payload)?).ok()?;
        Some(Self {
            key: header.kid,
            statement,
            signed: signed.to_owned(),
            signature: encoding::decode(signature)?,
        })
    }

    /// The statement, if this key signed it. The caller picked the key by [`Self::key`].
    #[must_use]
    pub fn verify(self, key: &impl Verifier) -> Option<S> {
        key.verifies(self.signed.as_bytes(), &self.signature).then_some(self.statement)
    }

    /// What is stated, before anybody verified it: only to find the key to verify with.
    #[must_use]
    pub const fn unverified(&self) -> &S {
        &self.statement
    }
}
