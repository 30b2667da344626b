//! All ports in one hand.

use crate::ports::{
    AccountLookup, Clock, EventLog, Machine, Network, PasswordCheck, Policies, ProtectedFiles, Random, Seal,
    Session, StateRegistry, Transport,
};
use std::sync::Arc;

/// What Windows gives the agent. Cheap to clone; a worker thread takes a clone along.
#[derive(Clone)]
#[expect(missing_docs, reason = "each port documents itself")]
pub struct Services {
    pub transport: Arc<dyn Transport>,
    pub password: Arc<dyn PasswordCheck>,
    pub lookup: Arc<dyn AccountLookup>,
    pub machine: Arc<dyn Machine>,
    pub session: Arc<dyn Session>,
    pub network: Arc<dyn Network>,
    pub clock: Arc<dyn Clock>,
    pub random: Arc<dyn Random>,
    pub files: Arc<dyn ProtectedFiles>,
    pub seal: Arc<dyn Seal>,
    pub registry: Arc<dyn StateRegistry>,
    pub policies: Arc<dyn Policies>,
    pub events: Arc<dyn EventLog>,
}

impl core::fmt::Debug for Services {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Services")
    }
}
