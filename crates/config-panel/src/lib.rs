//! TrasaConfig.exe: the configuration panel and its command line.
//!
//! A command gathers what it needs through ports ([`ports`] and those of [`agent::ports`]), lets
//! [`agent`] decide, and says what came of it: one line for people, or JSON with `--json`. Nothing
//! here calls Windows but the `windows` module and the panel's window ([`dialog`]), so that all of it
//! is tested everywhere. Without any argument the program is the panel.
#![deny(unsafe_code)]

pub mod arguments;
pub mod command;
pub mod console;
pub mod dialog;
pub mod flow;
pub mod installation;
#[cfg(test)]
#[path = "../messages.rs"]
mod messages;
pub mod panel;
pub mod ports;
pub mod registration;
pub mod secret;
pub mod surroundings;
pub mod task;
#[cfg(test)]
mod testing;
pub mod typing;
#[cfg(windows)]
mod windows;

use arguments::Parsed;
use console::Console;
use dialog::start::{Start, wanted};
use std::io::{stderr, stdout};
use std::process::ExitCode;

/// The program.
#[must_use]
pub fn main() -> ExitCode {
    match wanted(std::env::args_os().skip(1)) {
        Start::Command => {}
        #[cfg(windows)]
        start => return ExitCode::from(dialog::run(start)),
        #[cfg(not(windows))]
        Start::Panel | Start::PanelAgain => {}
    }
    // Before anything takes time.
    #[cfg(windows)]
    if dialog::start::is_the_installers(std::env::args_os().skip(1)) {
        dialog::leave_console();
    }
    let parsed = arguments::parse(std::env::args_os());
    let (mut out, mut err) = (stdout(), stderr());
    let code = match parsed {
        Parsed::Run(arguments) => {
            let mut console = Console::new(arguments.json, &mut out, &mut err);
            run(arguments, &mut console)
        }
        Parsed::Say { text, json, exit } => Console::new(json, &mut out, &mut err).say(&text, exit),
    };
    ExitCode::from(code)
}

#[cfg(windows)]
fn run(arguments: arguments::Arguments, console: &mut Console<'_>) -> u8 {
    let panel = windows::panel();
    command::run(arguments.command, &panel, &mut windows::read_secret, &mut windows::ConsoleTyping, console)
}

#[cfg(not(windows))]
fn run(_: arguments::Arguments, console: &mut Console<'_>) -> u8 {
    console.fail(&console::Failure::usage("TrasaConfig needs Windows."))
}
