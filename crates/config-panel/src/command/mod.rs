//! The commands, one file each.

mod arm;
mod check;
mod disarm;
mod forget;
mod register;
mod report;
mod set;
mod show;
mod trial;
mod unattended;
mod verify;

use crate::arguments::Command;
use crate::console::{Console, Failure};
use crate::panel::Panel;
use crate::ports::Typing;
use crate::secret::SecretText;

/// Where the ServiceKey or token comes from.
pub type ReadSecret<'a> = &'a mut dyn FnMut() -> Result<Option<SecretText>, Failure>;

/// Runs a command to its end; gives the program's exit code.
pub fn run(
    command: Command,
    panel: &Panel,
    secret: ReadSecret<'_>,
    typing: &mut dyn Typing,
    console: &mut Console<'_>,
) -> u8 {
    let done = match command {
        Command::Set(arguments) => set::run(arguments, panel, secret, console),
        Command::Show => show::run(panel, console),
        Command::Check(arguments) => return check::run(&arguments, panel, console),
        Command::Try(arguments) => trial::run(arguments, panel, typing, console),
        Command::Arm(arguments) => arm::run(&arguments, panel, console),
        Command::Disarm => disarm::run(panel, console),
        Command::Verify(arguments) => return verify::run(&arguments, panel, console),
        Command::Report => report::run(panel, console),
        Command::Register(arguments) => register::register(arguments, panel, console),
        Command::Unregister(arguments) => register::unregister(&arguments, panel, console),
        Command::Unattended(arguments) => unattended::run(arguments, panel, console),
        Command::Forget(arguments) => forget::run(&arguments, panel, console),
    };
    match done {
        Ok(()) => 0,
        Err(failure) => console.fail(&failure),
    }
}
