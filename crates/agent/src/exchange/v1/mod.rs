//! The original's protocol (version 1), for a configuration that was verified with it and for no
//! other (B54).
//!
//! Nothing in it is signed, so the rules differ from those of version 2: **every** HTTP answer that
//! is not a plain allow is a refusal, whatever its status and body (fault 3, B4). No decision are
//! only failed name resolution, connection, TLS and time-outs; a phone that nobody answered is a
//! refusal too, or waiting would be a way round the second factor for offline users. After a refusal
//! no other address is asked (B62). The key of the service leaves only towards a TLS key that Windows
//! trusts or that was pinned when the configuration was verified (fault 5).

mod call;
mod logon;
mod refusal;
mod verify;

pub use logon::Client;
pub use refusal::{Described, Refusal};
pub use verify::{Verified, VerifyFailed, VerifyInput, verify};

use core::time::Duration;

/// Wait for the phone at the console: the server answers after 60 s at the latest, with a refusal.
pub const PUSH_LIMIT: Duration = Duration::from_secs(protocol::v1::PHONE_SECS + 2);

#[cfg(test)]
mod tests;
