//! The end of watching: guarding begins at the date, unless a local administrator of an approved
//! machine would be refused.

use super::{OrganisationId, Store, StoreError, Write};
use crate::audit::{Actor, Entry};
use crate::logon::names;
use decision::logon::{Standing, check};
use decision::mode::{WatchEnd, watch_end};
use protocol::id::{MachineId, ServiceId};
use protocol::v2::Account;
use rusqlite::params;
use std::net::{IpAddr, Ipv4Addr};

/// A local administrator who would be refused.
struct LockedOut {
    machine: String,
    account: String,
}

impl Store {
    /// Ends the watching of every service whose date has come, or puts it off. Answers how many
    /// services changed.
    ///
    /// # Errors
    /// [`StoreError`]; nothing was changed then.
    pub async fn end_watching(&self, organisation: OrganisationId, now: i64) -> Result<usize, StoreError> {
        let due = self.read(|read| due(read, organisation, now))?;
        if due.is_empty() {
            return Ok(0);
        }
        self.write(move |write| {
            // Read again: a command may have changed the mode meanwhile.
            let due = due_services(write, organisation, now)?;
            for (service, until, put_offs) in &due {
                end(write, organisation, (*service, *until, *put_offs), now)?;
            }
            Ok(due.len())
        })
        .await
    }
}

fn due(read: &super::Read<'_>, organisation: OrganisationId, now: i64) -> Result<Vec<Due>, StoreError> {
    due_services(read, organisation, now)
}

type Due = (ServiceId, i64, u8);

fn due_services(
    connection: &rusqlite::Connection,
    organisation: OrganisationId,
    now: i64,
) -> Result<Vec<Due>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT id, mode_until, postponed FROM services
         WHERE organisation_id = ?1 AND mode = 'watch' AND mode_until <= ?2 AND deleted IS NULL",
    )?;
    let rows = statement.query_map(params![organisation, now], |row| {
        Ok((ServiceId::new(row.get(0)?), row.get(1)?, row.get(2)?))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn end(
    write: &Write<'_>,
    organisation: OrganisationId,
    (service, until, put_offs): Due,
    now: i64,
) -> Result<(), StoreError> {
    let locked_out = locked_out(write, organisation, service, now)?;
    match watch_end(until, put_offs, locked_out.is_some(), now) {
        WatchEnd::NotYet => Ok(()),
        WatchEnd::Guard => {
            write
                .prepare_cached(
                    "UPDATE services SET mode = 'guard', mode_until = NULL, postponed = 0
                     WHERE organisation_id = ?1 AND id = ?2",
                )?
                .execute(params![organisation, service.0.0])?;
            write.audit(organisation, now, &Entry::new("service.watch_ended", Actor::Server, service))
        }
        WatchEnd::PutOff { until, put_offs } => {
            write
                .prepare_cached(
                    "UPDATE services SET mode_until = ?3, postponed = ?4 WHERE organisation_id = ?1 AND id = ?2",
                )?
                .execute(params![organisation, service.0.0, until, put_offs])?;
            let mut entry = Entry::alarm("watch_put_off", Actor::Server, service)
                .detail("until", until)
                .detail("put_offs", put_offs);
            if let Some(LockedOut { machine, account }) = &locked_out {
                entry = entry.detail("machine", machine).detail("administrator", account);
            }
            write.audit(organisation, now, &entry)
        }
    }
}

/// The first local administrator of an approved machine who would be refused, by the machines' last
/// reports.
fn locked_out(
    write: &Write<'_>,
    organisation: OrganisationId,
    service: ServiceId,
    now: i64,
) -> Result<Option<LockedOut>, StoreError> {
    let machines: Vec<(MachineId, String, String)> = write
        .prepare_cached(
            "SELECT id, name, report FROM machines
             WHERE organisation_id = ?1 AND service_id = ?2 AND state = 'approved' AND report IS NOT NULL",
        )?
        .query_map(params![organisation, service.0.0], |row| {
            Ok((MachineId::new(row.get(0)?), row.get(1)?, row.get(2)?))
        })?
        .collect::<Result<_, _>>()?;
    for (id, machine, report) in machines {
        let report: serde_json::Value = serde_json::from_str(&report)?;
        let administrators: Vec<Account> = report
            .get("administrators")
            .cloned()
            .map(serde_json::from_value)
            .transpose()?
            .unwrap_or_default();
        for account in administrators {
            if would_be_refused(write, organisation, id, &account, now)? {
                let account = names::printable(&account);
                return Ok(Some(LockedOut { machine, account }));
            }
        }
    }
    Ok(None)
}

fn would_be_refused(
    write: &Write<'_>,
    organisation: OrganisationId,
    machine: MachineId,
    account: &Account,
    now: i64,
) -> Result<bool, StoreError> {
    let read = write.as_read();
    let Ok(name) = names::read_account(account) else { return Ok(true) };
    let Some(facts) = read.machine_facts(organisation, machine)? else { return Ok(false) };
    let account = read.account(organisation, &facts, account, &name)?;
    let asked = read.asked(organisation, &facts, (&account, IpAddr::V4(Ipv4Addr::UNSPECIFIED)))?;
    // Networks are not asked about: the machine may be anywhere when guarding begins.
    let asked = decision::logon::Asked { source: None, ..asked };
    Ok(matches!(check(&account, &asked, now), Standing::Refused { .. }))
}
