//! Domain aliases: by which names a domain is known to a service. They hang on the domain's SID.

use super::{OrganisationId, Store, StoreError};
use crate::audit::{Actor, Entry};
use decision::account::Domain;
use protocol::id::ServiceId;
use rusqlite::{Row, params};
use serde::Serialize;

/// One alias, as administrators see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DomainAlias {
    /// The domain.
    pub domain_sid: String,
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

fn alias(row: &Row<'_>) -> rusqlite::Result<DomainAlias> {
    Ok(DomainAlias {
        domain_sid: row.get(0)?,
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
            let taken = write
                .prepare_cached(
                    "SELECT 1 FROM domains WHERE organisation_id = ?1 AND service_id = ?2 AND alias = ?3
                        AND state = 'confirmed'",
                )?
                .exists(params![organisation, service.id.0.0, name])?;
            if taken {
                return Err(StoreError::refused(
                    "alias_conflict",
                    format!("{name:?} is the name of another domain of this service already"),
                ));
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

    /// Adds a further name to a domain that a service knows by `of`.
    ///
    /// # Errors
    /// `not_found`; `alias_conflict` where the name is another domain's.
    pub async fn add_domain_alias(
        &self,
        organisation: OrganisationId,
        (service, of, added, shown): (String, Domain, Domain, String),
        actor: Actor,
        now: i64,
    ) -> Result<(), StoreError> {
        self.write(move |write| {
            let service = write.service(organisation, &service)?;
            let mut statement = write.prepare_cached(
                "SELECT domain_sid FROM domains WHERE organisation_id = ?1 AND service_id = ?2 AND alias = ?3
                    AND state = 'confirmed'",
            )?;
            let mut sid_of = |name: &Domain| -> Result<Option<String>, StoreError> {
                let mut rows = statement.query(params![organisation, service.id.0.0, name.as_str()])?;
                Ok(rows.next()?.map(|row| row.get(0)).transpose()?)
            };
            let sid = sid_of(&of)?.ok_or_else(|| StoreError::not_found("confirmed domain name", of.as_str()))?;
            if let Some(other) = sid_of(&added)?
                && other != sid
            {
                return Err(StoreError::refused(
                    "alias_conflict",
                    format!("{:?} is the name of another domain of this service already", added.as_str()),
                ));
            }
            write
                .prepare_cached(
                    "INSERT INTO domains (organisation_id, service_id, domain_sid, alias, alias_shown, kind, state, first_seen)
                     VALUES (?1, ?2, ?3, ?4, ?5, 'added', 'confirmed', ?6)
                     ON CONFLICT (organisation_id, service_id, alias, domain_sid) DO UPDATE SET state = 'confirmed'",
                )?
                .execute(params![organisation, service.id.0.0, sid, added.as_str(), shown, now])?;
            let entry = Entry::new("domain.add_alias", actor, service.id)
                .detail("alias", added.as_str())
                .detail("domain_sid", &sid);
            write.audit(organisation, now, &entry)
        })
        .await
    }
}
