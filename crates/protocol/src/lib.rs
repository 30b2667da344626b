//! What agent and server say to each other. No I/O, no clock, no randomness.
//!
//! `docs/protocol.md` is the normative text; its examples are executed by this crate's tests.
//!
//! - [`v1`]: the messages of the original's agent protocol, as JSON types.
//! - [`v2`]: the messages of the agent protocol, version 2, as JSON types.
//! - [`signing`]: the one RFC 9421 profile in which they are signed.
//! - [`statement`]: statements that outlive a connection (receipts, key lists), as compact JWS.
//! - [`keys`]: the chain of key lists and how an agent accepts a newer one.
//! - [`reason`], [`error_code`]: why a logon was decided so, why a request was not decided at all.
//! - [`service_key`]: the text of a ServiceKey or token.

pub mod encoding;
pub mod error_code;
pub mod id;
pub mod keys;
pub mod reason;
pub mod service_key;
pub mod signing;
pub mod statement;
pub mod v1;
pub mod v2;

/// Largest body of a request or an answer, in bytes; anything longer is refused unread.
pub const MAX_BODY_BYTES: usize = 64 * 1024;
/// How far `created` of a signature may lie from the reader's clock, in seconds, either way.
pub const SIGNATURE_AGE_SECS: i64 = 300;
/// How old an allow may be when its logon is asked about again, in seconds.
pub const ALLOW_AGE_SECS: i64 = 120;
/// Longest `wait` of a long poll, in seconds.
pub const MAX_WAIT_SECS: u32 = 25;
/// Most accounts in one `check`.
pub const MAX_CHECK_ACCOUNTS: usize = 200;
