//! `verify`: is everything of TRASA on this computer as it should be, from the files to the server.
//!
//! Changes nothing here; tells the server how the computer is, as a report does. What surrounds TRASA
//! (policies, automatic sign-in, clock) is what [`super::check`] finds.

mod bundle;
mod installed;
mod kept;
mod part;

pub use bundle::{Bundle, bundle};
pub use part::{Finding, Part};

use super::check::{self, Checked};
use crate::panel::Panel;
use agent::check::{Check, Verdict, Waived};
use agent::config;
use agent::ports::Never;

/// What was found.
#[derive(Debug)]
pub struct Diagnosis {
    /// Everything that was looked at, in order.
    pub findings: Vec<Finding>,
    /// The check, whose lines about the server and about Windows are among the findings.
    pub checked: Checked,
}

impl Diagnosis {
    /// The first failing part's number, else 0.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        let first = self.findings.iter().find(|finding| finding.verdict == Verdict::Refuses);
        first.map_or(0, |finding| finding.part.number())
    }
}

/// Looks at everything. The copies of the offline users come first, for whoever loads the
/// configuration mends them.
#[must_use]
pub fn run(panel: &Panel) -> Diagnosis {
    let offline = kept::offline_users(panel);
    let loaded = config::load(&panel.services);
    let mut findings = installed::findings(panel);
    findings.extend(kept::findings(panel, &loaded));
    findings.extend(offline);
    findings.extend(kept::last_contact(panel, &loaded));
    let checked = check::run(panel, Waived { offline_user: true, trial: true }, &Never);
    findings.extend(checked.report.lines.iter().filter_map(|line| {
        let part = of_check(line.check)?;
        Some(Finding { part, verdict: line.verdict, text: line.text.clone() })
    }));
    findings.sort_by_key(|finding| finding.part);
    Diagnosis { findings, checked }
}

/// The lines of the check that belong here. Who would get in does not: that is `check`'s.
const fn of_check(check: Check) -> Option<Part> {
    Some(match check {
        Check::Approval | Check::Server => Part::Server,
        Check::Certificate => Part::Certificate,
        Check::Clock => Part::Clock,
        Check::Proxy => Part::Proxy,
        Check::OfflineUser => Part::OfflineUsers,
        Check::Policy
        | Check::OtherFilter
        | Check::AutomaticSignIn
        | Check::RestrictedAdmin
        | Check::Reconnection
        | Check::AllowedProvider
        | Check::DebuggerHook => Part::Surroundings,
        Check::Configuration
        | Check::Account
        | Check::Somebody
        | Check::OfflineAdministrator
        | Check::Trial
        | Check::Registration
        | Check::Filter
        | Check::OtherSignIn
        | Check::Protocol
        | Check::Dll => return None,
    })
}

#[cfg(test)]
mod tests;
