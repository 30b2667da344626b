//! The server's clock: the one place that reads the time. Everything that decides gets it handed in.

use std::time::{SystemTime, UNIX_EPOCH};

/// Seconds since 1970, UTC.
#[must_use]
pub fn now() -> i64 {
    // A clock before 1970 is a broken clock; 0 makes every date check fail closed.
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .ok()
        .and_then(|since| i64::try_from(since.as_secs()).ok())
        .unwrap_or(0)
}
