//! TrasaConfig.exe as it is built, from outside.
#![cfg(windows)]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on ends there")]

mod commands;
mod file;

/// The program, built along with this test.
const PROGRAM: &str = env!("CARGO_BIN_EXE_TrasaConfig");
