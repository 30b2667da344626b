//! Counters of wrong codes, and the steps of codes that are used up. Written by compare-and-set: what
//! a decision was made from must still be there.

use super::{DeviceId, OrganisationId, Read, StoreError, UserId, Write};
use decision::limits::{CountedAddress, Counter, CounterChange, CounterOf, Guesses, ServiceTotal};
use decision::logon::{Effects, StepChange};
use protocol::id::{MachineId, ServiceId};
use rusqlite::{OptionalExtension as _, params};

/// Whose counters and devices the effects are about.
#[derive(Debug, Clone, Copy)]
pub(super) struct Subject<'a> {
    pub user: Option<UserId>,
    pub from: Origin,
    pub service: ServiceId,
    pub devices: &'a [DeviceId],
}

/// Where a guess comes from: beside the user the key of a counter.
#[derive(Debug, Clone, Copy)]
pub(super) enum Origin {
    /// The machine that signed it.
    Machine(MachineId),
    /// The address that the server saw, where no machine is named (v1).
    Address(CountedAddress),
}

impl Read<'_> {
    /// The guesses of a user, and of the user from one origin.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(super) fn guesses(
        &self,
        organisation: OrganisationId,
        user: UserId,
        from: Origin,
    ) -> Result<Guesses, StoreError> {
        match from {
            Origin::Machine(machine) => self.guesses_at_machine(organisation, user, machine),
            Origin::Address(address) => self.guesses_from_address(organisation, user, address),
        }
    }

    fn guesses_at_machine(
        &self,
        organisation: OrganisationId,
        user: UserId,
        machine: MachineId,
    ) -> Result<Guesses, StoreError> {
        let mut statement = self.prepare_cached(
            "SELECT scope, failures, blocked_until, last_success FROM guess_counters
             WHERE organisation_id = ?1 AND user_id = ?2 AND scope IN ('user', 'user_machine') AND method = 'totp'
                AND machine_id IN (x'', ?3)",
        )?;
        let mut rows = statement.query(params![organisation, user, machine.0.0])?;
        let mut guesses = Guesses::default();
        while let Some(row) = rows.next()? {
            let counter = Counter { failures: row.get(1)?, next_allowed_at: row.get(2)? };
            if row.get_ref(0)?.as_str()? == "user" {
                guesses.user = counter;
            } else {
                guesses.here = counter;
                guesses.last_success_here = Some(row.get(3)?).filter(|time: &i64| *time > 0);
            }
        }
        Ok(guesses)
    }

    /// The user's counter at machines is none of these: guesses from addresses do not count in it.
    fn guesses_from_address(
        &self,
        organisation: OrganisationId,
        user: UserId,
        address: CountedAddress,
    ) -> Result<Guesses, StoreError> {
        let here = self
            .prepare_cached(
                "SELECT failures, blocked_until, last_success FROM address_guesses
                 WHERE organisation_id = ?1 AND user_id = ?2 AND method = 'totp' AND address = ?3",
            )?
            .query_row(params![organisation, user, address.as_bytes()], |row| {
                let counter = Counter { failures: row.get(0)?, next_allowed_at: row.get(1)? };
                Ok((counter, Some(row.get(2)?).filter(|time: &i64| *time > 0)))
            })
            .optional()?;
        let (here, last_success_here) = here.unwrap_or_default();
        let over_addresses = self
            .prepare_cached(
                "SELECT failures, blocked_until FROM guess_counters
                 WHERE organisation_id = ?1 AND user_id = ?2 AND scope = 'unknown' AND method = 'totp'
                    AND machine_id = x''",
            )?
            .query_row(params![organisation, user], |row| {
                Ok(Counter { failures: row.get(0)?, next_allowed_at: row.get(1)? })
            })
            .optional()?
            .unwrap_or_default();
        Ok(Guesses { user: Counter::default(), here, over_addresses, last_success_here })
    }
}

/// Writes the effects of a decision. `true`: so many wrong codes in the service that an alarm is due.
///
/// # Errors
/// [`StoreError::Unavailable`] where a compared value has changed; the whole job is undone then.
pub(super) fn apply(
    write: &Write<'_>,
    organisation: OrganisationId,
    subject: &Subject<'_>,
    effects: &Effects,
    now: i64,
) -> Result<bool, StoreError> {
    if let Some(user) = subject.user {
        for change in &effects.counters {
            count(write, organisation, (user, subject.from), change, effects.success_here, now)?;
        }
    }
    if let Some(step) = &effects.step {
        use_step(write, organisation, subject.devices, step, now)?;
    }
    if effects.wrong_code { total(write, organisation, subject.service, now) } else { Ok(false) }
}

fn changed_meanwhile(what: &str) -> StoreError {
    StoreError::Unavailable(format!("{what} changed while a logon was decided"))
}

fn count(
    write: &Write<'_>,
    organisation: OrganisationId,
    (user, from): (UserId, Origin),
    change: &CounterChange,
    success: bool,
    now: i64,
) -> Result<(), StoreError> {
    let (scope, machine): (_, &[u8]) = match (change.counter, &from) {
        (CounterOf::User, _) => ("user", &[]),
        // Of guesses where nobody vouches for a password, without a machine.
        (CounterOf::UserOverAddresses, _) => ("unknown", &[]),
        (CounterOf::UserAtMachine, Origin::Machine(machine)) => ("user_machine", &machine.0.0),
        (CounterOf::UserAtMachine, Origin::Address(address)) => {
            return count_from(write, organisation, (user, *address), change, success, now);
        }
    };
    let changed = write
        .prepare_cached(
            "INSERT INTO guess_counters (organisation_id, scope, method, user_id, machine_id, failures,
                blocked_until, last_failure, last_success)
             VALUES (?1, ?2, 'totp', ?3, ?4, ?5, ?6, CASE WHEN ?7 THEN 0 ELSE ?8 END, CASE WHEN ?7 THEN ?8 ELSE 0 END)
             ON CONFLICT (organisation_id, user_id, scope, method, machine_id) DO UPDATE SET
                failures = excluded.failures, blocked_until = excluded.blocked_until,
                last_failure = max(last_failure, excluded.last_failure),
                last_success = max(last_success, excluded.last_success)
             WHERE failures = ?9 AND blocked_until = ?10",
        )?
        .execute(params![
            organisation,
            scope,
            user,
            machine,
            change.write.failures,
            change.write.next_allowed_at,
            success,
            now,
            change.read.failures,
            change.read.next_allowed_at
        ])?;
    if changed == 1 { Ok(()) } else { Err(changed_meanwhile("a counter")) }
}

fn count_from(
    write: &Write<'_>,
    organisation: OrganisationId,
    (user, address): (UserId, CountedAddress),
    change: &CounterChange,
    success: bool,
    now: i64,
) -> Result<(), StoreError> {
    let changed = write
        .prepare_cached(
            "INSERT INTO address_guesses (organisation_id, user_id, method, address, failures, blocked_until,
                last_failure, last_success)
             VALUES (?1, ?2, 'totp', ?3, ?4, ?5, CASE WHEN ?6 THEN 0 ELSE ?7 END, CASE WHEN ?6 THEN ?7 ELSE 0 END)
             ON CONFLICT (organisation_id, user_id, method, address) DO UPDATE SET
                failures = excluded.failures, blocked_until = excluded.blocked_until,
                last_failure = max(last_failure, excluded.last_failure),
                last_success = max(last_success, excluded.last_success)
             WHERE failures = ?8 AND blocked_until = ?9",
        )?
        .execute(params![
            organisation,
            user,
            address.as_bytes(),
            change.write.failures,
            change.write.next_allowed_at,
            success,
            now,
            change.read.failures,
            change.read.next_allowed_at
        ])?;
    if changed == 1 { Ok(()) } else { Err(changed_meanwhile("a counter")) }
}

fn use_step(
    write: &Write<'_>,
    organisation: OrganisationId,
    devices: &[DeviceId],
    step: &StepChange,
    now: i64,
) -> Result<(), StoreError> {
    let device = devices.get(step.device).ok_or_else(|| changed_meanwhile("a device"))?;
    let stored = |step: u64| i64::try_from(step).unwrap_or(i64::MAX);
    let changed = write
        .prepare_cached(
            "UPDATE devices SET last_step = ?4, last_used = ?5
             WHERE organisation_id = ?1 AND id = ?2 AND last_step = ?3 AND deleted IS NULL",
        )?
        .execute(params![organisation, device, step.read.map_or(0, stored), stored(step.write), now])?;
    if changed == 1 { Ok(()) } else { Err(changed_meanwhile("a used step")) }
}

fn total(
    write: &Write<'_>,
    organisation: OrganisationId,
    service: ServiceId,
    now: i64,
) -> Result<bool, StoreError> {
    let before = write
        .prepare_cached(
            "SELECT since, failures FROM wrong_codes WHERE organisation_id = ?1 AND service_id = ?2",
        )?
        .query_row(params![organisation, service.0.0], |row| {
            Ok(ServiceTotal { since: row.get(0)?, failures: row.get(1)? })
        })
        .optional()?
        .unwrap_or_default();
    let (after, alarm) = before.count(now);
    write
        .prepare_cached(
            "INSERT INTO wrong_codes (organisation_id, service_id, since, failures) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (organisation_id, service_id) DO UPDATE SET since = excluded.since, failures = excluded.failures",
        )?
        .execute(params![organisation, service.0.0, after.since, after.failures])?;
    Ok(alarm)
}
