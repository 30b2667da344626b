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

#[cfg(test)]
#[expect(clippy::panic, reason = "a test fails by panicking")]
mod tests {
    use super::{Replay, replay};
    use crate::store::logons::Stored;
    use protocol::encoding::Bytes;
    use protocol::reason::Reason;

    const DECIDED: i64 = 1_790_000_000;
    const ALLOW: &str = r#"{"kind":"decision","logon":"w8PDw8PDw8PDw8PDw8PDww","machine":"oaGhoaGhoaGhoaGhoaGhoQ",
        "service":"srKysrKysrKysrKysrKysg","account":{"domain":"ACME","name":"anna","kind":"domain"},
        "result":"allow","reason":"code_accepted","short_code":"K7M2QX","time":1790000000}"#;

    fn check(result: &str, answer: &str, age: i64, expect: Reason) {
        let stored = Stored {
            body_hash: Bytes([0; 32]),
            result: result.to_owned(),
            answer: answer.to_owned(),
            short_code: "K7M2QX".to_owned(),
            decided: Some(DECIDED),
        };
        match replay(&stored, DECIDED + age) {
            Replay::Decision(decision) => assert_eq!(decision.reason, expect, "{result} {age}"),
            other => panic!("{result} {age}: {other:?}"),
        }
    }

    #[test]
    fn an_allow_lasts_two_minutes_and_never_outlives_its_row() {
        check("allow", ALLOW, 0, Reason::CodeAccepted);
        check("allow", ALLOW, 120, Reason::CodeAccepted);
        check("allow", ALLOW, 121, Reason::Expired);
        check("cancelled", ALLOW, 0, Reason::Cancelled);
        check("deny", ALLOW, 0, Reason::Expired);
        let deny = ALLOW.replace("allow", "deny").replace("code_accepted", "code_wrong");
        check("deny", &deny, 100_000, Reason::CodeWrong);
    }

    #[test]
    fn what_cannot_be_read_is_no_decision() {
        let stored = |result: &str, answer: &str| Stored {
            body_hash: Bytes([0; 32]),
            result: result.to_owned(),
            answer: answer.to_owned(),
            short_code: String::new(),
            decided: None,
        };
        assert_eq!(replay(&stored("allow", "{"), DECIDED), Replay::Damaged);
        assert_eq!(replay(&stored("pending", ""), DECIDED), Replay::Pending);
        assert!(matches!(replay(&stored("cancelled", ""), DECIDED), Replay::CancelledUnasked { .. }));
    }
}
