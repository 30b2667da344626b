//! The messages of the original's agent protocol ("version 1"), which installed original agents and
//! servers speak. Compatible in form: nothing of it is signed, and the key travels in each request.
//!
//! Every answer is HTTP 200, a refusal too. Readers ignore unknown members on both sides; a `null`
//! where a text belongs reads as an empty text, as the original's own reader has it.

mod check_config;
mod envelope;
mod failed_reason;
mod logon;

pub use check_config::{CheckConfigRequest, ConfigAnswer};
pub use envelope::{Data, Envelope, Status};
pub use failed_reason::FailedReason;
pub use logon::{LogonAnswer, LogonRequest, TfaMethod};

use serde::{Deserialize, Deserializer};

/// The longest that an original server or agent waits for a phone, in seconds.
pub const PHONE_SECS: u64 = 60;

/// Paths of the calls, all `POST`.
pub mod path {
    /// Verifies a configuration.
    pub const CHECK_CONFIG: &str = "/auth/agent/checkconfig";
    /// The second factor of one logon at a Windows machine.
    pub const LOGON_WINDOWS: &str = "/auth/agent/win";
    /// The same at a Unix machine, with the same body.
    pub const LOGON_UNIX: &str = "/auth/agent/nix";
    /// The deprecated twin of [`LOGON_WINDOWS`].
    pub const LOGON_DEPRECATED: &str = "/api/v1/remote/auth/win";
    /// Every path of a logon.
    pub const LOGONS: [&str; 3] = [LOGON_WINDOWS, LOGON_UNIX, LOGON_DEPRECATED];
}

/// Reads a JSON object. The derived readers would take an array of the members' values as well.
fn read_object<T: serde::de::DeserializeOwned>(body: &[u8]) -> Option<T> {
    body.trim_ascii_start().starts_with(b"{").then(|| serde_json::from_slice(body).ok())?
}

fn null_is_empty<'de, T: Default + Deserialize<'de>, D: Deserializer<'de>>(reader: D) -> Result<T, D::Error> {
    Ok(Option::deserialize(reader)?.unwrap_or_default())
}

#[cfg(test)]
mod tests;
