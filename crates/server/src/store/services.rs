//! Services and their tokens.

use super::ids::ServiceId;
use super::v1_doors::V1;
use super::{OrganisationId, Read, Store, StoreError, Write};
use crate::audit::{Actor, Entry};
use crate::names::Name;
use crate::sealing::Place;
use protocol::encoding::Bytes;
use protocol::service_key::TokenId;
use protocol::v2::Mode;
use rusqlite::{OptionalExtension as _, Row, params};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use zeroize::Zeroizing;

/// How long a new or rotated ServiceKey admits machines without an approval, in seconds.
pub const OPEN_ADMISSION_SECS: i64 = 7 * 86_400;

/// How a service admits machines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Admit {
    /// Whoever has the ServiceKey.
    Open,
    /// Whoever has the ServiceKey, until a date; afterwards by approval.
    Until,
    /// An administrator approves each machine.
    Approval,
    /// Only with a token.
    Token,
}

impl Admit {
    /// As it stands in the store and on the command line.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Until => "until",
            Self::Approval => "approval",
            Self::Token => "token",
        }
    }

    /// Reads the text.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Open, Self::Until, Self::Approval, Self::Token]
            .into_iter()
            .find(|admit| admit.as_str() == text)
    }
}

/// A service, as administrators see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Service {
    /// The ServiceID.
    #[serde(rename = "service_id")]
    #[schema(value_type = String)]
    pub id: ServiceId,
    /// Its name.
    pub name: String,
    /// Whether it guards or watches: `guard`, `watch`.
    #[schema(value_type = String)]
    pub mode: Mode,
    /// When watching ends, Unix seconds.
    pub mode_until: Option<i64>,
    /// How often the end of watching was put off.
    pub postponed: i64,
    /// How it admits machines.
    pub admit: Admit,
    /// Until when it admits without an approval, Unix seconds.
    pub admit_until: Option<i64>,
    /// Which ServiceKey is in force, from 1.
    pub key_generation: i64,
    /// Machines that are not revoked.
    pub machines: i64,
    /// When it was made, Unix seconds.
    pub created: i64,
    /// How it answers version 1, where it ever did.
    pub v1: Option<V1>,
}

const QUERY: &str =
    "SELECT s.id, s.name, s.mode, s.mode_until, s.postponed, s.admit, s.admit_until, s.key_generation,
        s.created, (SELECT count(*) FROM machines m WHERE m.organisation_id = s.organisation_id
            AND m.service_id = s.id AND m.state <> 'revoked'),
        d.v1_id, d.until, d.pass_through, d.denied, (SELECT max(c.last) FROM v1_calls c
            WHERE c.organisation_id = s.organisation_id AND c.service_id = s.id)
    FROM services s LEFT JOIN v1_doors d ON d.organisation_id = s.organisation_id AND d.service_id = s.id
    WHERE s.organisation_id = ?1 AND s.deleted IS NULL";

fn service(row: &Row<'_>) -> rusqlite::Result<Service> {
    let mode: String = row.get(2)?;
    let admit: String = row.get(5)?;
    Ok(Service {
        id: ServiceId::new(row.get(0)?),
        name: row.get(1)?,
        mode: if mode == "watch" { Mode::Watch } else { Mode::Guard },
        mode_until: row.get(3)?,
        postponed: row.get(4)?,
        // The table's CHECK allows nothing else; of two readings the stricter.
        admit: Admit::parse(&admit).unwrap_or(Admit::Approval),
        admit_until: row.get(6)?,
        key_generation: row.get(7)?,
        created: row.get(8)?,
        machines: row.get(9)?,
        v1: v1(row)?,
    })
}

fn v1(row: &Row<'_>) -> rusqlite::Result<Option<V1>> {
    let Some(id) = row.get(10)? else { return Ok(None) };
    Ok(Some(V1 {
        id,
        until: row.get(11)?,
        pass_through: row.get(12)?,
        denied: row.get(13)?,
        last_call: row.get(14)?,
    }))
}

/// Where the ServiceKey of a service is sealed.
#[must_use]
pub fn key_place(organisation: OrganisationId, service: &ServiceId) -> Place<'_> {
    Place { column: "services.key", row: &service.0.0, organisation: organisation.0 }
}

/// Where the secret of a token is sealed.
#[must_use]
pub fn token_place(organisation: OrganisationId, token: &TokenId) -> Place<'_> {
    Place { column: "tokens.secret", row: &token.0, organisation: organisation.0 }
}

/// What changes of a service; `None` stays as it is.
#[derive(Debug, Clone, Default)]
pub struct ServiceChange {
    /// New mode with its end.
    pub mode: Option<(Mode, Option<i64>)>,
    /// New way of admission with its end.
    pub admit: Option<(Admit, Option<i64>)>,
}

impl Read<'_> {
    /// A live service by its ServiceID or its name.
    ///
    /// # Errors
    /// `not_found`.
    pub fn service(&self, organisation: OrganisationId, text: &str) -> Result<Service, StoreError> {
        find(self, organisation, text)
    }
}

fn find(
    connection: &rusqlite::Connection,
    organisation: OrganisationId,
    text: &str,
) -> Result<Service, StoreError> {
    let id = ServiceId::parse(text.trim()).map(|id| id.0.0);
    connection
        .prepare_cached(&format!("{QUERY} AND (s.id = ?2 OR s.name_key = ?3)"))?
        .query_row(params![organisation, id, crate::names::key(text)], service)
        .optional()?
        .ok_or_else(|| StoreError::not_found("service", text))
}

impl Store {
    /// Adds a service.
    ///
    /// # Errors
    /// `name_taken`.
    pub async fn add_service(
        &self,
        organisation: OrganisationId,
        service: NewService,
        actor: Actor,
        now: i64,
    ) -> Result<(), StoreError> {
        self.write(move |write| insert(write, organisation, &service, actor, now)).await
    }

    /// All live services, by name.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn services(&self, organisation: OrganisationId) -> Result<Vec<Service>, StoreError> {
        self.scan(move |read| {
            let mut statement = read.prepare_cached(&format!("{QUERY} ORDER BY s.name_key"))?;
            let rows = statement.query_map([organisation], service)?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
        .await
    }

    /// Replaces the ServiceKey; admitted machines do not notice. The new key admits openly for
    /// [`OPEN_ADMISSION_SECS`] where the service admits until a date.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn rotate_service_key(
        &self,
        organisation: OrganisationId,
        (service, key): (String, Zeroizing<[u8; 32]>),
        actor: Actor,
        now: i64,
    ) -> Result<Service, StoreError> {
        self.write(move |write| {
            let found = find(write, organisation, &service)?;
            let sealed = write.seal(key_place(organisation, &found.id), &key[..])?;
            write
                .prepare_cached(
                    "UPDATE services SET key_sealed = ?3, key_generation = key_generation + 1,
                        admit_until = CASE WHEN admit = 'until' THEN ?4 ELSE admit_until END
                     WHERE organisation_id = ?1 AND id = ?2",
                )?
                .execute(params![organisation, found.id.0.0, sealed, now + OPEN_ADMISSION_SECS])?;
            write.audit(organisation, now, &Entry::new("service.rotate_key", actor, found.id))?;
            find(write, organisation, &service)
        })
        .await
    }

    /// Changes mode or admission.
    ///
    /// # Errors
    /// `not_found`; `until_missing` and `until_past` where a date is needed or over.
    pub async fn change_service(
        &self,
        organisation: OrganisationId,
        (service, change): (String, ServiceChange),
        actor: Actor,
        now: i64,
    ) -> Result<Service, StoreError> {
        self.write(move |write| {
            let found = find(write, organisation, &service)?;
            let mut entry = Entry::new("service.set", actor, found.id);
            if let Some((mode, until)) = change.mode {
                let until = match mode {
                    Mode::Watch => Some(future(until, now, "a service that only watches")?),
                    Mode::Guard => None,
                };
                let mode = if mode == Mode::Watch { "watch" } else { "guard" };
                write
                    .prepare_cached(
                        "UPDATE services SET mode = ?3, mode_until = ?4, postponed = 0
                         WHERE organisation_id = ?1 AND id = ?2",
                    )?
                    .execute(params![organisation, found.id.0.0, mode, until])?;
                entry = entry.detail("mode", mode).detail("mode_until", until);
            }
            if let Some((admit, until)) = change.admit {
                let until = match admit {
                    Admit::Until => Some(future(until, now, "open admission until a date")?),
                    _ => None,
                };
                write
                    .prepare_cached(
                        "UPDATE services SET admit = ?3, admit_until = ?4 WHERE organisation_id = ?1 AND id = ?2",
                    )?
                    .execute(params![organisation, found.id.0.0, admit.as_str(), until])?;
                entry = entry.detail("admit", admit.as_str()).detail("admit_until", until);
            }
            write.audit(organisation, now, &entry)?;
            find(write, organisation, &service)
        })
        .await
    }

    /// Deletes a service: its machines are refused from now on (the row stays as a tombstone).
    ///
    /// # Errors
    /// `machines_seen` where a machine was seen, or an original agent served, in the last 30 days.
    pub async fn delete_service(
        &self,
        organisation: OrganisationId,
        service: String,
        actor: Actor,
        now: i64,
    ) -> Result<ServiceId, StoreError> {
        self.write(move |write| {
            let found = find(write, organisation, &service)?;
            let since = now - 30 * 86_400;
            let served = |v1: &V1| v1.is_open(now) && v1.last_call.is_some_and(|last| last > since);
            if found.v1.as_ref().is_some_and(served) {
                return Err(StoreError::refused(
                    "machines_seen",
                    format!(
                        "original agents called {:?} in the last 30 days; run `trasa-server service deny-v1` first",
                        found.name
                    ),
                ));
            }
            let seen: i64 = write
                .prepare_cached(
                    "SELECT count(*) FROM machines WHERE organisation_id = ?1 AND service_id = ?2
                        AND state <> 'revoked' AND last_seen > ?3",
                )?
                .query_row(params![organisation, found.id.0.0, since], |row| row.get(0))?;
            if seen > 0 {
                return Err(StoreError::refused(
                    "machines_seen",
                    format!(
                        "{seen} machines of {:?} were seen in the last 30 days; revoke or release them first",
                        found.name
                    ),
                ));
            }
            write
                .prepare_cached("UPDATE services SET deleted = ?3 WHERE organisation_id = ?1 AND id = ?2")?
                .execute(params![organisation, found.id.0.0, now])?;
            write.audit(
                organisation,
                now,
                &Entry::new("service.delete", actor, found.id).detail("name", &found.name),
            )?;
            Ok(found.id)
        })
        .await
    }

    /// Brings a deleted service back.
    ///
    /// # Errors
    /// `not_found`; `name_taken` where its name was given again.
    pub async fn restore_service(
        &self,
        organisation: OrganisationId,
        id: ServiceId,
        actor: Actor,
        now: i64,
    ) -> Result<(), StoreError> {
        self.write(move |write| {
            let changed = write
                .prepare_cached(
                    "UPDATE services SET deleted = NULL WHERE organisation_id = ?1 AND id = ?2 AND deleted IS NOT NULL",
                )?
                .execute(params![organisation, id.0.0])
                .map_err(|error| taken(error, "service", &id.to_string()))?;
            if changed == 0 {
                return Err(StoreError::not_found("deleted service", id));
            }
            write.audit(organisation, now, &Entry::new("service.restore", actor, id))
        })
        .await
    }

    /// Adds a token to a service.
    ///
    /// # Errors
    /// `not_found`, `until_past`.
    pub async fn add_token(
        &self,
        organisation: OrganisationId,
        token: NewToken,
        actor: Actor,
        now: i64,
    ) -> Result<Service, StoreError> {
        self.write(move |write| {
            let found = find(write, organisation, &token.service)?;
            let until = future(Some(token.until), now, "a token")?;
            let sealed = write.seal(token_place(organisation, &token.id), &token.secret[..])?;
            write
                .prepare_cached(
                    "INSERT INTO tokens (organisation_id, id, service_id, secret_sealed, uses, uses_left, until, created)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?5, ?6, ?7)",
                )?
                .execute(params![organisation, token.id.0, found.id.0.0, sealed, token.uses, until, now])?;
            let entry = Entry::new("service.token", actor, found.id)
                .detail("token", token.id)
                .detail("uses", token.uses)
                .detail("until", until);
            write.audit(organisation, now, &entry)?;
            Ok(found)
        })
        .await
    }
}

/// A service to be added.
#[derive(Debug)]
pub struct NewService {
    /// The ServiceID.
    pub id: ServiceId,
    /// Its name.
    pub name: Name,
    /// The 32 random bytes of its ServiceKey.
    pub key: Zeroizing<[u8; 32]>,
}

impl NewService {
    /// A service with a random id and key.
    ///
    /// # Errors
    /// Where the system gives no randomness.
    pub fn random(name: Name) -> Result<Self, StoreError> {
        Ok(Self { id: ServiceId::new(crate::random::identifier()?), name, key: crate::random::secret()? })
    }
}

pub(super) fn insert(
    write: &Write<'_>,
    organisation: OrganisationId,
    NewService { id, name, key }: &NewService,
    actor: Actor,
    now: i64,
) -> Result<(), StoreError> {
    let sealed = write.seal(key_place(organisation, id), &key[..])?;
    write
        .prepare_cached(
            "INSERT INTO services (organisation_id, id, name, name_key, mode, admit, admit_until, key_sealed,
                key_generation, created) VALUES (?1, ?2, ?3, ?4, 'guard', 'until', ?5, ?6, 1, ?7)",
        )?
        .execute(params![
            organisation,
            id.0.0,
            name.shown(),
            name.key(),
            now + OPEN_ADMISSION_SECS,
            sealed,
            now
        ])
        .map_err(|error| taken(error, "service", name.shown()))?;
    write.audit(organisation, now, &Entry::new("service.add", actor, *id).detail("name", name.shown()))
}

/// A token to be added.
#[derive(Debug)]
pub struct NewToken {
    /// ServiceID or name of its service.
    pub service: String,
    /// Its id.
    pub id: TokenId,
    /// The key of the admission's HMAC.
    pub secret: Zeroizing<[u8; 32]>,
    /// How many machines it admits.
    pub uses: u32,
    /// Until when, Unix seconds.
    pub until: i64,
}

impl NewToken {
    /// A token with a random id and secret.
    ///
    /// # Errors
    /// Where the system gives no randomness.
    pub fn random(service: String, uses: u32, until: i64) -> Result<Self, StoreError> {
        Ok(Self {
            service,
            id: Bytes(crate::random::bytes()?),
            secret: crate::random::secret()?,
            uses,
            until,
        })
    }
}

pub(super) fn taken(error: rusqlite::Error, noun: &str, name: &str) -> StoreError {
    if StoreError::is_conflict(&error) {
        StoreError::refused("name_taken", format!("there is a {noun} {name:?} already"))
    } else {
        error.into()
    }
}

pub(super) fn future(until: Option<i64>, now: i64, what: &str) -> Result<i64, StoreError> {
    match until {
        None => Err(StoreError::refused("until_missing", format!("{what} needs an end: give --until DATE"))),
        Some(until) if until <= now => {
            Err(StoreError::refused("until_past", format!("the end of {what} is over already")))
        }
        Some(until) => Ok(until),
    }
}

impl Write<'_> {
    /// A live service by its ServiceID or its name.
    ///
    /// # Errors
    /// `not_found`.
    pub fn service(&self, organisation: OrganisationId, text: &str) -> Result<Service, StoreError> {
        find(self, organisation, text)
    }
}
