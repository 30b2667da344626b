//! The audit: append-only rows, written in the transaction of what they tell about, and sealed into
//! signed segments once a second.

pub mod chain;
pub mod sealer;

use crate::store::ids::{AdministratorId, ApiTokenId, MachineId, ServiceId, UserId};
use serde::Serialize;
use serde_json::{Map, Value};
use std::fmt;

/// Who did it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Actor {
    /// Somebody at the server's console, by their name in the operating system.
    Console(String),
    /// A machine, by a signed request.
    Machine(MachineId),
    /// Whoever holds a service's key of version 1, which names no machine reliably.
    Service(ServiceId),
    /// A person, through a page of the server.
    User(UserId),
    /// An administrator, through the dashboard.
    Administrator(AdministratorId),
    /// A program, by its token.
    Token(ApiTokenId),
    /// The server itself.
    Server,
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Console(name) => write!(f, "console:{name}"),
            Self::Machine(id) => write!(f, "machine:{id}"),
            Self::Service(id) => write!(f, "service:{id}"),
            Self::User(id) => write!(f, "user:{id}"),
            Self::Administrator(id) => write!(f, "administrator:{id}"),
            Self::Token(id) => write!(f, "token:{id}"),
            Self::Server => f.write_str("server"),
        }
    }
}

/// The kind of alarms.
pub const ALARM: &str = "alarm";

/// A row to be written. Never put a secret, a code or an unverified typed name into it.
#[derive(Debug, Clone)]
pub struct Entry {
    pub(crate) kind: &'static str,
    pub(crate) actor: Actor,
    pub(crate) subject: String,
    pub(crate) details: Map<String, Value>,
}

impl Entry {
    /// `kind` is `noun.verb`, such as `service.add`; `subject` the id of what it is about.
    #[must_use]
    pub fn new(kind: &'static str, actor: Actor, subject: impl fmt::Display) -> Self {
        Self { kind, actor, subject: subject.to_string(), details: Map::new() }
    }

    /// An alarm: shown by `doctor` and on the home page. `name` is a stable code.
    #[must_use]
    pub fn alarm(name: &'static str, actor: Actor, subject: impl fmt::Display) -> Self {
        Self::new(ALARM, actor, subject).detail("alarm", name)
    }

    /// Adds a detail. A value that cannot be JSON is left out.
    #[must_use]
    pub fn detail(mut self, name: &str, value: impl Serialize) -> Self {
        if let Ok(value) = serde_json::to_value(value) {
            self.details.insert(name.to_owned(), value);
        }
        self
    }
}

/// A row as it stands in the store and in exports.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Row {
    /// Counts up over the whole store, without gaps.
    pub number: i64,
    /// Unix seconds.
    pub time: i64,
    /// What happened.
    pub kind: String,
    /// Who did it, as [`Actor`] writes it.
    pub actor: String,
    /// Id of what it is about.
    pub subject: String,
    /// JSON, as it was hashed.
    #[serde(serialize_with = "as_json")]
    #[schema(value_type = Object)]
    pub details: String,
}

fn as_json<S: serde::Serializer>(details: &str, serializer: S) -> Result<S::Ok, S::Error> {
    match serde_json::from_str::<Value>(details) {
        Ok(value) => value.serialize(serializer),
        Err(_) => serializer.serialize_str(details),
    }
}
