//! Whether this process may change the machine.

use core::ffi::c_void;

use windows::Win32::Foundation::HANDLE;
use windows::Win32::Security::{GetTokenInformation, TOKEN_ELEVATION, TOKEN_QUERY, TokenElevation};
use windows::Win32::System::Threading::{GetCurrentProcess, OpenProcessToken};

use crate::accounts::token::Token;

/// Whether the process runs with an elevated token, as "run as administrator" and SYSTEM do. False where Windows does
/// not say.
#[must_use]
pub fn is_elevated() -> bool {
    let mut handle = HANDLE::default();
    // SAFETY: no arguments; the pseudo handle needs no closing.
    let process = unsafe { GetCurrentProcess() };
    // SAFETY: the process is this one; on success the token is ours to close.
    if unsafe { OpenProcessToken(process, TOKEN_QUERY, &raw mut handle) }.is_err() {
        return false;
    }
    // SAFETY: just opened, and closed by nobody else.
    let token = unsafe { Token::from_raw(handle) };
    let mut elevation = TOKEN_ELEVATION::default();
    let mut size = 0;
    // SAFETY: the token is open, and the place has the size that is said.
    let asked = unsafe {
        GetTokenInformation(
            token.raw(),
            TokenElevation,
            Some((&raw mut elevation).cast::<c_void>()),
            u32::try_from(size_of::<TOKEN_ELEVATION>()).unwrap_or(0),
            &raw mut size,
        )
    };
    asked.is_ok() && elevation.TokenIsElevated != 0
}
