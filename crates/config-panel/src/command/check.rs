//! `check`: every line, and the first failing one's number as the exit code.

use crate::arguments::CheckCommand;
use crate::console::{Console, Failure, mark};
use crate::flow::{self, check::Checked};
use crate::panel::Panel;
use agent::check::{Check, Facts, Line, Report, Waived};
use agent::config::State;
use agent::ports::Never;
use protocol::v2::{CheckedAccount, Method};
use serde::Serialize;

#[derive(Serialize)]
struct Shown<'a> {
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
    // Whether a trial was made is for `arm` to insist on.
    let waived = Waived { offline_user: arguments.without_offline_user, trial: true };
    let Checked { facts, mut report } = flow::check::run(panel, waived, &Never);
    if facts.answer.is_err() || !facts.approved {
        report.lines.retain(|line| line.check != Check::Trial);
    }
    match say(&facts, &report, console) {
        Ok(()) => report.exit_code(),
        Err(failure) => console.fail(&failure),
    }
}

fn say(facts: &Facts, report: &Report, console: &mut Console<'_>) -> Result<(), Failure> {
    let passed = report.exit_code() == 0;
    let shown = Shown {
        state: facts.state.name(),
        passed,
        lines: report.lines.iter().map(to_json).collect(),
        accounts: accounts(facts),
        offline_users: offline_users(facts),
    };
    let mut lines: Vec<_> = report.lines.iter().map(for_people).collect();
    lines.push(match (passed, facts.state) {
        (true, State::Verified) if facts.trial.is_none() => {
            "Nothing is in the way. Next: TrasaConfig try, then TrasaConfig arm.".to_owned()
        }
        (true, State::Verified) => "Nothing is in the way. Next: TrasaConfig arm.".to_owned(),
        (true, _) => "Nothing is in the way.".to_owned(),
        (false, _) => "Something is in the way: see the lines with a cross.".to_owned(),
    });
    console.show(&shown, &lines)
}

fn to_json(line: &Line) -> CheckedLine<'_> {
    let (check, verdict) = (line.check, line.verdict);
    CheckedLine { number: check.number(), check: check.name(), verdict: verdict.name(), text: &line.text }
}

fn for_people(line: &Line) -> String {
    format!("{} {}", mark(line.verdict), line.text)
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
