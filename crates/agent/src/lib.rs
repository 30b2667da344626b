//! What the TRASA agent decides, without Windows.
//!
//! Everything that touches the world stands behind a trait of [`ports`]; what is here takes plain
//! values and returns plain values, builds everywhere and is tested everywhere.
#![forbid(unsafe_code)]

pub mod account;
pub mod check;
pub mod config;
pub mod exchange;
pub mod keys;
pub mod logon;
pub mod offline;
pub mod password;
pub mod password_text;
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
pub mod worker;

pub use password_text::Password;
pub use sid::Sid;
