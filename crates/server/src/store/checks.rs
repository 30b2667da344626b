//! Questions about who would get in, and how often they may be asked.

use super::{OrganisationId, Read, Store, StoreError, Write};
use crate::audit::Entry;
use crate::store::logon_facts::MachineFacts;
use decision::account::{Account, Name};
use decision::logon::{Asked, AskedUser, Machine};
use decision::policy::Methods;
use protocol::id::MachineId;
use rusqlite::{OptionalExtension as _, params};
use std::collections::BTreeSet;
use std::net::IpAddr;

/// How often a call may be made.
#[derive(Debug, Clone, Copy)]
pub struct Limit {
    /// Names the call in the store.
    pub call: &'static str,
    /// Length of the window in seconds.
    pub window_secs: i64,
    /// Most calls in a window.
    pub most: u32,
}

/// Too many calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooMany {
    /// Seconds until the window ends.
    pub wait_secs: i64,
}

impl Store {
    /// Counts a call of a machine. The first one too many in a window writes `alarm` instead of `row`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn count_call(
        &self,
        organisation: OrganisationId,
        (machine, limit): (MachineId, Limit),
        (row, alarm): (Option<Entry>, Entry),
        now: i64,
    ) -> Result<Result<(), TooMany>, StoreError> {
        self.write(move |write| {
            let (since, count) = count(write, organisation, machine, limit, now)?;
            if count <= limit.most {
                if let Some(row) = row {
                    write.audit(organisation, now, &row)?;
                }
                return Ok(Ok(()));
            }
            if count == limit.most.saturating_add(1) {
                write.audit(organisation, now, &alarm)?;
            }
            Ok(Err(TooMany { wait_secs: since.saturating_add(limit.window_secs).saturating_sub(now).max(1) }))
        })
        .await
    }
}

fn count(
    write: &Write<'_>,
    organisation: OrganisationId,
    machine: MachineId,
    limit: Limit,
    now: i64,
) -> Result<(i64, u32), StoreError> {
    let before: Option<(i64, u32)> = write
        .prepare_cached(
            "SELECT since, count FROM call_counts WHERE organisation_id = ?1 AND machine_id = ?2 AND call = ?3",
        )?
        .query_row(params![organisation, machine.0.0, limit.call], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let (since, count) = before
        .filter(|(since, _)| (0..limit.window_secs).contains(&now.saturating_sub(*since)))
        .map_or((now, 1), |(since, count)| (since, count.saturating_add(1)));
    write
        .prepare_cached(
            "INSERT INTO call_counts (organisation_id, machine_id, call, since, count) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (organisation_id, machine_id, call) DO UPDATE SET since = excluded.since, count = excluded.count",
        )?
        .execute(params![organisation, machine.0.0, limit.call, since, count])?;
    Ok((since, count))
}

impl Read<'_> {
    /// What is known for the question who would get in as an account.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn asked(
        &self,
        organisation: OrganisationId,
        machine: &MachineFacts,
        (account, source): (&Account, IpAddr),
    ) -> Result<Asked, StoreError> {
        Ok(Asked {
            service: machine.service,
            machine: if machine.state.is_approved() { Machine::Approved } else { Machine::Waiting },
            source: Some(source),
            users: self.asked_users(organisation, machine, &account.name)?,
        })
    }

    fn asked_users(
        &self,
        organisation: OrganisationId,
        machine: &MachineFacts,
        name: &Name,
    ) -> Result<Vec<AskedUser>, StoreError> {
        let mut has_totp = self.prepare_cached(
            "SELECT 1 FROM devices
             WHERE organisation_id = ?1 AND user_id = ?2 AND kind = 'totp' AND deleted IS NULL",
        )?;
        let mut users = Vec::new();
        let mut met = BTreeSet::new();
        for candidate in self.candidates(organisation, machine.service_id, name)? {
            if !met.insert(candidate.user) {
                continue;
            }
            let (accesses, _) = self.user_accesses(organisation, candidate.user, machine.service_id, name)?;
            let totp = has_totp.exists(params![organisation, candidate.user])?;
            let methods = Methods { push: false, totp };
            users.push(AskedUser { enabled: candidate.enabled, accesses, methods });
        }
        Ok(users)
    }
}
