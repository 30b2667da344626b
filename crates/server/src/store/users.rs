//! Users and their devices.

use super::services::taken;
use super::{DeviceId, OrganisationId, Read, Store, StoreError, UserId, Write};
use crate::audit::{Actor, Entry};
use crate::names::Name;
use crate::sealing::Place;
use rusqlite::{Connection, OptionalExtension as _, Row, params};
use serde::Serialize;
use zeroize::Zeroizing;

/// A user, as administrators see them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct User {
    /// The id.
    #[serde(rename = "user_id")]
    #[schema(value_type = String)]
    pub id: UserId,
    /// The username.
    pub username: String,
    /// The email address.
    pub email: String,
    /// Whether they may log on at all.
    pub enabled: bool,
    /// How many devices they have.
    pub devices: i64,
    /// When they were added, Unix seconds.
    pub created: i64,
}

/// A device, as administrators see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Device {
    /// The id.
    #[serde(rename = "device_id")]
    #[schema(value_type = String)]
    pub id: DeviceId,
    /// Whose it is.
    #[schema(value_type = String)]
    pub user_id: UserId,
    /// Their username.
    pub username: String,
    /// `totp`.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// When it was used last, Unix seconds.
    pub last_used: Option<i64>,
    /// When it was added, Unix seconds.
    pub created: i64,
}

const COLUMNS: &str = "id, username, email, enabled, created,
    (SELECT count(*) FROM devices d WHERE d.organisation_id = users.organisation_id
        AND d.user_id = users.id AND d.deleted IS NULL)";

/// Ids of the users called `?3`; an OR over both names would use neither index.
const BY_NAME: &str =
    "SELECT id FROM users WHERE organisation_id = ?1 AND username_key = ?3 AND deleted IS NULL
     UNION ALL SELECT id FROM users WHERE organisation_id = ?1 AND email_key = ?3 AND deleted IS NULL";

fn user(row: &Row<'_>) -> rusqlite::Result<User> {
    Ok(User {
        id: row.get(0)?,
        username: row.get(1)?,
        email: row.get(2)?,
        enabled: row.get(3)?,
        created: row.get(4)?,
        devices: row.get(5)?,
    })
}

fn device(row: &Row<'_>) -> rusqlite::Result<Device> {
    Ok(Device {
        id: row.get(0)?,
        user_id: row.get(1)?,
        username: row.get(2)?,
        kind: row.get(3)?,
        name: row.get(4)?,
        last_used: row.get(5)?,
        created: row.get(6)?,
    })
}

/// Where the secret of a one-time code device is sealed.
#[must_use]
pub fn totp_place(organisation: OrganisationId, device: &DeviceId) -> Place<'_> {
    Place { column: "devices.secret", row: &device.0.0, organisation: organisation.0 }
}

pub(super) fn find(
    connection: &Connection,
    organisation: OrganisationId,
    text: &str,
) -> Result<User, StoreError> {
    let id = UserId::parse(text.trim());
    let query = format!(
        "SELECT {COLUMNS} FROM users
         WHERE organisation_id = ?1 AND deleted IS NULL AND id IN (SELECT ?2 UNION ALL {BY_NAME})"
    );
    connection
        .prepare_cached(&query)?
        .query_row(params![organisation, id, crate::names::key(text)], user)
        .optional()?
        .ok_or_else(|| StoreError::not_found("user", text))
}

impl Read<'_> {
    /// A live user by id, username or email address.
    ///
    /// # Errors
    /// `not_found`.
    pub fn user(&self, organisation: OrganisationId, text: &str) -> Result<User, StoreError> {
        find(self, organisation, text)
    }
}

impl Store {
    /// Adds a user. A username must not be another's email address, nor the other way round: either
    /// may be typed at the tile.
    ///
    /// # Errors
    /// `name_taken`.
    pub async fn add_user(
        &self,
        organisation: OrganisationId,
        (id, username, email): (UserId, Name, Name),
        actor: Actor,
        now: i64,
    ) -> Result<(), StoreError> {
        self.write(move |write| {
            for name in [&username, &email] {
                if find_by_name(write, organisation, name)? {
                    return Err(StoreError::refused(
                        "name_taken",
                        format!("there is a user with the name or email address {:?} already", name.shown()),
                    ));
                }
            }
            write
                .prepare_cached(
                    "INSERT INTO users (organisation_id, id, username, username_key, email, email_key, enabled, created)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, 1, ?7)",
                )?
                .execute(params![
                    organisation,
                    id,
                    username.shown(),
                    username.key(),
                    email.shown(),
                    email.key(),
                    now
                ])
                .map_err(|error| taken(error, "user", username.shown()))?;
            let entry = Entry::new("user.add", actor, id).detail("username", username.shown());
            write.audit(organisation, now, &entry)
        })
        .await
    }

    /// Users by username, after one of them; those whose username or email address holds a text.
    ///
    /// # Errors
    /// `not_found`: the one to begin after is gone.
    pub async fn users_after(
        &self,
        organisation: OrganisationId,
        (text, after, most): (String, Option<UserId>, u32),
    ) -> Result<Vec<User>, StoreError> {
        self.scan(move |read| {
            let after: String = match after {
                None => String::new(),
                Some(id) => read
                    .prepare_cached("SELECT username_key FROM users WHERE organisation_id = ?1 AND id = ?2")?
                    .query_row(params![organisation, id], |row| row.get(0))
                    .optional()?
                    .ok_or_else(|| StoreError::not_found("user", id))?,
            };
            let mut statement = read.prepare_cached(&format!(
                "SELECT {COLUMNS} FROM users
                 WHERE organisation_id = ?1 AND deleted IS NULL AND username_key > ?2
                    AND (?3 = '' OR instr(username_key, ?3) > 0 OR instr(email_key, ?3) > 0)
                 ORDER BY username_key LIMIT ?4"
            ))?;
            let rows =
                statement.query_map(params![organisation, after, crate::names::key(&text), most], user)?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
        .await
    }

    /// All live users, by username.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn users(&self, organisation: OrganisationId) -> Result<Vec<User>, StoreError> {
        self.scan(move |read| {
            let query =
                format!("SELECT {COLUMNS} FROM users WHERE organisation_id = ?1 AND deleted IS NULL ORDER BY username_key");
            let mut statement = read.prepare_cached(&query)?;
            let rows = statement.query_map([organisation], user)?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
        .await
    }

    /// Enables or disables a user.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn set_user_enabled(
        &self,
        organisation: OrganisationId,
        (text, enabled): (String, bool),
        actor: Actor,
        now: i64,
    ) -> Result<User, StoreError> {
        self.write(move |write| {
            let found = find(write, organisation, &text)?;
            write
                .prepare_cached("UPDATE users SET enabled = ?3 WHERE organisation_id = ?1 AND id = ?2")?
                .execute(params![organisation, found.id, enabled])?;
            let kind = if enabled { "user.enable" } else { "user.disable" };
            write.audit(
                organisation,
                now,
                &Entry::new(kind, actor, found.id).detail("username", &found.username),
            )?;
            Ok(User { enabled, ..found })
        })
        .await
    }

    /// Adds a one-time code device with its secret.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn add_totp(
        &self,
        organisation: OrganisationId,
        (user, id, name, secret): (String, DeviceId, Name, Zeroizing<Vec<u8>>),
        actor: Actor,
        now: i64,
    ) -> Result<User, StoreError> {
        self.write(move |write| {
            let found = find(write, organisation, &user)?;
            let sealed = write.seal(totp_place(organisation, &id), &secret)?;
            write
                .prepare_cached(
                    "INSERT INTO devices (organisation_id, id, user_id, kind, name, secret_sealed, created)
                     VALUES (?1, ?2, ?3, 'totp', ?4, ?5, ?6)",
                )?
                .execute(params![organisation, id, found.id, name.shown(), sealed, now])?;
            let entry = Entry::new("device.add", actor, id)
                .detail("kind", "totp")
                .detail("username", &found.username);
            write.audit(organisation, now, &entry)?;
            Ok(found)
        })
        .await
    }

    /// All devices in use, of one user or of all.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn devices(
        &self,
        organisation: OrganisationId,
        user: Option<String>,
    ) -> Result<Vec<Device>, StoreError> {
        self.scan(move |read| {
            let user = user.map(|text| find(read, organisation, &text)).transpose()?.map(|user| user.id);
            let mut statement = read.prepare_cached(
                "SELECT d.id, d.user_id, u.username, d.kind, d.name, d.last_used, d.created
                 FROM devices d JOIN users u ON u.organisation_id = d.organisation_id AND u.id = d.user_id
                 WHERE d.organisation_id = ?1 AND d.deleted IS NULL AND (?2 IS NULL OR d.user_id = ?2)
                 ORDER BY u.username_key, d.created, d.id",
            )?;
            let rows = statement.query_map(params![organisation, user], device)?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
        .await
    }

    /// Removes a device; its secret is wiped from the row.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn remove_device(
        &self,
        organisation: OrganisationId,
        id: DeviceId,
        actor: Actor,
        now: i64,
    ) -> Result<(), StoreError> {
        self.write(move |write| {
            let changed = write
                .prepare_cached(
                    "UPDATE devices SET deleted = ?3, secret_sealed = x''
                     WHERE organisation_id = ?1 AND id = ?2 AND deleted IS NULL",
                )?
                .execute(params![organisation, id, now])?;
            if changed == 0 {
                return Err(StoreError::not_found("device", id));
            }
            write.audit(organisation, now, &Entry::new("device.remove", actor, id))
        })
        .await
    }
}

fn find_by_name(write: &Write<'_>, organisation: OrganisationId, name: &Name) -> Result<bool, StoreError> {
    Ok(write.prepare_cached(BY_NAME)?.exists(params![organisation, None::<UserId>, name.key()])?)
}
