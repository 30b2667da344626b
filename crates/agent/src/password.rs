//! What LogonUserW's answer means for the logon. There is no outcome that skips the second factor.

use crate::ports::PasswordAnswer;

/// The meaning of a password check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PasswordOutcome {
    /// The password is right: second factor, by any method.
    Verified(Verified),
    /// Windows refuses, and says why: stop, the server hears nothing.
    Stop(Stop),
    /// Windows could not say: second factor by a code only, never a push; Windows decides after.
    Unknown,
}

/// A right password, in what condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verified {
    /// Nothing else to say.
    Right,
    /// It must be changed before the first logon.
    MustChange,
    /// It has expired.
    Expired,
    /// The account may not sign in in this way here; Windows will say so after the second factor.
    TypeNotGranted,
}

/// Why Windows refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "texts::stop says each in a sentence")]
pub enum Stop {
    Wrong,
    LockedOut,
    Disabled,
    AccountExpired,
    Hours,
    Workstation,
}

impl Stop {
    /// Each of them.
    pub const ALL: [Self; 6] =
        [Self::Wrong, Self::LockedOut, Self::Disabled, Self::AccountExpired, Self::Hours, Self::Workstation];
}

const SUCCESS: u32 = 0;
const ERROR_LOGON_FAILURE: u32 = 1326;
const ERROR_INVALID_LOGON_HOURS: u32 = 1328;
const ERROR_INVALID_WORKSTATION: u32 = 1329;
const ERROR_PASSWORD_EXPIRED: u32 = 1330;
const ERROR_ACCOUNT_DISABLED: u32 = 1331;
const ERROR_LOGON_TYPE_NOT_GRANTED: u32 = 1385;
const ERROR_ACCOUNT_EXPIRED: u32 = 1793;
const ERROR_PASSWORD_MUST_CHANGE: u32 = 1907;
const ERROR_ACCOUNT_LOCKED_OUT: u32 = 1909;

/// The outcome of a Win32 code of LogonUserW. Every code has one.
#[must_use]
pub const fn outcome(code: u32) -> PasswordOutcome {
    match code {
        SUCCESS => PasswordOutcome::Verified(Verified::Right),
        ERROR_PASSWORD_MUST_CHANGE => PasswordOutcome::Verified(Verified::MustChange),
        ERROR_PASSWORD_EXPIRED => PasswordOutcome::Verified(Verified::Expired),
        ERROR_LOGON_TYPE_NOT_GRANTED => PasswordOutcome::Verified(Verified::TypeNotGranted),
        ERROR_LOGON_FAILURE => PasswordOutcome::Stop(Stop::Wrong),
        ERROR_ACCOUNT_LOCKED_OUT => PasswordOutcome::Stop(Stop::LockedOut),
        ERROR_ACCOUNT_DISABLED => PasswordOutcome::Stop(Stop::Disabled),
        ERROR_ACCOUNT_EXPIRED => PasswordOutcome::Stop(Stop::AccountExpired),
        ERROR_INVALID_LOGON_HOURS => PasswordOutcome::Stop(Stop::Hours),
        ERROR_INVALID_WORKSTATION => PasswordOutcome::Stop(Stop::Workstation),
        _ => PasswordOutcome::Unknown,
    }
}

/// The outcome of an answer. A success that names no account is worth no more than "unknown": we
/// would not know whose password it was.
#[must_use]
pub fn judge(answer: &PasswordAnswer) -> PasswordOutcome {
    match outcome(answer.code) {
        PasswordOutcome::Verified(Verified::Right) if answer.sid.is_none() => PasswordOutcome::Unknown,
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::{PasswordOutcome as O, Stop, Verified, judge, outcome};
    use crate::ports::PasswordAnswer;

    #[test]
    fn every_logonuser_error_needs_a_decision() {
        let table = [
            (0, O::Verified(Verified::Right)),
            (1907, O::Verified(Verified::MustChange)),
            (1330, O::Verified(Verified::Expired)),
            (1385, O::Verified(Verified::TypeNotGranted)),
            (1326, O::Stop(Stop::Wrong)),
            (1909, O::Stop(Stop::LockedOut)),
            (1331, O::Stop(Stop::Disabled)),
            (1793, O::Stop(Stop::AccountExpired)),
            (1328, O::Stop(Stop::Hours)),
            (1329, O::Stop(Stop::Workstation)),
        ];
        for (code, expect) in table {
            assert_eq!(outcome(code), expect, "{code}");
        }
        // Among the unknown: restriction, no logon server, trust, RPC, time-outs, and any other.
        for code in (0..=20_000).chain([u32::MAX, 0xC000_006D]) {
            if !table.iter().any(|(listed, _)| *listed == code) {
                assert_eq!(outcome(code), O::Unknown, "{code}");
            }
        }
    }

    #[test]
    fn a_success_without_an_account_is_unknown() {
        assert_eq!(judge(&PasswordAnswer { code: 0, sid: None }), O::Unknown);
        assert_eq!(judge(&PasswordAnswer { code: 1907, sid: None }), O::Verified(Verified::MustChange));
    }
}
