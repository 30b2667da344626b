//! The services against a real (or Wine's) Windows.
#![cfg(windows)]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

mod asking;
mod diagnostics;
mod machine;
mod storage;
mod tls_server;
mod transport;
