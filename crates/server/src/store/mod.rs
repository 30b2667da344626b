//! The store: one facade with coarse operations over SQLite. No SQL exists outside this folder.
//!
//! # How to add an operation
//!
//! Put it into the file of its topic (`store/services.rs`, …) as an `async` method of [`Store`] that
//! takes and returns plain types, so that a second database can follow without touching callers:
//!
//! ```text
//! impl Store {
//!     pub async fn rename_service(&self, organisation: OrganisationId, id: ServiceId, name: String,
//!                                 actor: Actor, now: i64) -> Result<(), StoreError> {
//!         self.write(move |write| {
//!             let changed = write.prepare_cached("UPDATE services SET name = ?3 WHERE organisation_id = ?1 AND id = ?2")?
//!                 .execute(params![organisation, id.0.0, name])?;
//!             if changed == 0 { return Err(StoreError::not_found("service", id)); }
//!             write.audit(organisation, now, &Entry::new("service.rename", actor, id).detail("name", &name))?;
//!             Ok(())
//!         }).await
//!     }
//! }
//! ```
//!
//! - [`Store::write`]: the closure runs on the writer thread inside a transaction that it shares with
//!   other jobs. An `Err` undoes this job only. `Ok` is returned **after** the commit is durable. Keep
//!   it short (no network, no waiting), read what the decision needs in the same closure, and write
//!   the audit row there too, by [`Write::audit`].
//! - [`Store::read`]: short indexed look-ups, run at once on the calling thread (a few microseconds).
//! - [`Store::scan`]: long reads (lists, exports), run on a thread for blocking work.
//! - Time, ids and randomness are arguments. Statements go through `prepare_cached`.
//! - Sealed columns: `write.seal(place, secret)`, `write.open(place, sealed)`; the same on [`Read`].
//! - A new table or column is a new file `sql/000N.sql` and a line in `migration.rs`.

mod access_queries;
pub mod accesses;
pub mod administrator_links;
pub mod administrators;
pub mod api_tokens;
mod audit;
pub mod checks;
pub mod domains;
mod error;
pub mod groups;
mod guesses;
pub mod ids;
pub mod keys;
mod learned_domains;
pub mod logon_facts;
pub mod logon_list;
pub mod logons;
pub mod machine_states;
pub mod machines;
mod migration;
pub mod organisations;
pub mod policies;
mod reader;
pub mod repeated_requests;
pub mod reports;
pub mod restored;
pub mod services;
pub mod sessions;
pub mod sign_ins;
pub mod users;
pub mod v1_calls;
pub mod v1_doors;
pub mod v1_logons;
mod watch_end;
mod writer;

pub use error::StoreError;
pub use ids::{
    AccessId, AdministratorId, ApiTokenId, BypassId, DeviceId, GroupId, LinkId, OrganisationId, PolicyId,
    SessionId, UserId,
};
pub use reader::Read;
pub use writer::Write;

use crate::sealing::Sealer;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Name of the database in the data folder.
pub const DATABASE_FILE: &str = "trasa.db";

/// How a process uses the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    /// The server: several readers.
    Server,
    /// One command of the command line, possibly beside a running server.
    Command,
}

/// The open store. Clones share the same connections.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    path: PathBuf,
    sealer: Arc<Sealer>,
    readers: reader::Readers,
    writer: writer::Writer,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store").field("path", &self.inner.path).finish_non_exhaustive()
    }
}

impl Store {
    /// Opens the store in a data folder, brings it to the newest migration and compares the canary.
    ///
    /// # Errors
    /// [`StoreError`] with one sentence that says what to do.
    pub fn open(folder: &Path, sealer: Sealer, used: Use) -> Result<Self, StoreError> {
        let path = folder.join(DATABASE_FILE);
        if !path.exists() {
            return Err(StoreError::Missing(folder.to_owned()));
        }
        Self::open_at(path, sealer, used)
    }

    /// Makes a new, empty store in a data folder, with the default organisation.
    ///
    /// # Errors
    /// [`StoreError::Refused`] if there is one already.
    pub fn create(folder: &Path, sealer: Sealer, now: i64) -> Result<Self, StoreError> {
        let path = folder.join(DATABASE_FILE);
        if path.exists() {
            return Err(StoreError::refused(
                "already_initialised",
                format!("{} holds a store already", folder.display()),
            ));
        }
        migration::create(&path, &sealer, now)?;
        Self::open_at(path, sealer, Use::Command)
    }

    fn open_at(path: PathBuf, sealer: Sealer, used: Use) -> Result<Self, StoreError> {
        let sealer = Arc::new(sealer);
        let connection = migration::open_and_migrate(&path, &sealer)?;
        let writer = writer::Writer::start(connection, Arc::clone(&sealer))?;
        let count = match used {
            Use::Server => std::thread::available_parallelism().map_or(2, std::num::NonZero::get).clamp(2, 8),
            Use::Command => 1,
        };
        let readers = reader::Readers::open(&path, count)?;
        Ok(Self { inner: Arc::new(Inner { path, sealer, readers, writer }) })
    }

    /// Runs a job inside the next commit; answers when that commit is durable.
    ///
    /// # Errors
    /// What the job answered, or [`StoreError::Unavailable`] when the commit failed.
    pub async fn write<T, F>(&self, job: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Write<'_>) -> Result<T, StoreError> + Send + 'static,
    {
        self.inner.writer.run(job).await
    }

    /// Runs a short read at once, on this thread, in one consistent view.
    ///
    /// # Errors
    /// What the closure answered.
    pub fn read<T>(&self, query: impl FnOnce(&Read<'_>) -> Result<T, StoreError>) -> Result<T, StoreError> {
        self.inner.readers.with(&self.inner.sealer, query)
    }

    /// Runs a long read on a thread and a connection of its own.
    ///
    /// # Errors
    /// What the closure answered.
    pub async fn scan<T, F>(&self, query: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Read<'_>) -> Result<T, StoreError> + Send + 'static,
    {
        let inner = Arc::clone(&self.inner);
        tokio::task::spawn_blocking(move || {
            let connection = reader::open(&inner.path)?;
            reader::run(&connection, &inner.sealer, query)
        })
        .await
        .map_err(|_| StoreError::Unavailable("a read was cut off".to_owned()))?
    }

    /// Writes the database's log back into the database, beside readers and writers. Blocks; the
    /// running server calls it now and then, so that commits need not.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub fn checkpoint(&self) -> Result<(), StoreError> {
        writer::checkpoint(&self.inner.path)
    }

    /// Where the database file is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.inner.path
    }

    /// Changes when any other connection, of this process or another, has committed.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub fn data_version(&self) -> Result<i64, StoreError> {
        self.inner.readers.data_version()
    }
}
