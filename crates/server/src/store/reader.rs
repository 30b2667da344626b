//! Reading: a few read-only connections, used at once on the calling thread. In WAL mode a reader
//! waits for nobody, and a hop to another thread would cost more than a short look-up does.

use super::{StoreError, migration};
use crate::sealing::{Place, SealError, Sealer};
use rusqlite::{Connection, OpenFlags};
use std::ops::Deref;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError, TryLockError};
use zeroize::Zeroizing;

/// A read in progress: dereferences to the connection, opens sealed values.
pub struct Read<'a> {
    connection: &'a Connection,
    sealer: &'a Sealer,
}

impl std::fmt::Debug for Read<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Read")
    }
}

impl Deref for Read<'_> {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        self.connection
    }
}

impl<'a> Read<'a> {
    /// The same look-ups inside a job of the writer.
    pub(super) const fn of(write: &'a super::Write<'_>) -> Self {
        Self { connection: write.connection, sealer: write.sealer }
    }

    /// Opens a sealed column.
    ///
    /// # Errors
    /// [`SealError`].
    pub fn open(&self, place: Place<'_>, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealError> {
        self.sealer.open(place, sealed)
    }
}

pub(super) struct Readers {
    connections: Vec<Mutex<Connection>>,
    next: AtomicUsize,
    /// Its own connection: `data_version` only tells about others than the asking one, since it last asked.
    watch: Mutex<Connection>,
}

impl Readers {
    pub(super) fn open(path: &Path, count: usize) -> Result<Self, StoreError> {
        let connections = (0..count).map(|_| open(path).map(Mutex::new)).collect::<Result<_, _>>()?;
        Ok(Self { connections, next: AtomicUsize::new(0), watch: Mutex::new(open(path)?) })
    }

    pub(super) fn with<T>(
        &self,
        sealer: &Sealer,
        query: impl FnOnce(&Read<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let start = self.next.fetch_add(1, Ordering::Relaxed) % self.connections.len().max(1);
        let (after, before) = (self.connections.iter().skip(start), self.connections.iter().take(start));
        for slot in after.chain(before) {
            match slot.try_lock() {
                Ok(connection) => return run(&connection, sealer, query),
                Err(TryLockError::Poisoned(poisoned)) => return run(&poisoned.into_inner(), sealer, query),
                Err(TryLockError::WouldBlock) => {}
            }
        }
        let slot =
            self.connections.get(start).ok_or_else(|| StoreError::Unavailable("no readers".to_owned()))?;
        run(&slot.lock().unwrap_or_else(PoisonError::into_inner), sealer, query)
    }

    pub(super) fn data_version(&self) -> Result<i64, StoreError> {
        let watch = self.watch.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(watch.pragma_query_value(None, "data_version", |row| row.get(0))?)
    }
}

pub(super) fn open(path: &Path) -> Result<Connection, StoreError> {
    let connection = Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    migration::prepare(&connection)?;
    connection.pragma_update(None, "cache_size", -2_000)?;
    connection.set_prepared_statement_cache_capacity(128);
    Ok(connection)
}

pub(super) fn run<T>(
    connection: &Connection,
    sealer: &Sealer,
    query: impl FnOnce(&Read<'_>) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    // A transaction, so that several statements see one state. It rolls back when dropped.
    let transaction = connection.unchecked_transaction()?;
    query(&Read { connection: &transaction, sealer })
}
