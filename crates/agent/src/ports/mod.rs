//! What the agent needs of Windows, as traits. `agent-windows` implements them; the tests here and
//! in other crates use the ones in `agent::testing` (feature `fakes`).
//!
//! A port answers a question or does one thing. It never decides: codes come back raw, and what
//! they mean stands in this crate.

mod accounts;
mod clock;
mod event_log;
mod machine;
mod storage;
mod transport;

pub use accounts::{AccountLookup, LookupError, PasswordAnswer, PasswordCheck, ResolvedAccount};
pub use clock::{BootId, Clock, Random, RandomFailed};
pub use event_log::{Event, EventLog, Level};
pub use machine::{Machine, MachineFacts, Network, Session, SessionFacts, SessionOwner};
pub use storage::{
    Armed, Policies, PolicyName, ProtectedFile, ProtectedFiles, Seal, SealFailed, StateRegistry, StateValue,
    Stored, WriteFailed,
};
pub use transport::{
    Address, AddressError, AnswerHeaders, Cancelled, Deadlines, HttpAnswer, HttpRequest, Method, Never,
    TlsExpectation, Transport, TransportError,
};
