//! The decision about one logon.
//!
//! The order of the checks: service, machine, bypass, pass-through, user, enabled, access, policies, method,
//! factor. The first that fails is the reason. One function sees everything that belongs to one
//! logon; nothing from another logon, another access or another user's device is ever added to it.

mod check;
mod decide;
mod facts;
#[cfg(test)]
mod tests;
mod tile;

pub use check::{Asked, AskedUser, Candidate, Standing, check, needs_trasa_id, sole_user};
pub use decide::decide;
pub use facts::{Access, Facts, LogonRequest, Machine, Service, TotpDevice, User};
pub use tile::for_tile;

use crate::limits::CounterChange;
use alloc::string::String;
use alloc::vec::Vec;
use protocol::reason::Reason;
use protocol::v2::Params;

/// How a logon ends.
#[derive(Debug, Clone, PartialEq)]
#[must_use]
pub struct Decision {
    /// Allow or deny. For the audit: it holds the exact reason, which the tile may not learn; see
    /// [`for_tile`].
    pub outcome: Outcome,
    /// The access that was used, or whose policy came nearest: its place in [`User::accesses`].
    pub access: Option<usize>,
    /// The line of that access's policy that did not hold, with what it met. For the audit.
    pub policy_line: Option<String>,
    /// What the store has to change before the answer leaves.
    pub effects: Effects,
}

/// Allow or deny, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The logon goes on.
    Allow {
        /// Why.
        reason: Reason,
        /// Values for the text. With [`Reason::Watch`], `would_be` is the code of the reason for
        /// which guarding would have refused.
        params: Params,
    },
    /// It does not.
    Deny {
        /// Why.
        reason: Reason,
        /// Values for the text.
        params: Params,
    },
}

impl Outcome {
    /// Whether the logon goes on.
    #[must_use]
    pub const fn is_allow(&self) -> bool {
        matches!(self, Self::Allow { .. })
    }

    /// The exact reason.
    #[must_use]
    pub const fn reason(&self) -> Reason {
        match self {
            Self::Allow { reason, .. } | Self::Deny { reason, .. } => *reason,
        }
    }

    /// Values for the text.
    #[must_use]
    pub const fn params(&self) -> &Params {
        match self {
            Self::Allow { params, .. } | Self::Deny { params, .. } => params,
        }
    }
}

/// What the store changes in one transaction, each by compare-and-set: if any `read` is no longer
/// what the store holds, nothing is written, the facts are read again and the logon is decided again.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Effects {
    /// Counters of guesses. A change whose `write` equals its `read` still has to be compared.
    pub counters: Vec<CounterChange>,
    /// The step that is used from now on.
    pub step: Option<StepChange>,
    /// A code was right: now is this user's last success at this machine. Not set by a bypass, nor
    /// by passing only because the service watches.
    pub success_here: bool,
    /// A code was wrong: counts in the service's total ([`crate::limits::ServiceTotal`]).
    pub wrong_code: bool,
}

impl Effects {
    /// Whether there is nothing to change.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// The accepted step of one device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StepChange {
    /// The device's place in [`User::totp`].
    pub device: usize,
    /// The last accepted step that the decision was made from.
    pub read: Option<u64>,
    /// The step that was accepted now.
    pub write: u64,
}
