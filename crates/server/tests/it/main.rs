//! The server from outside: its store through the one interface, and the program as people start it.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod admin;
mod audit_chain;
mod program;
mod store_sqlite;
mod store_suite;
mod tls;
mod v1;
mod watch_end;
