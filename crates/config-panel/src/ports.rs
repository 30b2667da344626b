//! What the panel asks Windows beyond the ports of [`agent::ports`].

use agent::ports::{LookupError, ResolvedAccount, WriteFailed};
use protocol::v2::SafeModeBoot;
use std::io::{self, Read};
use std::path::Path;
use zeroize::Zeroizing;

/// Whether this process may change the machine.
pub trait Elevation {
    /// True if its token is elevated, or is SYSTEM's.
    fn is_elevated(&self) -> bool;
}

/// An account of the computer's own database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalAccount {
    /// Its name, without the computer's.
    pub name: String,
    /// Nobody can sign in with it until it is enabled.
    pub is_disabled: bool,
}

/// The accounts of this computer.
pub trait LocalAccounts {
    /// Members of the local group of administrators, groups among them as such.
    ///
    /// # Errors
    /// [`LookupError::Unavailable`] where Windows does not say.
    fn administrators(&self) -> Result<Vec<ResolvedAccount>, LookupError>;

    /// Everybody in the computer's own database.
    ///
    /// # Errors
    /// [`LookupError::Unavailable`] where Windows does not say.
    fn all(&self) -> Result<Vec<LocalAccount>, LookupError>;
}

/// `HKEY_LOCAL_MACHINE`, in the view of 64-bit programs. What cannot be read is not there.
pub trait LocalMachine {
    /// Text of a value (REG_SZ, REG_EXPAND_SZ); an empty name is the key's default value.
    fn text(&self, key: &str, value: &str) -> Option<String>;

    /// Number of a value (REG_DWORD).
    fn number(&self, key: &str, value: &str) -> Option<u32>;

    /// Names of the keys below a key.
    fn keys(&self, key: &str) -> Vec<String>;

    /// Makes the key where it is missing and writes a text.
    ///
    /// # Errors
    /// [`WriteFailed`].
    fn set_text(&self, key: &str, value: &str, text: &str) -> Result<(), WriteFailed>;

    /// Makes the key where it is missing and writes a number.
    ///
    /// # Errors
    /// [`WriteFailed`].
    fn set_number(&self, key: &str, value: &str, number: u32) -> Result<(), WriteFailed>;

    /// Removes a value; a missing one is no error.
    ///
    /// # Errors
    /// [`WriteFailed`].
    fn remove_value(&self, key: &str, value: &str) -> Result<(), WriteFailed>;

    /// Removes a key with everything below it; a missing one is no error.
    ///
    /// # Errors
    /// [`WriteFailed`].
    fn remove(&self, key: &str) -> Result<(), WriteFailed>;
}

/// A file that an administrator named. It may lie where others can write, so it is opened once, never
/// through a link, and what is removed is the very file that was read (B6).
pub trait NamedFile: Read {
    /// Removes it.
    ///
    /// # Errors
    /// As the system says; it is still there then.
    fn remove(self: Box<Self>) -> io::Result<()>;
}

/// Files of the program itself.
pub trait ProgramFiles {
    /// The DLL beside this program.
    fn own_dll(&self) -> Option<std::path::PathBuf>;

    /// Opens a file that an administrator named, such as one with a token.
    ///
    /// # Errors
    /// As the system says.
    fn open(&self, path: &Path) -> io::Result<Box<dyn NamedFile>>;

    /// Whether a file is there.
    fn is_file(&self, path: &Path) -> bool;

    /// Writes a file that is not there yet.
    ///
    /// # Errors
    /// [`WriteFailed`], also where something is there already.
    fn create(&self, path: &Path, bytes: &[u8]) -> Result<(), WriteFailed>;
}

/// The Task Scheduler.
pub trait Tasks {
    /// Registers a task in a folder (`\FOLDER`) from its XML, or replaces it.
    ///
    /// # Errors
    /// [`WriteFailed`], with an HRESULT.
    fn register(&self, folder: &str, name: &str, xml: &str) -> Result<(), WriteFailed>;

    /// Removes a task, and its folder where nothing else is in it; a missing one is no error.
    ///
    /// # Errors
    /// [`WriteFailed`], with an HRESULT.
    fn remove(&self, folder: &str, name: &str) -> Result<(), WriteFailed>;

    /// The XML of a task as Windows has it; `None` where there is none.
    fn xml(&self, folder: &str, name: &str) -> Option<String>;
}

/// A conversation on the console.
pub trait Typing {
    /// Asks for a line; hidden, nobody sees what is typed. `None` where there is no more to read.
    fn line(&mut self, prompt: &str, hidden: bool) -> Option<Zeroizing<String>>;
}

/// What Windows says about itself when somebody looks for a fault.
pub trait Diagnostics {
    /// The machine's proxy, through which the server is asked; `None` without one.
    fn machine_proxy(&self) -> Option<String>;

    /// The version that a program file says it is.
    fn file_version(&self, path: &Path) -> Option<String>;

    /// Loads a DLL as LogonUI does, asks it for provider and filter, and lets go of it.
    ///
    /// # Errors
    /// Why not, as a clause.
    fn load_provider(&self, dll: &Path) -> Result<(), String>;

    /// The starts of Windows in safe mode that the event log still knows of, oldest first. `None`
    /// where Windows does not say.
    fn safe_mode_boots(&self) -> Option<Vec<SafeModeBoot>>;

    /// The newest entries of our own in the event log, newest first, as XML.
    fn own_events(&self, most: usize) -> Option<Vec<String>>;
}
