//! Tokens of programs that administer.

use super::services::taken;
use super::{ApiTokenId, OrganisationId, Store, StoreError};
use crate::administrators::Role;
use crate::administrators::secret::Shown;
use crate::audit::{Actor, Entry};
use crate::names::Name;
use rusqlite::{OptionalExtension as _, Row, params};
use serde::Serialize;
use std::net::IpAddr;

/// A token, as owners see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ApiToken {
    /// The id.
    #[serde(rename = "api_token_id")]
    pub id: ApiTokenId,
    /// What it is for.
    pub name: String,
    /// What it may.
    pub role: Role,
    /// Until when it holds, Unix seconds.
    pub until: i64,
    /// When it was made, Unix seconds.
    pub created: i64,
    /// When it was used last, to the minute, Unix seconds.
    pub last_used: Option<i64>,
    /// From where.
    pub last_address: Option<String>,
}

/// A token to be made.
#[derive(Debug)]
pub struct NewApiToken {
    /// Its id.
    pub id: ApiTokenId,
    /// What it is for.
    pub name: Name,
    /// What it may.
    pub role: Role,
    /// Until when, Unix seconds.
    pub until: i64,
    /// What the program shows.
    pub secret: Shown,
}

/// Use is written down at most so often, in seconds.
const TOUCH_SECS: i64 = 60;
const COLUMNS: &str = "id, name, role, until, created, last_used, last_address";

fn token(row: &Row<'_>) -> rusqlite::Result<ApiToken> {
    Ok(ApiToken {
        id: row.get(0)?,
        name: row.get(1)?,
        role: row.get(2)?,
        until: row.get(3)?,
        created: row.get(4)?,
        last_used: row.get(5)?,
        last_address: row.get(6)?,
    })
}

impl Store {
    /// The token that a program shows, while it holds, with its organisation.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn api_token(
        &self,
        secret_hash: &[u8; 32],
        now: i64,
    ) -> Result<Option<(OrganisationId, ApiToken)>, StoreError> {
        self.read(|read| {
            Ok(read
                .prepare_cached(&format!(
                    "SELECT {COLUMNS}, organisation_id FROM api_tokens
                     WHERE secret_hash = ?1 AND until > ?2 AND deleted IS NULL"
                ))?
                .query_row(params![secret_hash, now], |row| Ok((row.get(7)?, token(row)?)))
                .optional()?)
        })
    }

    /// Writes down that a token was used, at most once a minute and address.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn touch_api_token(
        &self,
        organisation: OrganisationId,
        (token, address): (&ApiToken, IpAddr),
        now: i64,
    ) -> Result<(), StoreError> {
        let address = address.to_string();
        let recent = token.last_used.is_some_and(|last| (0..TOUCH_SECS).contains(&(now - last)));
        if recent && token.last_address.as_deref() == Some(&address) {
            return Ok(());
        }
        let id = token.id;
        self.write(move |write| {
            write
                .prepare_cached(
                    "UPDATE api_tokens SET last_used = ?3, last_address = ?4
                     WHERE organisation_id = ?1 AND id = ?2",
                )?
                .execute(params![organisation, id, now, address])?;
            Ok(())
        })
        .await
    }

    /// Makes a token.
    ///
    /// # Errors
    /// `name_taken`; `until_past`.
    pub async fn add_api_token(
        &self,
        organisation: OrganisationId,
        new: NewApiToken,
        actor: Actor,
        now: i64,
    ) -> Result<(), StoreError> {
        self.write(move |write| {
            if new.until <= now {
                return Err(StoreError::refused("until_past", "the end of the token is over already"));
            }
            write
                .prepare_cached(
                    "INSERT INTO api_tokens (organisation_id, id, name, name_key, role, secret_hash, until, created)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
                )?
                .execute(params![
                    organisation,
                    new.id,
                    new.name.shown(),
                    new.name.key(),
                    new.role,
                    new.secret.hash(),
                    new.until,
                    now
                ])
                .map_err(|error| taken(error, "token", new.name.shown()))?;
            let entry = Entry::new("api_token.add", actor, new.id)
                .detail("name", new.name.shown())
                .detail("role", new.role)
                .detail("until", new.until);
            write.audit(organisation, now, &entry)
        })
        .await
    }

    /// All tokens that were not revoked, by name; those whose time is over among them.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn api_tokens(&self, organisation: OrganisationId) -> Result<Vec<ApiToken>, StoreError> {
        self.read(|read| {
            let mut statement = read.prepare_cached(&format!(
                "SELECT {COLUMNS} FROM api_tokens WHERE organisation_id = ?1 AND deleted IS NULL ORDER BY name_key"
            ))?;
            let rows = statement.query_map([organisation], token)?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// Revokes a token, by id or name, for good.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn revoke_api_token(
        &self,
        organisation: OrganisationId,
        text: String,
        actor: Actor,
        now: i64,
    ) -> Result<ApiToken, StoreError> {
        self.write(move |write| {
            let found = write
                .prepare_cached(&format!(
                    "SELECT {COLUMNS} FROM api_tokens
                     WHERE organisation_id = ?1 AND deleted IS NULL AND (id = ?2 OR name_key = ?3)"
                ))?
                .query_row(
                    params![organisation, ApiTokenId::parse(text.trim()), crate::names::key(&text)],
                    token,
                )
                .optional()?
                .ok_or_else(|| StoreError::not_found("token", &text))?;
            write
                .prepare_cached("UPDATE api_tokens SET deleted = ?3 WHERE organisation_id = ?1 AND id = ?2")?
                .execute(params![organisation, found.id, now])?;
            let entry = Entry::new("api_token.revoke", actor, found.id).detail("name", &found.name);
            write.audit(organisation, now, &entry)?;
            Ok(found)
        })
        .await
    }
}
