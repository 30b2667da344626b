//! The script: one verb a line.

mod expect;
mod parse;
mod picture;
mod raw;
mod words;

use std::time::Duration;

use thiserror::Error;
use zeroize::Zeroizing;

pub use expect::{Expectation, StateWord};
pub use parse::parse;
pub use picture::{PictureOf, PictureVerb};
pub use raw::{RawCall, RawMethod};

use crate::world::{Network, SessionKind};

/// A line of a script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Counted from 1.
    pub number: usize,
    /// The verb as it may be printed: without typed values.
    pub text: String,
    /// What to do.
    pub verb: Verb,
}

/// Why a script cannot be read.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("line {line}: {reason}")]
pub struct ScriptError {
    /// Counted from 1.
    pub line: usize,
    /// What is wrong.
    pub reason: String,
}

/// How a script names a field: index, GUID, well-known name or label; resolved when the fields are known.
pub type FieldName = String;

/// A value that is typed.
#[derive(Clone, PartialEq, Eq)]
pub enum Value {
    /// As it stands in the script.
    Text(Zeroizing<String>),
    /// From the environment.
    Environment(String),
    /// The world's password of this account; `None`: of the account that was typed last.
    Password(Option<String>),
}

impl std::fmt::Debug for Value {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Text(_) => out.write_str("…"),
            Self::Environment(name) => write!(out, "${name}"),
            Self::Password(None) => out.write_str("$password"),
            Self::Password(Some(account)) => write!(out, "$password({account})"),
        }
    }
}

/// Usage scenarios as scripts name them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scenario {
    /// CPUS_LOGON at the console.
    Logon,
    /// CPUS_UNLOCK_WORKSTATION.
    Unlock,
    /// CPUS_LOGON in a remote session.
    Rdp,
    /// CPUS_CREDUI.
    Uac,
    /// CPUS_CHANGE_PASSWORD.
    ChangePassword,
    /// CPUS_PLAP.
    Plap,
    /// Any other number.
    Number(i32),
}

impl Scenario {
    /// CREDENTIAL_PROVIDER_USAGE_SCENARIO.
    pub fn cpus(self) -> i32 {
        match self {
            Self::Logon | Self::Rdp => 1,
            Self::Unlock => 2,
            Self::ChangePassword => 3,
            Self::Uac => 4,
            Self::Plap => 5,
            Self::Number(number) => number,
        }
    }

    /// LogonUI calls Connect in these.
    pub fn connects(self) -> bool {
        matches!(self, Self::Logon | Self::Unlock | Self::Rdp | Self::Plap)
    }
}

/// When QueryContinue begins to say no.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cancel {
    /// From the first question on.
    AtOnce,
    /// After that much time of the world.
    After(Duration),
    /// Once a displayed text or the status contains this.
    At(String),
}

/// Whether NLA's buffer carries offsets or addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NlaLayout {
    /// Offsets.
    Relative,
    /// Addresses.
    Absolute,
}

/// What a line says.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "each verb is described in docs/logon-host.md under its own name")]
pub enum Verb {
    Start,
    List,
    Type { field: FieldName, value: Value },
    Choose { field: FieldName, item: String },
    Check { field: FieldName, on: bool },
    Press { field: FieldName },
    Submit,
    Cancel(Cancel),
    Deselect,
    Select,
    Advise,
    Unadvise,
    ReEnumerate,
    Pump(Duration),
    Scenario { scenario: Scenario, flags: u32 },
    Nla { account: String, value: Value, layout: NlaLayout },
    NlaBytes(Vec<u8>),
    Wait(Duration),
    Suspend(Duration),
    Time { forward: bool, by: Duration },
    Clock { is_virtual: bool },
    Network(Network),
    Session(SessionKind),
    Owner(Option<String>),
    AccountOutcome { account: String, code: Option<u32> },
    AccountPassword { account: String, value: Value },
    NextResult { status: i32, substatus: i32 },
    ReportResult { status: i32, substatus: i32 },
    Acl { path: String, sddl: String },
    Say(String),
    Picture(PictureVerb),
    InPictures { pattern: String, text: String },
    Raw(RawCall),
    Expect(Expectation),
}
