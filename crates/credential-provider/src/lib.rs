//! TrasaCP.dll: the TRASA credential provider and its filter.
//!
//! COM at the edge, [`agent`] inside. A method here checks its pointers, converts what came in, asks the state machine
//! and converts what goes out; what a logon needs and who passes is decided in `agent`.
//!
//! On other systems only the modules without Windows in them are built, and only for their tests.
#![cfg_attr(not(test), expect(non_snake_case, reason = "the file is called TrasaCP.dll"))]
#![cfg_attr(not(windows), allow(dead_code, unused_imports, reason = "their users are Windows' own"))]

#[cfg(windows)]
mod com;
#[cfg(any(windows, test))]
mod filter;
#[cfg(any(windows, test))]
mod image;
#[cfg(all(windows, not(test)))]
mod package;
#[cfg(all(windows, not(test)))]
mod process;
#[cfg(windows)]
mod provider;
#[cfg(any(windows, test))]
mod serialization;
#[cfg(windows)]
mod serialize;
#[cfg(windows)]
mod services;
#[cfg(windows)]
mod session;
#[cfg(all(windows, test))]
mod tests;
#[cfg(any(windows, test))]
mod tile;
#[cfg(windows)]
mod unprotect;
#[cfg(any(windows, test))]
mod usage;
#[cfg(windows)]
mod worker;

/// The place of a usage scenario in this process, if it is guarded.
#[cfg(windows)]
fn guarded_place(
    scenario: windows::Win32::UI::Shell::CREDENTIAL_PROVIDER_USAGE_SCENARIO,
) -> Option<usage::Place> {
    #[cfg(not(test))]
    use process::is_consent;
    #[cfg(test)]
    use tests::is_consent;
    usage::place(scenario.0, is_consent)
}
