//! One challenge as a state machine.
//!
//! ```text
//! Pending ── answer, proved, right number ──> Approved, untold ── told ──> Approved, told
//!    │                                            │
//!    ├── deny, not me ──> Denied, NotMe <─────────┘
//!    ├── answer, wrong number ──> NumberWrong
//!    ├── time ──> Expired       ├── newer logon ──> Superseded
//!    └── cancel ──> Cancelled   (also from Approved: the person at the tile gave up)
//! ```
//!
//! Exactly one end wins; the store writes it by compare-and-set. An approval is no answer yet until the
//! agent was told of it, and until then a denial beats it: of two phones that answer at once, the one
//! that denies wins, whichever came first. Whoever wants to tell the agent takes [`Event::Told`] first.

use core::fmt;
use protocol::encoding::Bytes;
use protocol::id::LogonId;

/// A user, as the store calls them.
pub type UserId = Bytes<16>;

/// The two digits that the tile shows and the person types on the phone.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Number(u8);

impl Number {
    /// How many there are: 10 to 99.
    pub const COUNT: u8 = 90;

    /// The number for a random value; `None` for a value from [`Self::COUNT`] on, so that none is
    /// likelier than the others: draw again.
    #[must_use]
    pub const fn of(random: u8) -> Option<Self> {
        if random < Self::COUNT { Some(Self(random + 10)) } else { None }
    }

    /// Reads what was typed or stored: two digits, blanks around them aside.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text.trim().as_bytes() {
            [tens @ b'1'..=b'9', ones @ b'0'..=b'9'] => Some(Self((tens - b'0') * 10 + (ones - b'0'))),
            _ => None,
        }
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// Whoever reads a log must not be able to approve.
impl fmt::Debug for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Number(..)")
    }
}

/// How a challenge stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum State {
    /// Nobody has answered.
    Pending,
    /// Approved by a passkey.
    Approved {
        /// The agent was told, or is about to be: nothing but giving up changes it any more.
        told: bool,
    },
    /// Declined on a phone.
    Denied,
    /// Declined on a phone with the words "not me".
    NotMe,
    /// Another number was typed than the tile showed.
    NumberWrong,
    /// Nobody answered in time.
    Expired,
    /// The person at the tile gave up.
    Cancelled,
    /// A newer logon of the same account at the same machine took its place.
    Superseded,
}

impl State {
    /// Whether it still waits for an answer.
    #[must_use]
    pub const fn is_pending(self) -> bool {
        matches!(self, Self::Pending)
    }
}

/// A challenge, as far as its rules need it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Challenge {
    /// Which logon it is about.
    pub logon: LogonId,
    /// Whom it was sent to.
    pub user: UserId,
    /// What has to be typed; `None` only where an original agent asks, which shows none.
    pub number: Option<Number>,
    /// The first instant at which nobody can answer any more, Unix seconds.
    pub expires: i64,
    /// How it stands.
    pub state: State,
}

/// The phone that something comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Phone {
    /// Whose it is.
    pub user: UserId,
    /// It was removed.
    pub removed: bool,
}

/// What a passkey signed, after its signature, origin and relying party were found right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Proof {
    /// The logon whose stored challenge was signed.
    pub logon: LogonId,
    /// The authenticator verified the person (finger, face, PIN), not just a touch.
    pub user_verified: bool,
}

/// What happens to a challenge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// A phone approves.
    Approve {
        /// Which.
        phone: Phone,
        /// What was typed; `None`: nothing that can be a number, or the phone did not ask.
        number: Option<Number>,
        /// What the passkey signed; `None`: nothing, or nothing that verifies.
        proof: Option<Proof>,
    },
    /// A phone declines.
    Deny {
        /// Which.
        phone: Phone,
        /// "That was not me."
        not_me: bool,
    },
    /// The person at the tile gave up.
    Cancel,
    /// The same account at the same machine asked again.
    Supersede,
    /// Time went by.
    Tick,
    /// The agent is about to be told of the approval.
    Told,
}

/// Why an event changed nothing. Each is written into the audit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Refused {
    /// The phone is another user's.
    #[error("the phone belongs to another user")]
    ForeignPhone,
    /// The phone was removed.
    #[error("the phone was removed")]
    PhoneRemoved,
    /// The tile shows a number and the answer brings none.
    #[error("the answer brings no number")]
    NumberMissing,
    /// Nothing was signed, or it does not verify.
    #[error("no passkey proves the answer")]
    NotProved,
    /// What was signed is another logon's challenge.
    #[error("the passkey signed another logon's challenge")]
    AnotherLogon,
    /// The authenticator did not verify the person.
    #[error("the passkey did not verify the person")]
    PersonNotVerified,
    /// It has ended, or has not got so far.
    #[error("the challenge stands otherwise")]
    Over(State),
}

impl Refused {
    /// As it stands in the audit and in answers to the phone.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::ForeignPhone => "foreign_phone",
            Self::PhoneRemoved => "phone_removed",
            Self::NumberMissing => "number_missing",
            Self::NotProved => "not_proved",
            Self::AnotherLogon => "another_logon",
            Self::PersonNotVerified => "person_not_verified",
            Self::Over(_) => "over",
        }
    }
}

impl Challenge {
    /// How it stands at a time in Unix seconds.
    #[must_use]
    pub fn state_at(&self, now: i64) -> State {
        match self.state {
            State::Pending if now >= self.expires => State::Expired,
            state => state,
        }
    }

    /// The state after an event.
    ///
    /// # Errors
    /// [`Refused`]; the state stays what [`Self::state_at`] says.
    pub fn after(&self, event: &Event, now: i64) -> Result<State, Refused> {
        let state = self.state_at(now);
        match (*event, state) {
            (Event::Approve { phone, number, proof }, _) => {
                self.owns(phone)?;
                match state {
                    State::Pending => self.approve(number, proof),
                    other => Err(Refused::Over(other)),
                }
            }
            (Event::Deny { phone, not_me }, _) => {
                self.owns(phone)?;
                match state {
                    State::Pending | State::Approved { told: false } if not_me => Ok(State::NotMe),
                    State::Pending | State::Approved { told: false } => Ok(State::Denied),
                    other => Err(Refused::Over(other)),
                }
            }
            (Event::Cancel, State::Pending | State::Approved { .. }) => Ok(State::Cancelled),
            (Event::Supersede, State::Pending) => Ok(State::Superseded),
            (Event::Tick, State::Expired) if self.state.is_pending() => Ok(State::Expired),
            (Event::Told, State::Approved { told: false }) => Ok(State::Approved { told: true }),
            (Event::Cancel | Event::Supersede | Event::Tick | Event::Told, other) => {
                Err(Refused::Over(other))
            }
        }
    }

    fn owns(&self, phone: Phone) -> Result<(), Refused> {
        if phone.user != self.user {
            return Err(Refused::ForeignPhone);
        }
        if phone.removed { Err(Refused::PhoneRemoved) } else { Ok(()) }
    }

    /// The number first: whoever types a wrong one ends the logon, whether or not a finger follows.
    fn approve(&self, typed: Option<Number>, proof: Option<Proof>) -> Result<State, Refused> {
        if let Some(shown) = self.number {
            let typed = typed.ok_or(Refused::NumberMissing)?;
            if typed != shown {
                return Ok(State::NumberWrong);
            }
        }
        let proof = proof.ok_or(Refused::NotProved)?;
        if proof.logon != self.logon {
            return Err(Refused::AnotherLogon);
        }
        if !proof.user_verified {
            return Err(Refused::PersonNotVerified);
        }
        Ok(State::Approved { told: false })
    }
}

#[cfg(test)]
mod tests;
