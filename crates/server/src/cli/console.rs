//! What every command has at hand: folder, output, failure.

use crate::audit::Actor;
use crate::sealing::{KeyText, SealError, Sealer};
use crate::store::{Store, StoreError, Use};
use serde::Serialize;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// The exit codes of all programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// The command was understood and refused.
    Refused = 1,
    /// The arguments make no sense.
    Usage = 2,
    /// The server did not answer.
    Unreachable = 3,
    /// The folder or a file belongs to somebody else.
    Rights = 4,
}

/// Why a command did not do its work.
#[derive(Debug)]
pub struct Failure {
    exit: Exit,
    code: String,
    message: String,
}

impl Failure {
    /// The exit code 1, with a stable code and one sentence.
    #[must_use]
    pub fn refused(code: &str, message: impl Into<String>) -> Self {
        Self { exit: Exit::Refused, code: code.to_owned(), message: message.into() }
    }

    /// The exit code 2: an argument is wrong in a way that the parser could not see.
    #[must_use]
    pub fn usage(message: impl Into<String>) -> Self {
        Self { exit: Exit::Usage, code: "usage".to_owned(), message: message.into() }
    }

    /// A file or folder could not be used.
    #[must_use]
    pub fn file(path: &Path, error: &io::Error) -> Self {
        let rights = error.kind() == io::ErrorKind::PermissionDenied;
        Self {
            exit: if rights { Exit::Rights } else { Exit::Refused },
            code: if rights { "permission_denied" } else { "file" }.to_owned(),
            message: format!("{}: {error}", path.display()),
        }
    }

    /// An address cannot be listened on.
    #[must_use]
    pub fn listen(message: String, kind: io::ErrorKind) -> Self {
        let exit = if kind == io::ErrorKind::PermissionDenied { Exit::Rights } else { Exit::Refused };
        Self { exit, code: "listen".to_owned(), message }
    }

    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &str {
        &self.code
    }

    /// The sentence for a person.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Seal(error) => error.into(),
            error => Self::refused(error.code(), error.to_string()),
        }
    }
}

impl From<SealError> for Failure {
    fn from(error: SealError) -> Self {
        match &error {
            SealError::Io(path, cause) => Self::file(path, cause),
            error => Self::refused("sealing", error.to_string()),
        }
    }
}

impl From<crate::random::NoRandomness> for Failure {
    fn from(error: crate::random::NoRandomness) -> Self {
        Self::refused("no_randomness", error.to_string())
    }
}

impl From<crate::keys::p256::BadKey> for Failure {
    fn from(error: crate::keys::p256::BadKey) -> Self {
        Self::refused("bad_key", error.to_string())
    }
}

/// Folder, output and actor of one command.
#[derive(Debug)]
pub struct Console {
    data: PathBuf,
    json: bool,
}

impl Console {
    /// For a folder; `json` as of `--json`.
    #[must_use]
    pub const fn new(data: PathBuf, json: bool) -> Self {
        Self { data, json }
    }

    /// The server's folder.
    #[must_use]
    pub fn data(&self) -> &Path {
        &self.data
    }

    /// Whether JSON is wanted.
    #[must_use]
    pub const fn json(&self) -> bool {
        self.json
    }

    /// Who gives the command, for the audit.
    #[must_use]
    pub fn actor(&self) -> Actor {
        let name = ["SUDO_USER", "USER", "LOGNAME"].iter().find_map(|name| std::env::var(name).ok());
        // The environment is the caller's: it is a hint for people, cut to what a name may be.
        let name =
            name.unwrap_or_default().chars().filter(|c| c.is_ascii_graphic()).take(32).collect::<String>();
        Actor::Console(if name.is_empty() { "unknown".to_owned() } else { name })
    }

    /// Opens the store beside a server that may be running.
    ///
    /// # Errors
    /// [`Failure`] with what to do.
    pub fn open(&self) -> Result<Store, Failure> {
        self.open_for(Use::Command)
    }

    pub(super) fn open_for(&self, used: Use) -> Result<Store, Failure> {
        let database = self.data.join(crate::store::DATABASE_FILE);
        match std::fs::File::open(&database) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(StoreError::Missing(self.data.clone()).into());
            }
            Err(error) => return Err(Failure::file(&database, &error)),
            Ok(_) => {}
        }
        let sealer = Sealer::new(&KeyText::load(&self.data)?)?;
        Ok(Store::open(&self.data, sealer, used)?)
    }

    /// Prints the result: `value` as JSON, or `text`.
    ///
    /// # Errors
    /// [`Failure`] when standard output is closed.
    pub fn show(&self, value: &impl Serialize, text: &str) -> Result<(), Failure> {
        let output = if self.json {
            serde_json::to_string(value).map_err(|error| Failure::refused("output", error.to_string()))?
        } else {
            text.trim_end().to_owned()
        };
        if output.is_empty() {
            return Ok(());
        }
        writeln!(io::stdout(), "{output}").map_err(|error| Failure::refused("output", error.to_string()))
    }

    pub(super) fn fail(&self, failure: &Failure) -> ExitCode {
        let line = if self.json {
            serde_json::json!({ "code": failure.code, "message": failure.message }).to_string()
        } else {
            format!("trasa-server: {}", failure.message)
        };
        // Nothing is left to be done where standard error is closed too.
        let _ = writeln!(io::stderr(), "{line}");
        ExitCode::from(failure.exit as u8)
    }
}

/// Tells where it was and never what was said: a panic's words may hold a value.
pub(super) fn report_panic(panic: &std::panic::PanicHookInfo<'_>) {
    let place =
        panic.location().map(|place| format!(" at {}:{}", place.file(), place.line())).unwrap_or_default();
    let _ = writeln!(io::stderr(), "trasa-server: a programming error{place}; please report it");
}

/// Runs a command to its end on this thread.
pub(super) fn block_on(command: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::refused("runtime", error.to_string()))?
        .block_on(command)
}
