//! What a logon is answered that was asked about before. Pure.

use crate::store::logons::Stored;
use protocol::ALLOW_AGE_SECS;
use protocol::reason::Reason;
use protocol::v2::{Answer, Decision, DecisionResult, Params};

/// What is known of a logon that was asked about before.
#[derive(Debug, Clone, PartialEq)]
pub enum Replay {
    /// Its end.
    Decision(Decision),
    /// Nobody has answered yet.
    Pending,
    /// The person gave up before it was ever asked for; only its id is known.
    CancelledUnasked {
        /// Names it in the dashboard.
        short_code: String,
    },
    /// The row cannot be read.
    Damaged,
}

/// Reads a logon's row at a time in Unix seconds. An allow that is asked about too late is answered
/// as a denial: nobody should wait that long before using it.
#[must_use]
pub fn replay(stored: &Stored, now: i64) -> Replay {
    if stored.result == "pending" {
        return Replay::Pending;
    }
    if stored.answer.is_empty() {
        return Replay::CancelledUnasked { short_code: stored.short_code.clone() };
    }
    let Ok(Answer::Decision(decision)) = serde_json::from_str(&stored.answer) else {
        return Replay::Damaged;
    };
    let decided = stored.decided.unwrap_or(decision.time);
    Replay::Decision(match stored.result.as_str() {
        "cancelled" => deny(decision, Reason::Cancelled, decided),
        "allow" if now.saturating_sub(decided) > ALLOW_AGE_SECS => deny(decision, Reason::Expired, now),
        // Whatever the row says beside its answer, the stricter of the two counts.
        "deny" if decision.result == DecisionResult::Allow => deny(decision, Reason::Expired, decided),
        _ => decision,
    })
}

fn deny(decision: Decision, reason: Reason, time: i64) -> Decision {
    Decision { result: DecisionResult::Deny, reason, parameters: Params::new(), time, ..decision }
}
