//! The machine: clock, files, registry, event log, network.

use super::{FakeServer, FakeWindows};
use crate::ports::{
    Armed, BootId, Clock, Event, EventLog, Network, Policies, PolicyName, ProtectedFile, ProtectedFiles,
    Random, RandomFailed, Seal, SealFailed, StateRegistry, StateValue, Stored, WriteFailed,
};
use crate::services::Services;
use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use zeroize::Zeroizing;

/// A clock that moves when somebody sleeps.
pub struct FakeClock {
    pub millis: AtomicU64,
    pub unix: Mutex<i64>,
    pub boot: Mutex<String>,
}

impl FakeClock {
    /// Windows starts anew.
    pub fn restart(&self, boot: &str) {
        *self.boot.lock().unwrap() = boot.to_owned();
    }

    pub fn advance(&self, time: Duration) {
        let millis = u64::try_from(time.as_millis()).unwrap();
        self.millis.fetch_add(millis, Ordering::SeqCst);
        *self.unix.lock().unwrap() += i64::try_from(time.as_secs()).unwrap();
    }
}

impl Clock for FakeClock {
    fn unix_seconds(&self) -> i64 {
        *self.unix.lock().unwrap()
    }
    fn ticks(&self) -> Duration {
        Duration::from_millis(self.millis.load(Ordering::SeqCst))
    }
    fn boot_id(&self) -> BootId {
        BootId(self.boot.lock().unwrap().clone())
    }
    fn sleep(&self, time: Duration) {
        self.advance(time);
    }
}

/// Files with an ACL that can be too open.
#[derive(Default)]
pub struct FakeFiles {
    pub files: Mutex<BTreeMap<ProtectedFile, Vec<u8>>>,
    pub loose: Mutex<BTreeSet<ProtectedFile>>,
    pub fail_writes: AtomicBool,
}

impl FakeFiles {
    fn check(&self) -> Result<(), WriteFailed> {
        if self.fail_writes.load(Ordering::SeqCst) { Err(WriteFailed { code: 112 }) } else { Ok(()) }
    }
    pub fn text(&self, file: ProtectedFile) -> String {
        String::from_utf8(self.files.lock().unwrap().get(&file).cloned().unwrap_or_default()).unwrap()
    }
}

impl ProtectedFiles for FakeFiles {
    fn read(&self, file: ProtectedFile) -> Stored {
        if self.loose.lock().unwrap().contains(&file) {
            return Stored::Loose;
        }
        self.files.lock().unwrap().get(&file).map_or(Stored::Missing, |bytes| Stored::Bytes(bytes.clone()))
    }
    fn write(&self, file: ProtectedFile, bytes: &[u8]) -> Result<(), WriteFailed> {
        self.check()?;
        self.loose.lock().unwrap().remove(&file);
        self.files.lock().unwrap().insert(file, bytes.to_vec());
        Ok(())
    }
    fn append(&self, file: ProtectedFile, line: &str) -> Result<(), WriteFailed> {
        self.check()?;
        let mut files = self.files.lock().unwrap();
        let bytes = files.entry(file).or_default();
        bytes.extend_from_slice(line.as_bytes());
        bytes.push(b'\n');
        Ok(())
    }
    fn remove(&self, file: ProtectedFile) -> Result<(), WriteFailed> {
        self.check()?;
        self.files.lock().unwrap().remove(&file);
        Ok(())
    }
}

/// The registry.
#[derive(Default)]
pub struct FakeRegistry {
    pub armed: AtomicBool,
    pub values: Mutex<BTreeMap<StateValue, Vec<u8>>>,
    pub loose: Mutex<BTreeSet<StateValue>>,
    pub policies: Mutex<BTreeMap<PolicyName, String>>,
}

impl StateRegistry for FakeRegistry {
    fn armed(&self) -> Armed {
        if self.armed.load(Ordering::SeqCst) { Armed::Yes } else { Armed::No }
    }
    fn set_armed(&self, armed: bool) -> Result<(), WriteFailed> {
        self.armed.store(armed, Ordering::SeqCst);
        Ok(())
    }
    fn read(&self, value: StateValue) -> Stored {
        if self.loose.lock().unwrap().contains(&value) {
            return Stored::Loose;
        }
        self.values.lock().unwrap().get(&value).map_or(Stored::Missing, |bytes| Stored::Bytes(bytes.clone()))
    }
    fn write(&self, value: StateValue, bytes: &[u8]) -> Result<(), WriteFailed> {
        self.loose.lock().unwrap().remove(&value);
        self.values.lock().unwrap().insert(value, bytes.to_vec());
        Ok(())
    }
    fn remove(&self, value: StateValue) -> Result<(), WriteFailed> {
        self.values.lock().unwrap().remove(&value);
        Ok(())
    }
}

impl Policies for FakeRegistry {
    fn policy(&self, name: PolicyName) -> Option<String> {
        self.policies.lock().unwrap().get(&name).cloned()
    }
}

struct FakeSeal;

impl Seal for FakeSeal {
    fn seal(&self, clear: &[u8]) -> Result<Vec<u8>, SealFailed> {
        Ok(clear.iter().map(|b| b ^ 0xa5).collect())
    }
    fn open(&self, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealFailed> {
        Ok(Zeroizing::new(sealed.iter().map(|b| b ^ 0xa5).collect()))
    }
}

#[derive(Default)]
pub struct FakeEvents(pub Mutex<Vec<Event>>);

impl EventLog for FakeEvents {
    fn write(&self, event: &Event) {
        self.0.lock().unwrap().push(event.clone());
    }
}

struct FakeNetwork(Arc<AtomicBool>);

impl Network for FakeNetwork {
    fn is_up(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}

struct FakeRandom(AtomicU64);

impl Random for FakeRandom {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), RandomFailed> {
        use sha2::Digest as _;
        for chunk in bytes.chunks_mut(32) {
            let number = self.0.fetch_add(1, Ordering::SeqCst);
            let block = sha2::Sha256::digest(number.to_le_bytes());
            chunk.copy_from_slice(&block[..chunk.len()]);
        }
        Ok(())
    }
}

/// A machine with everything around it. Its parts can be changed while it runs.
pub struct World {
    pub clock: Arc<FakeClock>,
    pub files: Arc<FakeFiles>,
    pub registry: Arc<FakeRegistry>,
    pub events: Arc<FakeEvents>,
    pub network: Arc<AtomicBool>,
    pub windows: Arc<FakeWindows>,
    pub server: Arc<FakeServer>,
    pub services: Services,
}

impl World {
    /// A workgroup machine `HOST`, with a network and a server that allows.
    #[must_use]
    pub fn new() -> Self {
        Self::with(FakeWindows::workgroup())
    }

    #[must_use]
    pub fn with(windows: FakeWindows) -> Self {
        let clock = Arc::new(FakeClock {
            millis: AtomicU64::new(1_000_000),
            unix: Mutex::new(1_790_000_000),
            boot: Mutex::new("first".to_owned()),
        });
        let files = Arc::new(FakeFiles::default());
        let registry = Arc::new(FakeRegistry::default());
        let events = Arc::new(FakeEvents::default());
        let network = Arc::new(AtomicBool::new(true));
        let windows = Arc::new(windows);
        let server = Arc::new(FakeServer::new(clock.clone()));
        let services = Services {
            transport: server.clone(),
            password: windows.clone(),
            lookup: windows.clone(),
            machine: windows.clone(),
            session: windows.clone(),
            network: Arc::new(FakeNetwork(network.clone())),
            clock: clock.clone(),
            random: Arc::new(FakeRandom(AtomicU64::new(1))),
            files: files.clone(),
            seal: Arc::new(FakeSeal),
            registry: registry.clone(),
            policies: registry.clone(),
            events: events.clone(),
        };
        Self { clock, files, registry, events, network, windows, server, services }
    }

    /// Admits the machine at the fake server, saves, and arms; `offline` are the offline users.
    pub fn arm(&self, offline: &[&str], skip_tls_verification: bool) {
        self.configure(offline, skip_tls_verification).expect("admission");
        crate::config::arm(&self.services).expect("arms");
    }

    /// Admits the machine at the fake server and saves.
    ///
    /// # Errors
    /// Why it was not admitted.
    pub fn configure(
        &self,
        offline: &[&str],
        skip_tls_verification: bool,
    ) -> Result<(), crate::exchange::AdmissionFailed> {
        let secret = self.server.service_key();
        let servers = crate::ports::Address::parse_list("one.example.com,two.example.com").unwrap();
        let input = crate::exchange::AdmissionInput {
            service: self.server.service,
            secret: &secret,
            servers: &servers,
            skip_tls_verification,
            origin: protocol::v2::AdmissionOrigin::Person,
            versions: crate::worker::versions("10.0.19045"),
        };
        let admission = crate::exchange::admit(&self.services, &input, &crate::ports::Never)?;
        let configuration = admission.into_configuration(&self.services, Vec::new(), Vec::new())?;
        self.save(&configuration, offline);
        Ok(())
    }

    pub(super) fn save(&self, configuration: &crate::config::Configuration, offline: &[&str]) {
        let machine = self.services.machine.facts();
        let users = offline
            .iter()
            .map(|typed| {
                crate::account::resolve_listed(typed, &machine, &*self.services.lookup).expect("resolves")
            })
            .collect();
        let list = crate::config::OfflineList { serial: 0, users };
        crate::config::save(&self.services, configuration, &list).expect("saves");
    }

    /// Every text that was written to the event log.
    #[must_use]
    pub fn log(&self) -> Vec<String> {
        self.events.0.lock().unwrap().iter().map(|event| event.text().to_owned()).collect()
    }
}

impl Default for World {
    fn default() -> Self {
        Self::new()
    }
}
