use super::logon::Mode;
use crate::encoding::PublicKey;
use crate::id::{MachineId, ServiceId};
use serde::{Deserialize, Serialize};

/// Versions of what runs on the machine.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Versions {
    /// The agent's, for example `0.1.0`.
    pub agent: String,
    /// Windows', for example `10.0.22631`.
    pub windows: String,
}

/// How the machine calls itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Host {
    /// NetBIOS name of the computer.
    pub name: String,
    /// Fully qualified DNS name, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dns_name: Option<String>,
    /// NetBIOS name of the joined domain; absent on a machine that is not joined.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub domain: Option<String>,
    /// DNS name of the joined domain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dns_domain: Option<String>,
    /// SID of the joined domain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub domain_sid: Option<String>,
    /// SID of the machine's own account database.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub machine_sid: Option<String>,
}

/// Where the secret of an admission came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AdmissionOrigin {
    /// A person gave the ServiceKey or token.
    Person,
    /// An unattended installation gave a token file.
    File,
    /// A policy, which every domain user can read: always waits for approval.
    Policy,
}

/// `POST /agent/v2/machines`: asks to be admitted. Signed by HMAC with the ServiceKey or token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AdmissionRequest {
    /// The service.
    pub service: ServiceId,
    /// Public half of the key pair that the agent has just made.
    pub public_key: PublicKey,
    /// How the machine calls itself.
    pub host: Host,
    /// What runs there.
    pub versions: Versions,
    /// Where the secret came from.
    pub origin: AdmissionOrigin,
}

/// What the agent is told about its service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceInfo {
    /// The ServiceID.
    pub id: ServiceId,
    /// Its name.
    pub name: String,
}

/// What the agent keeps until the next report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// Whether the service guards or watches.
    pub mode: Mode,
    /// When watching ends, Unix seconds; absent in guard mode.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode_until: Option<i64>,
    /// Whether an administrator approved the machine.
    pub approved: bool,
}

/// What this server can do beyond the protocol's core.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Feature {
    /// Phones can be rung.
    Push,
    /// A feature of a newer server.
    #[serde(other)]
    Unknown,
}

/// Answer to an admission, signed by a server key of the list that it brings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Admitted {
    /// The machine's id: the key id of its later requests.
    pub machine: MachineId,
    /// A [`crate::statement::Receipt`] as JWS.
    pub receipt: String,
    /// Public half of the recovery key; must fit the fingerprint of the ServiceKey.
    pub anchor: PublicKey,
    /// The chain of [`crate::keys::KeyList`]s as JWS, oldest first.
    pub keys: Vec<String>,
    /// The service.
    pub service: ServiceInfo,
    /// Mode and approval.
    pub settings: Settings,
    /// What else the server can do.
    #[serde(default)]
    pub features: Vec<Feature>,
    /// The server's clock, Unix seconds.
    pub time: i64,
}
