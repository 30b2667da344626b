//! Sessions: browsers in which an administrator is signed in.

use super::{AdministratorId, OrganisationId, SessionId, Store, StoreError, Write};
use crate::administrators::Role;
use crate::audit::{Actor, Entry};
use rusqlite::{OptionalExtension as _, params};
use serde::Serialize;

/// A session ends when it was not used for so long, in seconds.
pub const IDLE_SECS: i64 = 3600;
/// A session ends in any case after so long, in seconds.
pub const ABSOLUTE_SECS: i64 = 12 * 3600;
/// How long a full sign-in counts for what is dangerous, in seconds.
pub const FRESH_SECS: i64 = 600;
/// Use is written down at most so often, in seconds.
const TOUCH_SECS: i64 = 60;

/// A session in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Its id; not what the browser shows.
    pub id: SessionId,
    /// Where its administrator belongs.
    pub organisation: OrganisationId,
    /// Whose it is.
    pub administrator: AdministratorId,
    /// Their name.
    pub name: String,
    /// Their role now.
    pub role: Role,
    /// The last full sign-in in it, Unix seconds.
    pub confirmed: i64,
    last_used: i64,
}

impl Session {
    /// Whether the last full sign-in is recent enough for what is dangerous.
    #[must_use]
    pub const fn is_fresh(&self, now: i64) -> bool {
        now - self.confirmed < FRESH_SECS && self.confirmed <= now + TOUCH_SECS
    }
}

/// A session, as its administrator sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SessionShown {
    /// Its id.
    #[serde(rename = "session_id")]
    pub id: SessionId,
    /// When it began, Unix seconds.
    pub created: i64,
    /// When it was used last, to the minute, Unix seconds.
    pub last_used: i64,
    /// From where it began.
    pub address: String,
    /// What the browser called itself.
    pub browser: String,
}

/// A session to be written.
#[derive(Debug)]
pub struct NewSession {
    /// Its id.
    pub id: SessionId,
    /// SHA-256 of what the browser shows.
    pub secret_hash: [u8; 32],
    /// From where.
    pub address: String,
    /// What the browser calls itself.
    pub browser: String,
}

const IN_FORCE: &str = "created > ?2 AND last_used > ?3 AND created <= ?4 AND last_used <= ?4";

fn bounds(now: i64) -> (i64, i64, i64) {
    // A time in the future comes from a clock that was ahead; a session of that hour ends.
    (now - ABSOLUTE_SECS, now - IDLE_SECS, now + TOUCH_SECS)
}

impl Store {
    /// The session that a browser shows, with its administrator as they are now.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn session(&self, secret_hash: &[u8; 32], now: i64) -> Result<Option<Session>, StoreError> {
        let (created, used, ahead) = bounds(now);
        self.read(|read| {
            Ok(read
                .prepare_cached(&format!(
                    "SELECT s.id, s.organisation_id, s.administrator_id, a.name, a.role, s.confirmed, s.last_used
                     FROM (SELECT * FROM sessions WHERE secret_hash = ?1 AND {IN_FORCE}) s
                     JOIN administrators a ON a.organisation_id = s.organisation_id AND a.id = s.administrator_id
                     WHERE a.deleted IS NULL"
                ))?
                .query_row(params![secret_hash, created, used, ahead], |row| {
                    Ok(Session {
                        id: row.get(0)?,
                        organisation: row.get(1)?,
                        administrator: row.get(2)?,
                        name: row.get(3)?,
                        role: row.get(4)?,
                        confirmed: row.get(5)?,
                        last_used: row.get(6)?,
                    })
                })
                .optional()?)
        })
    }

    /// Writes down that a session was used, at most once a minute.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn touch_session(&self, session: &Session, now: i64) -> Result<(), StoreError> {
        if now - session.last_used < TOUCH_SECS {
            return Ok(());
        }
        let (organisation, id) = (session.organisation, session.id);
        self.write(move |write| {
            write
                .prepare_cached("UPDATE sessions SET last_used = ?3 WHERE organisation_id = ?1 AND id = ?2")?
                .execute(params![organisation, id, now])?;
            Ok(())
        })
        .await
    }

    /// An administrator's sessions in force, the last used first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn sessions(
        &self,
        organisation: OrganisationId,
        administrator: AdministratorId,
        now: i64,
    ) -> Result<Vec<SessionShown>, StoreError> {
        let (created, used, ahead) = bounds(now);
        self.read(|read| {
            let mut statement = read.prepare_cached(&format!(
                "SELECT id, created, last_used, address, browser FROM sessions
                 WHERE organisation_id = ?5 AND administrator_id = ?1 AND {IN_FORCE} ORDER BY last_used DESC, id"
            ))?;
            let rows =
                statement.query_map(params![administrator, created, used, ahead, organisation], |row| {
                    Ok(SessionShown {
                        id: row.get(0)?,
                        created: row.get(1)?,
                        last_used: row.get(2)?,
                        address: row.get(3)?,
                        browser: row.get(4)?,
                    })
                })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// Ends one session of an administrator.
    ///
    /// # Errors
    /// `not_found`: there is none of that id, or it is another's.
    pub async fn end_session(
        &self,
        organisation: OrganisationId,
        (administrator, id): (AdministratorId, SessionId),
        actor: Actor,
        now: i64,
    ) -> Result<(), StoreError> {
        self.write(move |write| {
            let changed = write
                .prepare_cached(
                    "DELETE FROM sessions WHERE organisation_id = ?1 AND administrator_id = ?2 AND id = ?3",
                )?
                .execute(params![organisation, administrator, id])?;
            if changed == 0 {
                return Err(StoreError::not_found("session", id));
            }
            write.audit(
                organisation,
                now,
                &Entry::new("session.end", actor, administrator).detail("session", id),
            )
        })
        .await
    }

    /// Ends every session of an administrator but one; says how many.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn end_other_sessions(
        &self,
        organisation: OrganisationId,
        (administrator, kept): (AdministratorId, SessionId),
        actor: Actor,
        now: i64,
    ) -> Result<usize, StoreError> {
        self.write(move |write| {
            let ended = end_all(write, organisation, administrator, Some(kept))?;
            let entry = Entry::new("session.end_others", actor, administrator).detail("ended", ended);
            write.audit(organisation, now, &entry)?;
            Ok(ended)
        })
        .await
    }
}

/// Ends an administrator's sessions, but for one.
pub(super) fn end_all(
    write: &Write<'_>,
    organisation: OrganisationId,
    administrator: AdministratorId,
    kept: Option<SessionId>,
) -> Result<usize, StoreError> {
    Ok(write
        .prepare_cached(
            "DELETE FROM sessions WHERE organisation_id = ?1 AND administrator_id = ?2 AND (?3 IS NULL OR id <> ?3)",
        )?
        .execute(params![organisation, administrator, kept])?)
}

impl Write<'_> {
    /// Begins a session, and takes away what is left of ended ones; the caller audits.
    pub(super) fn begin_session(
        &self,
        organisation: OrganisationId,
        administrator: AdministratorId,
        session: &NewSession,
        now: i64,
    ) -> Result<(), StoreError> {
        let (created, used, _) = bounds(now);
        self.prepare_cached(
            "DELETE FROM sessions WHERE organisation_id = ?1 AND (created <= ?2 OR last_used <= ?3)",
        )?
        .execute(params![organisation, created, used])?;
        self.prepare_cached(
            "INSERT INTO sessions (organisation_id, id, secret_hash, administrator_id, created, confirmed, last_used,
                address, browser) VALUES (?1, ?2, ?3, ?4, ?5, ?5, ?5, ?6, ?7)",
        )?
        .execute(params![
            organisation,
            session.id,
            session.secret_hash,
            administrator,
            now,
            session.address,
            session.browser
        ])?;
        Ok(())
    }
}
