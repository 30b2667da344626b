//! The ports on this Windows. All of it is safe: `unsafe` is at home in `agent-windows`.

use crate::console::Failure;
use crate::panel::Panel;
use crate::ports::{
    Diagnostics, Elevation, LocalAccount, LocalAccounts, LocalMachine, NamedFile, ProgramFiles, Tasks, Typing,
};
use crate::registration::{self, DLL};
use crate::secret::{self, SecretText};
use crate::typing;
use agent::ports::{LookupError, ResolvedAccount, WriteFailed};
use agent::printable::printable;
use agent_windows::{Key, LoadFault, TaskError, ValueError};
use protocol::v2::SafeModeBoot;
use std::fs::File;
use std::io::{self, IsTerminal as _, Read, Write as _, stderr, stdin};
use std::os::windows::io::AsHandle as _;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// Everything, on this Windows.
pub(crate) fn panel() -> Panel {
    Panel {
        services: agent_windows::services(),
        elevation: Box::new(Token),
        accounts: Box::new(Accounts),
        local_machine: Box::new(Registry),
        program: Box::new(Program),
        tasks: Box::new(Scheduler),
        diagnostics: Box::new(Windows),
    }
}

/// The ServiceKey or token: typed without echo where there is a console, else from standard input.
pub(crate) fn read_secret() -> Result<Option<SecretText>, Failure> {
    let failed =
        |error: io::Error| Failure::refused("input", format!("Standard input could not be read: {error}."));
    let input = stdin();
    // The standard library would keep what it read ahead in a buffer that is never wiped.
    let mut unbuffered = File::from(input.as_handle().try_clone_to_owned().map_err(failed)?);
    if !input.is_terminal() {
        return secret::read(&mut unbuffered);
    }
    let _closed =
        write!(stderr(), "ServiceKey or token (empty: unchanged): ").and_then(|()| stderr().flush());
    let read = agent_windows::without_echo(|| secret::read_line(&mut unbuffered));
    let _closed = writeln!(stderr());
    read
}

/// Standard input: a console, or lines from a file or another program.
pub(crate) struct ConsoleTyping;

impl Typing for ConsoleTyping {
    fn line(&mut self, prompt: &str, hidden: bool) -> Option<Zeroizing<String>> {
        let input = stdin();
        if !input.is_terminal() {
            return typing::line(&mut File::from(input.as_handle().try_clone_to_owned().ok()?));
        }
        let _closed = write!(stderr(), "{}: ", printable(prompt)).and_then(|()| stderr().flush());
        let read = agent_windows::console_line(hidden);
        if hidden {
            let _closed = writeln!(stderr());
        }
        read.map(|line| Zeroizing::new(typing::without_its_end(&line).to_owned()))
    }
}

struct Token;

impl Elevation for Token {
    fn is_elevated(&self) -> bool {
        agent_windows::is_elevated()
    }
}

struct Accounts;

impl LocalAccounts for Accounts {
    fn administrators(&self) -> Result<Vec<ResolvedAccount>, LookupError> {
        agent_windows::local_administrators()
    }

    fn all(&self) -> Result<Vec<LocalAccount>, LookupError> {
        let accounts = agent_windows::local_accounts()?;
        Ok(accounts
            .into_iter()
            .map(|account| LocalAccount { name: account.name, is_disabled: account.is_disabled })
            .collect())
    }
}

struct Registry;

impl LocalMachine for Registry {
    fn text(&self, key: &str, value: &str) -> Option<String> {
        Key::open(key).and_then(|key| key.text(value)).ok()
    }

    fn number(&self, key: &str, value: &str) -> Option<u32> {
        Key::open(key).and_then(|key| key.number(value)).ok()
    }

    fn keys(&self, key: &str) -> Vec<String> {
        Key::open(key).map(|key| key.subkeys()).unwrap_or_default()
    }

    fn set_text(&self, key: &str, value: &str, text: &str) -> Result<(), WriteFailed> {
        Key::create(key).and_then(|key| key.set_text(value, text)).map_err(write_failed)
    }

    fn set_number(&self, key: &str, value: &str, number: u32) -> Result<(), WriteFailed> {
        Key::create(key).and_then(|key| key.set_number(value, number)).map_err(write_failed)
    }

    fn remove_value(&self, key: &str, value: &str) -> Result<(), WriteFailed> {
        match Key::open_to_write(key) {
            Ok(key) => key.remove(value).map_err(write_failed),
            Err(ValueError::Missing) => Ok(()),
            Err(error) => Err(write_failed(error)),
        }
    }

    fn remove(&self, key: &str) -> Result<(), WriteFailed> {
        let Some((above, name)) = key.rsplit_once('\\') else { return Ok(()) };
        match Key::open_to_write(above) {
            Ok(above) => above.remove_tree(name).map_err(write_failed),
            Err(ValueError::Missing) => Ok(()),
            Err(error) => Err(write_failed(error)),
        }
    }
}

fn write_failed(error: ValueError) -> WriteFailed {
    WriteFailed { code: error.code() }
}

struct Scheduler;

impl Tasks for Scheduler {
    fn register(&self, folder: &str, name: &str, xml: &str) -> Result<(), WriteFailed> {
        agent_windows::register_task(folder, name, xml).map_err(not_scheduled)
    }

    fn remove(&self, folder: &str, name: &str) -> Result<(), WriteFailed> {
        agent_windows::remove_task(folder, name).map_err(not_scheduled)
    }

    fn xml(&self, folder: &str, name: &str) -> Option<String> {
        agent_windows::task_xml(folder, name)
    }
}

fn not_scheduled(error: TaskError) -> WriteFailed {
    WriteFailed { code: error.0.cast_unsigned() }
}

struct Named(agent_windows::NamedFile);

impl Read for Named {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}

impl NamedFile for Named {
    fn remove(self: Box<Self>) -> io::Result<()> {
        self.0.remove()
    }
}

struct Program;

impl ProgramFiles for Program {
    fn own_dll(&self) -> Option<PathBuf> {
        Some(std::env::current_exe().ok()?.parent()?.join(DLL))
    }

    fn open(&self, path: &Path) -> io::Result<Box<dyn NamedFile>> {
        Ok(Box::new(Named(agent_windows::NamedFile::open(path)?)))
    }

    fn is_file(&self, path: &Path) -> bool {
        path.is_file()
    }

    fn create(&self, path: &Path, bytes: &[u8]) -> Result<(), WriteFailed> {
        let failed = |error: io::Error| WriteFailed {
            code: error.raw_os_error().and_then(|code| u32::try_from(code).ok()).unwrap_or(0),
        };
        let mut file = File::create_new(path).map_err(failed)?;
        file.write_all(bytes).and_then(|()| file.sync_all()).map_err(failed)
    }
}

struct Windows;

/// So many starts in safe mode are remembered, newest first.
const MOST_BOOTS: usize = 64;

impl Diagnostics for Windows {
    fn machine_proxy(&self) -> Option<String> {
        agent_windows::machine_proxy()
    }

    fn file_version(&self, path: &Path) -> Option<String> {
        agent_windows::file_version(path)
    }

    fn load_provider(&self, dll: &Path) -> Result<(), String> {
        for clsid in [registration::PROVIDER, registration::FILTER] {
            let number = u128::from_str_radix(&clsid.replace(['{', '}', '-'], ""), 16)
                .map_err(|_| "its class is no class".to_owned())?;
            agent_windows::load_class(dll, number).map_err(|fault| match fault {
                LoadFault::NotLoaded(code) => format!("Windows refuses it (error {code})"),
                LoadFault::NoExport => "it is no COM server".to_owned(),
                LoadFault::NoClass(code) => format!("it does not know its class ({code:#010x})"),
            })?;
        }
        Ok(())
    }

    fn safe_mode_boots(&self) -> Option<Vec<SafeModeBoot>> {
        let starts = agent_windows::newest_events("System", agent::boots::QUERY, MOST_BOOTS)?;
        let mut boots: Vec<_> = starts.iter().filter_map(|xml| agent::boots::safe_mode(xml)).collect();
        boots.reverse();
        Some(boots)
    }

    fn own_events(&self, most: usize) -> Option<Vec<String>> {
        agent_windows::newest_events("Application", "*[System[Provider[@Name='TRASA']]]", most)
    }
}
