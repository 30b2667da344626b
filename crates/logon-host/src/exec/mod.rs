//! `logon-host exec`: starts a program, and what it starts, under the redirections.
pub mod image;
#[cfg(windows)]
pub mod inject;
