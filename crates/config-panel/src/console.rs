//! What a command says, and the exit code it ends with.

use agent::check::Verdict;
use agent::config::SaveError;
use agent::exchange::{CallFailed, Cause};
use agent::ports::{Address, WriteFailed};
use agent::printable::printable;
use agent::texts;
use serde::Serialize;
use std::io::Write;

/// The exit codes of all programs; `check` has numbers of its own from 10 on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Done.
    Ok = 0,
    /// The command was understood and refused.
    Refused = 1,
    /// The arguments make no sense.
    Usage = 2,
    /// The server did not answer.
    Unreachable = 3,
    /// Windows wants an elevated process.
    Elevation = 4,
}

/// A field of the configuration, for whoever shows an error beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Field {
    /// ServiceID.
    ServiceId,
    /// ServiceKey, or the token in its place.
    ServiceKey,
    /// TRASA server address.
    Server,
    /// Offline users.
    OfflineUsers,
}

impl Field {
    /// The stable name, in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::ServiceId => "service_id",
            Self::ServiceKey => "service_key",
            Self::Server => "server",
            Self::OfflineUsers => "offline_users",
        }
    }
}

/// Why a command did not do its work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    exit: Exit,
    code: String,
    message: String,
    field: Option<Field>,
}

impl Failure {
    /// `ERROR_ACCESS_DENIED`.
    const ACCESS_DENIED: u32 = 5;

    /// Exit code 1, with a stable code and one or more sentences.
    #[must_use]
    pub fn refused(code: &str, message: impl Into<String>) -> Self {
        Self::new(Exit::Refused, code, message)
    }

    /// Exit code 2.
    #[must_use]
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(Exit::Usage, "usage", message)
    }

    /// Exit code 3: no address gave an authentic answer.
    #[must_use]
    pub fn unreachable(causes: &[(Address, Cause)]) -> Self {
        let why: Vec<_> =
            causes.iter().map(|(address, cause)| format!("{address}: {}", cause.text())).collect();
        let why = if why.is_empty() { String::new() } else { format!(" ({})", why.join("; ")) };
        Self::new(
            Exit::Unreachable,
            "server_unreachable",
            format!("The TRASA server could not be reached{why}. Check address, network and certificate."),
        )
    }

    /// Exit code 4.
    #[must_use]
    pub fn elevation() -> Self {
        Self::new(
            Exit::Elevation,
            "needs_elevation",
            "This needs an elevated process: run it as administrator of this computer.",
        )
    }

    /// The person gave up waiting.
    #[must_use]
    pub fn cancelled() -> Self {
        Self::refused("cancelled", "Cancelled. Nothing was saved.")
    }

    fn new(exit: Exit, code: &str, message: impl Into<String>) -> Self {
        Self { exit, code: code.to_owned(), message: message.into(), field: None }
    }

    /// Says which field is at fault.
    #[must_use]
    pub const fn at(mut self, field: Field) -> Self {
        self.field = Some(field);
        self
    }

    /// The field at fault, where it is one field's.
    #[must_use]
    pub const fn field(&self) -> Option<Field> {
        self.field
    }

    /// The exit code.
    #[must_use]
    pub const fn exit(&self) -> Exit {
        self.exit
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

impl From<CallFailed> for Failure {
    fn from(failed: CallFailed) -> Self {
        match failed {
            CallFailed::Refused(code, parameters) => {
                Self::refused(code.code(), texts::refusal(code, &parameters))
            }
            CallFailed::Unreachable(causes) => Self::unreachable(&causes),
            CallFailed::DoesNotFit => Self::refused(
                "answer_does_not_fit",
                "The TRASA server's answer does not belong to this question. Are agent and server of one age?",
            ),
            _ => Self::refused("internal", "An internal error kept the server from being asked."),
        }
    }
}

impl From<SaveError> for Failure {
    fn from(error: SaveError) -> Self {
        match error {
            SaveError::Write(error) => error.into(),
            error => Self::refused("not_saved", format!("The configuration was not saved: {error}.")),
        }
    }
}

impl From<WriteFailed> for Failure {
    fn from(error: WriteFailed) -> Self {
        if error.code == Self::ACCESS_DENIED {
            return Self::elevation();
        }
        Self::refused(
            "not_written",
            format!(
                "Windows did not let a file or registry key be written (error {}). Nothing else was changed.",
                error.code
            ),
        )
    }
}

/// How a line begins for people. ASCII: a console of Windows 7 has no other marks.
#[must_use]
pub const fn mark(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Good => "[ok]",
        Verdict::Warns => "[!] ",
        Verdict::Refuses => "[X] ",
    }
}

/// Standard output and standard error.
pub struct Console<'a> {
    json: bool,
    out: &'a mut dyn Write,
    err: &'a mut dyn Write,
}

impl core::fmt::Debug for Console<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Console").field("json", &self.json).finish_non_exhaustive()
    }
}

impl<'a> Console<'a> {
    /// `json` as of `--json`.
    pub fn new(json: bool, out: &'a mut dyn Write, err: &'a mut dyn Write) -> Self {
        Self { json, out, err }
    }

    /// Prints a result: `value` as JSON, or `lines` for people, in which nothing can hide.
    ///
    /// # Errors
    /// [`Failure`] when standard output is closed.
    pub fn show(&mut self, value: &impl Serialize, lines: &[String]) -> Result<(), Failure> {
        let closed =
            |error: String| Failure::refused("output", format!("Nothing could be printed: {error}."));
        if self.json {
            let text = serde_json::to_string(value).map_err(|error| closed(error.to_string()))?;
            return writeln!(self.out, "{text}").map_err(|error| closed(error.to_string()));
        }
        for line in lines {
            writeln!(self.out, "{}", printable(line)).map_err(|error| closed(error.to_string()))?;
        }
        Ok(())
    }

    /// Says how it is going, beside the result; nothing where a script reads.
    pub fn progress(&mut self, line: &str) {
        if !self.json {
            let _closed = writeln!(self.err, "{}", printable(line));
        }
    }

    /// Prints a failure and gives its exit code.
    pub fn fail(&mut self, failure: &Failure) -> u8 {
        let line = if self.json {
            let mut value = serde_json::json!({ "code": failure.code, "message": failure.message });
            if let (Some(field), Some(object)) = (failure.field, value.as_object_mut()) {
                object.insert("field".to_owned(), field.name().into());
            }
            value.to_string()
        } else {
            format!("TrasaConfig: {}", printable(&failure.message))
        };
        // Nothing is left to be done where standard error is closed too.
        let _closed = writeln!(self.err, "{line}");
        failure.exit as u8
    }

    /// Prints what the argument parser has to say: help on standard output, faults on standard error.
    pub fn say(&mut self, text: &str, exit: Exit) -> u8 {
        if exit == Exit::Ok {
            let _closed = writeln!(self.out, "{}", text.trim_end());
        } else if self.json {
            return self.fail(&Failure::usage(text.trim_end()));
        } else {
            let _closed = writeln!(self.err, "{}", text.trim_end());
        }
        exit as u8
    }
}
