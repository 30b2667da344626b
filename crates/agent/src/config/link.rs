//! What a configuration has of one generation of the protocol only.

use super::Damage;
use crate::keys::MachineKey;
use crate::ports::{Address, Seal};
use protocol::encoding::{PublicKey, Sha256};
use protocol::id::MachineId;
use protocol::keys::KeyList;
use protocol::v2::{Feature, ServiceInfo, Settings};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

/// Generation of the agent protocol. Fixed when the configuration is verified, never negotiated at
/// a logon (B54).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Generation {
    /// The original's: nothing is signed, and the key of the service travels in each request.
    V1,
    /// Signed requests and answers.
    V2,
}

/// The half of `agent.json` that depends on the generation; `protocol` in the file says which it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "protocol", rename_all = "lowercase")]
pub enum Link {
    /// Verified at an original server, or at ours while it speaks version 1.
    V1(V1),
    /// Admitted.
    V2(Box<V2>),
}

/// Of version 1.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct V1 {
    /// Made here when the configuration was verified; names what was learned since. No server hears
    /// of it.
    pub id: MachineId,
    /// The ServiceID, as it was given.
    pub service: String,
    /// The ServiceKey, sealed; base64url.
    pub sealed_key: String,
    /// The TLS key that the server showed at the verification: the only one that is good where TLS
    /// verification is skipped.
    pub tls_key: Sha256,
}

/// Of version 2.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct V2 {
    /// The service.
    pub service: ServiceInfo,
    /// This machine's id.
    pub machine: MachineId,
    /// Receipt of the admission (JWS).
    pub receipt: String,
    /// The recovery key's public half.
    pub anchor: PublicKey,
    /// Public half of the machine's key.
    pub public_key: PublicKey,
    /// The secret half, sealed; base64url.
    pub sealed_key: String,
    /// The key list at the admission; a newer one stands in [`super::Learned`].
    pub key_list: KeyList,
    /// Mode and approval at the admission.
    pub settings: Settings,
    /// What else the server can do.
    #[serde(default)]
    pub features: Vec<Feature>,
}

/// A link with its key, opened.
#[derive(Debug)]
pub(super) enum Opened {
    V1(V1, ServiceKeyV1),
    V2(Box<V2>, MachineKey),
}

impl Opened {
    /// Opens the sealed key.
    pub(super) fn open(link: Link, seal: &dyn Seal) -> Result<Self, Damage> {
        let open = |sealed: &str| {
            let sealed = protocol::encoding::decode(sealed).ok_or(Damage::Malformed)?;
            seal.open(&sealed).map_err(|_| Damage::Key)
        };
        match link {
            Link::V1(verified) => {
                let opened = open(&verified.sealed_key)?;
                let key = core::str::from_utf8(&opened).ok().and_then(ServiceKeyV1::new);
                Ok(Self::V1(verified, key.ok_or(Damage::Key)?))
            }
            Link::V2(admission) => {
                let opened = open(&admission.sealed_key)?;
                let secret: Zeroizing<[u8; 32]> =
                    Zeroizing::new(opened.as_slice().try_into().map_err(|_| Damage::Key)?);
                // DPAPI need not notice a changed byte; the public half does.
                let key = MachineKey::from_bytes(&secret)
                    .filter(|key| key.public() == admission.public_key)
                    .ok_or(Damage::Key)?;
                Ok(Self::V2(admission, key))
            }
        }
    }
}

/// The ServiceKey of version 1. Wiped; only a request's body ever holds a copy.
pub struct ServiceKeyV1(Zeroizing<String>);

impl core::fmt::Debug for ServiceKeyV1 {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("ServiceKeyV1([REDACTED])")
    }
}

impl ServiceKeyV1 {
    /// Longest key that is kept, in bytes: many times the original's.
    pub const MAX_BYTES: usize = 512;

    /// Takes a key; `None` for what can be none.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let fits = !text.is_empty() && text.len() <= Self::MAX_BYTES && !text.chars().any(char::is_control);
        fits.then(|| Self(Zeroizing::new(text.to_owned())))
    }

    /// The key, for a request.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What a client of one generation gets, and nothing of the other: a configuration of version 1
/// cannot be asked with version 2, nor the reverse (B54).
#[derive(Debug, Clone, Copy)]
pub enum UsableLink<'a> {
    /// For [`crate::exchange::v1`].
    V1(LinkV1<'a>),
    /// For [`crate::exchange::Client`].
    V2(LinkV2<'a>),
}

/// A usable configuration of version 1.
#[derive(Debug, Clone, Copy)]
pub struct LinkV1<'a> {
    /// What was verified.
    pub verified: &'a V1,
    /// The ServiceKey.
    pub key: &'a ServiceKeyV1,
    /// The addresses, in order.
    pub servers: &'a [Address],
    /// Only [`V1::tls_key`] is good, whatever the certificate says.
    pub skip_tls_verification: bool,
}

/// A usable configuration of version 2.
#[derive(Debug, Clone, Copy)]
pub struct LinkV2<'a> {
    /// What the server admitted.
    pub admission: &'a V2,
    /// The machine's key.
    pub key: &'a MachineKey,
    /// The addresses, in order.
    pub servers: &'a [Address],
    /// Trust the TLS keys of the signed key list only.
    pub skip_tls_verification: bool,
}
