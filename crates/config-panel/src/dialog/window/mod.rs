//! The panel as a dialog of Windows: a thin shell that shows what the model says.
//!
//! The only place of this crate with `unsafe`. One thread has all windows; what takes time runs on
//! another, which sends what came of it and wakes the first with a message.
#![expect(unsafe_code, reason = "a dialog is made of Windows' own calls")]

mod ask;
mod console;
mod dialog;
mod elevate;
mod paint;
mod panel;
mod trial;
mod worker;

use crate::console::Exit;
use crate::dialog::start::{First, Start, first};
use crate::dialog::texts;

/// Leaves a console that nobody typed our name in. What is said goes to the log or nowhere, unless it is redirected.
pub(crate) fn leave_console() {
    console::leave();
}

/// Shows the panel until it is closed; gives the program's exit code.
pub(crate) fn run(start: Start) -> u8 {
    console::leave();
    let exit = match first(start, agent_windows::is_elevated()) {
        First::Show => panel::show(),
        First::Refuse => refuse(),
        First::Elevate => match elevate::start_again() {
            Ok(()) => Exit::Ok,
            Err(elevate::Declined) => refuse(),
        },
    };
    exit as u8
}

fn refuse() -> Exit {
    ask::tell(texts::NEEDS_ADMINISTRATOR);
    Exit::Elevation
}
