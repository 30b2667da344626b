//! Message boxes and the choice of a file.

use crate::dialog::question::Question;
use crate::dialog::texts;
use std::ffi::OsString;
use std::os::windows::ffi::OsStringExt as _;
use std::path::PathBuf;
use windows::Win32::Foundation::HWND;
use windows::Win32::UI::Controls::Dialogs::{
    GetOpenFileNameW, OFN_FILEMUSTEXIST, OFN_HIDEREADONLY, OFN_NOCHANGEDIR, OFN_PATHMUSTEXIST, OPENFILENAMEW,
};
use windows::Win32::UI::WindowsAndMessaging::{
    IDYES, MB_DEFBUTTON2, MB_ICONINFORMATION, MB_ICONWARNING, MB_OK, MB_SETFOREGROUND, MB_YESNO, MessageBoxW,
};
use windows::core::{HSTRING, PWSTR, w};

/// Asks above a window.
pub(super) fn ask(owner: HWND, question: Question) -> bool {
    let style = MB_YESNO | MB_ICONWARNING | MB_DEFBUTTON2;
    let (text, title) = (HSTRING::from(question.text()), HSTRING::from(texts::TITLE));
    // SAFETY: the texts live over the call, and the owner is a window of this thread.
    unsafe { MessageBoxW(Some(owner), &text, &title, style) == IDYES }
}

/// Says something where there is no window yet.
pub(super) fn tell(text: &str) {
    let (text, title) = (HSTRING::from(text), HSTRING::from(texts::TITLE));
    // SAFETY: the texts live over the call.
    let _ok = unsafe { MessageBoxW(None, &text, &title, MB_OK | MB_ICONINFORMATION | MB_SETFOREGROUND) };
}

/// Lets the person choose an original's configuration file.
pub(super) fn choose_file(owner: HWND) -> Option<PathBuf> {
    let mut path = [0u16; 1024];
    let mut dialog = OPENFILENAMEW {
        lStructSize: u32::try_from(size_of::<OPENFILENAMEW>()).unwrap_or(0),
        hwndOwner: owner,
        lpstrFilter: w!("config.trasa\0*.trasa\0All files\0*.*\0"),
        lpstrFile: PWSTR(path.as_mut_ptr()),
        nMaxFile: u32::try_from(path.len()).unwrap_or(0),
        lpstrTitle: w!("Import config.trasa"),
        // The folder of the process is nobody's business.
        Flags: OFN_FILEMUSTEXIST | OFN_PATHMUSTEXIST | OFN_HIDEREADONLY | OFN_NOCHANGEDIR,
        ..Default::default()
    };
    // SAFETY: the filter ends with two zeros, the buffer has the length that is said, and both live over the call.
    if !unsafe { GetOpenFileNameW(&raw mut dialog) }.as_bool() {
        return None;
    }
    let length = path.iter().position(|unit| *unit == 0).unwrap_or(path.len());
    path.get(..length).map(|path| PathBuf::from(OsString::from_wide(path)))
}
