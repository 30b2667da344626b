//! What a copy of the store is taken by, and what is voided when one is put back.

use super::{OrganisationId, Read, Store, StoreError, Write, reader};
use rusqlite::params;
use std::path::Path;

/// What a restore voided, and what stands as it stood in the backup.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Voided {
    /// One-time code devices whose codes up to the next step are used up.
    pub devices: usize,
    /// Logons that waited and are refused.
    pub pending_logons: usize,
    /// Machines that are approved: some may have been revoked since.
    pub approved_machines: i64,
    /// Users that are enabled: some may have been disabled since.
    pub enabled_users: i64,
    /// Accesses that hold: some may have been revoked since.
    pub accesses: i64,
    /// Tokens that still admit: some may have been used up since.
    pub tokens: i64,
    /// Services that serve original agents (version 1): some may have been closed since.
    pub v1_services: i64,
}

impl Store {
    /// Writes a consistent copy of the database to a new file, beside readers and writers. Blocks.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn copy_to(&self, file: &Path) -> Result<(), StoreError> {
        let name = file.to_str().ok_or_else(|| {
            StoreError::refused(
                "file_name",
                format!("{} is not a name that SQLite can write to", file.display()),
            )
        })?;
        reader::open(self.path())?.execute("VACUUM INTO ?1", params![name])?;
        Ok(())
    }
}

impl Read<'_> {
    /// The first fault that SQLite finds in its own structure, or none.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn quick_check(&self) -> Result<Option<String>, StoreError> {
        let found: String = self.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
        Ok((found != "ok").then_some(found))
    }

    /// Number of the newest audit row; 0 where there is none.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn last_audit_row(&self, organisation: OrganisationId) -> Result<i64, StoreError> {
        Ok(self.query_row(
            "SELECT coalesce(max(number), 0) FROM audit WHERE organisation_id = ?1",
            params![organisation],
            |row| row.get(0),
        )?)
    }
}

impl Write<'_> {
    /// Uses up every one-time code up to the next step, and ends logons that wait: both may have been
    /// spent after the backup was made.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn void_after_restore(&self, organisation: OrganisationId, now: i64) -> Result<Voided, StoreError> {
        let next_step = now / 30 + 1;
        let devices = self.execute(
            "UPDATE devices SET last_step = max(last_step, ?2) WHERE organisation_id = ?1 AND kind = 'totp' AND deleted IS NULL",
            params![organisation, next_step],
        )?;
        let pending_logons = self.execute(
            "UPDATE logons SET result = 'deny', reason = 'expired', decided = ?2 WHERE organisation_id = ?1 AND result = 'pending'",
            params![organisation, now],
        )?;
        let count = |statement: &str| -> Result<i64, StoreError> {
            Ok(self.query_row(statement, params![organisation], |row| row.get(0))?)
        };
        Ok(Voided {
            devices,
            pending_logons,
            approved_machines: count(
                "SELECT count(*) FROM machines WHERE organisation_id = ?1 AND state = 'approved'",
            )?,
            enabled_users: count(
                "SELECT count(*) FROM users WHERE organisation_id = ?1 AND enabled = 1 AND deleted IS NULL",
            )?,
            accesses: count("SELECT count(*) FROM accesses WHERE organisation_id = ?1 AND deleted IS NULL")?,
            tokens: count("SELECT count(*) FROM tokens WHERE organisation_id = ?1 AND uses_left > 0")?,
            v1_services: count(
                "SELECT count(*) FROM v1_doors WHERE organisation_id = ?1 AND denied IS NULL",
            )?,
        })
    }
}
