//! The agent API over the router, as agents see it: every request is signed by the agent's own code,
//! every answer verified by it.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod admissions;
mod bench;
mod checks;
mod client;
mod codes;
mod crash;
mod domains;
mod groups;
mod logons;
mod machines;
mod policies;
mod reports;
mod requests;
mod secrets;
mod v1;
mod v1_answers;
mod v1_doors;
mod v1_faults;
mod world;
