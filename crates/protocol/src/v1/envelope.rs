use super::{null_is_empty, read_object};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The two words of `status`. Nothing else is ever success.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// `success`
    Success,
    /// `failed`
    Failed,
}

impl Status {
    /// The word on the wire.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Failed => "failed",
        }
    }
}

/// The two forms of `data` in answers to agents; the agents never read it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Data {
    /// `null`
    Null,
    /// `[null]`
    ListOfNull,
}

/// Every answer. Its members are written in this order, empty ones but `data` left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Envelope {
    /// `success` or `failed`.
    pub status: String,
    /// `null` but for what the original never sends to agents.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub error: Value,
    /// Machine or human text.
    #[serde(default, deserialize_with = "null_is_empty", skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// What was asked.
    #[serde(default, deserialize_with = "null_is_empty", skip_serializing_if = "String::is_empty")]
    pub intent: String,
    /// Of no use to an agent.
    #[serde(default)]
    pub data: Value,
}

impl Envelope {
    /// An answer of the server's.
    #[must_use]
    pub fn new(status: Status, reason: &str, intent: &str, data: Data) -> Self {
        Self {
            status: status.word().to_owned(),
            error: Value::Null,
            reason: reason.to_owned(),
            intent: intent.to_owned(),
            data: match data {
                Data::Null => Value::Null,
                Data::ListOfNull => Value::Array(vec![Value::Null]),
            },
        }
    }

    /// Reads a body; `None` for everything that is no envelope.
    #[must_use]
    pub fn read(body: &[u8]) -> Option<Self> {
        read_object(body)
    }

    /// The body, without white space.
    #[must_use]
    pub fn to_json(&self) -> String {
        // String keys and plain values: writing them cannot fail, and an empty body is no envelope.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Exactly `success`, and no error beside it.
    pub(super) fn says_success(&self) -> bool {
        self.status == Status::Success.word() && self.error.is_null()
    }
}
