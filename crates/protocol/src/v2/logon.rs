use super::account::Account;
use super::{Params, Versions};
use crate::id::{LogonId, MachineId, ServiceId};
use crate::reason::Reason;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

/// How the person wants to prove themself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Method {
    /// A phone is rung.
    Push,
    /// A one-time code.
    Totp,
    /// The server chooses.
    Auto,
}

/// What Windows said of the password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PasswordState {
    /// It is right.
    Verified,
    /// Windows could not say; never a push then, and one answer for everything.
    Unknown,
}

/// What the person is doing (credential provider usage scenario).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scenario {
    /// A new session.
    Logon,
    /// An existing one.
    Unlock,
    /// An elevation that asks for credentials.
    Uac,
}

/// Where the person sits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Session {
    /// At the machine.
    Console,
    /// In a remote session.
    Remote,
}

/// `PUT /agent/v2/logons/{id}`: asks for a decision. The id is the agent's choice; the same id
/// with the same body gives the same result and consumes nothing.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogonRequest {
    /// Who wants to log on.
    pub account: Account,
    /// What was typed as "TRASA username or email address"; absent where it was not asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trasa_id: Option<String>,
    /// The method asked for.
    pub method: Method,
    /// The one-time code as typed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<Zeroizing<String>>,
    /// What Windows said of the password.
    pub password: PasswordState,
    /// What the person is doing.
    pub scenario: Scenario,
    /// Where the person sits.
    pub session: Session,
    /// The address that a remote client claims to have; recorded as a claim, never trusted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claimed_client: Option<String>,
    /// What runs on the machine.
    pub versions: Versions,
}

impl core::fmt::Debug for LogonRequest {
    // People type passwords into the name field, and the code is a secret.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("LogonRequest")
            .field("account", &self.account)
            .field("trasa_id", &self.trasa_id.as_ref().map(|_| "[REDACTED]"))
            .field("method", &self.method)
            .field("code", &self.code.as_ref().map(|_| "[REDACTED]"))
            .field("password", &self.password)
            .field("scenario", &self.scenario)
            .field("session", &self.session)
            .finish_non_exhaustive()
    }
}

/// The two outcomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DecisionResult {
    /// The logon goes on.
    Allow,
    /// It does not.
    Deny,
}

/// Whether a service guards or only watches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Refusals refuse.
    #[default]
    Guard,
    /// Everybody passes; what would have been refused is recorded.
    Watch,
}

/// The end of a logon. The agent compares logon, machine, service and account with its question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// The logon asked about.
    pub logon: LogonId,
    /// The machine that asked.
    pub machine: MachineId,
    /// Its service.
    pub service: ServiceId,
    /// The account asked about.
    pub account: Account,
    /// Allow or deny.
    pub result: DecisionResult,
    /// Why, as far as the tile may know.
    pub reason: Reason,
    /// Values for the text.
    #[serde(default)]
    pub parameters: Params,
    /// Six letters and digits that name this logon in the dashboard.
    pub short_code: String,
    /// When it was decided, Unix seconds.
    pub time: i64,
}

/// The phone rings; ask again with `GET`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Challenge {
    /// The logon asked about.
    pub logon: LogonId,
    /// Two digits that the tile shows and the person types on the phone.
    pub number: String,
    /// When nobody can answer any more, Unix seconds.
    pub expires: i64,
    /// Names this logon in the dashboard.
    pub short_code: String,
    /// The server's clock, Unix seconds.
    pub time: i64,
}

/// Nobody has answered yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pending {
    /// The logon asked about.
    pub logon: LogonId,
    /// The server's clock, Unix seconds.
    pub time: i64,
}
