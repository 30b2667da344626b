//! `check`: every line, and the first failing one's number as the exit code.

use super::{addresses, gather};
use crate::arguments::CheckCommand;
use crate::console::{Console, Failure};
use crate::panel::Panel;
use agent::check::{Check, Facts, Line, Report, Verdict, Waived, check};
use agent::config::{self, State, UsableLink};
use agent::exchange::CallFailed;
use protocol::error_code::ErrorCode;
use protocol::v2::{CheckedAccount, Method};
use serde::Serialize;

#[derive(Serialize)]
struct Checked<'a> {
    state: &'static str,
    passed: bool,
    lines: Vec<CheckedLine<'a>>,
    accounts: Vec<AccountLine>,
    offline_users: Vec<OfflineUser<'a>>,
}

#[derive(Serialize)]
struct CheckedLine<'a> {
    number: u8,
    check: &'static str,
    verdict: &'static str,
    text: &'a str,
}

#[derive(Serialize)]
struct AccountLine {
    account: String,
    sid: Option<String>,
    local_administrator: bool,
    offline_user: bool,
    recent_profile: bool,
    /// `null` where the server was not asked or did not say.
    would_get_in: Option<bool>,
    methods: Vec<Method>,
    reason: Option<&'static str>,
}

#[derive(Serialize)]
struct OfflineUser<'a> {
    typed: &'a str,
    account: Option<String>,
    sid: Option<&'a str>,
}

pub(super) fn run(arguments: &CheckCommand, panel: &Panel, console: &mut Console<'_>) -> u8 {
    if let Err(failure) = panel.require_elevation() {
        return console.fail(&failure);
    }
    let facts = gather::facts(panel);
    // Whether a trial was made is for `arm` to ask.
    let waived = Waived { offline_user: arguments.without_offline_user, trial: true };
    let mut report = draw_up(&facts, waived, panel);
    report.lines.retain(|line| line.check != Check::Trial);
    match say(&facts, &report, console) {
        Ok(()) => report.exit_code(),
        Err(failure) => console.fail(&failure),
    }
}

/// The check with a line for each address, without lines that say nothing in this state.
pub(super) fn draw_up(facts: &Facts, waived: Waived, panel: &Panel) -> Report {
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
    if facts.answer.is_ok()
        && let Some(usable) = config::load(&panel.services).usable
        && let UsableLink::V2(link) = usable.link()
    {
        let after = report.lines.iter().position(|line| line.check == Check::Server).map_or(0, |at| at + 1);
        report.lines.splice(after..after, addresses::lines(panel, link, &usable.learned));
    }
    report
}

/// The name of a check that scripts may rely on.
pub(super) const fn name(check: Check) -> &'static str {
    match check {
        Check::Configuration => "configuration",
        Check::Approval => "approval",
        Check::Server => "server",
        Check::Account => "account",
        Check::Somebody => "somebody",
        Check::OfflineUser => "offline_user",
        Check::OfflineAdministrator => "offline_administrator",
        Check::Trial => "trial",
        Check::Registration => "registration",
        Check::Filter => "filter",
        Check::Policy => "policy",
        Check::AutomaticSignIn => "automatic_sign_in",
        Check::RestrictedAdmin => "restricted_admin",
        Check::Clock => "clock",
        Check::Proxy => "proxy",
        Check::Certificate => "certificate",
        Check::OtherSignIn => "other_sign_in",
    }
}

fn say(facts: &Facts, report: &Report, console: &mut Console<'_>) -> Result<(), Failure> {
    let passed = report.exit_code() == 0;
    let checked = Checked {
        state: facts.state.name(),
        passed,
        lines: report.lines.iter().map(to_json).collect(),
        accounts: accounts(facts),
        offline_users: offline_users(facts),
    };
    let mut lines: Vec<_> = report.lines.iter().map(for_people).collect();
    lines.push(match (passed, facts.state) {
        (true, State::Verified) => "Nothing is in the way. Next: TrasaConfig arm.".to_owned(),
        (true, _) => "Nothing is in the way.".to_owned(),
        (false, _) => "Something is in the way: see the lines with a cross.".to_owned(),
    });
    console.show(&checked, &lines)
}

fn to_json(line: &Line) -> CheckedLine<'_> {
    let verdict = match line.verdict {
        Verdict::Good => "good",
        Verdict::Warns => "warns",
        Verdict::Refuses => "refuses",
    };
    CheckedLine { number: line.check.number(), check: name(line.check), verdict, text: &line.text }
}

/// ASCII marks: a console of Windows 7 has no others.
fn for_people(line: &Line) -> String {
    let mark = match line.verdict {
        Verdict::Good => "[ok]",
        Verdict::Warns => "[!] ",
        Verdict::Refuses => "[X] ",
    };
    format!("{mark} {}", line.text)
}

fn accounts(facts: &Facts) -> Vec<AccountLine> {
    let answers: &[CheckedAccount] = facts.answer.as_ref().map_or(&[], |answer| &answer.accounts);
    facts
        .subjects
        .iter()
        .map(|subject| {
            let wire = subject.account.to_wire();
            let answer = answers.iter().find(|answer| answer.account == wire);
            AccountLine {
                account: subject.account.to_string(),
                sid: wire.sid,
                local_administrator: subject.is_local_administrator,
                offline_user: facts.offline.lists(&subject.account),
                recent_profile: subject.has_recent_profile,
                would_get_in: answer.map(|answer| answer.would_get_in),
                methods: answer.map(|answer| answer.methods.clone()).unwrap_or_default(),
                reason: answer.and_then(|answer| answer.reason).map(|reason| reason.code()),
            }
        })
        .collect()
}

fn offline_users(facts: &Facts) -> Vec<OfflineUser<'_>> {
    let found = facts.offline.users.iter().map(|user| OfflineUser {
        typed: &user.typed,
        account: Some(user.account.to_string()),
        sid: user.account.sid.as_ref().map(agent::Sid::as_str),
    });
    let lost = facts.unresolved.iter().map(|(typed, _)| OfflineUser { typed, account: None, sid: None });
    found.chain(lost).collect()
}
