//! Administrators.

use super::services::taken;
use super::{AdministratorId, OrganisationId, Read, Store, StoreError, Write};
use crate::administrators::Role;
use crate::audit::{Actor, Entry};
use crate::names::Name;
use crate::sealing::Place;
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, ValueRef};
use rusqlite::{Connection, OptionalExtension as _, Row, params};
use serde::Serialize;
use zeroize::Zeroizing;

/// An administrator, as owners see them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Administrator {
    /// The id.
    #[serde(rename = "administrator_id")]
    pub id: AdministratorId,
    /// What they sign in with.
    pub name: String,
    /// What they are there for.
    pub role: Role,
    /// When they were added, Unix seconds.
    pub created: i64,
    /// When they signed in last, Unix seconds.
    pub last_sign_in: Option<i64>,
}

/// What a sign-in is compared with.
#[derive(Debug)]
pub struct Proof {
    /// Where they belong.
    pub organisation: OrganisationId,
    /// Who.
    pub administrator: Administrator,
    /// The password's hash (PHC string).
    pub password: Zeroizing<String>,
    /// The one-time code secret.
    pub totp: Zeroizing<Vec<u8>>,
    /// The last 30-second step that was used up.
    pub last_step: u64,
}

impl ToSql for Role {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::from(self.as_str()))
    }
}

impl FromSql for Role {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        Self::parse(value.as_str()?).ok_or(FromSqlError::InvalidType)
    }
}

pub(super) const COLUMNS: &str = "id, name, role, created, last_sign_in";

fn administrator(row: &Row<'_>) -> rusqlite::Result<Administrator> {
    Ok(Administrator {
        id: row.get(0)?,
        name: row.get(1)?,
        role: row.get(2)?,
        created: row.get(3)?,
        last_sign_in: row.get(4)?,
    })
}

pub(super) fn password_place(organisation: OrganisationId, id: &AdministratorId) -> Place<'_> {
    Place { column: "administrators.password", row: &id.0.0, organisation: organisation.0 }
}

pub(super) fn totp_place(organisation: OrganisationId, id: &AdministratorId) -> Place<'_> {
    Place { column: "administrators.totp", row: &id.0.0, organisation: organisation.0 }
}

pub(super) fn find(
    connection: &Connection,
    organisation: OrganisationId,
    text: &str,
) -> Result<Administrator, StoreError> {
    connection
        .prepare_cached(&format!(
            "SELECT {COLUMNS} FROM administrators
             WHERE organisation_id = ?1 AND deleted IS NULL AND (id = ?2 OR name_key = ?3)"
        ))?
        .query_row(
            params![organisation, AdministratorId::parse(text.trim()), crate::names::key(text)],
            administrator,
        )
        .optional()?
        .ok_or_else(|| StoreError::not_found("administrator", text))
}

/// Refuses what would leave the organisation without an owner.
fn keep_an_owner(
    write: &Write<'_>,
    organisation: OrganisationId,
    going: &Administrator,
) -> Result<(), StoreError> {
    let others = write
        .prepare_cached(
            "SELECT 1 FROM administrators
             WHERE organisation_id = ?1 AND role = 'owner' AND deleted IS NULL AND id <> ?2",
        )?
        .exists(params![organisation, going.id])?;
    if going.role == Role::Owner && !others {
        return Err(StoreError::refused(
            "last_owner",
            format!("{} is the last owner; invite another one first", going.name),
        ));
    }
    Ok(())
}

impl Read<'_> {
    /// What a sign-in with this name is compared with, in whichever organisation it is.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn sign_in_proof(&self, name: &str) -> Result<Option<Proof>, StoreError> {
        let found = self
            .prepare_cached(&format!(
                "SELECT {COLUMNS}, organisation_id, password_sealed, totp_sealed, totp_last_step
                 FROM administrators WHERE name_key = ?1 AND deleted IS NULL"
            ))?
            .query_row([crate::names::key(name)], |row| {
                Ok((
                    administrator(row)?,
                    row.get::<_, OrganisationId>(5)?,
                    row.get::<_, Vec<u8>>(6)?,
                    row.get::<_, Vec<u8>>(7)?,
                    row.get::<_, i64>(8)?,
                ))
            })
            .optional()?;
        let Some((administrator, organisation, password, totp, last_step)) = found else { return Ok(None) };
        let password = self.open(password_place(organisation, &administrator.id), &password)?;
        let totp = self.open(totp_place(organisation, &administrator.id), &totp)?;
        Ok(Some(Proof {
            organisation,
            password: Zeroizing::new(String::from_utf8_lossy(&password).into_owned()),
            totp,
            last_step: u64::try_from(last_step).unwrap_or(0),
            administrator,
        }))
    }

    /// A live administrator by id or name.
    ///
    /// # Errors
    /// `not_found`.
    pub fn administrator(
        &self,
        organisation: OrganisationId,
        text: &str,
    ) -> Result<Administrator, StoreError> {
        find(self, organisation, text)
    }
}

impl Store {
    /// All live administrators, by name.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn administrators(&self, organisation: OrganisationId) -> Result<Vec<Administrator>, StoreError> {
        self.read(|read| {
            let mut statement = read.prepare_cached(&format!(
                "SELECT {COLUMNS} FROM administrators
                 WHERE organisation_id = ?1 AND deleted IS NULL ORDER BY name_key"
            ))?;
            let rows = statement.query_map([organisation], administrator)?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// Gives an administrator another role; it holds at once, in open sessions too.
    ///
    /// # Errors
    /// `not_found`, `last_owner`.
    pub async fn set_role(
        &self,
        organisation: OrganisationId,
        (text, role): (String, Role),
        actor: Actor,
        now: i64,
    ) -> Result<Administrator, StoreError> {
        self.write(move |write| {
            let found = find(write, organisation, &text)?;
            if role != Role::Owner {
                keep_an_owner(write, organisation, &found)?;
            }
            write
                .prepare_cached("UPDATE administrators SET role = ?3 WHERE organisation_id = ?1 AND id = ?2")?
                .execute(params![organisation, found.id, role])?;
            let entry = Entry::new("administrator.set_role", actor, found.id)
                .detail("name", &found.name)
                .detail("was", found.role)
                .detail("role", role);
            write.audit(organisation, now, &entry)?;
            Ok(Administrator { role, ..found })
        })
        .await
    }

    /// Removes an administrator and ends their sessions (the row stays as a tombstone).
    ///
    /// # Errors
    /// `not_found`, `last_owner`.
    pub async fn remove_administrator(
        &self,
        organisation: OrganisationId,
        text: String,
        actor: Actor,
        now: i64,
    ) -> Result<Administrator, StoreError> {
        self.write(move |write| {
            let found = find(write, organisation, &text)?;
            keep_an_owner(write, organisation, &found)?;
            write
                .prepare_cached(
                    "UPDATE administrators SET deleted = ?3 WHERE organisation_id = ?1 AND id = ?2",
                )?
                .execute(params![organisation, found.id, now])?;
            super::sessions::end_all(write, organisation, found.id, None)?;
            let entry = Entry::new("administrator.remove", actor, found.id).detail("name", &found.name);
            write.audit(organisation, now, &entry)?;
            Ok(found)
        })
        .await
    }

    /// Brings a removed administrator back, with the password and phone they had.
    ///
    /// # Errors
    /// `not_found`; `name_taken` where somebody else has the name now.
    pub async fn restore_administrator(
        &self,
        organisation: OrganisationId,
        id: AdministratorId,
        actor: Actor,
        now: i64,
    ) -> Result<Administrator, StoreError> {
        self.write(move |write| {
            let changed = write
                .prepare_cached(
                    "UPDATE administrators SET deleted = NULL
                     WHERE organisation_id = ?1 AND id = ?2 AND deleted IS NOT NULL",
                )?
                .execute(params![organisation, id])
                .map_err(|error| taken(error, "administrator", &id.to_string()))?;
            if changed == 0 {
                return Err(StoreError::not_found("removed administrator", id));
            }
            write.audit(organisation, now, &Entry::new("administrator.restore", actor, id))?;
            find(write, organisation, &id.to_string())
        })
        .await
    }
}

/// Password hash and one-time code secret of somebody who came by a link.
pub(super) struct Credentials {
    pub name: Name,
    pub password: Zeroizing<String>,
    pub totp: Zeroizing<Vec<u8>>,
    pub step: u64,
}

impl Write<'_> {
    /// Writes a new administrator, or the new credentials of one; the caller audits.
    pub(super) fn put_administrator(
        &self,
        organisation: OrganisationId,
        (id, role): (AdministratorId, Role),
        given: &Credentials,
        now: i64,
    ) -> Result<(), StoreError> {
        let password = self.seal(password_place(organisation, &id), given.password.as_bytes())?;
        let totp = self.seal(totp_place(organisation, &id), &given.totp)?;
        let step = i64::try_from(given.step).unwrap_or(i64::MAX);
        self.prepare_cached(
            "INSERT INTO administrators (organisation_id, id, name, name_key, role, password_sealed, totp_sealed,
                totp_last_step, created, last_sign_in) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?9)
             ON CONFLICT (organisation_id, id) DO UPDATE SET password_sealed = excluded.password_sealed,
                totp_sealed = excluded.totp_sealed, totp_last_step = excluded.totp_last_step",
        )?
        .execute(params![
            organisation,
            id,
            given.name.shown(),
            given.name.key(),
            role,
            password,
            totp,
            step,
            now
        ])
        .map_err(|error| taken(error, "administrator", given.name.shown()))?;
        Ok(())
    }
}
