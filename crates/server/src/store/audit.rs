//! Rows and segments of the audit.

use super::{OrganisationId, Read, Store, StoreError, Write};
use crate::audit::chain::{GENESIS, Segment};
use crate::audit::{ALARM, Entry, Row};
use protocol::encoding::Bytes;
use rusqlite::{OptionalExtension as _, params};

const ROW: &str = "number, time, kind, actor, subject, details";
const SEGMENT: &str =
    "number, first_row, last_row, row_count, closed, previous_head, head, key_id, signature";

impl Write<'_> {
    /// Appends a row. Call it in the job of the change that it tells about.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn audit(&self, organisation: OrganisationId, now: i64, entry: &Entry) -> Result<(), StoreError> {
        self.prepare_cached(
            "INSERT INTO audit (organisation_id, time, kind, actor, subject, details) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(params![
            organisation,
            now,
            entry.kind,
            entry.actor.to_string(),
            entry.subject,
            serde_json::to_string(&entry.details)?
        ])?;
        Ok(())
    }
}

impl Read<'_> {
    /// Rows of an organisation with `after < number <= until`, oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn audit_rows(
        &self,
        organisation: OrganisationId,
        after: i64,
        until: i64,
        most: usize,
    ) -> Result<Vec<Row>, StoreError> {
        let mut statement = self.prepare_cached(&format!(
            "SELECT {ROW} FROM audit WHERE organisation_id = ?1 AND number > ?2 AND number <= ?3 ORDER BY number LIMIT ?4"
        ))?;
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        let rows = statement.query_map(params![organisation, after, until, most], row)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The newest rows of an organisation, newest first; of one kind where it is given.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn newest_audit_rows(
        &self,
        organisation: OrganisationId,
        kind: Option<&str>,
        most: usize,
    ) -> Result<Vec<Row>, StoreError> {
        let mut statement = self.prepare_cached(&format!(
            "SELECT {ROW} FROM audit WHERE organisation_id = ?1 AND (?2 IS NULL OR kind = ?2)
             ORDER BY number DESC LIMIT ?3"
        ))?;
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        let rows = statement.query_map(params![organisation, kind, most], row)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Rows before a number, newest first; of one kind where it is given.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn audit_rows_before(
        &self,
        organisation: OrganisationId,
        (before, kind): (Option<i64>, Option<&str>),
        most: u32,
    ) -> Result<Vec<Row>, StoreError> {
        let mut statement = self.prepare_cached(&format!(
            "SELECT {ROW} FROM audit WHERE organisation_id = ?1 AND number < ?2 AND (?3 IS NULL OR kind = ?3)
             ORDER BY number DESC LIMIT ?4"
        ))?;
        let rows = statement.query_map(params![organisation, before.unwrap_or(i64::MAX), kind, most], row)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Alarms since a time, newest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn alarms_since(&self, organisation: OrganisationId, since: i64) -> Result<Vec<Row>, StoreError> {
        let mut statement = self.prepare_cached(&format!(
            "SELECT {ROW} FROM audit WHERE organisation_id = ?1 AND kind = '{ALARM}' AND time >= ?2
             ORDER BY time DESC, number DESC LIMIT 1000"
        ))?;
        let rows = statement.query_map(params![organisation, since], row)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The segment closed last.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn last_segment(&self, organisation: OrganisationId) -> Result<Option<Segment>, StoreError> {
        Ok(self
            .prepare_cached(&format!(
                "SELECT {SEGMENT} FROM audit_segments WHERE organisation_id = ?1 ORDER BY number DESC LIMIT 1"
            ))?
            .query_row(params![organisation], segment)
            .optional()?)
    }

    /// Segments after a number, oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn segments(
        &self,
        organisation: OrganisationId,
        after: i64,
        most: i64,
    ) -> Result<Vec<Segment>, StoreError> {
        let mut statement = self.prepare_cached(&format!(
            "SELECT {SEGMENT} FROM audit_segments WHERE organisation_id = ?1 AND number > ?2 ORDER BY number LIMIT ?3"
        ))?;
        let rows = statement.query_map(params![organisation, after, most], segment)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Ranges of row numbers that were given out, over all organisations, and are not there.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn missing_audit_rows(&self) -> Result<Vec<(i64, i64)>, StoreError> {
        let given: i64 = self
            .query_row("SELECT seq FROM sqlite_sequence WHERE name = 'audit'", [], |row| row.get(0))
            .optional()?
            .unwrap_or(0);
        let mut missing = Vec::new();
        let mut expected = 1;
        let mut statement = self.prepare("SELECT number FROM audit ORDER BY number")?;
        let mut rows = statement.query([])?;
        while let Some(found) = rows.next()? {
            let number: i64 = found.get(0)?;
            if number > expected {
                missing.push((expected, number - 1));
            }
            expected = number + 1;
        }
        if given >= expected {
            missing.push((expected, given));
        }
        Ok(missing)
    }
}

impl Store {
    /// Adds a closed segment, if it is the next one and nobody else closed it meanwhile.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn add_segment(&self, organisation: OrganisationId, new: Segment) -> Result<bool, StoreError> {
        self.write(move |write| {
            let last: Option<(i64, [u8; 32])> = write
                .prepare_cached(
                    "SELECT number, head FROM audit_segments WHERE organisation_id = ?1 ORDER BY number DESC LIMIT 1",
                )?
                .query_row(params![organisation], |row| Ok((row.get(0)?, row.get(1)?)))
                .optional()?;
            let (number, head) = last.unwrap_or((0, GENESIS.0));
            if new.number != number + 1 || new.previous_head.0 != head {
                return Ok(false);
            }
            write
                .prepare_cached(&format!(
                    "INSERT INTO audit_segments (organisation_id, {SEGMENT}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)"
                ))?
                .execute(params![
                    organisation,
                    new.number,
                    new.first_row,
                    new.last_row,
                    new.row_count,
                    new.closed,
                    new.previous_head.0,
                    new.head.0,
                    new.key_id.0,
                    new.signature
                ])?;
            Ok(true)
        })
        .await
    }
}

fn row(row: &rusqlite::Row<'_>) -> rusqlite::Result<Row> {
    Ok(Row {
        number: row.get(0)?,
        time: row.get(1)?,
        kind: row.get(2)?,
        actor: row.get(3)?,
        subject: row.get(4)?,
        details: row.get(5)?,
    })
}

fn segment(row: &rusqlite::Row<'_>) -> rusqlite::Result<Segment> {
    Ok(Segment {
        number: row.get(0)?,
        first_row: row.get(1)?,
        last_row: row.get(2)?,
        row_count: row.get(3)?,
        closed: row.get(4)?,
        previous_head: Bytes(row.get(5)?),
        head: Bytes(row.get(6)?),
        key_id: Bytes(row.get(7)?),
        signature: row.get(8)?,
    })
}
