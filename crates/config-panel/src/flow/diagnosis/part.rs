//! The parts that are looked at, with their numbers.

use agent::check::Verdict;

/// A part. Its number is the exit code where it is the first that fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "text() says each")]
pub enum Part {
    Files = 10,
    Registration = 11,
    Filter = 12,
    Dll = 13,
    Configuration = 14,
    Sealing = 15,
    OfflineUsers = 16,
    Server = 17,
    Certificate = 18,
    Clock = 19,
    Proxy = 20,
    Task = 21,
    EventSource = 22,
    Surroundings = 23,
    LastContact = 24,
}

impl Part {
    /// Every part, for `--help`.
    pub const ALL: [Self; 15] = [
        Self::Files,
        Self::Registration,
        Self::Filter,
        Self::Dll,
        Self::Configuration,
        Self::Sealing,
        Self::OfflineUsers,
        Self::Server,
        Self::Certificate,
        Self::Clock,
        Self::Proxy,
        Self::Task,
        Self::EventSource,
        Self::Surroundings,
        Self::LastContact,
    ];

    /// The exit code.
    #[must_use]
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// What must hold, for `--help`.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::Files => "the program's files are there and of one version",
            Self::Registration => "the credential provider is registered",
            Self::Filter => "the filter is registered",
            Self::Dll => "the credential provider's DLL loads",
            Self::Configuration => "the configuration is intact and closed to others",
            Self::Sealing => "the key of this computer opens",
            Self::OfflineUsers => "the offline users stand in two intact copies and lead to accounts",
            Self::Server => "the TRASA server answers and knows this computer",
            Self::Certificate => "the server's certificate",
            Self::Clock => "the clock is right",
            Self::Proxy => "the machine's proxy",
            Self::Task => "the report task is registered",
            Self::EventSource => "the source of the event log's entries is registered",
            Self::Surroundings => "no policy keeps TRASA away; what lets somebody in by another way warns",
            Self::LastContact => "the server was heard lately",
        }
    }

    /// The name that scripts may rely on.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Files => "files",
            Self::Registration => "registration",
            Self::Filter => "filter",
            Self::Dll => "dll",
            Self::Configuration => "configuration",
            Self::Sealing => "sealing",
            Self::OfflineUsers => "offline_users",
            Self::Server => "server",
            Self::Certificate => "certificate",
            Self::Clock => "clock",
            Self::Proxy => "proxy",
            Self::Task => "task",
            Self::EventSource => "event_source",
            Self::Surroundings => "surroundings",
            Self::LastContact => "last_contact",
        }
    }
}

/// What was found about a part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The part.
    pub part: Part,
    /// How it is; [`Verdict::Refuses`] means that it fails.
    pub verdict: Verdict,
    /// A sentence, and where it fails what to do.
    pub text: String,
}

pub(super) fn good(part: Part, text: impl Into<String>) -> Finding {
    Finding { part, verdict: Verdict::Good, text: text.into() }
}

pub(super) fn warns(part: Part, text: impl Into<String>) -> Finding {
    Finding { part, verdict: Verdict::Warns, text: text.into() }
}

pub(super) fn fails(part: Part, text: impl Into<String>) -> Finding {
    Finding { part, verdict: Verdict::Refuses, text: text.into() }
}
