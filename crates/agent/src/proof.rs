//! The proof that a logon was allowed.
//!
//! Nothing serializes a credential without one, and nobody outside this crate can make one: only
//! the exchange (from a signed decision, or in version 1 a plain allow) and the offline rule (from a
//! record that is on disk).
//!
//! ```compile_fail
//! // B16 `allow_needs_the_proof_value`: neither a constructor nor the fields are reachable.
//! let proof = agent::proof::Proof { };
//! ```
//! ```compile_fail
//! fn twice(proof: agent::proof::Proof) { let a = proof; let b = proof; }
//! ```

use crate::account::{Account, LogonName};
use core::time::Duration;
use protocol::reason::Reason;
pub use protocol::v2::Scenario;

/// What an allow is about. A proof for one binding is worthless for any other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binding {
    /// The account.
    pub account: Account,
    /// The very strings that were checked and will be serialized.
    pub name: LogonName,
    /// Windows' session number.
    pub session: u32,
    /// Logon, unlock or elevation.
    pub scenario: Scenario,
}

/// Why a logon passes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Basis {
    /// The server allowed it.
    Decision {
        /// Its reason.
        reason: Reason,
        /// Names the logon in the dashboard; empty in version 1.
        short_code: String,
    },
    /// No decision, and the account is listed.
    OfflineRule,
    /// No decision, and the service only watches.
    Watch,
}

impl Basis {
    /// Whether the server saw a second factor, or an administrator stood in for one: what lets
    /// everybody pass proves nothing about this person.
    #[must_use]
    pub const fn shows_second_factor(&self) -> bool {
        match self {
            Self::Decision { reason, .. } => !matches!(reason, Reason::Watch | Reason::PassThrough),
            Self::OfflineRule | Self::Watch => false,
        }
    }
}

/// An allow. Moves, never copies.
#[derive(Debug)]
pub struct Proof {
    binding: Binding,
    basis: Basis,
    born: Duration,
}

impl Proof {
    /// How long it is good, by a clock that counts sleep.
    pub const LIFETIME: Duration = Duration::from_secs(120);

    pub(crate) const fn new(binding: Binding, basis: Basis, now: Duration) -> Self {
        Self { binding, basis, born: now }
    }

    /// What it is about.
    #[must_use]
    pub const fn binding(&self) -> &Binding {
        &self.binding
    }

    /// Why it was given.
    #[must_use]
    pub const fn basis(&self) -> &Basis {
        &self.basis
    }

    /// When it ends, on the clock of [`crate::ports::Clock::ticks`].
    #[must_use]
    pub fn ends(&self) -> Duration {
        self.born.saturating_add(Self::LIFETIME)
    }

    /// Whether it is good for `binding` at `now`. A clock that went back ends it.
    #[must_use]
    pub fn is_good(&self, binding: &Binding, now: Duration) -> bool {
        self.binding == *binding && now >= self.born && now < self.ends()
    }
}
