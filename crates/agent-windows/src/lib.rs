//! The Windows services that the TRASA agent needs, each behind a trait of `agent::ports`.
//!
//! Empty on other systems, so that the workspace builds everywhere.
#![cfg(windows)]

mod http;
mod wide;
mod win_error;

pub use http::WinHttp;
