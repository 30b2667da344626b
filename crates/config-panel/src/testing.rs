//! A computer in memory: the agent's fakes, and those of the panel's own ports.
#![allow(clippy::unwrap_used)]

use crate::arguments::{self, Parsed};
use crate::command;
use crate::console::Console;
use crate::panel::Panel;
use crate::ports::{
    Diagnostics, Elevation, LocalAccount, LocalAccounts, LocalMachine, NamedFile, ProgramFiles, Tasks, Typing,
};
use crate::secret;
use agent::ports::{LookupError, ResolvedAccount, WriteFailed};
use agent::testing::{FakeServer, Reply, World};
use protocol::error_code::ErrorCode;
use protocol::reason::Reason;
use protocol::v2::{
    Answer, CheckAnswer, CheckPurpose, CheckRequest, CheckedAccount, ErrorBody, LogonRequest, Method, Params,
    ReportAnswer, SafeModeBoot, path,
};
use std::cell::{Cell, RefCell};
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use zeroize::Zeroizing;

#[derive(Clone)]
enum Value {
    Text(String),
    Number(u32),
}

#[derive(Default)]
struct Registry {
    values: RefCell<BTreeMap<(String, String), Value>>,
    /// After this many writes one fails.
    fails_in: Cell<Option<usize>>,
}

impl Registry {
    fn value(&self, key: &str, value: &str) -> Option<Value> {
        self.values.borrow().get(&(key.to_lowercase(), value.to_lowercase())).cloned()
    }
    fn set(&self, key: &str, name: &str, value: Value) {
        self.values.borrow_mut().insert((key.to_lowercase(), name.to_lowercase()), value);
    }
    fn write(&self) -> Result<(), WriteFailed> {
        match self.fails_in.get() {
            Some(0) => {
                self.fails_in.set(None);
                Err(WriteFailed { code: 87 })
            }
            left => {
                self.fails_in.set(left.map(|left| left - 1));
                Ok(())
            }
        }
    }
}

impl LocalMachine for Rc<Registry> {
    fn text(&self, key: &str, value: &str) -> Option<String> {
        match self.value(key, value) {
            Some(Value::Text(text)) => Some(text),
            _ => None,
        }
    }
    fn number(&self, key: &str, value: &str) -> Option<u32> {
        match self.value(key, value) {
            Some(Value::Number(number)) => Some(number),
            _ => None,
        }
    }
    fn keys(&self, key: &str) -> Vec<String> {
        let prefix = format!(r"{}\", key.to_lowercase());
        let values = self.values.borrow();
        let below: BTreeSet<_> = values
            .keys()
            .filter_map(|(key, _)| key.strip_prefix(&prefix)?.split('\\').next())
            .map(str::to_uppercase)
            .collect();
        below.into_iter().collect()
    }
    fn set_text(&self, key: &str, value: &str, text: &str) -> Result<(), WriteFailed> {
        self.write()?;
        self.set(key, value, Value::Text(text.to_owned()));
        Ok(())
    }
    fn set_number(&self, key: &str, value: &str, number: u32) -> Result<(), WriteFailed> {
        self.write()?;
        self.set(key, value, Value::Number(number));
        Ok(())
    }
    fn remove_value(&self, key: &str, value: &str) -> Result<(), WriteFailed> {
        self.write()?;
        self.values.borrow_mut().remove(&(key.to_lowercase(), value.to_lowercase()));
        Ok(())
    }
    fn remove(&self, key: &str) -> Result<(), WriteFailed> {
        self.write()?;
        let (key, below) = (key.to_lowercase(), format!(r"{}\", key.to_lowercase()));
        self.values.borrow_mut().retain(|(at, _), _| *at != key && !at.starts_with(&below));
        Ok(())
    }
}

#[derive(Default)]
struct Files(RefCell<BTreeMap<PathBuf, Vec<u8>>>);

/// A file as it was when it was opened.
struct Named {
    read: io::Cursor<Vec<u8>>,
    content: Vec<u8>,
    path: PathBuf,
    files: Rc<Files>,
}

impl Read for Named {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.read.read(buffer)
    }
}

impl NamedFile for Named {
    /// Another file of that name stays.
    fn remove(self: Box<Self>) -> io::Result<()> {
        self.files.0.borrow_mut().retain(|path, content| *path != self.path || *content != self.content);
        Ok(())
    }
}

/// Tasks by folder and name.
#[derive(Default)]
pub(crate) struct FakeTasks {
    tasks: RefCell<BTreeMap<(String, String), String>>,
    /// The service does not run.
    pub fails: Cell<bool>,
}

impl Tasks for Rc<FakeTasks> {
    fn register(&self, folder: &str, name: &str, xml: &str) -> Result<(), WriteFailed> {
        if self.fails.get() {
            return Err(WriteFailed { code: 0x8004_1315 });
        }
        self.tasks.borrow_mut().insert((folder.to_owned(), name.to_owned()), xml.to_owned());
        Ok(())
    }
    fn remove(&self, folder: &str, name: &str) -> Result<(), WriteFailed> {
        self.tasks.borrow_mut().remove(&(folder.to_owned(), name.to_owned()));
        Ok(())
    }
    fn xml(&self, folder: &str, name: &str) -> Option<String> {
        self.tasks.borrow().get(&(folder.to_owned(), name.to_owned())).cloned()
    }
}

impl ProgramFiles for Rc<Files> {
    fn own_dll(&self) -> Option<PathBuf> {
        Some(PathBuf::from(Fixture::OWN_DLL))
    }
    fn open(&self, path: &Path) -> io::Result<Box<dyn NamedFile>> {
        let content = self.0.borrow().get(path).cloned().ok_or(io::ErrorKind::NotFound)?;
        let (path, files) = (path.to_owned(), self.clone());
        Ok(Box::new(Named { read: io::Cursor::new(content.clone()), content, path, files }))
    }
    fn is_file(&self, path: &Path) -> bool {
        self.0.borrow().contains_key(path)
    }
    fn create(&self, path: &Path, bytes: &[u8]) -> Result<(), WriteFailed> {
        match self.0.borrow_mut().entry(path.to_owned()) {
            Entry::Occupied(_) => Err(WriteFailed { code: 80 }),
            Entry::Vacant(place) => {
                place.insert(bytes.to_vec());
                Ok(())
            }
        }
    }
}

/// What Windows says of itself.
pub(crate) struct FakeDiagnostics {
    pub proxy: RefCell<Option<String>>,
    pub version: RefCell<Option<String>>,
    pub load_fault: RefCell<Option<String>>,
    pub boots: RefCell<Option<Vec<SafeModeBoot>>>,
    pub events: RefCell<Option<Vec<String>>>,
}

impl Diagnostics for Rc<FakeDiagnostics> {
    fn machine_proxy(&self) -> Option<String> {
        self.proxy.borrow().clone()
    }
    fn file_version(&self, _: &Path) -> Option<String> {
        self.version.borrow().clone()
    }
    fn load_provider(&self, _: &Path) -> Result<(), String> {
        self.load_fault.borrow().clone().map_or(Ok(()), Err)
    }
    fn safe_mode_boots(&self) -> Option<Vec<SafeModeBoot>> {
        self.boots.borrow().clone()
    }
    fn own_events(&self, _: usize) -> Option<Vec<String>> {
        self.events.borrow().clone()
    }
}

/// What a person types, line by line.
struct Typed<'a>(std::str::Lines<'a>);

impl Typing for Typed<'_> {
    fn line(&mut self, _: &str, _: bool) -> Option<Zeroizing<String>> {
        self.0.next().map(|line| Zeroizing::new(line.to_owned()))
    }
}

struct Elevated(Rc<Cell<bool>>);

impl Elevation for Elevated {
    fn is_elevated(&self) -> bool {
        self.0.get()
    }
}

/// The first administers the computer.
struct Local(Rc<RefCell<Vec<LocalAccount>>>, ResolvedAccount);

impl LocalAccounts for Local {
    fn administrators(&self) -> Result<Vec<ResolvedAccount>, LookupError> {
        Ok(vec![self.1.clone()])
    }
    fn all(&self) -> Result<Vec<LocalAccount>, LookupError> {
        Ok(self.0.borrow().clone())
    }
}

/// What a command printed and how it ended.
#[derive(Debug)]
pub(crate) struct Ran {
    pub exit: u8,
    pub out: String,
    pub err: String,
}

impl Ran {
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(if self.exit == 0 || self.exit >= 10 { &self.out } else { &self.err }).unwrap()
    }
}

/// `HOST`, a workgroup computer with `bat`, who administers it, and `anna`.
pub(crate) struct Fixture {
    pub world: World,
    pub elevated: Rc<Cell<bool>>,
    pub accounts: Rc<RefCell<Vec<LocalAccount>>>,
    administrator: ResolvedAccount,
    pub tasks: Rc<FakeTasks>,
    pub diagnostics: Rc<FakeDiagnostics>,
    registry: Rc<Registry>,
    files: Rc<Files>,
}

impl Fixture {
    pub(crate) const OWN_DLL: &str = r"C:\Program Files\TRASA\0.1.0\TrasaCP.dll";
    pub(crate) const OWN_PROGRAM: &str = r"C:\Program Files\TRASA\0.1.0\TrasaConfig.exe";

    pub(crate) fn new() -> Self {
        let world = World::new();
        let bat = world.services.lookup.by_name(r"HOST\bat", core::time::Duration::ZERO).unwrap();
        let accounts = ["bat", "anna"].map(|name| LocalAccount { name: name.to_owned(), is_disabled: false });
        Self {
            world,
            elevated: Rc::new(Cell::new(true)),
            accounts: Rc::new(RefCell::new(accounts.to_vec())),
            administrator: bat,
            tasks: Rc::default(),
            diagnostics: Rc::new(FakeDiagnostics {
                proxy: RefCell::default(),
                version: RefCell::new(Some(env!("CARGO_PKG_VERSION").to_owned())),
                load_fault: RefCell::default(),
                boots: RefCell::new(Some(Vec::new())),
                events: RefCell::new(Some(Vec::new())),
            }),
            registry: Rc::default(),
            files: Rc::default(),
        }
    }

    pub(crate) fn panel(&self) -> Panel {
        Panel {
            services: self.world.services.clone(),
            elevation: Box::new(Elevated(self.elevated.clone())),
            accounts: Box::new(Local(self.accounts.clone(), self.administrator.clone())),
            local_machine: Box::new(self.registry.clone()),
            program: Box::new(self.files.clone()),
            tasks: Box::new(self.tasks.clone()),
            diagnostics: Box::new(self.diagnostics.clone()),
        }
    }

    /// Runs a command line with `input` on standard input.
    pub(crate) fn run_with(&self, line: &str, input: &str) -> Ran {
        self.run_parsed(line.split_whitespace().map(str::to_owned).collect(), input)
    }

    fn run_parsed(&self, words: Vec<String>, input: &str) -> Ran {
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let words = ["TrasaConfig".to_owned()].into_iter().chain(words).map(Into::into);
        let exit = match arguments::parse(words) {
            Parsed::Run(arguments) => {
                let mut console = Console::new(arguments.json, &mut out, &mut err);
                let mut read = || secret::read(&mut input.as_bytes());
                command::run(
                    arguments.command,
                    &self.panel(),
                    &mut read,
                    &mut Typed(input.lines()),
                    &mut console,
                )
            }
            Parsed::Say { text, json, exit } => Console::new(json, &mut out, &mut err).say(&text, exit),
        };
        Ran { exit, out: String::from_utf8(out).unwrap(), err: String::from_utf8(err).unwrap() }
    }

    /// Runs a command line in which arguments have spaces.
    pub(crate) fn run_words(&self, words: &[&str]) -> Ran {
        self.run_parsed(words.iter().map(|word| (*word).to_owned()).collect(), "")
    }

    pub(crate) fn run(&self, line: &str) -> Ran {
        self.run_with(line, "")
    }

    /// `set` with the right ServiceKey.
    pub(crate) fn set(&self, more: &str) -> Ran {
        let key = self.world.server.service_key().to_text();
        let service = self.world.server.service;
        self.run_with(&format!("set --service-id {service} --server one.example.com {more}"), &key)
    }

    /// Installed, configured with these offline users, at a server that lets `bat` in.
    pub(crate) fn ready(offline: &str) -> Self {
        let fixture = Self::new();
        fixture.install();
        assert_eq!(fixture.set(&format!("--offline-users={offline}")).exit, 0);
        lets_in(&fixture, &["bat"]);
        fixture
    }

    /// The DLL is there and registered.
    pub(crate) fn install(&self) {
        self.add_file(Self::OWN_DLL);
        self.add_file(Self::OWN_PROGRAM);
        assert_eq!(self.run("register").exit, 0);
    }

    pub(crate) fn remove_file(&self, path: &str) {
        self.files.0.borrow_mut().remove(Path::new(path));
    }
    pub(crate) fn add_file(&self, path: &str) {
        self.add_text_file(path, "");
    }
    pub(crate) fn add_text_file(&self, path: &str, content: &str) {
        self.files.0.borrow_mut().insert(PathBuf::from(path), content.as_bytes().to_vec());
    }
    pub(crate) fn has_file(&self, path: &str) -> bool {
        self.files.0.borrow().contains_key(Path::new(path))
    }
    /// What was written to a file.
    pub(crate) fn written(&self, path: &str) -> Option<Vec<u8>> {
        self.files.0.borrow().get(Path::new(path)).cloned()
    }
    pub(crate) fn set_text(&self, key: &str, value: &str, text: &str) {
        self.registry.set(key, value, Value::Text(text.to_owned()));
    }
    pub(crate) fn set_number(&self, key: &str, value: &str, number: u32) {
        self.registry.set(key, value, Value::Number(number));
    }
    pub(crate) fn registry_size(&self) -> usize {
        self.registry.values.borrow().len()
    }
    /// The write after `writes` more fails.
    pub(crate) fn fail_write(&self, writes: usize) {
        self.registry.fails_in.set(Some(writes));
    }
}

/// A server that lets in whom it is told to: in reports, in checks and in logons.
pub(crate) fn lets_in(fixture: &Fixture, names: &'static [&'static str]) {
    fixture.world.server.script(move |_, request, server| {
        // As the server does: whose signature is right and whose time is not is told the time.
        if FakeServer::created(request).abs_diff(server.now()) > 300 {
            return Reply::Signed(Answer::Clock { time: server.now() });
        }
        let settings = server.settings.lock().unwrap().clone();
        if request.path_and_query == path::REPORT {
            return Reply::Signed(Answer::Report(ReportAnswer {
                received: Vec::new(),
                settings,
                keys: server.chain.lock().unwrap().clone(),
                release: false,
                time: server.now(),
            }));
        }
        if request.path_and_query.starts_with(path::LOGONS) {
            let asked: LogonRequest = serde_json::from_slice(&request.body).unwrap();
            let may = names.contains(&asked.account.name.as_str());
            return if may { server.allow(request) } else { server.deny(request, Reason::NotPermitted) };
        }
        let asked: CheckRequest = serde_json::from_slice(&request.body).unwrap();
        if asked.purpose == CheckPurpose::Arming && !settings.approved {
            let code = ErrorCode::CheckRefused;
            let error = ErrorBody { code, parameters: Params::new(), message: String::new() };
            return Reply::Signed(Answer::Error(error));
        }
        let accounts = asked.accounts.into_iter().map(|account| {
            let would_get_in = names.contains(&account.name.as_str());
            CheckedAccount {
                account,
                would_get_in,
                methods: if would_get_in { vec![Method::Totp] } else { Vec::new() },
                reason: (!would_get_in).then_some(Reason::NoAccess),
                parameters: Params::new(),
            }
        });
        let accounts = if asked.purpose == CheckPurpose::Arming { accounts.collect() } else { Vec::new() };
        Reply::Signed(Answer::Check(CheckAnswer { accounts, ask_trasa_id: true, time: server.now() }))
    });
}
