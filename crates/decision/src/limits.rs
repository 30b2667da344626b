//! How often a code may be guessed.
//!
//! Five wrong codes in a row are free. Each further attempt has to wait, 10 seconds at first and
//! twice as long each time, a day at most. Waiting allows one more attempt, it forgives nothing:
//! only a success sets a counter back. So a million guesses take centuries, whatever the breaks.
//!
//! An attempt is *taken*, counted as a failure, before the code is looked at, and given back when
//! the code was right. Attempts in parallel all read the same counter; the store writes by
//! compare-and-set, so all but one of them read and decide again.
//!
//! Three counters: of the user, of the user at one machine, and, for v1, of the user over all
//! addresses. Who counts where:
//!
//! | password | the user's last success at this machine | counted and obeyed |
//! |---|---|---|
//! | verified | more than 30 days ago, or never | both |
//! | verified | within 30 days | the machine's only: strangers elsewhere lock nobody out at home |
//! | unknown  | any | the machine's only: who knows no password locks nobody out elsewhere |
//! | not told (v1) | more than 30 days ago, or never | the address's, and the one over all addresses |
//! | not told (v1) | within 30 days | the address's only |
//!
//! The counter over all addresses is for whoever holds a service's v1 key and has many addresses: its
//! first [`FREE_OVER_ADDRESSES`] failures are free, then it delays like the others.
//!
//! "Machine" is whatever key the caller keeps the second counter under: the machine's id in v2, the
//! [address seen](CountedAddress) in v1.

use alloc::vec::Vec;
use core::net::IpAddr;
use protocol::v2::PasswordState;

/// Wrong codes in a row that cost no waiting.
pub const FREE_FAILURES: u32 = 5;
/// Wrong codes in a row, from whatever addresses, that cost no waiting in v1.
pub const FREE_OVER_ADDRESSES: u32 = 50;
/// The first delay in seconds.
pub const FIRST_DELAY_SECS: i64 = 10;
/// The longest delay in seconds.
pub const MAX_DELAY_SECS: i64 = 86_400;
/// How long a success makes a machine the user's own, in seconds.
pub const AT_HOME_SECS: i64 = 30 * 86_400;

/// One counter as the store keeps it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Counter {
    /// Wrong codes since the last success.
    pub failures: u32,
    /// Unix seconds; before it no attempt is taken.
    pub next_allowed_at: i64,
}

/// No attempt is taken now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Locked {
    /// Seconds until the next attempt, 1 to [`MAX_DELAY_SECS`].
    pub wait_secs: i64,
}

impl Counter {
    /// Takes one attempt, or says how long to wait. The result already counts the attempt as failed.
    ///
    /// A `next_allowed_at` farther away than its delay can be comes from a clock that was ahead and
    /// was set back; it locks nobody.
    ///
    /// # Errors
    /// [`Locked`] while a delay runs; nothing changes then.
    pub fn take(self, now: i64) -> Result<Self, Locked> {
        self.take_after(FREE_FAILURES, now)
    }

    fn take_after(self, free: u32, now: i64) -> Result<Self, Locked> {
        let wait_secs = self.next_allowed_at.saturating_sub(now);
        if wait_secs > 0 && wait_secs <= delay_after(free, self.failures) {
            return Err(Locked { wait_secs });
        }
        let failures = self.failures.saturating_add(1);
        Ok(Self { failures, next_allowed_at: now.saturating_add(delay_after(free, failures)) })
    }
}

/// The delay after so many wrong codes in a row, in seconds.
#[must_use]
pub fn delay_secs(failures: u32) -> i64 {
    delay_after(FREE_FAILURES, failures)
}

fn delay_after(free: u32, failures: u32) -> i64 {
    let Some(doublings) = failures.checked_sub(free) else {
        return 0;
    };
    // 10 s doubled 14 times is more than a day.
    (FIRST_DELAY_SECS << doublings.min(14)).min(MAX_DELAY_SECS)
}

/// What the store knows about the guesses of one user at one machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Guesses {
    /// The user's counter.
    pub user: Counter,
    /// The counter of this user at this machine, or from this address.
    pub here: Counter,
    /// The counter of this user in v1, over all addresses.
    pub over_addresses: Counter,
    /// When this user last succeeded at this machine, Unix seconds.
    pub last_success_here: Option<i64>,
}

/// Which counter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum CounterOf {
    /// The user's.
    User,
    /// The user's at the machine that asks, or from the address that asks.
    UserAtMachine,
    /// The user's in v1, over all addresses.
    UserOverAddresses,
}

impl CounterOf {
    /// Failures in a row that cost no waiting.
    const fn free(self) -> u32 {
        match self {
            Self::User | Self::UserAtMachine => FREE_FAILURES,
            Self::UserOverAddresses => FREE_OVER_ADDRESSES,
        }
    }
}

/// One counter to write, if it still is what was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CounterChange {
    /// Which one.
    pub counter: CounterOf,
    /// What the decision was made from. If the store holds another value now, the decision is void.
    pub read: Counter,
    /// What to write; may equal `read`, which still has to be compared.
    pub write: Counter,
}

/// An address as guesses are counted by it: one of IPv4, or the first 64 bits of one of IPv6, behind
/// which a single host has as many as it likes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CountedAddress {
    /// IPv4, also where it came inside IPv6.
    V4([u8; 4]),
    /// The /64 of IPv6.
    V6([u8; 8]),
}

impl CountedAddress {
    /// What an address counts as.
    #[must_use]
    pub fn of(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => Self::V4(address.octets()),
            IpAddr::V6(address) => {
                let [a, b, c, d, e, f, g, h, ..] = address.octets();
                Self::V6([a, b, c, d, e, f, g, h])
            }
        }
    }

    /// Four or eight bytes, as the key of a counter.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8] {
        match self {
            Self::V4(bytes) => bytes,
            Self::V6(bytes) => bytes,
        }
    }
}

/// An attempt that was taken. It ends as a failure or a success.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct Attempt(Vec<CounterChange>);

impl Attempt {
    /// The code was not right: the counters stay raised.
    #[must_use]
    pub fn failed(self) -> Vec<CounterChange> {
        self.0
    }

    /// The code was right: the counters that counted start afresh.
    #[must_use]
    pub fn succeeded(mut self) -> Vec<CounterChange> {
        for change in &mut self.0 {
            change.write = Counter::default();
        }
        self.0
    }
}

impl Guesses {
    /// Whether the user succeeded at this machine within [`AT_HOME_SECS`].
    #[must_use]
    pub fn at_home(&self, now: i64) -> bool {
        self.last_success_here.is_some_and(|last| now.saturating_sub(last) <= AT_HOME_SECS)
    }

    /// Takes one attempt from every counter that counts.
    ///
    /// # Errors
    /// [`Locked`] with the longest delay that still runs.
    pub fn take(&self, password: Option<PasswordState>, now: i64) -> Result<Attempt, Locked> {
        let here = [(CounterOf::UserAtMachine, self.here)];
        let both = [(CounterOf::User, self.user), (CounterOf::UserAtMachine, self.here)];
        let untold =
            [(CounterOf::UserOverAddresses, self.over_addresses), (CounterOf::UserAtMachine, self.here)];
        let counted: &[_] = match password {
            Some(PasswordState::Verified) if !self.at_home(now) => &both,
            None if !self.at_home(now) => &untold,
            Some(PasswordState::Verified | PasswordState::Unknown) | None => &here,
        };
        let mut taken = Vec::with_capacity(counted.len());
        let mut locked: Option<Locked> = None;
        for &(counter, read) in counted {
            match read.take_after(counter.free(), now) {
                Ok(write) => taken.push(CounterChange { counter, read, write }),
                Err(wait) => {
                    locked = Some(Locked {
                        wait_secs: locked.map_or(wait.wait_secs, |other| other.wait_secs.max(wait.wait_secs)),
                    });
                }
            }
        }
        match locked {
            Some(locked) => Err(locked),
            None => Ok(Attempt(taken)),
        }
    }
}

/// Wrong codes of a whole service within an hour. It raises alarms and locks nobody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ServiceTotal {
    /// When the hour began, Unix seconds.
    pub since: i64,
    /// Wrong codes since.
    pub failures: u32,
}

impl ServiceTotal {
    /// Wrong codes in an hour at which the first alarm is raised.
    pub const ALARM_AT: u32 = 100;
    /// Length of the window in seconds.
    pub const WINDOW_SECS: i64 = 3600;

    /// Counts one wrong code; `true` when an alarm is due: at [`Self::ALARM_AT`] and at each doubling.
    #[must_use]
    pub fn count(self, now: i64) -> (Self, bool) {
        let age = now.saturating_sub(self.since);
        let next = if (0..Self::WINDOW_SECS).contains(&age) {
            Self { since: self.since, failures: self.failures.saturating_add(1) }
        } else {
            Self { since: now, failures: 1 }
        };
        let times = next.failures / Self::ALARM_AT;
        (next, next.failures % Self::ALARM_AT == 0 && times.is_power_of_two())
    }
}

#[cfg(test)]
mod tests;
