//! Starting again as administrator.

use crate::dialog::start::ELEVATED;
use std::os::windows::ffi::OsStrExt as _;
use windows::Win32::UI::Shell::{SEE_MASK_FLAG_NO_UI, SEE_MASK_NOASYNC, SHELLEXECUTEINFOW, ShellExecuteExW};
use windows::Win32::UI::WindowsAndMessaging::SW_HIDE;
use windows::core::{HSTRING, PCWSTR, w};

/// The person, or a policy, said no.
#[derive(Debug)]
pub(super) struct Declined;

/// Starts this program once more, with the rights of an administrator.
pub(super) fn start_again() -> Result<(), Declined> {
    let program = std::env::current_exe().map_err(|_| Declined)?;
    let program: Vec<u16> = program.as_os_str().encode_wide().chain([0]).collect();
    let words = HSTRING::from(ELEVATED);
    let mut info = SHELLEXECUTEINFOW {
        cbSize: u32::try_from(size_of::<SHELLEXECUTEINFOW>()).unwrap_or(0),
        // This process ends right after; it must not before the other was started.
        fMask: SEE_MASK_NOASYNC | SEE_MASK_FLAG_NO_UI,
        lpVerb: w!("runas"),
        lpFile: PCWSTR(program.as_ptr()),
        lpParameters: PCWSTR(words.as_ptr()),
        // Its console begins hidden; the panel shows itself.
        nShow: SW_HIDE.0,
        ..Default::default()
    };
    // SAFETY: the texts end with zero and live over the call, and the size is the structure's.
    unsafe { ShellExecuteExW(&raw mut info) }.map_err(|_| Declined)
}
