//! Typing that nobody sees.

use windows::Win32::Foundation::HANDLE;
use windows::Win32::System::Console::{
    CONSOLE_MODE, ENABLE_ECHO_INPUT, GetConsoleMode, GetStdHandle, STD_INPUT_HANDLE, SetConsoleMode,
};

/// Runs `read` while the console does not echo what is typed; as it stands where standard input is no console. The
/// console is set back afterwards, also when `read` panics.
pub fn without_echo<R>(read: impl FnOnce() -> R) -> R {
    let _restored_on_drop = Quiet::begin();
    read()
}

struct Quiet {
    console: HANDLE,
    before: CONSOLE_MODE,
}

impl Quiet {
    fn begin() -> Option<Self> {
        // SAFETY: no preconditions; the handle is the process's own and stays open.
        let console = unsafe { GetStdHandle(STD_INPUT_HANDLE) }.ok()?;
        let mut before = CONSOLE_MODE::default();
        // SAFETY: fails cleanly for a handle that is no console's.
        unsafe { GetConsoleMode(console, &raw mut before) }.ok()?;
        // SAFETY: the handle is a console's.
        unsafe { SetConsoleMode(console, before & !ENABLE_ECHO_INPUT) }.ok()?;
        Some(Self { console, before })
    }
}

impl Drop for Quiet {
    fn drop(&mut self) {
        // SAFETY: the handle is a console's, and the mode is the one that it had.
        let _the_console_may_be_gone = unsafe { SetConsoleMode(self.console, self.before) };
    }
}
