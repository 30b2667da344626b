//! One logon of version 1 in one commit: facts, decision, counters, its row, the call and the audit.

use super::guesses::{self, Origin};
use super::logon_facts::{self, NamedAccess, Who};
use super::logons::{self, Record, Row};
use super::v1_calls::{self, Call};
use super::{DeviceId, OrganisationId, Read, Store, StoreError, UserId};
use crate::audit::{Actor, Entry};
use decision::account::{Account, Domain, Domains, Name};
use decision::limits::CountedAddress;
use decision::logon::{Facts, Machine, Service};
use protocol::encoding::Bytes;
use protocol::id::{LogonId, ServiceId};
use rusqlite::params;
use std::collections::{BTreeMap, BTreeSet};

/// A logon that somebody with a service's key asked for.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// Made by the server: the agent names none.
    pub id: LogonId,
    /// Whose key, which machine by its own word, from where.
    pub call: Call,
    /// The account as the agent wrote it.
    pub user: String,
    /// How the machine claims to be called.
    pub hosts: Vec<String>,
    /// Who says to be logging on.
    pub who: Who,
}

/// The facts, and what the store calls the things in them.
#[derive(Debug, Clone)]
pub struct Gathered {
    /// The account; one that cannot be read is nobody's.
    pub account: Account,
    /// Whether it could be read.
    pub readable: bool,
    /// What is decided from.
    pub facts: Facts,
    /// The user in the facts.
    pub user: Option<UserId>,
    /// What the accesses in the facts are called, in their order.
    pub accesses: Vec<NamedAccess>,
    /// The devices in the facts, in their order.
    pub devices: Vec<DeviceId>,
}

impl Store {
    /// Decides a logon in one durable commit, and answers the answer's body. `decide` sees the facts
    /// as they are inside it; guesses in parallel come one after the other.
    ///
    /// # Errors
    /// [`StoreError`]; nothing is written then.
    pub async fn decide_v1_logon(
        &self,
        organisation: OrganisationId,
        wanted: Wanted,
        decide: impl Fn(&Wanted, &Gathered) -> Record + Send + 'static,
        now: i64,
    ) -> Result<String, StoreError> {
        self.write(move |write| {
            let gathered = write.as_read().v1_facts(organisation, &wanted, now)?;
            let record = decide(&wanted, &gathered);
            let service = wanted.call.service;
            let subject = guesses::Subject {
                user: gathered.user,
                from: origin(&wanted),
                service,
                devices: &gathered.devices,
            };
            if guesses::apply(write, organisation, &subject, &record.effects, now)? {
                write.audit(organisation, now, &Entry::alarm("wrong_codes", Actor::Server, service))?;
            }
            let row = Row {
                machine: &[],
                id: wanted.id,
                // Nothing is ever compared with it: a logon of version 1 cannot be asked about again.
                body_hash: Bytes([0; 32]),
                service,
                user: gathered.user,
                generation: 1,
                machine_name: wanted.call.machine.as_deref(),
            };
            logons::insert(write, organisation, &row, &record, now)?;
            v1_calls::note(write, organisation, &wanted.call, now)?;
            write.audit(organisation, now, &record.entry)?;
            Ok(record.answer)
        })
        .await
    }
}

fn origin(wanted: &Wanted) -> Origin {
    Origin::Address(CountedAddress::of(wanted.call.source))
}

impl Read<'_> {
    fn v1_facts(
        &self,
        organisation: OrganisationId,
        wanted: &Wanted,
        now: i64,
    ) -> Result<Gathered, StoreError> {
        let service_id = wanted.call.service;
        let (service, lets_pass) = self.v1_service(organisation, service_id, now)?;
        let domains = self.v1_domains(organisation, service_id)?;
        let hosts: Vec<&str> = wanted.hosts.iter().map(String::as_str).collect();
        let read = Account::of_v1(&wanted.user, &hosts, &domains);
        let pass_through = match &read {
            Ok(account) if lets_pass => {
                let named = self.may_be_named(organisation, service_id, &account.name)?;
                Account::passes_unnamed(&wanted.user, read.as_ref(), named)
            }
            _ => false,
        };
        let readable = read.is_ok();
        let account = read.unwrap_or_else(|_| Account::unreadable());
        let mut gathered = Gathered {
            facts: Facts { service, machine: Machine::Unnamed, pass_through, bypass_until: None, user: None },
            account,
            readable,
            user: None,
            accesses: Vec::new(),
            devices: Vec::new(),
        };
        let found = match &wanted.who {
            Who::Called(id) => self.user_called(organisation, id)?,
            Who::NotAsked | Who::Nobody => None,
        };
        if let Some(found) = found {
            let place = (service_id, &gathered.account.name);
            let known = self.known_user(organisation, found, place, origin(wanted))?;
            gathered.facts.user = Some(known.user);
            gathered.user = Some(known.id);
            gathered.accesses = known.accesses;
            gathered.devices = known.devices;
        }
        Ok(gathered)
    }

    /// How the service stands as far as version 1 is concerned, and whether it lets accounts pass
    /// that no access names.
    fn v1_service(
        &self,
        organisation: OrganisationId,
        service: ServiceId,
        now: i64,
    ) -> Result<(Service, bool), StoreError> {
        Ok(self
            .prepare_cached(
                "SELECT s.deleted, d.denied, d.until, d.pass_through, s.mode, s.mode_until
                 FROM services s JOIN v1_doors d ON d.organisation_id = s.organisation_id AND d.service_id = s.id
                 WHERE s.organisation_id = ?1 AND s.id = ?2",
            )?
            .query_row(params![organisation, service.0.0], |row| {
                let (deleted, denied): (Option<i64>, Option<i64>) = (row.get(0)?, row.get(1)?);
                let until: i64 = row.get(2)?;
                let standing = if deleted.is_some() {
                    Service::Deleted
                } else if denied.is_some() || now >= until {
                    Service::Closed
                } else {
                    Service::Active(logon_facts::mode(row.get_ref(4)?.as_str()?, row.get(5)?))
                };
                Ok((standing, row.get(3)?))
            })?)
    }

    /// The domains of a service with their names.
    fn v1_domains(&self, organisation: OrganisationId, service: ServiceId) -> Result<Domains, StoreError> {
        let mut statement = self.prepare_cached(
            "SELECT domain_sid, alias, state FROM domains WHERE organisation_id = ?1 AND service_id = ?2",
        )?;
        let mut rows = statement.query(params![organisation, service.0.0])?;
        let mut confirmed = BTreeMap::<String, BTreeSet<Domain>>::new();
        let mut waiting = BTreeSet::new();
        while let Some(row) = rows.next()? {
            let Ok(alias) = Domain::parse(row.get_ref(1)?.as_str()?) else { continue };
            if row.get_ref(2)?.as_str()? == "confirmed" {
                confirmed.entry(row.get(0)?).or_default().insert(alias);
            } else {
                waiting.insert(alias);
            }
        }
        Ok(Domains { confirmed: confirmed.into_values().collect(), waiting })
    }

    /// Whether any access of a service may be about an account of this name, in whatever domain and of
    /// whomever: a domain or a name that is written in another way must not let its accounts pass,
    /// nor may a user who was deleted or disabled, nor one of a group that was deleted.
    fn may_be_named(
        &self,
        organisation: OrganisationId,
        service: ServiceId,
        name: &Name,
    ) -> Result<bool, StoreError> {
        // Between names in ASCII only equal ones are alike.
        let mut statement = self.prepare_cached(
            "WITH places(id) AS (SELECT ?2 UNION ALL
                SELECT group_id FROM group_members WHERE organisation_id = ?1 AND member_id = ?2)
             SELECT DISTINCT a.account_name FROM places CROSS JOIN accesses a
             WHERE a.organisation_id = ?1 AND a.service_id = places.id AND a.deleted IS NULL
                AND (a.account_name = ?3 OR ?4 OR a.account_name GLOB '*[^ -~]*')",
        )?;
        let beyond_ascii = !name.as_str().is_ascii();
        let mut rows = statement.query(params![organisation, service.0.0, name.as_str(), beyond_ascii])?;
        while let Some(row) = rows.next()? {
            // A name that was kept and cannot be read may be anybody's.
            if Name::parse(row.get_ref(0)?.as_str()?).map_or(true, |named| named.may_be(name)) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
