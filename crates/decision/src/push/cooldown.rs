//! How often a phone is rung that nobody approves on.
//!
//! Like guesses ([`crate::limits`]), a ring is *taken* before the phone rings and given back when the
//! logon is approved: refused, ignored, cancelled and superseded rings all count, so that no order of
//! calls rings a phone more often. Three in a row are free; each further one waits, 30 seconds at
//! first and twice as long each time, an hour at most. A day without a ring forgets: what is guarded
//! here is a person's patience, the guess itself is stopped by the number.
//!
//! Where the user succeeded within the last 30 days, only that machine's counter counts, so that
//! whoever knows the password elsewhere silences no phone at home.

use super::Phones;
use crate::limits::{Counter, CounterChange, CounterOf, Locked};
use alloc::vec::Vec;

/// Rings in a row that cost no waiting.
pub const FREE_RINGS: u32 = 3;
/// The first delay in seconds.
pub const FIRST_DELAY_SECS: i64 = 30;
/// The longest delay in seconds.
pub const MAX_DELAY_SECS: i64 = 3600;
/// After so many seconds without a ring the count starts afresh.
pub const FORGOTTEN_SECS: i64 = 86_400;
/// How long "not me" stops the pushes of a user from a machine, in seconds.
pub const STOPPED_SECS: i64 = 86_400;

/// The delay after so many rings in a row, in seconds.
#[must_use]
pub fn delay_secs(rings: u32) -> i64 {
    let Some(doublings) = rings.checked_sub(FREE_RINGS) else { return 0 };
    // 30 s doubled 7 times is more than an hour.
    (FIRST_DELAY_SECS << doublings.min(7)).min(MAX_DELAY_SECS)
}

/// Takes one ring from every counter that counts. The changes already count it as not approved.
///
/// # Errors
/// [`Locked`] with the longest delay that still runs.
pub fn take(phones: &Phones, at_home: bool, now: i64) -> Result<Vec<CounterChange>, Locked> {
    let here = (CounterOf::UserAtMachine, phones.here);
    let both = [(CounterOf::User, phones.user), here];
    let counted = if at_home { &both[1..] } else { &both[..] };
    let wait_secs = counted.iter().map(|(_, counter)| wait(*counter, now)).max().unwrap_or(0);
    if wait_secs > 0 {
        return Err(Locked { wait_secs });
    }
    Ok(counted
        .iter()
        .map(|&(counter, read)| CounterChange { counter, read, write: rung(read, now) })
        .collect())
}

/// The changes after an approval: the counters that counted start afresh.
#[must_use]
pub fn approved(phones: &Phones, at_home: bool) -> Vec<CounterChange> {
    let here = (CounterOf::UserAtMachine, phones.here);
    let both = [(CounterOf::User, phones.user), here];
    let counted = if at_home { &both[1..] } else { &both[..] };
    counted
        .iter()
        .map(|&(counter, read)| CounterChange { counter, read, write: Counter::default() })
        .collect()
}

/// Seconds until the next ring. A time farther away than its delay can be comes from a clock that was
/// ahead; it silences nobody.
fn wait(counter: Counter, now: i64) -> i64 {
    let wait = counter.next_allowed_at.saturating_sub(now);
    if wait <= delay_secs(counter.failures) { wait.max(0) } else { 0 }
}

fn rung(counter: Counter, now: i64) -> Counter {
    let forgotten = now.saturating_sub(counter.next_allowed_at) > FORGOTTEN_SECS;
    let failures = if forgotten { 1 } else { counter.failures.saturating_add(1) };
    Counter { failures, next_allowed_at: now.saturating_add(delay_secs(failures)) }
}

#[cfg(test)]
mod tests {
    use super::{FORGOTTEN_SECS, MAX_DELAY_SECS, approved, delay_secs, take};
    use crate::limits::{Counter, CounterChange, CounterOf, Locked};
    use crate::push::Phones;
    use std::vec::Vec;

    const NOW: i64 = 1_795_510_800;

    fn apply(phones: &mut Phones, changes: &[CounterChange]) {
        for change in changes {
            match change.counter {
                CounterOf::User => phones.user = change.write,
                CounterOf::UserAtMachine => phones.here = change.write,
                CounterOf::UserOverAddresses => unreachable!("rings are counted by user and machine"),
            }
        }
    }

    #[test]
    fn refused_pushes_cool_down_and_the_cooling_grows() {
        assert_eq!([0, 1, 2, 3, 4, 5].map(delay_secs), [0, 0, 0, 30, 60, 120]);
        assert_eq!(delay_secs(u32::MAX), MAX_DELAY_SECS);
        let (mut phones, mut now, mut waits) = (Phones::default(), NOW, Vec::new());
        for _ in 0..12 {
            match take(&phones, false, now) {
                Ok(changes) => apply(&mut phones, &changes),
                Err(Locked { wait_secs }) => {
                    waits.push(wait_secs);
                    assert!(take(&phones, false, now + wait_secs - 1).is_err());
                    now += wait_secs;
                }
            }
        }
        assert_eq!(waits, [30, 60, 120, 240, 480]);
    }

    #[test]
    fn an_approval_and_a_quiet_day_start_afresh() {
        let tired = Counter { failures: 9, next_allowed_at: NOW };
        let mut phones = Phones { user: tired, here: tired, ..Phones::default() };
        let changes = take(&phones, false, NOW + FORGOTTEN_SECS + 1).expect("a day has passed");
        assert!(changes.iter().all(|change| change.write.failures == 1));
        let changes = take(&phones, false, NOW + FORGOTTEN_SECS).expect("the delay is over");
        assert!(changes.iter().all(|change| change.write.failures == 10));
        let changes = approved(&phones, false);
        apply(&mut phones, &changes);
        assert_eq!((phones.user, phones.here), (Counter::default(), Counter::default()));
    }

    #[test]
    fn strangers_silence_no_phone_at_home() {
        let tired = Counter { failures: 9, next_allowed_at: NOW + 900 };
        let phones = Phones { user: tired, ..Phones::default() };
        assert_eq!(take(&phones, false, NOW), Err(Locked { wait_secs: 900 }));
        let changes = take(&phones, true, NOW).expect("at home only the machine counts");
        assert!(matches!(changes[..], [CounterChange { counter: CounterOf::UserAtMachine, .. }]));
        assert!(approved(&phones, true).iter().all(|change| change.counter == CounterOf::UserAtMachine));
    }

    #[test]
    fn a_clock_that_was_ahead_silences_nobody() {
        let ahead = Counter { failures: 4, next_allowed_at: NOW + 10 * 365 * 86_400 };
        assert!(take(&Phones { user: ahead, here: ahead, ..Phones::default() }, false, NOW).is_ok());
    }
}
