//! What is saved on the machine: formats, and what they say about the machine's state.
//!
//! `agent.json` is written only after the server admitted the machine. "Armed" is a registry value
//! beside it, so that a deleted file is damage and not absence. The offline users stand in a file
//! of their own and once more in the registry, so that no lost key locks them out.

pub(crate) mod envelope;
mod learned;
mod load;
mod offline_list;
mod save;

pub use learned::Learned;
pub use load::{Damage, Loaded, Notice, State, Usable, load};
pub use offline_list::OfflineList;
pub use save::{SaveError, arm, disarm, save};

use crate::Sid;
use crate::account::KnownAccount;
use protocol::encoding::PublicKey;
use protocol::id::MachineId;
use protocol::keys::KeyList;
use protocol::v2::{Feature, ServiceInfo, Settings};
use serde::{Deserialize, Serialize};

/// Generation of the agent protocol. Fixed when the configuration is verified, never negotiated at
/// a logon (B54).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Generation {
    /// Signed requests and answers.
    #[serde(rename = "v2")]
    V2,
}

/// `agent.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Configuration {
    /// Generation of the protocol.
    pub protocol: Generation,
    /// Addresses as typed, tried in order.
    pub servers: Vec<String>,
    /// Trust the TLS keys of the signed key list instead of the certificate store.
    pub skip_tls_verification: bool,
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
    /// The key list at the admission; a newer one stands in [`Learned`].
    pub key_list: KeyList,
    /// Mode and approval at the admission.
    pub settings: Settings,
    /// What else the server can do.
    #[serde(default)]
    pub features: Vec<Feature>,
    /// NetBIOS name at the admission.
    pub host: String,
    /// SID of the local account database: another one means a cloned image.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub machine_sid: Option<Sid>,
    /// Accounts that were resolvable when this was saved, for the day when they are not.
    #[serde(default)]
    pub known_accounts: Vec<KnownAccount>,
    /// CLSIDs of providers that stay beside ours while armed.
    #[serde(default)]
    pub allowed_providers: Vec<String>,
    /// When this was saved, Unix seconds.
    pub saved: i64,
}

#[cfg(test)]
mod tests;
