//! What every request has at hand.

use crate::keys::ServerKeys;
use crate::logon::waiting::Waiting;
use crate::store::{OrganisationId, Store, StoreError};
use arc_swap::ArcSwap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::sync::watch;

/// The running server's state. Handlers get it as `State<Arc<App>>`.
#[derive(Debug)]
pub struct App {
    /// The store.
    pub store: Store,
    /// The organisation whose keys this server signs with.
    pub organisation: OrganisationId,
    /// Calls that wait for a logon's end.
    pub waiting: Waiting,
    keys: ArcSwap<ServerKeys>,
    public_url: String,
    installer: Option<PathBuf>,
    draining: watch::Sender<bool>,
}

impl App {
    /// Reads the keys from the store.
    ///
    /// # Errors
    /// [`StoreError`] where the keys are damaged.
    pub fn new(store: Store, organisation: OrganisationId) -> Result<Self, StoreError> {
        let keys = store.server_keys(organisation)?;
        let public_url = store.setting(organisation, crate::init::PUBLIC_URL)?.unwrap_or_default();
        let draining = watch::Sender::new(false);
        Ok(Self {
            store,
            organisation,
            waiting: Waiting::default(),
            keys: ArcSwap::from_pointee(keys),
            public_url,
            installer: None,
            draining,
        })
    }

    /// Offers an installer for agents.
    #[must_use]
    pub fn with_installer(self, installer: Option<PathBuf>) -> Self {
        Self { installer, ..self }
    }

    /// The installer that is offered.
    #[must_use]
    pub fn installer(&self) -> Option<&Path> {
        self.installer.as_deref()
    }

    /// Where people reach the server; fixed since `init`.
    #[must_use]
    pub fn public_url(&self) -> &str {
        &self.public_url
    }

    /// The server's keys as of the last second.
    #[must_use]
    pub fn keys(&self) -> Arc<ServerKeys> {
        self.keys.load_full()
    }

    /// Reads the keys again if there is a newer key list; says whether there was.
    ///
    /// # Errors
    /// [`StoreError`]; the former keys stay in use.
    pub fn refresh_keys(&self) -> Result<bool, StoreError> {
        let newest = self.store.read(|read| read.newest_key_list(self.organisation))?;
        let known = self.keys.load();
        if newest == Some((known.list.epoch, known.list.serial)) {
            return Ok(false);
        }
        self.keys.store(Arc::new(self.store.server_keys(self.organisation)?));
        Ok(true)
    }

    /// Becomes true when the server is about to stop: long polls then answer `pending` at once.
    #[must_use]
    pub fn draining(&self) -> watch::Receiver<bool> {
        self.draining.subscribe()
    }

    /// Tells everybody who waits that the server is about to stop.
    pub fn drain(&self) {
        self.draining.send_replace(true);
    }
}
