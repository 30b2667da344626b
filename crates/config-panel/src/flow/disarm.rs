//! Disarming, by an administrator of this computer.

use crate::console::Failure;
use crate::panel::Panel;
use agent::config::{self, Generation, State};
use agent::ports::{Armed, Never};
use agent::{pending, report};

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Disarmed {
    /// Whether the logon was guarded before.
    pub was_armed: bool,
    /// Whether arming waited for an approval; it does not any more.
    pub was_pending: bool,
    /// The state now.
    pub state: State,
    /// Whether the server was told.
    pub reported: bool,
    /// The server could not be told, and the next report does it. Version 1 tells nobody anything.
    pub owes_report: bool,
}

/// Guards the logon no longer, and drops a wish to arm.
///
/// # Errors
/// [`Failure`]; still armed then.
pub fn run(panel: &Panel) -> Result<Disarmed, Failure> {
    panel.require_elevation()?;
    let services = &panel.services;
    let was_pending = pending::read(services).is_some();
    pending::drop_it(services);
    let was_armed = services.registry.armed() != Armed::No;
    let mut reported = false;
    if was_armed {
        config::disarm(services, "an administrator of this computer disarmed it")?;
        // The server hears of it now, or else with the next report.
        reported = report::report(services, &panel.report_facts(), &Never).is_ok();
    }
    let now = config::load(services);
    let reports = now.usable.as_ref().is_some_and(|it| it.configuration.protocol() == Generation::V2);
    let owes_report = was_armed && !reported && reports;
    Ok(Disarmed { was_armed, was_pending, state: now.state, reported, owes_report })
}
