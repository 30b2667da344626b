//! The logon host: plays LogonUI to a credential provider, and a world to a program. See docs/logon-host.md.
//!
//! What is pure (world, script, fields, buffers, output) builds everywhere; what calls Windows builds on Windows only.

pub mod codes;
pub mod exec;
pub mod fields;
pub mod kerb;
pub mod output;
pub mod pe;
pub mod random;
pub mod screen;
pub mod script;
pub mod world;

#[cfg(windows)]
pub mod host;
#[cfg(windows)]
pub mod redirect;
