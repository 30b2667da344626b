//! Organisations and their settings.

use super::{OrganisationId, Store, StoreError, Write};
use rusqlite::{OptionalExtension as _, params};

impl Store {
    /// A setting's value.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn setting(&self, organisation: OrganisationId, name: &str) -> Result<Option<String>, StoreError> {
        self.read(|read| {
            Ok(read
                .prepare_cached("SELECT value FROM settings WHERE organisation_id = ?1 AND name = ?2")?
                .query_row(params![organisation, name], |row| row.get(0))
                .optional()?)
        })
    }

    /// Every organisation.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn organisations(&self) -> Result<Vec<OrganisationId>, StoreError> {
        self.read(|read| {
            let mut statement =
                read.prepare_cached("SELECT organisation_id FROM organisations ORDER BY organisation_id")?;
            let rows = statement.query_map([], |row| row.get(0))?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }
}

impl Write<'_> {
    /// Sets a setting.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn set_setting(
        &self,
        organisation: OrganisationId,
        name: &str,
        value: &str,
    ) -> Result<(), StoreError> {
        self.prepare_cached(
            "INSERT INTO settings (organisation_id, name, value) VALUES (?1, ?2, ?3)
             ON CONFLICT (organisation_id, name) DO UPDATE SET value = excluded.value",
        )?
        .execute(params![organisation, name, value])?;
        Ok(())
    }
}
