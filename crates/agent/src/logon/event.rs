//! What happens to a logon, and what it wants done.

use super::view::{Field, MethodChoice};
use crate::account::{Account, LogonName, ResolveError};
use crate::password::PasswordOutcome;
use crate::ports::{MachineFacts, SessionFacts};
use crate::proof::{Binding, Proof, Scenario};
use crate::{Password, Sid};
use protocol::error_code::ErrorCode;
use protocol::reason::Reason;
use protocol::v2::{Method, Params, PasswordState};
use std::collections::BTreeMap;
use zeroize::Zeroizing;

/// What does not change while the tile stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setup {
    /// Logon, unlock or elevation; unlock is known by the session's owner.
    pub scenario: Scenario,
    /// The session.
    pub session: SessionFacts,
    /// The machine.
    pub machine: MachineFacts,
    /// The configuration is damaged: nobody but offline users.
    pub damaged: bool,
    /// The service only watches (cached).
    pub watching: bool,
    /// The server can ring phones.
    pub push: bool,
    /// There is a network.
    pub network: bool,
    /// The trasa id that worked last, by account.
    pub trasa_ids: BTreeMap<Sid, String>,
}

/// Names a job; an answer with another ticket than the running one is ignored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Ticket(pub(super) u64);

/// Work for a worker thread, because it waits. [`crate::worker::run`] does it and returns the event.
#[derive(Debug)]
pub enum Job {
    /// Check the password and find the account.
    CheckPassword(PasswordQuestion),
    /// Ask the server, and where it gives no decision apply the offline rule.
    AskServer(Box<LogonQuestion>),
}

impl Job {
    /// Its ticket.
    #[must_use]
    pub const fn ticket(&self) -> Ticket {
        match self {
            Self::CheckPassword(question) => question.ticket,
            Self::AskServer(question) => question.ticket,
        }
    }
}

/// See [`Job::CheckPassword`].
#[derive(Debug)]
pub struct PasswordQuestion {
    /// Names the job.
    pub ticket: Ticket,
    /// The strings to check.
    pub name: LogonName,
    /// The password, a copy.
    pub password: Password,
}

/// See [`Job::AskServer`].
#[derive(Debug)]
pub struct LogonQuestion {
    /// Names the job.
    pub ticket: Ticket,
    /// What an allow will be about.
    pub binding: Binding,
    /// What was typed; `None` where it was not asked.
    pub trasa_id: Option<String>,
    /// The method.
    pub method: Method,
    /// Six digits.
    pub code: Option<Zeroizing<String>>,
    /// What Windows said of the password.
    pub password: PasswordState,
    /// Whether the session is remote.
    pub remote: bool,
    /// Whether this logon may still wait for a network (once).
    pub may_wait_for_network: bool,
}

/// The end of [`Job::CheckPassword`].
#[derive(Debug)]
pub struct PasswordAnswered {
    /// What Windows said.
    pub outcome: PasswordOutcome,
    /// The account, from the token or by its name.
    pub account: Result<Account, ResolveError>,
    /// Whether the trasa id must be typed. True unless the server said otherwise.
    pub ask_trasa_id: bool,
    /// The account is an offline user: it may submit step 2 empty, since without a decision neither
    /// is looked at. The server still says what it misses.
    pub offline_user: bool,
}

/// The end of [`Job::AskServer`].
#[derive(Debug)]
pub enum Answer {
    /// The logon passes.
    Allowed(Proof),
    /// It does not.
    Refused(Refusal),
}

/// Why a logon does not pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// The server decided so.
    Denied {
        /// Why, as far as the tile may know.
        reason: Reason,
        /// Values for the text.
        parameters: Params,
        /// Names the logon in the dashboard.
        short_code: String,
    },
    /// The server refused to decide, and signed that.
    Error {
        /// Why.
        code: ErrorCode,
        /// Values for the text.
        parameters: Params,
    },
    /// A signed answer that does not belong to the question, or that nobody here understands.
    DoesNotFit,
    /// The logon was refused in version 1.
    V1(crate::exchange::v1::Refusal),
    /// No decision, and the account is not listed.
    NoDecision {
        /// A clause that says why there was none.
        why: String,
        /// The server itself answered, only without a decision.
        reached: bool,
    },
    /// The configuration is damaged, and the account is not listed.
    Damaged,
    /// The person gave up.
    Cancelled,
    /// Something that must work did not (B30).
    Internal,
}

/// How a [`Job::AskServer`] is going.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    /// There is no network yet.
    WaitingForNetwork,
    /// An address is being asked.
    Asking,
    /// The phone rings.
    Phone {
        /// Two digits to be typed on it; version 1 has none.
        number: Option<String>,
        /// Until when, on the clock of [`crate::ports::Clock::ticks`].
        until: core::time::Duration,
    },
}

/// What happened.
#[derive(Debug)]
pub enum Event {
    /// SetUsageScenario: everything starts anew.
    SetUp(Box<Setup>),
    /// Text of an edit field.
    Typed(Field, String),
    /// Text of a password field.
    TypedSecret(Field, Password),
    /// Entry of the method list.
    Chose(MethodChoice),
    /// A credential that came along (NLA).
    Incoming {
        /// User name as it stands in the buffer.
        user: String,
        /// Domain as it stands in the buffer; empty for none.
        domain: String,
        /// Password; empty for none.
        password: Password,
    },
    /// Connect.
    Submit,
    /// The person wants to begin anew.
    StartOver,
    /// The person stops waiting.
    Cancel,
    /// [`Job::CheckPassword`] is done.
    PasswordAnswered(Ticket, PasswordAnswered),
    /// [`Job::AskServer`] is going on.
    Progress(Ticket, Progress),
    /// [`Job::AskServer`] is done.
    Answered(Ticket, Answer),
    /// A worker could not start or died.
    WorkerFailed(Ticket),
    /// The network came or went.
    Network(bool),
    /// Time passed; see [`super::Logon::next_tick`].
    Tick,
    /// The tile was left.
    Deselected,
    /// LogonUI lets go of the credential.
    Unadvised,
    /// ReportResult: NTSTATUS and sub-status.
    Reported {
        /// NTSTATUS.
        status: u32,
        /// Its sub-status.
        substatus: u32,
    },
}

/// What is to be done.
#[derive(Debug)]
pub enum Action {
    /// The view changed: render [`super::Logon::view`].
    Show,
    /// Blank a field of secrets on the screen.
    Blank(Field),
    /// Run a job on a worker that holds the module.
    Start(Job),
    /// Raise the cancel flag of the job with this ticket.
    GiveUp(Ticket),
    /// Write down the trasa id that worked for an account.
    Remember(Sid, String),
    /// Call CredentialsChanged; [`super::Logon::take_auto_logon`] will then say yes, once.
    CredentialsChanged,
}
