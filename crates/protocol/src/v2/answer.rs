use super::{Admitted, Challenge, CheckAnswer, Decision, Params, Pending, ReportAnswer};
use crate::error_code::ErrorCode;
use serde::{Deserialize, Serialize};

/// Why there is no decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorBody {
    /// The code.
    pub code: ErrorCode,
    /// Values for the text.
    #[serde(default)]
    pub parameters: Params,
    /// One sentence for whoever reads a trace; agents show texts of their own.
    #[serde(default)]
    pub message: String,
}

/// The body of an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Answer {
    /// To an admission.
    Admitted(Admitted),
    /// To `GET /agent/v2/keys`; unsigned, the chain speaks for itself.
    Keys {
        /// The chain of key lists as JWS, oldest first.
        keys: Vec<String>,
    },
    /// A logon's end.
    Decision(Decision),
    /// The phone rings.
    Challenge(Challenge),
    /// Nobody has answered yet.
    Pending(Pending),
    /// To a check.
    Check(CheckAnswer),
    /// To a report.
    Report(ReportAnswer),
    /// The request's signature is right and its `created` is not: the agent uses `time` and asks
    /// once more. Given only after the signature verified.
    Clock {
        /// The server's clock, Unix seconds.
        time: i64,
    },
    /// No decision, and why.
    Error(ErrorBody),
    /// The store is down: worth no more than silence.
    Unavailable,
}
