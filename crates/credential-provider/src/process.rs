//! Which process this is.

use windows::Win32::Foundation::{CloseHandle, HANDLE};
use windows::Win32::Security::{
    GetTokenInformation, IsWellKnownSid, TOKEN_QUERY, TOKEN_USER, TokenUser, WinLocalSystemSid,
};
use windows::Win32::System::LibraryLoader::GetModuleFileNameW;
use windows::Win32::System::SystemInformation::GetSystemDirectoryW;
use windows::Win32::System::Threading::{GetCurrentProcess, OpenProcessToken};

/// Longest path that is looked at.
const PATH_UNITS: usize = 1024;

/// Whether this is Windows' own consent.exe, running as SYSTEM: the prompt of User Account Control.
pub(crate) fn is_consent() -> bool {
    matches!((program_path(), consent_path()), (Some(program), Some(consent)) if program.eq_ignore_ascii_case(&consent))
        && runs_as_system()
}

fn program_path() -> Option<String> {
    let mut buffer = [0; PATH_UNITS];
    // SAFETY: the buffer lives over the call and its length goes with it; no module means the program.
    let length = unsafe { GetModuleFileNameW(None, &mut buffer) };
    path(&buffer, length)
}

fn consent_path() -> Option<String> {
    let mut buffer = [0; PATH_UNITS];
    // SAFETY: the buffer lives over the call and its length goes with it.
    let length = unsafe { GetSystemDirectoryW(Some(&mut buffer)) };
    path(&buffer, length).map(|folder| format!("{folder}\\consent.exe"))
}

/// A path that came whole.
fn path(buffer: &[u16], length: u32) -> Option<String> {
    let units = buffer.get(..usize::try_from(length).ok()?)?;
    if units.is_empty() || units.len() == buffer.len() { None } else { String::from_utf16(units).ok() }
}

fn runs_as_system() -> bool {
    let mut token = HANDLE::default();
    // SAFETY: the handle of this process needs no closing; the token's is ours to be written.
    let process = unsafe { GetCurrentProcess() };
    // SAFETY: as above.
    if unsafe { OpenProcessToken(process, TOKEN_QUERY, &raw mut token) }.is_err() {
        return false;
    }
    let answer = is_system_token(token);
    // SAFETY: opened above, closed once.
    let _ = unsafe { CloseHandle(token) };
    answer
}

fn is_system_token(token: HANDLE) -> bool {
    // A TOKEN_USER and the longest SID (68 bytes), aligned for the pointer in it.
    let mut buffer = [0usize; 32];
    let Ok(size) = u32::try_from(size_of_val(&buffer)) else { return false };
    let mut length = 0;
    // SAFETY: the buffer lives over the call and its size goes with it.
    let got = unsafe {
        GetTokenInformation(token, TokenUser, Some(buffer.as_mut_ptr().cast()), size, &raw mut length)
    };
    if got.is_err() {
        return false;
    }
    // SAFETY: the call has written a TOKEN_USER at the start; the array is large and aligned enough for one.
    let user = unsafe { buffer.as_ptr().cast::<TOKEN_USER>().read() };
    // SAFETY: its SID lies in the same array, which is still here.
    unsafe { IsWellKnownSid(user.User.Sid, WinLocalSystemSid) }.as_bool()
}
