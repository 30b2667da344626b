//! The console that Windows gives a program like this one. Commands need it, the panel does not.

use windows::Win32::System::Console::{FreeConsole, GetConsoleProcessList, GetConsoleWindow};
use windows::Win32::UI::WindowsAndMessaging::{SW_HIDE, ShowWindow};

/// Leaves the console if it was made for this process alone, as when the program is started from a
/// menu; a console in which somebody typed our name stays as it is. From Windows 11 24H2 on none is
/// made in the first place (the manifest's `consoleAllocationPolicy`).
pub(super) fn leave() {
    let mut processes = [0; 2];
    // SAFETY: the list has the length that the slice says.
    let count = unsafe { GetConsoleProcessList(&mut processes) };
    if count != 1 {
        return;
    }
    // SAFETY: no arguments; none where there is no console.
    let window = unsafe { GetConsoleWindow() };
    if !window.is_invalid() {
        // SAFETY: the window is the console's, which is ours alone.
        let _was_visible = unsafe { ShowWindow(window, SW_HIDE) };
    }
    // SAFETY: nothing of this process reads or writes the console from here on.
    let _had_one = unsafe { FreeConsole() };
}
