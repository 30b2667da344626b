//! Signing in: attempts are counted before they are looked at, and a success is one commit.

use super::sessions::NewSession;
use super::{AdministratorId, OrganisationId, SessionId, Store, StoreError, Write};
use crate::administrators::secret::sha256;
use crate::audit::{Actor, Entry};
use decision::limits::{AT_HOME_SECS, Counter, Locked};
use rusqlite::{OptionalExtension as _, params};
use std::net::IpAddr;

/// Failures in a row of one administrator at which an alarm is raised, and at each doubling.
const ALARM_AT: u32 = 10;

/// What attempts are counted by. The same five free failures and the same growing delay as for codes
/// at the tile: by name, by address (IPv6 by its /64), and by both together. Whoever signed in from an
/// address within 30 days is only counted there by both, so that strangers elsewhere, and colleagues
/// behind the same address, lock nobody out.
#[derive(Debug, Clone, Copy)]
pub struct AttemptKeys {
    name: [u8; 32],
    address: [u8; 32],
    both: [u8; 32],
}

impl AttemptKeys {
    /// For what was typed and where it came from; a name that nobody has is counted alike.
    #[must_use]
    pub fn new(name: &str, address: IpAddr) -> Self {
        let network = match address.to_canonical() {
            IpAddr::V4(address) => address.octets().to_vec(),
            IpAddr::V6(address) => address.octets().get(..8).unwrap_or_default().to_vec(),
        };
        let name = sha256(crate::names::key(name).as_bytes());
        let address = sha256(&network);
        Self { name, address, both: sha256(&[name, address].concat()) }
    }
}

/// A sign-in that proved itself.
#[derive(Debug)]
pub struct Proven {
    /// Where the administrator belongs.
    pub organisation: OrganisationId,
    /// Who.
    pub administrator: AdministratorId,
    /// The step of the code that was used, and the last one before.
    pub step: (u64, u64),
    /// A new session, or the one in which somebody signed in again.
    pub session: SignedIn,
}

/// What a sign-in opens.
#[derive(Debug)]
pub enum SignedIn {
    /// A new session.
    New(NewSession),
    /// The same session, confirmed.
    Again(SessionId),
}

impl Store {
    /// Counts an attempt as failed before anything is compared.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn take_sign_in_attempt(
        &self,
        organisation: OrganisationId,
        keys: AttemptKeys,
        now: i64,
    ) -> Result<Result<(), Locked>, StoreError> {
        self.write(move |write| {
            let (both, success) = counter(write, organisation, ("name_address", &keys.both))?;
            let at_home = success > 0 && (0..=AT_HOME_SECS).contains(&now.saturating_sub(success));
            let mut counted = vec![("name_address", keys.both, both)];
            if !at_home {
                for (scope, key) in [("name", keys.name), ("address", keys.address)] {
                    counted.push((scope, key, counter(write, organisation, (scope, &key))?.0));
                }
            }
            let mut longest: Option<Locked> = None;
            let mut taken = Vec::new();
            for (scope, key, counter) in counted {
                match counter.take(now) {
                    Ok(next) => taken.push((scope, key, next)),
                    Err(locked) if longest.is_none_or(|longest| longest.wait_secs < locked.wait_secs) => {
                        longest = Some(locked);
                    }
                    Err(_) => {}
                }
            }
            if let Some(locked) = longest {
                return Ok(Err(locked));
            }
            for (scope, key, next) in taken {
                put(write, organisation, (scope, &key, next), now)?;
            }
            Ok(Ok(()))
        })
        .await
    }

    /// Writes down that an attempt failed; `administrator` where the name is one's. The typed name
    /// goes nowhere: people type passwords into that field.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn sign_in_failed(
        &self,
        counted_in: OrganisationId,
        (administrator, keys, address): (Option<(OrganisationId, AdministratorId)>, AttemptKeys, IpAddr),
        now: i64,
    ) -> Result<(), StoreError> {
        self.write(move |write| {
            let organisation = administrator.map_or(counted_in, |(organisation, _)| organisation);
            let subject = administrator.map_or_else(|| "unknown".to_owned(), |(_, id)| id.to_string());
            let entry = Entry::new("administrator.sign_in_failed", Actor::Server, &subject)
                .detail("address", address.to_string());
            write.audit(organisation, now, &entry)?;
            if administrator.is_none() {
                return Ok(());
            }
            // Somebody at home is counted by both only.
            let by_name = counter(write, counted_in, ("name", &keys.name))?.0.failures;
            let by_both = counter(write, counted_in, ("name_address", &keys.both))?.0.failures;
            let failures = by_name.max(by_both);
            if failures % ALARM_AT == 0 && (failures / ALARM_AT).is_power_of_two() {
                let alarm = Entry::alarm("sign_in_is_guessed", Actor::Server, subject)
                    .detail("failures", failures)
                    .detail("address", address.to_string());
                write.audit(organisation, now, &alarm)?;
            }
            Ok(())
        })
        .await
    }

    /// Uses the code up, sets the counters back and opens the session. `false`: the code was used
    /// meanwhile, or the administrator is gone.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn sign_in_succeeded(
        &self,
        counted_in: OrganisationId,
        (proven, keys, address): (Proven, AttemptKeys, IpAddr),
        now: i64,
    ) -> Result<bool, StoreError> {
        self.write(move |write| {
            let Proven { organisation, administrator, step: (step, before), session } = proven;
            let stored = |step: u64| i64::try_from(step).unwrap_or(i64::MAX);
            let changed = write
                .prepare_cached(
                    "UPDATE administrators SET totp_last_step = ?4, last_sign_in = ?5
                     WHERE organisation_id = ?1 AND id = ?2 AND totp_last_step = ?3 AND deleted IS NULL",
                )?
                .execute(params![organisation, administrator, stored(before), stored(step), now])?;
            if changed == 0 {
                return Ok(false);
            }
            clear(write, counted_in, keys, now)?;
            let kind = match &session {
                SignedIn::New(session) => {
                    write.begin_session(organisation, administrator, session, now)?;
                    "administrator.sign_in"
                }
                SignedIn::Again(id) => {
                    write
                        .prepare_cached(
                            "UPDATE sessions SET confirmed = ?4
                             WHERE organisation_id = ?1 AND administrator_id = ?2 AND id = ?3",
                        )?
                        .execute(params![organisation, administrator, id, now])?;
                    "administrator.sign_in_again"
                }
            };
            let entry = Entry::new(kind, Actor::Administrator(administrator), administrator)
                .detail("address", address.to_string());
            write.audit(organisation, now, &entry)?;
            Ok(true)
        })
        .await
    }

    /// Forgets counters of names and addresses that were quiet for 90 days.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn forget_old_sign_ins(
        &self,
        organisation: OrganisationId,
        now: i64,
    ) -> Result<(), StoreError> {
        self.write(move |write| {
            write
                .prepare_cached(
                    "DELETE FROM sign_in_counters
                     WHERE organisation_id = ?1 AND last_failure < ?2 AND last_success < ?2",
                )?
                .execute(params![organisation, now - 90 * 86_400])?;
            Ok(())
        })
        .await
    }
}

fn counter(
    write: &Write<'_>,
    organisation: OrganisationId,
    (scope, key): (&str, &[u8; 32]),
) -> Result<(Counter, i64), StoreError> {
    Ok(write
        .prepare_cached(
            "SELECT failures, next_allowed_at, last_success FROM sign_in_counters
             WHERE organisation_id = ?1 AND scope = ?2 AND key = ?3",
        )?
        .query_row(params![organisation, scope, key], |row| {
            Ok((Counter { failures: row.get(0)?, next_allowed_at: row.get(1)? }, row.get(2)?))
        })
        .optional()?
        .unwrap_or_default())
}

fn put(
    write: &Write<'_>,
    organisation: OrganisationId,
    (scope, key, counter): (&str, &[u8; 32], Counter),
    now: i64,
) -> Result<(), StoreError> {
    write
        .prepare_cached(
            "INSERT INTO sign_in_counters (organisation_id, scope, key, failures, next_allowed_at, last_failure,
                last_success) VALUES (?1, ?2, ?3, ?4, ?5, ?6, 0)
             ON CONFLICT (organisation_id, scope, key) DO UPDATE SET failures = excluded.failures,
                next_allowed_at = excluded.next_allowed_at, last_failure = excluded.last_failure",
        )?
        .execute(params![organisation, scope, key, counter.failures, counter.next_allowed_at, now])?;
    Ok(())
}

fn clear(
    write: &Write<'_>,
    organisation: OrganisationId,
    keys: AttemptKeys,
    now: i64,
) -> Result<(), StoreError> {
    for (scope, key) in [("name", keys.name), ("address", keys.address), ("name_address", keys.both)] {
        write
            .prepare_cached(
                "INSERT INTO sign_in_counters (organisation_id, scope, key, failures, next_allowed_at, last_failure,
                    last_success) VALUES (?1, ?2, ?3, 0, 0, 0, ?4)
                 ON CONFLICT (organisation_id, scope, key) DO UPDATE SET failures = 0, next_allowed_at = 0,
                    last_success = excluded.last_success",
            )?
            .execute(params![organisation, scope, key, now])?;
    }
    Ok(())
}
