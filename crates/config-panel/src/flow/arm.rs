//! Arming: the check first. What it refuses for is not waived by being in a hurry; who is in a hurry
//! lets it wait ([`when_approved`]) for the report task ([`complete`]).

use super::check;
use crate::console::Failure;
use crate::panel::Panel;
use agent::check::{Check, Facts, Line, Report, Verdict, Waived};
use agent::config::{self, State};
use agent::exchange::CallFailed;
use agent::pending::{self, PendingArm};
use agent::ports::{Cancelled, Event, Never};
use agent::probation::{self, Standing};
use agent::report;

/// How to arm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Wish {
    /// Without a trial logon.
    pub without_trial: bool,
    /// Although no local administrator is an offline user.
    pub without_offline_user: bool,
    /// With a probation.
    pub probation: bool,
}

/// The logon is guarded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Armed {
    /// It was so before.
    pub already: bool,
    /// What is to be known all the same.
    pub warnings: Vec<Line>,
    /// Until when probation lasts, Unix seconds.
    pub probation_until: Option<i64>,
}

/// What came of [`when_approved`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing was in the way.
    Armed(Armed),
    /// It waits.
    Waits(PendingArm),
}

/// Arms, if the check finds nothing in the way.
///
/// # Errors
/// [`Failure`] with the first refusal's code and the text of all of them; not armed then.
pub fn run(panel: &Panel, wish: &Wish, cancelled: &dyn Cancelled) -> Result<Armed, Failure> {
    attempt(panel, wish, cancelled).map_err(|refusal| refusal.failure)
}

/// Why not, and whether time may heal it.
struct Refusal {
    failure: Failure,
    may_pass: bool,
}

impl From<Failure> for Refusal {
    fn from(failure: Failure) -> Self {
        Self { failure, may_pass: false }
    }
}

fn attempt(panel: &Panel, wish: &Wish, cancelled: &dyn Cancelled) -> Result<Armed, Refusal> {
    panel.require_elevation()?;
    let services = &panel.services;
    if config::load(services).state == State::Armed {
        pending::drop_it(services);
        return Ok(Armed { already: true, warnings: Vec::new(), probation_until: probation_until(panel) });
    }
    let waived = Waived { offline_user: wish.without_offline_user, trial: wish.without_trial };
    let check::Checked { facts, report } = check::run(panel, waived, cancelled);
    if cancelled.is_cancelled() {
        return Err(Failure::refused("cancelled", "Cancelled. Not armed.").into());
    }
    if let Some(first) = report.refusals().next() {
        // Nobody will be there to name an offline user or to save a configuration.
        let may_pass = report.refusals().all(|line| {
            !matches!(line.check, Check::Configuration | Check::OfflineAdministrator | Check::Trial)
        });
        return Err(Refusal { failure: refused(first, &facts, &report), may_pass });
    }
    config::arm(services).map_err(Failure::from)?;
    if wish.probation {
        // Without its record there is no probation; `probation_until` says so.
        let _none = probation::begin(services);
    }
    // The server hears of it now, or else with the next report.
    let _later = report::report(services, &panel.report_facts(), &Never);
    let warnings = report.lines.into_iter().filter(|line| line.verdict == Verdict::Warns).collect();
    Ok(Armed { already: false, warnings, probation_until: probation_until(panel) })
}

/// Arms now, or as soon as the computer is approved and nothing else is in the way. Without a trial:
/// nobody is there who could make one.
///
/// # Errors
/// [`Failure`] for what waiting does not heal: no configuration, no elevation, no offline user who
/// could repair this computer.
pub fn when_approved(panel: &Panel, wish: &Wish) -> Result<Outcome, Failure> {
    let failure = match attempt(panel, &Wish { without_trial: true, ..*wish }, &Never) {
        Ok(armed) => return Ok(Outcome::Armed(armed)),
        Err(Refusal { failure, may_pass: true }) => failure,
        Err(Refusal { failure, may_pass: false }) => return Err(failure),
    };
    let services = &panel.services;
    let waits = PendingArm {
        without_offline_user: wish.without_offline_user,
        probation: wish.probation,
        since: services.clock.unix_seconds(),
        waits_for: waits_for(&failure),
    };
    pending::write(services, &waits)?;
    services.events.write(&Event::arming_waits(&waits.waits_for.1));
    Ok(Outcome::Waits(waits))
}

/// Carries out what waits, where something does and nothing is in the way any more. The report task
/// calls it after each report that was answered.
///
/// # Errors
/// [`Failure`] where the wish, changed by what is in the way now, cannot be written.
pub fn complete(panel: &Panel) -> Result<Option<Outcome>, Failure> {
    let services = &panel.services;
    let Some(waits) = pending::read(services) else { return Ok(None) };
    let wish = Wish {
        without_trial: true,
        without_offline_user: waits.without_offline_user,
        probation: waits.probation,
    };
    match run(panel, &wish, &Never) {
        Ok(armed) => Ok(Some(Outcome::Armed(armed))),
        Err(failure) => {
            let now = PendingArm { waits_for: waits_for(&failure), ..waits.clone() };
            if now != waits {
                pending::write(services, &now)?;
            }
            Ok(Some(Outcome::Waits(now)))
        }
    }
}

/// A code, and the sentences about what is in the way.
fn waits_for(failure: &Failure) -> (String, String) {
    let message = failure.message();
    (failure.code().to_owned(), message.strip_prefix(NOT_ARMED).unwrap_or(message).to_owned())
}

/// When probation ends, Unix seconds, while it lasts.
#[must_use]
pub fn probation_until(panel: &Panel) -> Option<i64> {
    match probation::standing(&panel.services) {
        Standing::Until(until) => Some(until),
        Standing::None | Standing::LockedOut => None,
    }
}

const NOT_ARMED: &str = "Not armed. ";

/// The first refusal names the failure, all of them are told.
fn refused(first: &Line, facts: &Facts, report: &Report) -> Failure {
    if first.check == Check::Server
        && let Err(failed @ CallFailed::Unreachable(_)) = &facts.answer
    {
        return failed.clone().into();
    }
    let code = match (first.check, &facts.answer) {
        (Check::Server, Err(CallFailed::Refused(code, _))) => code.code(),
        (Check::Configuration, _) => facts.state.name(),
        (Check::Approval, _) => "machine_waiting",
        (Check::Somebody, _) => "nobody_would_get_in",
        (Check::OfflineUser, _) => "offline_user_unresolved",
        (Check::OfflineAdministrator, _) => "no_offline_administrator",
        (Check::Trial, _) => "no_trial",
        (Check::Registration, _) => "provider_not_registered",
        (Check::Filter, _) => "filter_not_registered",
        (Check::Dll, _) => "provider_not_loadable",
        (Check::OtherFilter, _) => "other_filter_registered",
        (check, _) => check.name(),
    };
    let texts: Vec<_> = report.refusals().map(|line| line.text.as_str()).collect();
    Failure::refused(code, format!("{NOT_ARMED}{}", texts.join(" ")))
}
