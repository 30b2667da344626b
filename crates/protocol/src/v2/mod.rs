//! The messages of the agent protocol, version 2.
//!
//! Requests refuse unknown fields; answers are one JSON object with a `kind`, whose unknown fields
//! are ignored, so that a newer server can say more.

mod account;
mod admission;
mod answer;
mod check;
mod logon;
mod report;

pub use account::{Account, AccountKind};
pub use admission::{
    AdmissionOrigin, AdmissionRequest, Admitted, Feature, Host, ServiceInfo, Settings, Versions,
};
pub use answer::{Answer, ErrorBody};
pub use check::{CheckAnswer, CheckPurpose, CheckRequest, CheckedAccount};
pub use logon::{
    Challenge, Decision, DecisionResult, LogonRequest, Method, Mode, PasswordState, Pending, Scenario,
    Session,
};
pub use report::{OfflineLogon, Registration, ReportAnswer, ReportRequest, SafeModeBoot};

/// Parameters of a reason or an error: names and plain values, from which texts are made.
pub type Params = std::collections::BTreeMap<String, serde_json::Value>;

/// Paths of the calls.
pub mod path {
    use crate::id::LogonId;

    /// `POST`: verify and admit.
    pub const MACHINES: &str = "/agent/v2/machines";
    /// `GET`: the chain of key lists.
    pub const KEYS: &str = "/agent/v2/keys";
    /// `POST`: who would get in.
    pub const CHECK: &str = "/agent/v2/check";
    /// `POST`: the heartbeat.
    pub const REPORT: &str = "/agent/v2/report";
    /// What stands before a logon's id.
    pub const LOGONS: &str = "/agent/v2/logons/";

    /// `PUT`, `GET`, `DELETE`: one logon.
    #[must_use]
    pub fn logon(id: LogonId) -> String {
        format!("{LOGONS}{id}")
    }
}
