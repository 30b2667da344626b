use super::Outcome;
use alloc::string::ToString;
use protocol::reason::Reason;
use protocol::v2::{Params, PasswordState};
use serde_json::Value;

/// What the tile may learn of an outcome: the reason with its parameters, or, where several reasons
/// are one answer, that answer without any.
#[must_use]
pub fn for_tile(outcome: &Outcome, password: PasswordState) -> (Reason, Params) {
    let told = |reason: Reason| match password {
        PasswordState::Verified => reason.for_tile(),
        PasswordState::Unknown => reason.for_tile_without_password(),
    };
    let exact = outcome.reason();
    if exact == Reason::Watch {
        let would_be = outcome.params().get("would_be").and_then(Value::as_str).and_then(Reason::from_code);
        let told = would_be.map(|reason| ("would_be".to_string(), Value::from(told(reason).code())));
        return (exact, Params::from_iter(told));
    }
    let reason = told(exact);
    let params = if reason == exact { outcome.params().clone() } else { Params::new() };
    (reason, params)
}
