//! The exchange with the server: protocol v2 over the transport that is handed in. The original's
//! protocol has a folder of its own, [`v1`], and nothing in common but the transport.
//!
//! What is not authentic is no answer: garbage, a portal's page, a proxy's 502, an answer to
//! another request or by another key. Who can inject that can also cut the line, so it is worth as
//! much. A signed refusal is a refusal, a denial is final (B62), and an allow counts only for the
//! very logon, machine, service and account that were asked about (B29, B55).

mod admit;
mod call;
mod cause;
mod client;
mod logon;
mod phone;
mod signed;
pub mod v1;

pub use admit::{Admission, AdmissionFailed, AdmissionInput, admit, host};
pub use cause::Cause;
pub use client::{CallFailed, Client, Connection};
pub use logon::Outcome;

use core::time::Duration;

/// From the first connection to the first authentic answer, over all addresses.
pub const FIRST_ANSWER_LIMIT: Duration = Duration::from_secs(12);
/// Name resolution and connection to one address.
pub const CONNECT_LIMIT: Duration = Duration::from_secs(3);
/// One address's answer.
pub const ANSWER_LIMIT: Duration = Duration::from_secs(10);
/// Wait for the phone at the console.
pub const PHONE_LIMIT: Duration = Duration::from_secs(60);
/// Wait for the phone in a remote session, whose logon screen Windows closes after about 60 s.
pub const REMOTE_PHONE_LIMIT: Duration = Duration::from_secs(45);
/// The question before step 2 whether the trasa id must be typed.
pub const TILE_CHECK_LIMIT: Duration = Duration::from_secs(2);

#[cfg(test)]
mod tests;
