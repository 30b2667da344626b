//! What is saved on the machine: formats, and what they say about the machine's state.
//!
//! `agent.json` is written only after the server admitted the machine, or verified the
//! configuration (version 1). "Armed" is a registry value
//! beside it, so that a deleted file is damage and not absence. The offline users stand in a file
//! of their own and once more in the registry, so that no lost key locks them out.

mod cloned;
pub(crate) mod envelope;
mod learned;
mod link;
mod load;
mod offline_list;
mod save;

pub use learned::Learned;
pub use link::{Generation, Link, LinkV1, LinkV2, ServiceKeyV1, UsableLink, V1, V2};
pub use load::{Damage, Loaded, Notice, State, Usable, load};
pub use offline_list::{OfflineList, offline_copies};
pub use save::{SaveError, arm, disarm, save, save_changed};

use crate::Sid;
use crate::account::KnownAccount;
use protocol::id::MachineId;
use serde::{Deserialize, Serialize};

/// `agent.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Configuration {
    /// Generation of the protocol, with what only it has.
    #[serde(flatten)]
    pub link: Link,
    /// Addresses as typed, tried in order.
    pub servers: Vec<String>,
    /// Trust the TLS keys that the server named instead of the certificate store.
    pub skip_tls_verification: bool,
    /// NetBIOS name when this was verified.
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

impl Configuration {
    /// Generation of the protocol.
    #[must_use]
    pub const fn protocol(&self) -> Generation {
        match self.link {
            Link::V1(_) => Generation::V1,
            Link::V2(_) => Generation::V2,
        }
    }

    /// Names this configuration, for what is learned under it. In version 2 the machine's id.
    #[must_use]
    pub const fn id(&self) -> MachineId {
        match &self.link {
            Link::V1(verified) => verified.id,
            Link::V2(admission) => admission.machine,
        }
    }

    /// What the server admitted; `None` in version 1.
    #[must_use]
    pub fn admission(&self) -> Option<&V2> {
        match &self.link {
            Link::V1(_) => None,
            Link::V2(admission) => Some(admission),
        }
    }
}

#[cfg(test)]
mod tests;
