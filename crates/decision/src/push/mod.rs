//! The phone: whether it is rung, and how a challenge ends.
//!
//! - [`challenge`]: one challenge as a state machine. Exactly one end wins, and only an answer that a
//!   passkey proves can be an approval.
//! - [`cooldown`]: how often a phone that nobody approved on is rung again.
//!
//! Whether a logon may ring at all is decided with everything else in [`crate::logon::decide`].

pub mod challenge;
pub mod cooldown;

use crate::limits::Counter;

/// How long a phone is waited for, in seconds.
pub const PUSH_SECS: i64 = 60;
/// The same in a remote session, whose logon screen Windows closes after about a minute.
pub const REMOTE_PUSH_SECS: i64 = 45;

/// What the store knows of a user's phones, for one question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Phones {
    /// Phones of the user that can be rung.
    pub ringable: u32,
    /// Rings of this user since the last approval, wherever.
    pub user: Counter,
    /// Rings of this user from this machine since the last approval.
    pub here: Counter,
    /// "Not me": until when this user's phones are not rung from this machine, Unix seconds.
    pub stopped_until: Option<i64>,
    /// The user's open challenge.
    pub open: Option<Open>,
}

/// A challenge that waits already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Open {
    /// It is about the same account at the same machine.
    pub same_place: bool,
    /// When nobody can answer it any more, Unix seconds.
    pub expires: i64,
}

impl Phones {
    /// The open challenge, if it still waits.
    #[must_use]
    pub fn waiting(&self, now: i64) -> Option<Open> {
        self.open.filter(|open| now < open.expires)
    }
}
