//! Everything that a decision is made from, read in one go.

use super::access_queries::{accesses_query, candidates_query};
use super::{AccessId, DeviceId, OrganisationId, Read, StoreError, UserId};
use crate::store::guesses::Origin;
use crate::store::machines::State;
use crate::store::policies::PolicyText;
use crate::store::users::totp_place;
use decision::account::{Account, Domain, Name, Pattern, TrasaId};
use decision::code::{Algorithm, TotpSecret};
use decision::logon::{Access, Candidate, Facts, Machine, Service, TotpDevice, User, sole_user};
use decision::mode::Mode;
use decision::policy::Policy;
use protocol::id::{MachineId, ServiceId};
use protocol::v2::AccountKind;
use rusqlite::{OptionalExtension as _, params};
use std::collections::BTreeSet;

/// Who says to be logging on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Who {
    /// The tile did not ask: the sole user of the account.
    NotAsked,
    /// What was typed can be nobody's name.
    Nobody,
    /// A username or an email address.
    Called(TrasaId),
}

/// What facts are asked for.
#[derive(Debug, Clone)]
pub struct Asked {
    /// The machine.
    pub machine: MachineId,
    /// The account as the agent sent it.
    pub account: protocol::v2::Account,
    /// Its name, read.
    pub name: Name,
    /// Who says to be logging on.
    pub who: Who,
}

/// A machine with its service, as a decision sees them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MachineFacts {
    /// Its service.
    pub service_id: ServiceId,
    /// How it stands.
    pub state: State,
    /// The names that it calls itself.
    pub host_names: Vec<String>,
    /// When it was heard last.
    pub last_seen: Option<i64>,
    /// The service.
    pub service: Service,
}

/// The facts, and what the store calls the things in them.
#[derive(Debug, Clone)]
pub struct Gathered {
    /// The machine and its service.
    pub machine: MachineFacts,
    /// The account with the names of its domain.
    pub account: Account,
    /// What is decided from.
    pub facts: Facts,
    /// The user in the facts.
    pub user: Option<UserId>,
    /// What the accesses in the facts are called, in their order.
    pub accesses: Vec<NamedAccess>,
    /// The devices in the facts, in their order.
    pub devices: Vec<DeviceId>,
}

/// A user as a decision sees them, and what the store calls the things in it.
#[derive(Debug, Clone)]
pub(super) struct KnownUser {
    pub id: UserId,
    pub user: User,
    pub accesses: Vec<NamedAccess>,
    pub devices: Vec<DeviceId>,
}

/// What an access in the facts is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedAccess {
    /// Its id.
    pub id: AccessId,
    /// The name of its policy.
    pub policy: Option<String>,
    /// The group through which the user has it.
    pub user_group: Option<String>,
    /// The group through which it is about the service.
    pub service_group: Option<String>,
}

impl Read<'_> {
    /// Gathers the facts; `None` where the machine has no row.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn logon_facts(
        &self,
        organisation: OrganisationId,
        asked: &Asked,
        now: i64,
    ) -> Result<Option<Gathered>, StoreError> {
        let Some(machine) = self.machine_facts(organisation, asked.machine)? else { return Ok(None) };
        let account = self.account(organisation, &machine, &asked.account, &asked.name)?;
        let found = match &asked.who {
            Who::Nobody => None,
            Who::Called(id) => self.user_called(organisation, id)?,
            Who::NotAsked => {
                let candidates = self.telling_candidates(organisation, machine.service_id, &account)?;
                sole_user(&account, &candidates).map(|user| (*user, true))
            }
        };
        let mut gathered = Gathered {
            facts: Facts {
                service: machine.service,
                machine: if machine.state.is_approved() { Machine::Approved } else { Machine::Waiting },
                pass_through: false,
                bypass_until: self.bypass_until(organisation, asked.machine, &account, now)?,
                user: None,
            },
            machine,
            account,
            user: None,
            accesses: Vec::new(),
            devices: Vec::new(),
        };
        if let Some(found) = found {
            let place = (gathered.machine.service_id, &gathered.account.name);
            let known = self.known_user(organisation, found, place, Origin::Machine(asked.machine))?;
            gathered.facts.user = Some(known.user);
            gathered.user = Some(known.id);
            gathered.accesses = known.accesses;
            gathered.devices = known.devices;
        }
        Ok(Some(gathered))
    }

    /// What the store knows of a user who wants to be an account of this name on a service.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(super) fn known_user(
        &self,
        organisation: OrganisationId,
        (id, enabled): (UserId, bool),
        (service, name): (ServiceId, &Name),
        from: Origin,
    ) -> Result<KnownUser, StoreError> {
        let (accesses, names) = self.user_accesses(organisation, id, service, name)?;
        let (totp, devices) = self.totp_devices(organisation, id)?;
        let guesses = self.guesses(organisation, id, from)?;
        Ok(KnownUser { id, user: User { enabled, accesses, totp, guesses }, accesses: names, devices })
    }

    /// The machine and its service; `None` where it has no row.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn machine_facts(
        &self,
        organisation: OrganisationId,
        machine: MachineId,
    ) -> Result<Option<MachineFacts>, StoreError> {
        Ok(self
            .prepare_cached(
                "SELECT m.service_id, m.state, m.host, m.dns_host, m.last_seen, s.mode, s.mode_until, s.deleted
                 FROM machines m JOIN services s ON s.organisation_id = m.organisation_id AND s.id = m.service_id
                 WHERE m.organisation_id = ?1 AND m.id = ?2",
            )?
            .query_row(params![organisation, machine.0.0], |row| {
                let mode = mode(row.get_ref(5)?.as_str()?, row.get(6)?);
                let deleted: Option<i64> = row.get(7)?;
                let names: [Option<String>; 2] = [row.get(2)?, row.get(3)?];
                Ok(MachineFacts {
                    service_id: ServiceId::new(row.get(0)?),
                    state: State::parse(row.get_ref(1)?.as_str()?),
                    host_names: names.into_iter().flatten().collect(),
                    last_seen: row.get(4)?,
                    service: if deleted.is_some() { Service::Deleted } else { Service::Active(mode) },
                })
            })
            .optional()?)
    }

    /// An account with every name that its domain is known by in the machine's service.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn account(
        &self,
        organisation: OrganisationId,
        machine: &MachineFacts,
        account: &protocol::v2::Account,
        name: &Name,
    ) -> Result<Account, StoreError> {
        let names = match account.kind {
            AccountKind::Local => self.host_names(organisation, machine)?,
            AccountKind::Domain => self.domain_names(organisation, machine.service_id, account)?,
            AccountKind::Microsoft | AccountKind::Entra => BTreeSet::new(),
        };
        let mut account = Account::new(account.kind, &account.name, names)
            .map_err(|error| StoreError::refused("account", error.to_string()))?;
        account.name = name.clone();
        Ok(account)
    }

    /// The machine's names, except one that is a domain's in this service: calling a machine like a
    /// domain makes its local accounts no domain accounts.
    fn host_names(
        &self,
        organisation: OrganisationId,
        machine: &MachineFacts,
    ) -> Result<BTreeSet<Domain>, StoreError> {
        let mut is_domain = self.prepare_cached(
            "SELECT 1 FROM domains WHERE organisation_id = ?1 AND service_id = ?2 AND alias = ?3",
        )?;
        let mut names = BTreeSet::new();
        for name in machine.host_names.iter().filter_map(|name| Domain::parse(name).ok()) {
            if !is_domain.exists(params![organisation, machine.service_id.0.0, name.as_str()])? {
                names.insert(name);
            }
        }
        Ok(names)
    }

    /// The confirmed names of the domain that the account's SID belongs to; without a SID, of the
    /// domain whose confirmed name was sent.
    fn domain_names(
        &self,
        organisation: OrganisationId,
        service: ServiceId,
        account: &protocol::v2::Account,
    ) -> Result<BTreeSet<Domain>, StoreError> {
        let sid = match &account.sid {
            Some(sid) => sid.rsplit_once('-').map(|(domain, _)| domain.to_owned()),
            None => {
                let claimed = Domain::parse(&account.domain)
                    .map_err(|error| StoreError::refused("account", error.to_string()))?;
                self.prepare_cached(
                    "SELECT domain_sid FROM domains
                     WHERE organisation_id = ?1 AND service_id = ?2 AND alias = ?3 AND state = 'confirmed'",
                )?
                .query_row(params![organisation, service.0.0, claimed.as_str()], |row| row.get(0))
                .optional()?
            }
        };
        let Some(sid) = sid else { return Ok(BTreeSet::new()) };
        let mut statement = self.prepare_cached(
            "SELECT alias FROM domains
             WHERE organisation_id = ?1 AND service_id = ?2 AND domain_sid = ?3 AND state = 'confirmed'",
        )?;
        let mut rows = statement.query(params![organisation, service.0.0, sid])?;
        let mut names = BTreeSet::new();
        while let Some(row) = rows.next()? {
            names.extend(Domain::parse(row.get_ref(0)?.as_str().unwrap_or_default()).ok());
        }
        Ok(names)
    }

    /// The user with this username or email address, and whether they are enabled.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(super) fn user_called(
        &self,
        organisation: OrganisationId,
        id: &TrasaId,
    ) -> Result<Option<(UserId, bool)>, StoreError> {
        Ok(self
            .prepare_cached(
                "SELECT id, enabled FROM users
                 WHERE organisation_id = ?1 AND username_key = ?2 AND deleted IS NULL
                 UNION SELECT id, enabled FROM users
                 WHERE organisation_id = ?1 AND email_key = ?2 AND deleted IS NULL",
            )?
            .query_row(params![organisation, id.as_str()], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?)
    }

    /// Who has an access on a service to an account of this name, in whatever domain.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn candidates(
        &self,
        organisation: OrganisationId,
        service: ServiceId,
        name: &Name,
    ) -> Result<Vec<Candidate<UserId>>, StoreError> {
        self.candidates_while(organisation, service, name, |_| true)
    }

    /// As many of the [candidates](Self::candidates) as tell whether one user alone may be an account:
    /// an account that a thousand people share is not worth reading a thousand rows.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn telling_candidates(
        &self,
        organisation: OrganisationId,
        service: ServiceId,
        account: &Account,
    ) -> Result<Vec<Candidate<UserId>>, StoreError> {
        let mut first = None;
        self.candidates_while(organisation, service, &account.name, |candidate| {
            if candidate.enabled && candidate.account.matches(account) {
                *first.get_or_insert(candidate.user) == candidate.user
            } else {
                true
            }
        })
    }

    /// Reads candidates up to and with the first that `more` refuses.
    fn candidates_while(
        &self,
        organisation: OrganisationId,
        service: ServiceId,
        name: &Name,
        mut more: impl FnMut(&Candidate<UserId>) -> bool,
    ) -> Result<Vec<Candidate<UserId>>, StoreError> {
        let mut statement = self.prepare_cached(&candidates_query())?;
        let mut rows = statement.query(params![organisation, service.0.0, name.as_str()])?;
        let mut candidates = Vec::new();
        while let Some(row) = rows.next()? {
            let Some(account) = pattern(row.get_ref(2)?.as_str()?, row.get_ref(3)?.as_str()?) else {
                continue;
            };
            let candidate = Candidate { user: row.get(0)?, enabled: row.get(1)?, account };
            let go_on = more(&candidate);
            candidates.push(candidate);
            if !go_on {
                break;
            }
        }
        Ok(candidates)
    }

    /// A user's accesses on a service to accounts of this name, their own and those of groups, and what
    /// they are called, in one order.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn user_accesses(
        &self,
        organisation: OrganisationId,
        user: UserId,
        service: ServiceId,
        name: &Name,
    ) -> Result<(Vec<Access>, Vec<NamedAccess>), StoreError> {
        let mut statement = self.prepare_cached(&accesses_query())?;
        let mut rows = statement.query(params![organisation, service.0.0, user, name.as_str()])?;
        let (mut accesses, mut names) = (Vec::new(), Vec::new());
        while let Some(row) = rows.next()? {
            let Some(account) = pattern(row.get_ref(1)?.as_str()?, row.get_ref(2)?.as_str()?) else {
                continue;
            };
            let policy = if row.get(3)? { Some(policy(row.get_ref(4)?.as_str().ok())) } else { None };
            accesses.push(Access { account, policy, until: row.get(6)? });
            names.push(NamedAccess {
                id: row.get(0)?,
                policy: row.get(5)?,
                user_group: row.get(7)?,
                service_group: row.get(8)?,
            });
        }
        Ok((accesses, names))
    }

    fn totp_devices(
        &self,
        organisation: OrganisationId,
        user: UserId,
    ) -> Result<(Vec<TotpDevice>, Vec<DeviceId>), StoreError> {
        let mut statement = self.prepare_cached(
            "SELECT id, secret_sealed, last_step FROM devices
             WHERE organisation_id = ?1 AND user_id = ?2 AND kind = 'totp' AND deleted IS NULL",
        )?;
        let mut rows = statement.query(params![organisation, user])?;
        let (mut devices, mut ids) = (Vec::new(), Vec::new());
        while let Some(row) = rows.next()? {
            let id: DeviceId = row.get(0)?;
            let sealed = row.get_ref(1)?.as_blob()?;
            let secret = self.open(totp_place(organisation, &id), sealed)?;
            let secret = TotpSecret::new(&secret, Algorithm::Sha1)
                .map_err(|error| StoreError::refused("device", error.to_string()))?;
            let last_step = u64::try_from(row.get::<_, i64>(2)?).ok().filter(|step| *step > 0);
            devices.push(TotpDevice { secret, last_step });
            ids.push(id);
        }
        Ok((devices, ids))
    }

    fn bypass_until(
        &self,
        organisation: OrganisationId,
        machine: MachineId,
        account: &Account,
        now: i64,
    ) -> Result<Option<i64>, StoreError> {
        let mut statement = self.prepare_cached(
            "SELECT account_domain, account_name, until FROM bypasses
             WHERE organisation_id = ?1 AND machine_id = ?2 AND until > ?3",
        )?;
        let mut rows = statement.query(params![organisation, machine.0.0, now])?;
        let mut latest = None;
        while let Some(row) = rows.next()? {
            let matches = pattern(row.get_ref(0)?.as_str()?, row.get_ref(1)?.as_str()?)
                .is_some_and(|pattern| pattern.matches(account));
            if matches {
                latest = latest.max(Some(row.get(2)?));
            }
        }
        Ok(latest)
    }
}

/// Reads the columns of a mode; watching without an end is guarding.
pub(super) fn mode(word: &str, until: Option<i64>) -> Mode {
    match until {
        Some(until) if word == "watch" => Mode::Watch { until },
        _ => Mode::Guard,
    }
}

/// Reads the columns of a pattern. One that does not read back matches nothing.
fn pattern(domain: &str, name: &str) -> Option<Pattern> {
    let name = Name::parse(name).ok()?;
    if domain == "." {
        Some(Pattern::Local(name))
    } else {
        Some(Pattern::InDomain(Domain::parse(domain).ok()?, name))
    }
}

/// Reads a policy. One that cannot be read allows nothing.
fn policy(rules: Option<&str>) -> Policy {
    let read = rules
        .ok_or_else(|| "it is missing".to_owned())
        .and_then(|rules| serde_json::from_str::<PolicyText>(rules).map_err(|error| error.to_string()))
        .and_then(|text| text.read());
    read.unwrap_or_else(|error| {
        tracing::error!(error = %error, "A policy cannot be read; it allows nothing");
        Policy { expires: Some(i64::MIN), ..Policy::default() }
    })
}
