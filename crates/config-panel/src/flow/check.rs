//! The check before arming: gathers, lets [`agent::check`] decide, and leaves out what says nothing in
//! this state.

mod addresses;
mod gather;

use crate::panel::Panel;
use agent::check::{Check, Facts, Report, Waived, check};
use agent::config::State;
use agent::exchange::CallFailed;
use agent::ports::Cancelled;
use gather::Gathered;
use protocol::error_code::ErrorCode;

/// A check that was made.
#[derive(Debug)]
pub struct Checked {
    /// What was found out.
    pub facts: Facts,
    /// Its lines, in order.
    pub report: Report,
}

/// Checks. Tells the server first how this computer is; changes nothing here.
#[must_use]
pub fn run(panel: &Panel, waived: Waived, cancelled: &dyn Cancelled) -> Checked {
    let gathered = gather::gather(panel, cancelled);
    let report = draw_up(&gathered, waived);
    Checked { facts: gathered.facts, report }
}

/// With a line for each address, without lines that say nothing in this state.
fn draw_up(gathered: &Gathered, waived: Waived) -> Report {
    let Gathered { facts, addresses } = gathered;
    let mut report = check(facts, waived);
    let silent: &[Check] = match facts.state {
        // Nobody was asked.
        State::Absent | State::Damaged(_) => {
            &[Check::Approval, Check::Server, Check::Account, Check::Somebody, Check::Trial]
        }
        // The server says who would get in only before arming.
        State::Armed => &[Check::Account, Check::Somebody, Check::Trial],
        State::Verified => &[],
    };
    // Without an answer nobody knows who would get in; the line about the server refuses.
    let unanswered: &[Check] = if facts.answer.is_err() { &[Check::Account, Check::Somebody] } else { &[] };
    report.lines.retain(|line| !silent.contains(&line.check) && !unanswered.contains(&line.check));
    // Who waits for approval is told so, and not once more by the server.
    let waits = matches!(
        &facts.answer,
        Err(CallFailed::Refused(ErrorCode::CheckRefused | ErrorCode::MachineWaiting, _))
    );
    if !facts.approved && waits {
        report.lines.retain(|line| line.check != Check::Server);
    }
    if facts.answer.is_ok() {
        let after = report.lines.iter().position(|line| line.check == Check::Server).map_or(0, |at| at + 1);
        report.lines.splice(after..after, addresses.iter().map(addresses::Look::line));
    }
    report
}
