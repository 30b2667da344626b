//! Dates, and clocks that are wrong.

use std::process::Command;

use anyhow::{Context, Result, bail};

/// A day in seconds.
pub const DAY_SECS: i64 = 86_400;

/// The date in so many days, as the server's command line takes it, such as `2027-01-31`.
///
/// # Errors
/// When `date` fails.
pub fn date_in(days: i64) -> Result<String> {
    formatted(&format!("now {days:+} days"), "+%F")
}

/// The instant in so many seconds, such as `2027-01-31T18:00:00Z`.
///
/// # Errors
/// When `date` fails.
pub fn instant_in(secs: i64) -> Result<String> {
    formatted(&format!("now {secs:+} seconds"), "+%FT%TZ")
}

fn formatted(when: &str, how: &str) -> Result<String> {
    let output = Command::new("date").args(["-u", "-d", when, how]).output().context("cannot start date")?;
    let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    if output.status.success() { Ok(text) } else { bail!("date does not understand {when}") }
}
