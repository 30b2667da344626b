//! The package is read back as Windows Installer would, and held against its rules: those that Microsoft's validation
//! (ICE) checks, as far as they can be checked without Windows.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod condition;
mod package;
mod rules;
