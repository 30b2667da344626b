//! Typing that nobody sees.

use windows::Win32::Foundation::HANDLE;
use windows::Win32::System::Console::{
    CONSOLE_MODE, ENABLE_ECHO_INPUT, GetConsoleMode, GetStdHandle, ReadConsoleW, STD_INPUT_HANDLE,
    SetConsoleMode,
};
use zeroize::Zeroizing;

/// Runs `read` while the console does not echo what is typed; as it stands where standard input is no console. The
/// console is set back afterwards, also when `read` panics.
pub fn without_echo<R>(read: impl FnOnce() -> R) -> R {
    let _restored_on_drop = Quiet::begin();
    read()
}

/// Reads a line that a person types, with its end; `hidden` without echo. `None` at the end of input,
/// for a line that is too long, or where standard input is no console.
#[must_use]
pub fn console_line(hidden: bool) -> Option<Zeroizing<String>> {
    let _restored_on_drop = hidden.then(Quiet::begin);
    // SAFETY: no preconditions; the handle is the process's own and stays open.
    let console = unsafe { GetStdHandle(STD_INPUT_HANDLE) }.ok()?;
    let mut units = Zeroizing::new([0u16; MAX_LINE_UNITS]);
    let mut read = 0;
    let room = u32::try_from(units.len()).ok()?;
    // SAFETY: the buffer has so many units; fails cleanly for a handle that is no console's.
    unsafe { ReadConsoleW(console, units.as_mut_ptr().cast(), room, &raw mut read, None) }.ok()?;
    let line = units.get(..usize::try_from(read).ok()?)?;
    if line.last() != Some(&u16::from(b'\n')) {
        return None;
    }
    // Room for the longest UTF-8 form from the beginning, so that growing leaves no copy behind.
    let mut text = Zeroizing::new(String::with_capacity(line.len() * 3));
    text.extend(
        char::decode_utf16(line.iter().copied()).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)),
    );
    Some(text)
}

/// Longest line, in UTF-16 units.
const MAX_LINE_UNITS: usize = 1024;

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
