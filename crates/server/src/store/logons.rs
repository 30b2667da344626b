//! One logon in one commit: facts, decision, counters, the logon's row and the audit's.

use super::guesses::{self, Origin};
use super::learned_domains::{self, Seen};
use super::logon_facts::{Asked, Gathered};
use super::machines::State;
use super::{OrganisationId, Read, Store, StoreError, UserId, Write};
use crate::audit::{Actor, Entry};
use decision::logon::Effects;
use protocol::encoding::{Bytes, Sha256};
use protocol::id::{LogonId, MachineId, ServiceId};
use protocol::v2::{AccountKind, Params, PasswordState};
use rusqlite::{OptionalExtension as _, params};
use serde_json::Value;
use std::net::IpAddr;

/// How often `last_seen` of a machine is written at most, in seconds.
const SEEN_EVERY: i64 = 60;

/// A logon that was asked for.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// The id that the agent chose.
    pub id: LogonId,
    /// SHA-256 of the request's body.
    pub body_hash: Sha256,
    /// What the facts are about.
    pub asked: Asked,
    /// What Windows said of the password.
    pub password: PasswordState,
    /// The address that the server sees.
    pub source: IpAddr,
}

/// What becomes of it: everything that is written down.
#[derive(Debug, Clone)]
pub struct Record {
    /// `allow` or `deny`.
    pub result: &'static str,
    /// The exact reason.
    pub reason: &'static str,
    /// Its values.
    pub parameters: Params,
    /// What `logon show` explains.
    pub facts: Value,
    /// The account as administrators see it.
    pub account: String,
    /// The method asked for.
    pub method: &'static str,
    /// The answer's body.
    pub answer: String,
    /// Six letters and digits.
    pub short_code: String,
    /// What changes in counters and devices.
    pub effects: Effects,
    /// The audit's row.
    pub entry: Entry,
}

/// What came of asking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decided {
    /// The answer's body, durable now.
    Now(String),
    /// There is a logon of this machine with this id.
    Before(Stored),
    /// The machine was removed while its request was on the way.
    MachineGone,
}

/// A logon's row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// SHA-256 of the body that it was asked with; zero where only its end is known.
    pub body_hash: Sha256,
    /// `pending`, `allow`, `deny` or `cancelled`.
    pub result: String,
    /// The answer's body as first given; empty where only its end is known.
    pub answer: String,
    /// Six letters and digits.
    pub short_code: String,
    /// When it was decided, Unix seconds.
    pub decided: Option<i64>,
}

impl Read<'_> {
    /// The logon of a machine with this id.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn stored_logon(
        &self,
        organisation: OrganisationId,
        machine: MachineId,
        id: LogonId,
    ) -> Result<Option<Stored>, StoreError> {
        Ok(self
            .prepare_cached(
                "SELECT body_hash, result, answer, short_code, decided FROM logons
                 WHERE organisation_id = ?1 AND machine_id = ?2 AND id = ?3",
            )?
            .query_row(params![organisation, machine.0.0, id.0.0], |row| {
                Ok(Stored {
                    body_hash: Bytes(row.get(0)?),
                    result: row.get(1)?,
                    answer: row.get(2)?,
                    short_code: row.get(3)?,
                    decided: row.get(4)?,
                })
            })
            .optional()?)
    }
}

impl Store {
    /// Decides a logon that was not asked for before, in one durable commit. `decide` sees the facts
    /// as they are inside it; guesses in parallel come one after the other.
    ///
    /// # Errors
    /// [`StoreError`]; nothing is written then.
    pub async fn decide_logon(
        &self,
        organisation: OrganisationId,
        wanted: Wanted,
        decide: impl Fn(&Wanted, &Gathered) -> Record + Send + 'static,
        now: i64,
    ) -> Result<Decided, StoreError> {
        self.write(move |write| {
            let read = write.as_read();
            let machine = wanted.asked.machine;
            if let Some(stored) = read.stored_logon(organisation, machine, wanted.id)? {
                return Ok(Decided::Before(stored));
            }
            let gathered = match read.logon_facts(organisation, &wanted.asked, now)? {
                Some(gathered) if gathered.machine.state != State::Revoked => gathered,
                _ => return Ok(Decided::MachineGone),
            };
            let record = decide(&wanted, &gathered);
            let service = gathered.machine.service_id;
            let subject = guesses::Subject {
                user: gathered.user,
                from: Origin::Machine(machine),
                service,
                devices: &gathered.devices,
            };
            if guesses::apply(write, organisation, &subject, &record.effects, now)? {
                write.audit(organisation, now, &Entry::alarm("wrong_codes", Actor::Server, service))?;
            }
            let row = Row {
                machine: &machine.0.0,
                id: wanted.id,
                body_hash: wanted.body_hash,
                service,
                user: gathered.user,
                generation: 2,
                machine_name: None,
            };
            insert(write, organisation, &row, &record, now)?;
            write.audit(organisation, now, &record.entry)?;
            seen(write, organisation, &wanted, &gathered, now)?;
            Ok(Decided::Now(record.answer))
        })
        .await
    }

    /// Ends a logon for good because the person gave up. A denial stays what it is; an id that was
    /// never asked for is taken, so that a request that arrives later decides nothing. Answers what
    /// was there before.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn cancel_logon(
        &self,
        organisation: OrganisationId,
        (machine, id, short_code): (MachineId, LogonId, String),
        now: i64,
    ) -> Result<Option<Stored>, StoreError> {
        self.write(move |write| {
            let stored = write.as_read().stored_logon(organisation, machine, id)?;
            let entry = Entry::new("logon.cancel", Actor::Machine(machine), id);
            match &stored {
                Some(stored) if matches!(stored.result.as_str(), "deny" | "cancelled") => {}
                Some(stored) => {
                    write
                        .prepare_cached(
                            "UPDATE logons SET result = 'cancelled', reason = 'cancelled', parameters = '{}', decided = ?4
                             WHERE organisation_id = ?1 AND machine_id = ?2 AND id = ?3",
                        )?
                        .execute(params![organisation, machine.0.0, id.0.0, now])?;
                    let entry = entry.detail("was", &stored.result).detail("short_code", &stored.short_code);
                    write.audit(organisation, now, &entry)?;
                }
                None => {
                    write
                        .prepare_cached(
                            "INSERT INTO logons (organisation_id, machine_id, id, body_hash, service_id, user_id, account,
                                method, result, reason, parameters, facts, answer, short_code, begun, decided)
                             SELECT ?1, ?2, ?3, zeroblob(32), service_id, NULL, '', '', 'cancelled', 'cancelled', '{}',
                                'null', '', ?4, ?5, ?5 FROM machines WHERE organisation_id = ?1 AND id = ?2",
                        )?
                        .execute(params![organisation, machine.0.0, id.0.0, short_code, now])?;
                    write.audit(organisation, now, &entry.detail("short_code", &short_code))?;
                }
            }
            Ok(stored)
        })
        .await
    }
}

/// What of a logon's row is no part of its [`Record`].
pub(super) struct Row<'a> {
    /// The machine's id; empty in version 1, which names none.
    pub machine: &'a [u8],
    pub id: LogonId,
    pub body_hash: Sha256,
    pub service: ServiceId,
    pub user: Option<UserId>,
    /// Of the agent protocol.
    pub generation: u8,
    /// How the machine claims to be called, in version 1.
    pub machine_name: Option<&'a str>,
}

pub(super) fn insert(
    write: &Write<'_>,
    organisation: OrganisationId,
    row: &Row<'_>,
    record: &Record,
    now: i64,
) -> Result<(), StoreError> {
    write
        .prepare_cached(
            "INSERT INTO logons (organisation_id, machine_id, id, body_hash, service_id, user_id, account, method,
                result, reason, parameters, facts, answer, short_code, begun, decided, generation, machine_name)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?15, ?16, ?17)",
        )?
        .execute(params![
            organisation,
            row.machine,
            row.id.0.0,
            row.body_hash.0,
            row.service.0.0,
            row.user,
            record.account,
            record.method,
            record.result,
            record.reason,
            serde_json::to_string(&record.parameters)?,
            serde_json::to_string(&record.facts)?,
            record.answer,
            record.short_code,
            now,
            row.generation,
            row.machine_name
        ])?;
    Ok(())
}

/// Notes that the machine was heard, and names of a domain that no access can match yet.
fn seen(
    write: &Write<'_>,
    organisation: OrganisationId,
    wanted: &Wanted,
    gathered: &Gathered,
    now: i64,
) -> Result<(), StoreError> {
    let Asked { machine, account, .. } = &wanted.asked;
    if gathered.machine.last_seen.is_none_or(|last| now.abs_diff(last) >= SEEN_EVERY.unsigned_abs()) {
        write
            .prepare_cached(
                "UPDATE machines SET last_seen = ?3, last_address = ?4 WHERE organisation_id = ?1 AND id = ?2",
            )?
            .execute(params![organisation, machine.0.0, now, wanted.source.to_string()])?;
    }
    let unmatched = account.kind == AccountKind::Domain
        && wanted.password == PasswordState::Verified
        && gathered.machine.state.is_approved()
        && gathered.account.domain_names.is_empty();
    if let Some((sid, _)) = account.sid.as_ref().filter(|_| unmatched).and_then(|sid| sid.rsplit_once('-')) {
        let seen = Seen {
            service: gathered.machine.service_id,
            machine: *machine,
            sid,
            netbios: Some(&account.domain),
            dns: account.dns_domain.as_deref(),
        };
        learned_domains::insert(write, organisation, &seen, false, now)?;
    }
    Ok(())
}
