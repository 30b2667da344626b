//! A dialog and its controls, each call with what Windows wants of it.

use windows::Win32::Foundation::{HINSTANCE, HWND, LPARAM, WPARAM};
use windows::Win32::System::LibraryLoader::GetModuleHandleW;
use windows::Win32::UI::Accessibility::NotifyWinEvent;
use windows::Win32::UI::Controls::{
    BST_CHECKED, BST_UNCHECKED, CheckDlgButton, EM_EMPTYUNDOBUFFER, EM_LIMITTEXT, EM_SETSEL,
    IsDlgButtonChecked, PBM_SETMARQUEE,
};
use windows::Win32::UI::Input::KeyboardAndMouse::{EnableWindow, GetFocus, IsWindowEnabled};
use windows::Win32::UI::WindowsAndMessaging::{
    CHILDID_SELF, EVENT_SYSTEM_ALERT, GetDlgItem, GetWindowTextLengthW, GetWindowTextW, OBJID_CLIENT,
    PostMessageW, SW_HIDE, SW_SHOWNA, SendMessageW, SetWindowTextW, ShowWindow, WM_NEXTDLGCTL,
};
use windows::core::HSTRING;
use zeroize::{Zeroize as _, Zeroizing};

/// This program, whose resources the dialogs are.
pub(super) fn module() -> Option<HINSTANCE> {
    // SAFETY: no name means the program itself, which stays loaded.
    unsafe { GetModuleHandleW(None) }.ok().map(Into::into)
}

/// A dialog of this thread.
#[derive(Clone, Copy)]
pub(super) struct Dialog(pub(super) HWND);

impl Dialog {
    /// A control; an invalid handle, which every call refuses, where there is none.
    pub(super) fn control(self, id: u16) -> HWND {
        // SAFETY: any handle and number may be asked for.
        unsafe { GetDlgItem(Some(self.0), i32::from(id)) }.unwrap_or_default()
    }

    /// Sends a message without pointers to a control.
    pub(super) fn send(self, id: u16, message: u32, wparam: usize, lparam: isize) -> isize {
        // SAFETY: callers pass numbers and handles only, and messages that take such.
        unsafe { SendMessageW(self.control(id), message, Some(WPARAM(wparam)), Some(LPARAM(lparam))) }.0
    }

    /// Sets a text.
    pub(super) fn set_text(self, id: u16, text: &str) {
        let text = HSTRING::from(text);
        // SAFETY: the text lives over the call.
        let _gone = unsafe { SetWindowTextW(self.control(id), &text) };
    }

    /// Sets a text that is wiped after; the control's own copy stays until [`Self::wipe`].
    pub(super) fn set_secret(self, id: u16, text: &str) {
        let units: Zeroizing<Vec<u16>> = Zeroizing::new(text.encode_utf16().chain([0]).collect());
        let text = windows::core::PCWSTR(units.as_ptr());
        // SAFETY: the text ends with zero and lives over the call.
        let _gone = unsafe { SetWindowTextW(self.control(id), text) };
    }

    /// A text.
    pub(super) fn text(self, id: u16) -> String {
        self.secret(id).to_string()
    }

    /// A text that is wiped after use.
    pub(super) fn secret(self, id: u16) -> Zeroizing<String> {
        let mut units = Zeroizing::new(vec![0u16; self.length(id) + 1]);
        // SAFETY: the buffer has the length that the slice says.
        let read = unsafe { GetWindowTextW(self.control(id), &mut units) };
        let units = units.get(..usize::try_from(read).unwrap_or(0)).unwrap_or_default();
        // Three bytes a unit are enough for any text, so that it does not grow and leave a copy.
        let mut text = Zeroizing::new(String::with_capacity(units.len() * 3));
        text.extend(
            char::decode_utf16(units.iter().copied()).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)),
        );
        text
    }

    /// Length of a text in UTF-16 units.
    pub(super) fn length(self, id: u16) -> usize {
        // SAFETY: any window may be asked.
        usize::try_from(unsafe { GetWindowTextLengthW(self.control(id)) }).unwrap_or(0)
    }

    /// Overwrites a secret in its control, then empties it.
    pub(super) fn wipe(self, id: u16) {
        let mut cover = "*".repeat(self.length(id));
        self.set_text(id, &cover);
        cover.zeroize();
        self.set_text(id, "");
        self.send(id, EM_EMPTYUNDOBUFFER, 0, 0);
    }

    /// Most characters that can be typed.
    pub(super) fn limit(self, id: u16, units: usize) {
        self.send(id, EM_LIMITTEXT, units, 0);
    }

    /// Whether a control can be used.
    pub(super) fn enable(self, id: u16, is: bool) {
        // SAFETY: the control is of this thread.
        let _was_disabled = unsafe { EnableWindow(self.control(id), is) };
    }

    /// Whether a control is there to be seen.
    pub(super) fn show(self, id: u16, is: bool) {
        // SAFETY: the control is of this thread.
        let _was_visible = unsafe { ShowWindow(self.control(id), if is { SW_SHOWNA } else { SW_HIDE }) };
    }

    /// Ticks a box or not.
    pub(super) fn tick(self, id: u16, is: bool) {
        let state = if is { BST_CHECKED } else { BST_UNCHECKED };
        // SAFETY: the dialog is of this thread.
        let _gone = unsafe { CheckDlgButton(self.0, i32::from(id), state) };
    }

    /// Whether a box is ticked.
    pub(super) fn is_ticked(self, id: u16) -> bool {
        // SAFETY: the dialog is of this thread.
        let state = unsafe { IsDlgButtonChecked(self.0, i32::from(id)) };
        state == BST_CHECKED.0
    }

    /// Gives a control the focus, as the Tab key would.
    pub(super) fn focus(self, id: u16) {
        let control = self.control(id).0.addr();
        // SAFETY: the message takes a control's handle and a flag, which says that it is one.
        unsafe { SendMessageW(self.0, WM_NEXTDLGCTL, Some(WPARAM(control)), Some(LPARAM(1))) };
    }

    /// Whether the control with the focus can be used.
    pub(super) fn has_focus_in_use(self) -> bool {
        // SAFETY: no arguments.
        let focused = unsafe { GetFocus() };
        // SAFETY: any window may be asked.
        !focused.is_invalid() && unsafe { IsWindowEnabled(focused) }.as_bool()
    }

    /// Takes the selection away that the dialog manager makes in whatever gets the focus.
    pub(super) fn select_nothing(self, id: u16) {
        // Posted, so that it comes after the dialog manager's.
        // SAFETY: the message takes two numbers.
        let _gone = unsafe { PostMessageW(Some(self.control(id)), EM_SETSEL, WPARAM(0), LPARAM(0)) };
    }

    /// Lets a bar move, or not.
    pub(super) fn marquee(self, id: u16, is: bool) {
        const EVERY_MS: isize = 40;
        self.send(id, PBM_SETMARQUEE, usize::from(is), EVERY_MS);
        self.show(id, is);
    }

    /// Tells a screen reader to read a control that did not get the focus.
    pub(super) fn alert(self, id: u16) {
        let child = i32::try_from(CHILDID_SELF).unwrap_or(0);
        // SAFETY: the control is of this thread; the numbers say "the control itself".
        unsafe { NotifyWinEvent(EVENT_SYSTEM_ALERT, self.control(id), OBJID_CLIENT.0, child) };
    }

    /// Posts a message without arguments to the dialog itself.
    pub(super) fn post(self, message: u32) {
        // SAFETY: the dialog's own messages take no arguments.
        let _gone = unsafe { PostMessageW(Some(self.0), message, WPARAM(0), LPARAM(0)) };
    }
}
