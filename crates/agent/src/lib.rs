//! What the TRASA agent decides, without Windows.
//!
//! Everything that touches the world stands behind a trait of [`ports`]; what is here takes plain
//! values and returns plain values, builds everywhere and is tested everywhere.
//!
//! - [`logon`]: one logon at the tile as a state machine without I/O. [`worker`]: what a thread does
//!   for it meanwhile. [`proof`]: the one thing without which no credential leaves.
//! - [`exchange`]: admission, logons, checks and reports, in protocol v2 over a transport; the
//!   original's protocol in [`exchange::v1`].
//! - [`offline`]: who passes without a decision, and the record of it.
//! - [`config`]: what is saved, and the machine's state. [`check`]: the check before arming.
//!   [`boots`]: starts in safe mode. [`trial`]: a logon rehearsed before it. [`pending`]: arming that waits. [`probation`]: the day after.
//!   [`report`]: the heartbeat.
//! - [`account`], [`password`]: names, and what LogonUserW's answer means. [`presence`]: whether the
//!   tile is there at all. [`texts`]: every sentence for people.
//!
//! INVARIANT: nothing here reads a clock, a file or the registry, opens a connection or starts a
//! thread; `clippy.toml` forbids it.
#![forbid(unsafe_code)]

pub mod account;
pub mod boots;
pub mod check;
pub mod config;
pub mod exchange;
pub mod keys;
pub mod logon;
pub mod offline;
pub mod password;
pub mod password_text;
pub mod pending;
pub mod ports;
pub mod presence;
pub mod printable;
pub mod probation;
pub mod proof;
pub mod report;
pub mod services;
pub mod sid;
#[cfg(any(test, feature = "fakes"))]
pub mod testing;
pub mod texts;
pub mod trial;
pub mod worker;

pub use password_text::Password;
pub use sid::Sid;
