//! The check before arming: who would get in, what is in the way, and whether arming is refused.
//! Pure: the caller gathers the facts.

mod lines;
mod surroundings;

pub use lines::{Check, Line, Verdict};
pub use surroundings::{Surroundings, surroundings};

use crate::account::{Account, ResolveError};
use crate::config::{Generation, OfflineList, State};
use crate::exchange::CallFailed;
use crate::trial;
use protocol::v2::{CheckAnswer, CheckedAccount, Registration};

/// How an account signed in last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "their names say it")]
pub enum LastSignIn {
    Password,
    Pin,
    Hello,
    SmartCard,
    Web,
    Unknown,
}

/// An account that somebody may want to sign in with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// The account.
    pub account: Account,
    /// Member of the local administrators.
    pub is_local_administrator: bool,
    /// Has a profile that was used in the last 90 days.
    pub has_recent_profile: bool,
    /// How it signed in last.
    pub last_sign_in: LastSignIn,
}

/// What was found out.
#[derive(Debug)]
pub struct Facts {
    /// The agent's state.
    pub state: State,
    /// The generation of the protocol, where there is a configuration.
    pub protocol: Option<Generation>,
    /// The service only watches: everybody passes.
    pub watching: bool,
    /// An administrator approved this machine.
    pub approved: bool,
    /// The accounts.
    pub subjects: Vec<Subject>,
    /// What the server said about them.
    pub answer: Result<CheckAnswer, CallFailed>,
    /// The offline users that were resolved.
    pub offline: OfflineList,
    /// Names of offline users that lead to no account.
    pub unresolved: Vec<(String, ResolveError)>,
    /// Provider and filter.
    pub registration: Registration,
    /// Whether the registered DLL loads, and why not; `None` where it was not tried.
    pub dll: Option<Result<(), String>>,
    /// Filters of other products, by their class and file.
    pub other_filters: Vec<String>,
    /// Windows around the tile.
    pub surroundings: Surroundings,
    /// Server time minus ours, in seconds, where known.
    pub clock_offset: Option<i64>,
    /// The machine's proxy, where there is one.
    pub proxy: Option<String>,
    /// Days until the server's certificate ends, where known.
    pub certificate_days: Option<i64>,
    /// The trial logon that counts for this configuration.
    pub trial: Option<trial::Passed>,
}

/// What the administrator waived.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Waived {
    /// `--without-offline-user`.
    pub offline_user: bool,
    /// `--without-trial`.
    pub trial: bool,
}

/// The whole check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Every line, in order.
    pub lines: Vec<Line>,
}

impl Report {
    /// What arming is refused for; empty: it may go on.
    pub fn refusals(&self) -> impl Iterator<Item = &Line> {
        self.lines.iter().filter(|line| line.verdict == Verdict::Refuses)
    }

    /// The exit code: the first failing check's number, else 0.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        self.refusals().next().map_or(0, |line| line.check.number())
    }
}

/// Draws up the check.
#[must_use]
pub fn check(facts: &Facts, waived: Waived) -> Report {
    let mut lines = vec![lines::configuration(facts)];
    // Version 1 approves no computers.
    lines.extend((facts.protocol != Some(Generation::V1)).then(|| lines::approval(facts)));
    lines.push(lines::server(facts));
    let answers: &[CheckedAccount] = facts.answer.as_ref().map_or(&[], |answer| &answer.accounts);
    if facts.protocol == Some(Generation::V1) {
        lines.extend(lines::protocol(facts));
    } else {
        lines.extend(facts.subjects.iter().map(|subject| lines::subject(subject, answers, facts)));
        lines.push(lines::somebody(facts, answers));
    }
    lines.extend(facts.offline.users.iter().map(lines::offline_user));
    lines.extend(facts.unresolved.iter().map(|(typed, why)| lines::unresolved(typed, *why)));
    lines.push(lines::offline_administrator(facts, waived));
    lines.push(lines::trial(facts, waived));
    lines.extend(lines::registration(facts));
    lines.extend(lines::other_filters(facts));
    lines.extend(lines::dll(facts));
    lines.extend(surroundings(&facts.surroundings));
    lines.extend(lines::way_to_the_server(facts));
    lines.extend(lines::other_sign_in(facts));
    Report { lines }
}

#[cfg(test)]
mod tests;
