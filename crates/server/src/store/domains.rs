//! Domain aliases: by which names a domain is known to a service. They hang on the domain's SID; those
//! that an administrator declared for original agents, which tell no SID, hang on a stand-in until a
//! machine brings the SID.

use super::services::Service;
use super::{OrganisationId, Store, StoreError, Write};
use crate::audit::{Actor, Entry};
use decision::account::Domain;
use protocol::id::ServiceId;
use rusqlite::{OptionalExtension as _, Row, params};
use serde::Serialize;

/// One alias, as administrators see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DomainAlias {
    /// The domain; none where an administrator declared it and no machine has brought its SID yet.
    pub domain_sid: Option<String>,
    /// The name.
    pub alias: String,
    /// `netbios`, `dns` or `added`.
    pub kind: String,
    /// Whether accesses match through it: `confirmed`, or `waiting` for an administrator.
    pub state: String,
    /// The service's name.
    pub service: String,
    /// The service's ServiceID.
    pub service_id: ServiceId,
    /// When it was seen first, Unix seconds.
    pub first_seen: i64,
}

/// Begins what stands for the SID of a declared domain. No SID begins so.
pub(super) const DECLARED: &str = "declared:";

/// A further name of a domain.
#[derive(Debug)]
pub struct NewAlias {
    /// ServiceID or name of the service.
    pub service: String,
    /// A name of the domain.
    pub of: Domain,
    /// The further name.
    pub added: Domain,
    /// Both as they were typed.
    pub shown: (String, String),
}

fn alias(row: &Row<'_>) -> rusqlite::Result<DomainAlias> {
    Ok(DomainAlias {
        domain_sid: Some(row.get(0)?).filter(|sid: &String| !sid.starts_with(DECLARED)),
        alias: row.get(1)?,
        kind: row.get(2)?,
        state: row.get(3)?,
        service: row.get(4)?,
        service_id: ServiceId::new(row.get(5)?),
        first_seen: row.get(6)?,
    })
}

impl Store {
    /// All aliases, by service and domain.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn domain_aliases(&self, organisation: OrganisationId) -> Result<Vec<DomainAlias>, StoreError> {
        self.scan(move |read| {
            let mut statement = read.prepare_cached(
                "SELECT d.domain_sid, d.alias_shown, d.kind, d.state, s.name, s.id, d.first_seen
                 FROM domains d JOIN services s ON s.organisation_id = d.organisation_id AND s.id = d.service_id
                 WHERE d.organisation_id = ?1 ORDER BY s.name_key, d.domain_sid, d.alias",
            )?;
            let rows = statement.query_map([organisation], alias)?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
        .await
    }

    /// Lets accesses of a service match through an alias that waits.
    ///
    /// # Errors
    /// `not_found`; `alias_conflict` where the alias is confirmed for another domain.
    pub async fn confirm_domain_alias(
        &self,
        organisation: OrganisationId,
        (service, domain): (String, Domain),
        actor: Actor,
        now: i64,
    ) -> Result<(), StoreError> {
        self.write(move |write| {
            let service = write.service(organisation, &service)?;
            let name = domain.as_str();
            let waiting: Vec<String> = write
                .prepare_cached(
                    "SELECT domain_sid FROM domains WHERE organisation_id = ?1 AND service_id = ?2 AND alias = ?3
                        AND state = 'waiting'",
                )?
                .query_map(params![organisation, service.id.0.0, name], |row| row.get(0))?
                .collect::<Result<_, _>>()?;
            let [sid] = waiting.as_slice() else {
                return Err(if waiting.is_empty() {
                    StoreError::not_found("waiting domain name", name)
                } else {
                    StoreError::refused(
                        "alias_conflict",
                        format!("{name:?} waits for several domains; say which with `domain add-alias`"),
                    )
                });
            };
            match holder(write, organisation, service.id, &domain)? {
                None => {}
                Some(declared) if declared.starts_with(DECLARED) => {
                    adopt(write, organisation, service.id, (&declared, sid), now)?;
                }
                Some(_) => return Err(conflict(&domain)),
            }
            write
                .prepare_cached(
                    "UPDATE domains SET state = 'confirmed'
                     WHERE organisation_id = ?1 AND service_id = ?2 AND alias = ?3 AND domain_sid = ?4",
                )?
                .execute(params![organisation, service.id.0.0, name, sid])?;
            let entry = Entry::new("domain.confirm", actor, service.id).detail("alias", name).detail("domain_sid", sid);
            write.audit(organisation, now, &entry)
        })
        .await
    }

    /// Adds a further name to a domain that a service knows by `of`. Where no machine told its domain,
    /// since only original agents have called, the domain is declared with both names.
    ///
    /// # Errors
    /// `not_found`; `alias_conflict` where the name is another domain's.
    pub async fn add_domain_alias(
        &self,
        organisation: OrganisationId,
        alias: NewAlias,
        actor: Actor,
        now: i64,
    ) -> Result<(), StoreError> {
        self.write(move |write| {
            let NewAlias { service, of, added, shown } = &alias;
            let service = write.service(organisation, service)?;
            let known = holder(write, organisation, service.id, of)?;
            let mut domain = match known {
                Some(domain) => domain,
                None => declare(write, organisation, &service, (of, &shown.0), now)?,
            };
            match holder(write, organisation, service.id, added)? {
                Some(other) if other == domain => {}
                None => {}
                Some(other) if other.starts_with(DECLARED) => {
                    adopt(write, organisation, service.id, (&other, &domain), now)?;
                }
                Some(other) if domain.starts_with(DECLARED) => {
                    adopt(write, organisation, service.id, (&domain, &other), now)?;
                    domain = other;
                }
                Some(_) => return Err(conflict(added)),
            }
            confirm(write, organisation, service.id, (&domain, added, &shown.1), now)?;
            let entry = Entry::new("domain.add_alias", actor, service.id)
                .detail("alias", added.as_str())
                .detail("of", of.as_str())
                .detail("domain_sid", &domain);
            write.audit(organisation, now, &entry)
        })
        .await
    }
}

/// The domain that a confirmed name belongs to.
fn holder(
    write: &Write<'_>,
    organisation: OrganisationId,
    service: ServiceId,
    name: &Domain,
) -> Result<Option<String>, StoreError> {
    Ok(write
        .prepare_cached(
            "SELECT domain_sid FROM domains WHERE organisation_id = ?1 AND service_id = ?2 AND alias = ?3
                AND state = 'confirmed'",
        )?
        .query_row(params![organisation, service.0.0, name.as_str()], |row| row.get(0))
        .optional()?)
}

fn conflict(name: &Domain) -> StoreError {
    StoreError::refused(
        "alias_conflict",
        format!("{:?} is the name of another domain of this service already", name.as_str()),
    )
}

/// Makes a domain that no machine has told of, for a service that original agents call.
fn declare(
    write: &Write<'_>,
    organisation: OrganisationId,
    service: &Service,
    (of, shown): (&Domain, &str),
    now: i64,
) -> Result<String, StoreError> {
    let waits = write
        .prepare_cached(
            "SELECT 1 FROM domains WHERE organisation_id = ?1 AND service_id = ?2 AND alias = ?3",
        )?
        .exists(params![organisation, service.id.0.0, of.as_str()])?;
    if waits {
        let message = format!("{:?} waits to be confirmed: trasa-server domain confirm", of.as_str());
        return Err(StoreError::refused("alias_waits", message));
    }
    if service.v1.is_none() {
        return Err(StoreError::not_found("confirmed domain name", of.as_str()));
    }
    let domain = format!("{DECLARED}{}", of.as_str());
    confirm(write, organisation, service.id, (&domain, of, shown), now)?;
    Ok(domain)
}

fn confirm(
    write: &Write<'_>,
    organisation: OrganisationId,
    service: ServiceId,
    (domain, name, shown): (&str, &Domain, &str),
    now: i64,
) -> Result<(), StoreError> {
    write
        .prepare_cached(
            "INSERT INTO domains (organisation_id, service_id, domain_sid, alias, alias_shown, kind, state, first_seen)
             VALUES (?1, ?2, ?3, ?4, ?5, 'added', 'confirmed', ?6)
             ON CONFLICT (organisation_id, service_id, alias, domain_sid) DO UPDATE SET state = 'confirmed'",
        )?
        .execute(params![organisation, service.0.0, domain, name.as_str(), shown, now])?;
    Ok(())
}

/// Gives the names of a declared domain to the one whose SID turned up.
pub(super) fn adopt(
    write: &Write<'_>,
    organisation: OrganisationId,
    service: ServiceId,
    (declared, sid): (&str, &str),
    now: i64,
) -> Result<(), StoreError> {
    write
        .prepare_cached(
            "INSERT INTO domains (organisation_id, service_id, domain_sid, alias, alias_shown, kind, state, first_seen)
             SELECT organisation_id, service_id, ?4, alias, alias_shown, kind, 'confirmed', first_seen FROM domains
             WHERE organisation_id = ?1 AND service_id = ?2 AND domain_sid = ?3
             ON CONFLICT (organisation_id, service_id, alias, domain_sid) DO UPDATE SET state = 'confirmed'",
        )?
        .execute(params![organisation, service.0.0, declared, sid])?;
    write
        .prepare_cached(
            "DELETE FROM domains WHERE organisation_id = ?1 AND service_id = ?2 AND domain_sid = ?3",
        )?
        .execute(params![organisation, service.0.0, declared])?;
    let entry = Entry::new("domain.adopt", Actor::Server, service)
        .detail("declared", declared)
        .detail("domain_sid", sid);
    write.audit(organisation, now, &entry)
}
