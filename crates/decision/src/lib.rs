//! What decides a logon. Pure: plain values in, plain values out; no clock, no I/O, no randomness.
//!
//! - [`account`]: names of Windows accounts and of people, in the one form in which they are compared.
//! - [`policy`]: when, from where and how; read from and written as the texts of the command line.
//! - [`code`]: one-time codes (RFC 6238) and which of them is accepted.
//! - [`limits`]: how often a code may be guessed.
//! - [`logon`]: the decision itself: request + facts -> allow or deny, and what the store must change.
//! - [`mode`]: guarding, watching, and when watching ends.
//! - [`push`]: the phone: whether it is rung, and how a challenge ends.
//!
//! The caller reads all facts in one go, decides, and writes [`logon::Effects`] by compare-and-set
//! in one transaction, together with the audit row. If a compared value has changed meanwhile, it
//! reads and decides again; no answer leaves before the write is durable.

#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;
#[cfg(test)]
extern crate std;

pub mod account;
pub mod code;
pub mod limits;
pub mod logon;
pub mod mode;
pub mod policy;
pub mod push;
