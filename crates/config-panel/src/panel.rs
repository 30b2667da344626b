//! Everything that a command has at hand.

use crate::console::Failure;
use crate::ports::{Diagnostics, Elevation, LocalAccounts, LocalMachine, ProgramFiles, Tasks};
use crate::{registration, surroundings};
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
    /// The Task Scheduler.
    pub tasks: Box<dyn Tasks>,
    /// For whoever looks for a fault.
    pub diagnostics: Box<dyn Diagnostics>,
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

    /// The local administrators who are people. Groups of a domain are not looked into, and a disabled
    /// account is nobody's.
    #[must_use]
    pub fn local_administrators(&self) -> Vec<Account> {
        let machine = self.services.machine.facts();
        let local = self.accounts.all().unwrap_or_default();
        let is_disabled = |account: &Account| {
            account.kind == AccountKind::Local
                && local.iter().any(|known| known.is_disabled && same_name(&known.name, &account.name))
        };
        let members = self.accounts.administrators().unwrap_or_default();
        members
            .iter()
            .filter(|member| member.is_user)
            .map(|member| Account::from_resolved(member, &machine))
            .filter(|account| !is_disabled(account))
            .collect()
    }

    /// The accounts of the computer itself, without the disabled ones; `most` of them at most, for a
    /// domain controller has those of its whole domain.
    #[must_use]
    pub fn local_accounts(&self, most: usize) -> Vec<Account> {
        let machine = self.services.machine.facts();
        let local = self.accounts.all().unwrap_or_default();
        local
            .iter()
            .filter(|known| !known.is_disabled)
            .take(most)
            .filter_map(|known| {
                let name = format!("{}\\{}", machine.netbios_name, known.name);
                self.services.lookup.by_name(&name, LOOKUP_LIMIT).ok()
            })
            .filter(|found| found.is_user)
            .map(|found| Account::from_resolved(&found, &machine))
            .collect()
    }

    /// What only Windows can say, for a report.
    #[must_use]
    pub fn report_facts(&self) -> report::Facts {
        let administrators = self.local_administrators().iter().map(Account::to_wire).collect();
        report::Facts {
            registration: registration::facts(self),
            administrators,
            safe_mode_boots: self.diagnostics.safe_mode_boots(),
            standing: surroundings::standing(self),
        }
    }
}
