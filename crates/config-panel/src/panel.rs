//! Everything that a command has at hand.

use crate::console::Failure;
use crate::ports::{Elevation, LocalAccounts, LocalMachine, ProgramFiles};
use crate::registration;
use agent::account::{Account, AccountKind, LOOKUP_LIMIT, same_name};
use agent::report;
use agent::services::Services;

/// The ports of the agent and those of the panel.
pub struct Panel {
    /// The agent's.
    pub services: Services,
    /// Whether we may.
    pub elevation: Box<dyn Elevation>,
    /// Who is on this computer.
    pub accounts: Box<dyn LocalAccounts>,
    /// Its registry.
    pub local_machine: Box<dyn LocalMachine>,
    /// Our files.
    pub program: Box<dyn ProgramFiles>,
}

impl core::fmt::Debug for Panel {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Panel")
    }
}

impl Panel {
    /// Whoever is not elevated reads nothing of the configuration and changes nothing.
    ///
    /// # Errors
    /// [`Failure`] with exit code 4.
    pub fn require_elevation(&self) -> Result<(), Failure> {
        if self.elevation.is_elevated() { Ok(()) } else { Err(Failure::elevation()) }
    }

    /// Who can sign in to this computer with an account of its own, and who administers it. Groups
    /// of a domain are not looked into, and a disabled account is nobody's.
    #[must_use]
    pub fn people(&self) -> People {
        let machine = self.services.machine.facts();
        let local = self.accounts.all().unwrap_or_default();
        let is_disabled = |account: &Account| {
            account.kind == AccountKind::Local
                && local.iter().any(|known| known.is_disabled && same_name(&known.name, &account.name))
        };
        let administrators = self
            .accounts
            .administrators()
            .unwrap_or_default()
            .iter()
            .filter(|member| member.is_user)
            .map(|member| Account::from_resolved(member, &machine))
            .filter(|account| !is_disabled(account))
            .collect();
        let local = local
            .iter()
            .filter(|known| !known.is_disabled)
            .filter_map(|known| {
                let name = format!("{}\\{}", machine.netbios_name, known.name);
                self.services.lookup.by_name(&name, LOOKUP_LIMIT).ok()
            })
            .filter(|found| found.is_user)
            .map(|found| Account::from_resolved(&found, &machine))
            .collect();
        People { administrators, local }
    }

    /// What only Windows can say, for a report.
    #[must_use]
    pub fn report_facts(&self) -> report::Facts {
        let administrators = self.people().administrators.iter().map(Account::to_wire).collect();
        report::Facts { registration: registration::facts(self), administrators, ..report::Facts::default() }
    }
}

/// See [`Panel::people`].
#[derive(Debug)]
pub struct People {
    /// Local administrators, of the computer and of its domain.
    pub administrators: Vec<Account>,
    /// Accounts of the computer itself.
    pub local: Vec<Account>,
}
