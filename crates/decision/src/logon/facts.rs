//! What a decision is made from.

use crate::account::{Account, Pattern};
use crate::code::{Given, TotpSecret};
use crate::limits::Guesses;
use crate::mode::Mode;
use crate::policy::{Methods, Policy, Unmet};
use alloc::vec::Vec;
use core::net::IpAddr;
use protocol::v2::{Method, PasswordState, Session};

/// What the agent asked, parsed, with what the server saw itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogonRequest {
    /// Who wants to log on, with the names that the store knows for the account's domain.
    pub account: Account,
    /// The method asked for.
    pub method: Method,
    /// The code as typed.
    pub code: Given,
    /// What Windows said of the password; `None`: not told (v1), so it vouches for nothing.
    pub password: Option<PasswordState>,
    /// Where the person sits; `None`: not told (v1).
    pub session: Option<Session>,
    /// The address that the server sees, through listed proxies only; never one that the agent or an
    /// RDP client claims.
    pub source: IpAddr,
}

/// Everything that the store knows about the question, read in one go.
///
/// Revoked and unknown machines are answered before there is a decision: they get an error.
#[derive(Debug, Clone)]
pub struct Facts {
    /// The service of the machine.
    pub service: Service,
    /// The machine that asks.
    pub machine: Machine,
    /// The service lets pass whom none of its accesses names, and none names this account (v1).
    pub pass_through: bool,
    /// Until when an administrator opened this account at this machine, Unix seconds.
    pub bypass_until: Option<i64>,
    /// The user named by the trasa id, or the sole user of the account where none was asked
    /// ([`super::sole_user`]). `None`: nobody.
    pub user: Option<User>,
}

/// A service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Service {
    /// It is there.
    Active(Mode),
    /// It was deleted; what is left is its tombstone.
    Deleted,
    /// It does not answer v1, or no longer, and is asked in v1.
    Closed,
}

/// A machine as far as it matters here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Machine {
    /// It was admitted openly or approved.
    Approved,
    /// It waits for an administrator.
    Waiting,
    /// None is named (v1): whoever holds the service's key asks.
    Unnamed,
}

/// A user, with what belongs to the question.
#[derive(Debug, Clone)]
pub struct User {
    /// Whether the user is enabled.
    pub enabled: bool,
    /// The user's accesses on this service, own and through groups; those about other accounts may
    /// be among them.
    pub accesses: Vec<Access>,
    /// The user's devices that show one-time codes.
    pub totp: Vec<TotpDevice>,
    /// The guesses of this user, and of this user at this machine (v1: from this address).
    pub guesses: Guesses,
}

impl User {
    /// The methods that the user has a device for.
    #[must_use]
    pub const fn methods(&self) -> Methods {
        Methods { push: false, totp: !self.totp.is_empty() }
    }
}

/// "This user may be this account, under this policy."
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Access {
    /// The account.
    pub account: Pattern,
    /// When, from where and how; `None`: always, by any method.
    pub policy: Option<Policy>,
    /// The first instant at which it allows nothing, Unix seconds; `None`: it has no end.
    pub until: Option<i64>,
}

impl Access {
    /// Whether the access has not ended.
    ///
    /// # Errors
    /// It has; told as a policy's end, which every agent knows.
    pub(super) fn hold_end(&self, now: i64) -> Result<(), Unmet> {
        match self.until {
            Some(until) if now >= until => Err(Unmet::access_ended(until)),
            _ => Ok(()),
        }
    }
}

/// A device that shows one-time codes.
#[derive(Debug, Clone)]
pub struct TotpDevice {
    /// What its codes are made from.
    pub secret: TotpSecret,
    /// The last accepted step, if any.
    pub last_step: Option<u64>,
}
