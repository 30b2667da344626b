//! Opening the database file: pragmas, migrations, canary.

use super::StoreError;
use crate::sealing::{Place, SealError, Sealer};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, OptionalExtension as _, TransactionBehavior, params};
use std::path::Path;
use std::time::Duration;

/// Each release's tables in order; forward-only, a shipped file is never edited.
pub(super) const MIGRATIONS: &[&str] = &[
    include_str!("sql/0001.sql"),
    include_str!("sql/0002.sql"),
    include_str!("sql/0003.sql"),
    include_str!("sql/0004.sql"),
    include_str!("sql/0005.sql"),
    include_str!("sql/0006.sql"),
];

const CANARY: &[u8] = b"trasa canary";
const CANARY_PLACE: Place<'_> = Place { column: "meta.value", row: b"canary", organisation: 0 };

/// How long to wait for another process's transaction.
pub(super) const BUSY: Duration = Duration::from_secs(10);

pub(super) fn create(path: &Path, sealer: &Sealer, now: i64) -> Result<(), StoreError> {
    // Made before SQLite would, for the permissions; its other files take them over.
    crate::folder::write_private(path, b"").map_err(|error| StoreError::Unavailable(error.to_string()))?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags)?;
    configure(&connection)?;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Exclusive)?;
    apply(&transaction, 0)?;
    transaction.execute(
        "INSERT INTO organisations (organisation_id, name, created) VALUES (1, 'default', ?1)",
        params![now],
    )?;
    transaction.execute(
        "INSERT INTO meta (name, value) VALUES ('canary', ?1)",
        params![sealer.seal(CANARY_PLACE, CANARY)?],
    )?;
    transaction.commit()?;
    Ok(())
}

pub(super) fn open_and_migrate(path: &Path, sealer: &Sealer) -> Result<Connection, StoreError> {
    let damaged = |error: rusqlite::Error| match error.sqlite_error_code() {
        Some(rusqlite::ErrorCode::DatabaseBusy | rusqlite::ErrorCode::DatabaseLocked) => {
            StoreError::from(error)
        }
        _ => StoreError::Damaged(path.to_owned(), error.to_string()),
    };
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags).map_err(damaged)?;
    configure(&connection).map_err(damaged)?;
    let found: i64 =
        connection.pragma_query_value(None, "user_version", |row| row.get(0)).map_err(damaged)?;
    let known = i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX);
    if found > known {
        return Err(StoreError::TooNew { found, known });
    }
    if found == 0 {
        return Err(StoreError::Damaged(path.to_owned(), "it holds no TRASA tables".to_owned()));
    }
    if found < known {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        // Another process may have been quicker while this one waited for the lock.
        let found: i64 = transaction.pragma_query_value(None, "user_version", |row| row.get(0))?;
        apply(&transaction, found)?;
        transaction.commit()?;
    }
    check_canary(&connection, sealer)?;
    Ok(connection)
}

fn apply(connection: &Connection, from: i64) -> Result<(), StoreError> {
    let from = usize::try_from(from).unwrap_or(usize::MAX);
    for migration in MIGRATIONS.iter().skip(from) {
        connection.execute_batch(migration)?;
    }
    connection.pragma_update(None, "user_version", i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX))?;
    Ok(())
}

fn check_canary(connection: &Connection, sealer: &Sealer) -> Result<(), StoreError> {
    let canary: Option<Vec<u8>> = connection
        .query_row("SELECT value FROM meta WHERE name = 'canary'", [], |row| row.get(0))
        .optional()?;
    match canary {
        Some(sealed) => match sealer.open(CANARY_PLACE, &sealed) {
            Ok(opened) if opened.as_slice() == CANARY => Ok(()),
            Ok(_) => Err(SealError::Damaged("meta.value".to_owned()).into()),
            Err(error) => Err(error.into()),
        },
        None => Err(SealError::Damaged("meta.value".to_owned()).into()),
    }
}

/// What every connection has in common.
pub(super) fn prepare(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(BUSY)?;
    // Plans depend on the statement alone; else SQLite prepares anew when a bound value changes.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(())
}

fn configure(connection: &Connection) -> rusqlite::Result<()> {
    prepare(connection)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", "ON")?;
    // Larger than the default 1000 pages: the server's checkpointer does the work outside the
    // writer; this is only the upper bound of the log.
    connection.pragma_update(None, "wal_autocheckpoint", 16_000)?;
    connection.pragma_update(None, "cache_size", -8_000)?;
    connection.set_prepared_statement_cache_capacity(256);
    Ok(())
}
