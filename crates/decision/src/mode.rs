//! Guarding, watching, and when watching ends.

/// What a service does with a refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    /// Refuses.
    #[default]
    Guard,
    /// Lets pass and records, until a time in Unix seconds.
    Watch {
        /// From this second on the service guards.
        until: i64,
    },
}

impl Mode {
    /// Whether refusals pass at this time.
    #[must_use]
    pub const fn watches(self, now: i64) -> bool {
        match self {
            Self::Guard => false,
            Self::Watch { until } => now < until,
        }
    }
}

/// How far the end of watching is put off, in seconds.
pub const PUT_OFF_SECS: i64 = 7 * 86_400;
/// How often it is put off at most.
pub const MAX_PUT_OFFS: u8 = 2;

/// What a service that watches does at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WatchEnd {
    /// The date has not come.
    NotYet,
    /// Guarding begins.
    Guard,
    /// A local administrator of an approved machine would be refused: watching goes on, with an
    /// alarm a day.
    PutOff {
        /// The new end, Unix seconds, at least a day away.
        until: i64,
        /// How often it was put off now.
        put_offs: u8,
    },
}

/// Decides whether watching ends. `somebody_locked_out` says that a local administrator of an
/// approved machine would be refused ([`crate::logon::check`]).
#[must_use]
pub fn watch_end(until: i64, put_offs: u8, somebody_locked_out: bool, now: i64) -> WatchEnd {
    if now < until {
        return WatchEnd::NotYet;
    }
    if !somebody_locked_out || put_offs >= MAX_PUT_OFFS {
        return WatchEnd::Guard;
    }
    // Seven days from the date; from now where the server slept through them, since a week that
    // nobody saw is no warning.
    let from_date = until.saturating_add(PUT_OFF_SECS);
    let until =
        if from_date >= now.saturating_add(86_400) { from_date } else { now.saturating_add(PUT_OFF_SECS) };
    WatchEnd::PutOff { until, put_offs: put_offs.saturating_add(1) }
}

#[cfg(test)]
mod tests;
