//! Whether a machine that proved to know a ServiceKey or a token is let in, waits for an
//! administrator, or is refused. Pure.

use crate::store::machines::{Door, State};
use crate::store::services::Admit;
use protocol::error_code::ErrorCode;
use protocol::v2::AdmissionOrigin;

/// It is not taken in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The service was deleted.
    ServiceDeleted,
    /// The service admits with a token only.
    TokenNeeded,
    /// The token's last day is over.
    TokenExpired,
    /// The token has been used as often as it may.
    TokenSpent,
}

impl Refusal {
    /// The code on the wire.
    #[must_use]
    pub const fn code(self) -> ErrorCode {
        match self {
            Self::ServiceDeleted => ErrorCode::ServiceDeleted,
            Self::TokenNeeded => ErrorCode::AdmissionClosed,
            Self::TokenExpired => ErrorCode::TokenExpired,
            Self::TokenSpent => ErrorCode::TokenSpent,
        }
    }
}

/// Decides at a time in Unix seconds.
///
/// A token stands for an approval that an administrator gave beforehand, except where the service
/// wants each machine approved. What comes from a policy, which every domain user can read, waits.
///
/// # Errors
/// Why it is refused.
pub fn judge(door: &Door, origin: AdmissionOrigin, now: i64) -> Result<State, Refusal> {
    if door.deleted {
        return Err(Refusal::ServiceDeleted);
    }
    let (admit, until) = door.admit;
    let waits = match &door.token {
        Some(token) if now >= token.until => return Err(Refusal::TokenExpired),
        Some(token) if token.uses_left <= 0 => return Err(Refusal::TokenSpent),
        Some(token) => token.needs_approval || admit == Admit::Approval,
        None => match admit {
            Admit::Open => false,
            Admit::Until => until.is_none_or(|until| now >= until),
            Admit::Approval => true,
            Admit::Token => return Err(Refusal::TokenNeeded),
        },
    };
    let waits = waits || origin == AdmissionOrigin::Policy;
    Ok(if waits { State::Waiting } else { State::Approved })
}

#[cfg(test)]
mod tests {
    use super::{Refusal, judge};
    use crate::store::machines::{Door, State, Token};
    use crate::store::services::Admit;
    use protocol::encoding::Bytes;
    use protocol::id::ServiceId;
    use protocol::v2::AdmissionOrigin::{self, File, Person, Policy};
    use protocol::v2::Mode;

    const NOW: i64 = 1_790_000_000;

    fn door(admit: Admit, until: Option<i64>, token: Option<(i64, i64, bool)>) -> Door {
        Door {
            service: ServiceId::new([1; 16]),
            name: "Workstations".to_owned(),
            mode: (Mode::Guard, None),
            admit: (admit, until),
            key_generation: 1,
            deleted: false,
            token: token.map(|(uses_left, until, needs_approval)| Token {
                id: Bytes([2; 8]),
                uses_left,
                until,
                needs_approval,
            }),
            secret: zeroize::Zeroizing::default(),
        }
    }

    /// `Ok(true)`: it waits.
    fn check(door: &Door, origin: AdmissionOrigin, expect: Result<bool, Refusal>) {
        let expect = expect.map(|waits| if waits { State::Waiting } else { State::Approved });
        assert_eq!(judge(door, origin, NOW), expect, "{door:?} {origin:?}");
    }

    #[test]
    fn each_kind_of_admission() {
        check(&door(Admit::Open, None, None), Person, Ok(false));
        check(&door(Admit::Until, Some(NOW + 1), None), Person, Ok(false));
        check(&door(Admit::Until, Some(NOW), None), Person, Ok(true));
        check(&door(Admit::Until, None, None), Person, Ok(true));
        check(&door(Admit::Approval, None, None), Person, Ok(true));
        check(&door(Admit::Token, None, None), Person, Err(Refusal::TokenNeeded));
    }

    #[test]
    fn a_token_has_uses_and_an_end() {
        let with = |admit, token| door(admit, None, Some(token));
        for admit in [Admit::Open, Admit::Until, Admit::Token] {
            check(&with(admit, (1, NOW + 1, false)), File, Ok(false));
            check(&with(admit, (1, NOW + 1, true)), File, Ok(true));
            check(&with(admit, (0, NOW + 1, false)), File, Err(Refusal::TokenSpent));
            check(&with(admit, (1, NOW, false)), File, Err(Refusal::TokenExpired));
        }
        check(&with(Admit::Approval, (1, NOW + 1, false)), File, Ok(true));
    }

    #[test]
    fn what_comes_from_a_policy_waits() {
        check(&door(Admit::Open, None, None), Policy, Ok(true));
        check(&door(Admit::Token, None, Some((1, NOW + 1, false))), Policy, Ok(true));
    }

    #[test]
    fn a_deleted_service_admits_nobody() {
        let deleted = Door { deleted: true, ..door(Admit::Open, None, Some((1, NOW + 1, false))) };
        check(&deleted, Person, Err(Refusal::ServiceDeleted));
    }
}
