//! `HKLM\SOFTWARE\TRASA`: whether the agent is armed, and what it keeps beside its files.

use agent::ports::{Armed, StateRegistry, StateValue, Stored, WriteFailed};
use windows::Win32::Foundation::ERROR_INVALID_NAME;
use windows::Win32::Security::Authorization::SE_REGISTRY_KEY;

use super::key::{Key, ValueError};
use super::security::Descriptor;
use crate::wide::Wide;

const ROOT: &str = r"SOFTWARE\TRASA";
const ARMED: &str = "Armed";

/// The state in the registry.
#[derive(Debug, Clone)]
pub struct WindowsState {
    root: String,
}

impl Default for WindowsState {
    fn default() -> Self {
        Self { root: ROOT.into() }
    }
}

impl WindowsState {
    /// Below another key of HKEY_LOCAL_MACHINE.
    #[must_use]
    pub fn below(root: &str) -> Self {
        Self { root: root.into() }
    }

    fn key_of(&self, value: StateValue) -> (String, &'static str) {
        match value.path() {
            ("", name) => (self.root.clone(), name),
            (subkey, name) => (format!("{}\\{subkey}", self.root), name),
        }
    }

    fn try_read(&self, value: StateValue) -> Result<Stored, ValueError> {
        let (path, name) = self.key_of(value);
        let key = Key::open(&path)?;
        if !is_tight(&path)? {
            return Ok(Stored::Loose);
        }
        key.bytes(name).map(Stored::Bytes)
    }

    fn try_write(&self, value: StateValue, bytes: &[u8]) -> Result<(), ValueError> {
        let (path, name) = self.key_of(value);
        let ours = Descriptor::ours().map_err(ValueError::Code)?;
        let key = Key::create_protected(&path, &ours)?;
        // The key may have stood there before.
        if !is_tight(&path)? {
            ours.apply(&security_name(&path)?, SE_REGISTRY_KEY).map_err(ValueError::Code)?;
        }
        key.set_bytes(name, bytes)
    }

    fn try_remove(&self, value: StateValue) -> Result<(), ValueError> {
        let (path, name) = self.key_of(value);
        match Key::open_to_write(&path) {
            Ok(key) => key.remove(name),
            Err(ValueError::Missing) => Ok(()),
            Err(error) => Err(error),
        }
    }
}

impl StateRegistry for WindowsState {
    fn armed(&self) -> Armed {
        match Key::open(&self.root).and_then(|key| key.number(ARMED)) {
            Ok(0) | Err(ValueError::Missing) => Armed::No,
            Ok(_) => Armed::Yes,
            Err(_) => Armed::Unreadable,
        }
    }

    fn set_armed(&self, armed: bool) -> Result<(), WriteFailed> {
        Key::create(&self.root).and_then(|key| key.set_number(ARMED, armed.into())).map_err(failed)
    }

    fn read(&self, value: StateValue) -> Stored {
        match self.try_read(value) {
            Ok(stored) => stored,
            Err(ValueError::Missing) => Stored::Missing,
            Err(error) => Stored::Unreadable(error.code()),
        }
    }

    fn write(&self, value: StateValue, bytes: &[u8]) -> Result<(), WriteFailed> {
        self.try_write(value, bytes).map_err(failed)
    }

    fn remove(&self, value: StateValue) -> Result<(), WriteFailed> {
        self.try_remove(value).map_err(failed)
    }
}

fn is_tight(path: &str) -> Result<bool, ValueError> {
    Descriptor::of(&security_name(path)?, SE_REGISTRY_KEY).map(|it| it.is_tight()).map_err(ValueError::Code)
}

/// How the security functions call a key of HKEY_LOCAL_MACHINE.
fn security_name(path: &str) -> Result<Wide, ValueError> {
    Wide::new(&format!("MACHINE\\{path}")).ok_or(ValueError::Code(ERROR_INVALID_NAME.0))
}

fn failed(error: ValueError) -> WriteFailed {
    WriteFailed { code: error.code() }
}
