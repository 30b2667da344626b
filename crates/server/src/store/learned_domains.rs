//! Names of domains, learned from approved machines. They hang on the domain's SID: the first domain
//! that a service sees is taken with the names it comes with, every further name waits for an
//! administrator, and nothing that is there is ever changed. What an administrator declared for original
//! agents, which tell no SID, becomes the first domain's if it has one of its names.

use super::domains::{self, DECLARED};
use super::{OrganisationId, StoreError, Write};
use decision::account::Domain;
use protocol::id::{MachineId, ServiceId};
use rusqlite::{OptionalExtension as _, params};

/// A name of a domain that was seen.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seen<'a> {
    pub service: ServiceId,
    pub machine: MachineId,
    pub sid: &'a str,
    pub netbios: Option<&'a str>,
    pub dns: Option<&'a str>,
}

/// Learns the domain that an approved machine says to be joined to.
pub(super) fn learn(
    write: &Write<'_>,
    organisation: OrganisationId,
    machine: MachineId,
    now: i64,
) -> Result<(), StoreError> {
    type Joined = (ServiceId, Option<String>, Option<String>, Option<String>);
    let joined: Option<Joined> = write
        .prepare_cached(
            "SELECT service_id, domain_sid, netbios_domain, dns_domain FROM machines
             WHERE organisation_id = ?1 AND id = ?2 AND state IN ('approved', 'released')",
        )?
        .query_row(params![organisation, machine.0.0], |row| {
            Ok((ServiceId::new(row.get(0)?), row.get(1)?, row.get(2)?, row.get(3)?))
        })
        .optional()?;
    let Some((service, Some(sid), netbios, dns)) = joined else { return Ok(()) };
    let first = !write
        .prepare_cached(
            "SELECT 1 FROM domains WHERE organisation_id = ?1 AND service_id = ?2 AND domain_sid NOT LIKE ?3 || '%'",
        )?
        .exists(params![organisation, service.0.0, DECLARED])?;
    let seen = Seen { service, machine, sid: &sid, netbios: netbios.as_deref(), dns: dns.as_deref() };
    insert(write, organisation, &seen, first, now)?;
    if first { adopt_declared(write, organisation, (service, &sid), now) } else { Ok(()) }
}

/// Takes over what was declared under a name that the first domain has now.
fn adopt_declared(
    write: &Write<'_>,
    organisation: OrganisationId,
    (service, sid): (ServiceId, &str),
    now: i64,
) -> Result<(), StoreError> {
    let declared: Vec<String> = write
        .prepare_cached(
            "SELECT DISTINCT domain_sid FROM domains WHERE organisation_id = ?1 AND service_id = ?2
                AND domain_sid LIKE ?3 || '%' AND alias IN
                (SELECT alias FROM domains WHERE organisation_id = ?1 AND service_id = ?2 AND domain_sid = ?4)",
        )?
        .query_map(params![organisation, service.0.0, DECLARED, sid], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    declared
        .iter()
        .try_for_each(|declared| domains::adopt(write, organisation, service, (declared, sid), now))
}

/// Writes down names of a domain; what is known stays as it is.
pub(super) fn insert(
    write: &Write<'_>,
    organisation: OrganisationId,
    seen: &Seen<'_>,
    confirmed: bool,
    now: i64,
) -> Result<(), StoreError> {
    let state = if confirmed { "confirmed" } else { "waiting" };
    for (kind, shown) in [("netbios", seen.netbios), ("dns", seen.dns)] {
        let Some((shown, alias)) = shown.and_then(|shown| Some((shown, Domain::parse(shown).ok()?))) else {
            continue;
        };
        write
            .prepare_cached(
                "INSERT INTO domains (organisation_id, service_id, domain_sid, alias, alias_shown, kind, state,
                    first_seen, machine_id)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
                 ON CONFLICT (organisation_id, service_id, alias, domain_sid) DO NOTHING",
            )?
            .execute(params![
                organisation,
                seen.service.0.0,
                seen.sid,
                alias.as_str(),
                shown,
                kind,
                state,
                now,
                seen.machine.0.0
            ])?;
    }
    Ok(())
}
