//! Machines as administrators see and change them.

use super::{OrganisationId, Read, Store, StoreError, Write};
use crate::audit::{Actor, Entry};
use protocol::id::{MachineId, ServiceId};
use rusqlite::{Connection, OptionalExtension as _, Row, params};
use serde::Serialize;
use serde_json::Value;

/// A machine, as administrators see it.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Machine {
    /// The id.
    #[serde(rename = "machine_id")]
    #[schema(value_type = String)]
    pub id: MachineId,
    /// The name under which it was admitted.
    pub name: String,
    /// What it calls itself now.
    pub host: String,
    /// The domain that it is joined to.
    pub domain: Option<String>,
    /// The service's name.
    pub service: String,
    /// The service's ServiceID.
    #[schema(value_type = String)]
    pub service_id: ServiceId,
    /// `waiting`, `approved`, `revoked` or `released`.
    pub state: String,
    /// Since when, Unix seconds.
    pub state_since: i64,
    /// `key:<generation>`, `token:<id>` or `receipt` (known from before a restore).
    pub admitted_by: String,
    /// When it was admitted, Unix seconds.
    pub admitted: i64,
    /// When it was heard last, Unix seconds.
    pub last_seen: Option<i64>,
    /// From where.
    pub last_address: Option<String>,
    /// What runs there.
    pub versions: Value,
    /// Its last heartbeat.
    pub report: Option<Value>,
}

const QUERY: &str =
    "SELECT m.id, m.name, m.host, coalesce(m.dns_domain, m.netbios_domain), s.name, s.id, m.state,
        m.state_since, m.admitted_by, m.admitted, m.last_seen, m.last_address, m.versions, m.report
     FROM machines m JOIN services s ON s.organisation_id = m.organisation_id AND s.id = m.service_id
     WHERE m.organisation_id = ?1";

fn machine(row: &Row<'_>) -> rusqlite::Result<Machine> {
    let json = |text: String| serde_json::from_str(&text).unwrap_or(Value::String(text));
    Ok(Machine {
        id: MachineId::new(row.get(0)?),
        name: row.get(1)?,
        host: row.get(2)?,
        domain: row.get(3)?,
        service: row.get(4)?,
        service_id: ServiceId::new(row.get(5)?),
        state: row.get(6)?,
        state_since: row.get(7)?,
        admitted_by: row.get(8)?,
        admitted: row.get(9)?,
        last_seen: row.get(10)?,
        last_address: row.get(11)?,
        versions: json(row.get(12)?),
        report: row.get::<_, Option<String>>(13)?.map(json),
    })
}

/// Finds a machine by id, or by a name that only one machine has that is not revoked.
pub(super) fn find(
    connection: &Connection,
    organisation: OrganisationId,
    text: &str,
) -> Result<Machine, StoreError> {
    if let Some(id) = MachineId::parse(text.trim()) {
        let found = connection
            .prepare_cached(&format!("{QUERY} AND m.id = ?2"))?
            .query_row(params![organisation, id.0.0], machine)
            .optional()?;
        if let Some(found) = found {
            return Ok(found);
        }
    }
    let mut statement =
        connection.prepare_cached(&format!("{QUERY} ORDER BY m.state = 'revoked', m.admitted DESC"))?;
    let rows = statement.query_map([organisation], machine)?.collect::<Result<Vec<_>, _>>()?;
    let key = crate::names::key(text);
    let mut named: Vec<_> = rows.into_iter().filter(|m| crate::names::key(&m.name) == key).collect();
    // A live machine is meant before a revoked one of the same name.
    if named.iter().any(|m| m.state != "revoked") {
        named.retain(|m| m.state != "revoked");
    }
    match named.len() {
        0 => Err(StoreError::not_found("machine", text)),
        1 => Ok(named.swap_remove(0)),
        count => Err(StoreError::refused(
            "ambiguous",
            format!("{count} machines are called {text:?}; name one by its id from `machine list`"),
        )),
    }
}

/// What an administrator can do to a machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MachineChange {
    /// Lets a waiting machine in.
    Approve,
    /// Removes it: refused from now on, its key for good.
    Revoke,
    /// Undoes a mistaken removal, or takes a machine back that a restored store did not know.
    Readmit,
    /// Lets the agent disarm at its next report.
    Release,
}

impl MachineChange {
    const fn kind(self) -> &'static str {
        match self {
            Self::Approve => "machine.approve",
            Self::Revoke => "machine.revoke",
            Self::Readmit => "machine.readmit",
            Self::Release => "machine.release",
        }
    }

    /// The new state, if the change fits the old one.
    fn apply(self, machine: &Machine) -> Result<&'static str, String> {
        let Machine { name, state, .. } = machine;
        match (self, state.as_str()) {
            (Self::Approve, "waiting") | (Self::Readmit, "waiting" | "revoked" | "released") => {
                Ok("approved")
            }
            (Self::Revoke, "waiting" | "approved" | "released") => Ok("revoked"),
            (Self::Release, "approved") => Ok("released"),
            (Self::Approve, "revoked") => Err(format!("{name} was removed; `machine readmit` undoes that")),
            (Self::Release, "waiting") => Err(format!("{name} waits for approval, so it is not armed")),
            (Self::Release, "revoked") => Err(format!("{name} was removed; readmit it first")),
            (_, state) => Err(format!("{name} is {state} already")),
        }
    }
}

impl Read<'_> {
    /// A machine by id, or by a name that only one machine has that is not revoked.
    ///
    /// # Errors
    /// `not_found`, `ambiguous`.
    pub fn machine(&self, organisation: OrganisationId, text: &str) -> Result<Machine, StoreError> {
        find(self, organisation, text)
    }
}

impl Store {
    /// All machines, by service and name.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn machines(&self, organisation: OrganisationId) -> Result<Vec<Machine>, StoreError> {
        self.scan(move |read| {
            let mut statement =
                read.prepare_cached(&format!("{QUERY} ORDER BY s.name_key, m.name, m.admitted"))?;
            let rows = statement.query_map([organisation], machine)?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
        .await
    }

    /// One machine, by id or name.
    ///
    /// # Errors
    /// `not_found`, `ambiguous`.
    pub async fn machine(&self, organisation: OrganisationId, text: String) -> Result<Machine, StoreError> {
        self.scan(move |read| find(read, organisation, &text)).await
    }

    /// Changes a machine's state.
    ///
    /// # Errors
    /// `not_found`, `ambiguous`; `wrong_state` where the change does not fit.
    pub async fn change_machine(
        &self,
        organisation: OrganisationId,
        (text, change): (String, MachineChange),
        actor: Actor,
        now: i64,
    ) -> Result<Machine, StoreError> {
        self.write(move |write| {
            let found = find(write, organisation, &text)?;
            let state =
                change.apply(&found).map_err(|message| StoreError::refused("wrong_state", message))?;
            set_state(write, organisation, (&found, state), now)?;
            super::learned_domains::learn(write, organisation, found.id, now)?;
            let entry = Entry::new(change.kind(), actor, found.id)
                .detail("name", &found.name)
                .detail("was", &found.state);
            write.audit(organisation, now, &entry)?;
            find(write, organisation, &found.id.to_string())
        })
        .await
    }
}

fn set_state(
    write: &Write<'_>,
    organisation: OrganisationId,
    (machine, state): (&Machine, &str),
    now: i64,
) -> Result<(), StoreError> {
    write
        .prepare_cached(
            "UPDATE machines SET state = ?3, state_since = ?4 WHERE organisation_id = ?1 AND id = ?2",
        )?
        .execute(params![organisation, machine.id.0.0, state, now])?;
    // The key goes the machine's way: removed with it, back with it. One that was rolled stays so.
    let (from, to) = if state == "revoked" { ("current", "revoked") } else { ("revoked", "current") };
    write
        .prepare_cached(
            "UPDATE machine_keys SET state = ?4, since = ?5
             WHERE organisation_id = ?1 AND machine_id = ?2 AND state = ?3",
        )?
        .execute(params![organisation, machine.id.0.0, from, to, now])?;
    Ok(())
}
