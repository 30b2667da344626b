//! Writing: one thread takes jobs from a channel, runs all that wait in one transaction (a savepoint
//! each, so that one job's error undoes nothing of the others), commits once and then answers.

use super::StoreError;
use crate::sealing::{Place, SealError, Sealer};
use rusqlite::{Connection, OpenFlags};
use std::ops::Deref;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::{Arc, mpsc};
use tokio::sync::oneshot;
use zeroize::Zeroizing;

/// Most jobs in one commit.
const BATCH: usize = 512;

/// A write in progress: dereferences to the connection, seals and opens values.
pub struct Write<'a> {
    pub(super) connection: &'a Connection,
    pub(super) sealer: &'a Sealer,
}

impl std::fmt::Debug for Write<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Write")
    }
}

impl Deref for Write<'_> {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        self.connection
    }
}

impl Write<'_> {
    /// Seals a value for a column.
    ///
    /// # Errors
    /// [`SealError`].
    pub fn seal(&self, place: Place<'_>, secret: &[u8]) -> Result<Vec<u8>, SealError> {
        self.sealer.seal(place, secret)
    }

    /// Opens a sealed column.
    ///
    /// # Errors
    /// [`SealError`].
    pub fn open(&self, place: Place<'_>, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealError> {
        self.sealer.open(place, sealed)
    }
}

/// Tells a job's caller how it went; `Err` is why the commit failed.
type Answer = Box<dyn FnOnce(Result<(), &str>) + Send>;
/// Runs a job; says whether its savepoint is to be kept.
type Job = Box<dyn FnOnce(&Write<'_>) -> (bool, Answer) + Send>;

pub(super) struct Writer {
    jobs: Option<mpsc::Sender<Job>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Writer {
    pub(super) fn start(connection: Connection, sealer: Arc<Sealer>) -> Result<Self, StoreError> {
        let (jobs, waiting) = mpsc::channel();
        let thread = std::thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || work(&connection, &sealer, &waiting))
            .map_err(|error| StoreError::Unavailable(format!("the writer thread did not start: {error}")))?;
        Ok(Self { jobs: Some(jobs), thread: Some(thread) })
    }

    pub(super) async fn run<T, F>(&self, job: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Write<'_>) -> Result<T, StoreError> + Send + 'static,
    {
        let (sender, receiver) = oneshot::channel();
        let job: Job = Box::new(move |write| {
            // A panic of one job must not end the writer for all.
            let result = catch_unwind(AssertUnwindSafe(|| job(write))).unwrap_or_else(|_| {
                Err(StoreError::Unavailable("a store operation failed unexpectedly".to_owned()))
            });
            let keep = result.is_ok();
            let answer: Answer = Box::new(move |committed| {
                let result = match (result, committed) {
                    (Ok(_), Err(reason)) => Err(StoreError::Unavailable(reason.to_owned())),
                    (result, _) => result,
                };
                // The caller may have gone; what was committed stays.
                let _ = sender.send(result);
            });
            (keep, answer)
        });
        let gone = || StoreError::Unavailable("the writer did not take the job".to_owned());
        self.jobs.as_ref().ok_or_else(gone)?.send(job).map_err(|_| gone())?;
        receiver.await.map_err(|_| gone())?
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        // Closing the channel ends the thread after the jobs that were already handed in.
        drop(self.jobs.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn work(connection: &Connection, sealer: &Sealer, waiting: &mpsc::Receiver<Job>) {
    let write = Write { connection, sealer };
    while let Ok(first) = waiting.recv() {
        let batch = std::iter::once(first).chain(waiting.try_iter().take(BATCH - 1));
        run_batch(&write, batch);
    }
}

fn run_batch(write: &Write<'_>, batch: impl Iterator<Item = Job>) {
    let mut answers = Vec::new();
    let outcome = execute(write, "BEGIN IMMEDIATE").and_then(|()| {
        let mut kept = false;
        for job in batch {
            execute(write, "SAVEPOINT job")?;
            let (keep, answer) = job(write);
            answers.push(answer);
            if write.is_autocommit() {
                // SQLite itself rolled everything back, such as on a full disk.
                return Err(rusqlite::Error::SqliteFailure(
                    rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_ABORT),
                    Some("the transaction was rolled back".to_owned()),
                ));
            }
            if keep {
                kept = true;
            } else {
                execute(write, "ROLLBACK TO job")?;
            }
            execute(write, "RELEASE job")?;
        }
        execute(write, if kept { "COMMIT" } else { "ROLLBACK" })
    });
    let outcome = outcome.map_err(|error| {
        tracing::error!(error = %error, "A commit failed");
        if !write.is_autocommit() {
            let _ = execute(write, "ROLLBACK");
        }
        error.to_string()
    });
    for answer in answers {
        answer(outcome.as_ref().copied().map_err(String::as_str));
    }
}

/// Log size from which it is worth the effort, in bytes.
const LOG_BYTES: u64 = 4 << 20;

pub(super) fn checkpoint(path: &Path) -> Result<(), StoreError> {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    if std::fs::metadata(log).map_or(0, |metadata| metadata.len()) < LOG_BYTES {
        return Ok(());
    }
    let connection = Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()))?;
    Ok(())
}

fn execute(write: &Write<'_>, statement: &str) -> rusqlite::Result<()> {
    write.prepare_cached(statement)?.execute([]).map(drop)
}
