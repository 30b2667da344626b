use super::account::Account;
use super::admission::{Host, Settings, Versions};
use super::logon::{Scenario, Session};
use crate::id::LogonId;
use serde::{Deserialize, Serialize};

/// What Windows will load.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Registration {
    /// The credential provider is registered, enabled, and its file is there.
    pub provider: bool,
    /// The filter is.
    pub filter: bool,
}

/// A logon that the agent let pass without a decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OfflineLogon {
    /// Its own id; sent until the server lists it as received.
    pub id: LogonId,
    /// Who passed.
    pub account: Account,
    /// What the person did.
    pub scenario: Scenario,
    /// Where the person sat.
    pub session: Session,
    /// Which rule let them pass: `offline_rule` or `watch`.
    pub rule: String,
    /// Why there was no decision, for example `timeout`.
    pub cause: String,
    /// When, by the machine's clock, Unix seconds.
    pub time: i64,
}

/// A start of Windows in safe mode, where no credential provider but Windows' own is loaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SafeModeBoot {
    /// When, by the machine's clock, Unix seconds.
    pub time: i64,
    /// With networking.
    pub network: bool,
}

/// `POST /agent/v2/report`: the heartbeat.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReportRequest {
    /// Whether the agent guards the logon.
    pub armed: bool,
    /// `absent`, `verified`, `armed` or `damaged`.
    pub state: String,
    /// How the machine calls itself now.
    pub host: Host,
    /// What runs there.
    pub versions: Versions,
    /// What Windows will load.
    pub registration: Registration,
    /// Epoch and serial of the key list that the agent knows.
    pub key_list: (u32, u32),
    /// Until when the agent is on probation, Unix seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probation_until: Option<i64>,
    /// Offline logons that the server has not confirmed yet, oldest first, at most 200.
    #[serde(default)]
    pub offline_logons: Vec<OfflineLogon>,
    /// The machine's local administrators who are people, at most 50: watching does not end while
    /// one of them would be refused.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub administrators: Vec<Account>,
    /// Starts in safe mode since the last report that was answered, oldest first, at most 32 (B41).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub safe_mode_boots: Vec<SafeModeBoot>,
    /// What the administrator should hear of, as codes: `offline_copy_loose`, `host_renamed`, …
    #[serde(default)]
    pub notices: Vec<String>,
}

/// Answer to a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportAnswer {
    /// Ids of offline logons that are durable at the server now.
    #[serde(default)]
    pub received: Vec<LogonId>,
    /// Mode and approval.
    pub settings: Settings,
    /// The chain of key lists, where the agent's is not the newest; else empty.
    #[serde(default)]
    pub keys: Vec<String>,
    /// An owner released the machine: the agent may disarm.
    #[serde(default)]
    pub release: bool,
    /// The server's clock, Unix seconds.
    pub time: i64,
}
