//! Who called in version 1, and when last: what is still to be moved over.

use super::{OrganisationId, Store, StoreError, Write};
use crate::audit::{Actor, Entry};
use decision::account::Domain;
use protocol::id::ServiceId;
use rusqlite::params;
use serde::Serialize;
use std::net::IpAddr;

/// Most callers that are kept of a service; a further one takes the place of who was silent longest.
/// Names are the claims of whoever holds the key, so there must be an end.
const CALLERS: i64 = 1000;

/// A caller, as administrators see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Caller {
    /// How the machine calls itself; none where it tells no name.
    pub machine: Option<String>,
    /// The address of its last call, as the server saw it.
    pub address: String,
    /// When it called last, Unix seconds.
    pub last: i64,
    /// How often it called.
    pub calls: i64,
}

/// A call that was made with the right key.
#[derive(Debug, Clone)]
pub struct Call {
    /// The service whose key it was.
    pub service: ServiceId,
    /// How the machine calls itself, where that is a name.
    pub machine: Option<String>,
    /// The address that the server sees.
    pub source: IpAddr,
}

impl Call {
    /// Of the names that an agent claims for its machine, the first that is one.
    #[must_use]
    pub fn new(service: ServiceId, claimed: &[&str], source: IpAddr) -> Self {
        let machine = claimed.iter().find(|name| Domain::parse(name).is_ok()).map(|&name| name.to_owned());
        Self { service, machine, source }
    }
}

/// Notes a call.
///
/// # Errors
/// [`StoreError`].
pub(super) fn note(
    write: &Write<'_>,
    organisation: OrganisationId,
    call: &Call,
    now: i64,
) -> Result<(), StoreError> {
    let address = call.source.to_string();
    // A colon is in no name of a machine.
    let name = call.machine.as_deref().and_then(|name| Domain::parse(name).ok());
    let caller = name.map_or_else(|| format!("at:{address}"), |name| name.as_str().to_owned());
    let changed = write
        .prepare_cached(
            "UPDATE v1_calls SET machine = ?4, address = ?5, last = max(last, ?6), calls = calls + 1
             WHERE organisation_id = ?1 AND service_id = ?2 AND caller = ?3",
        )?
        .execute(params![organisation, call.service.0.0, caller, call.machine, address, now])?;
    if changed > 0 {
        return Ok(());
    }
    let count: i64 = write
        .prepare_cached("SELECT count(*) FROM v1_calls WHERE organisation_id = ?1 AND service_id = ?2")?
        .query_row(params![organisation, call.service.0.0], |row| row.get(0))?;
    if count >= CALLERS {
        write
            .prepare_cached(
                "DELETE FROM v1_calls WHERE organisation_id = ?1 AND service_id = ?2 AND caller =
                    (SELECT caller FROM v1_calls WHERE organisation_id = ?1 AND service_id = ?2 ORDER BY last LIMIT 1)",
            )?
            .execute(params![organisation, call.service.0.0])?;
    }
    write
        .prepare_cached(
            "INSERT INTO v1_calls (organisation_id, service_id, caller, machine, address, last, calls)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, 1)",
        )?
        .execute(params![organisation, call.service.0.0, caller, call.machine, address, now])?;
    Ok(())
}

impl Store {
    /// Who called a service in version 1, the latest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn v1_callers(
        &self,
        organisation: OrganisationId,
        service: ServiceId,
    ) -> Result<Vec<Caller>, StoreError> {
        self.scan(move |read| {
            let mut statement = read.prepare_cached(
                "SELECT machine, address, last, calls FROM v1_calls
                 WHERE organisation_id = ?1 AND service_id = ?2 ORDER BY last DESC, caller",
            )?;
            let rows = statement.query_map(params![organisation, service.0.0], |row| {
                Ok(Caller {
                    machine: row.get(0)?,
                    address: row.get(1)?,
                    last: row.get(2)?,
                    calls: row.get(3)?,
                })
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
        .await
    }

    /// Writes down a configuration check that was made with the right key.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn note_v1_check(
        &self,
        organisation: OrganisationId,
        (call, open): (Call, bool),
        now: i64,
    ) -> Result<(), StoreError> {
        self.write(move |write| {
            note(write, organisation, &call, now)?;
            let entry = Entry::new("v1.check", Actor::Service(call.service), call.service)
                .detail("result", if open { "valid" } else { "closed" })
                .detail("source", call.source);
            write.audit(organisation, now, &entry)
        })
        .await
    }
}
