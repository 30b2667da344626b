use super::{
    AT_HOME_SECS, CountedAddress, Counter, CounterChange, CounterOf, FIRST_DELAY_SECS, FREE_FAILURES,
    FREE_OVER_ADDRESSES, Guesses, Locked, MAX_DELAY_SECS, ServiceTotal, delay_secs,
};
use alloc::collections::BTreeMap;
use proptest::prelude::*;
use protocol::v2::PasswordState;
use std::vec;
use std::vec::Vec;

const VERIFIED: Option<PasswordState> = Some(PasswordState::Verified);
const UNKNOWN: Option<PasswordState> = Some(PasswordState::Unknown);

const NOW: i64 = 1_800_000_000;

/// The shortest time in which so many attempts can be made, all of them wrong.
fn seconds_for(attempts: u32) -> i64 {
    (1..attempts).map(delay_secs).sum()
}

#[test]
fn five_are_free_then_the_delay_doubles_up_to_a_day() {
    let mut counter = Counter::default();
    let mut now = NOW;
    for _ in 0..FREE_FAILURES {
        counter = counter.take(now).expect("free");
    }
    let mut delay = 10;
    for _ in 0..20 {
        assert_eq!(counter.take(now), Err(Locked { wait_secs: delay }));
        assert_eq!(counter.take(now + delay - 1), Err(Locked { wait_secs: 1 }));
        now += delay;
        counter = counter.take(now).expect("the delay is over");
        delay = (delay * 2).min(86_400);
    }
    assert_eq!(delay_secs(u32::MAX), MAX_DELAY_SECS);
}

/// B18 of the field's list: a delay that ran out allows one more attempt and forgives nothing.
#[test]
fn lockout_expiry_does_not_reset_growth() {
    let failed_often = Counter { failures: 12, next_allowed_at: NOW };
    for pause in [0, 3600, 86_400, 365 * 86_400, 10 * 365 * 86_400] {
        let now = NOW + pause;
        let next = failed_often.take(now).expect("the delay is over");
        assert_eq!(next.failures, 13);
        assert_eq!(next.take(now), Err(Locked { wait_secs: delay_secs(13) }));
        assert!(delay_secs(13) > delay_secs(12));
    }
}

/// B34 of the field's list: guessing a code at one of its three valid values takes centuries.
#[test]
fn million_guesses_take_years() {
    let years = |attempts| seconds_for(attempts) / (365 * 86_400);
    assert!(years(1_000_000) > 2_700);
    // A hundred guesses, a chance of 3 in 10,000, take over two months.
    assert!(seconds_for(100) > 70 * 86_400);

    // And the function takes no more than the sum says, asked every second of ten days.
    let mut counter = Counter::default();
    let ten_days = 10 * 86_400;
    for second in 0..ten_days {
        while let Ok(next) = counter.take(NOW + second) {
            counter = next;
        }
    }
    assert!(seconds_for(counter.failures) <= ten_days && counter.failures < 30, "{counter:?}");
}

/// B33 of the field's list, the pure half: of attempts that read the same counter only one can be
/// written; the others read again, and the fifth wrong one closes the door for all.
#[test]
fn parallel_guesses_are_all_counted() {
    let mut stored = Guesses::default();
    let mut looked_at = 0;
    for _round in 0..50 {
        // Ten connections decide on the same facts; compare-and-set lets the first through.
        let attempts: Vec<_> = (0..10).filter_map(|_| stored.take(VERIFIED, NOW).ok()).collect();
        let before = stored;
        for attempt in attempts {
            let changes = attempt.failed();
            if changes.iter().all(|change| read(&stored, change.counter) == change.read) {
                changes.iter().for_each(|change| write(&mut stored, change));
                looked_at += 1;
            }
        }
        assert!(stored == before || stored.user.failures == before.user.failures + 1);
    }
    assert_eq!(looked_at, FREE_FAILURES);
}

fn read(guesses: &Guesses, counter: CounterOf) -> Counter {
    match counter {
        CounterOf::User => guesses.user,
        CounterOf::UserAtMachine => guesses.here,
        CounterOf::UserOverAddresses => guesses.over_addresses,
    }
}

fn write(guesses: &mut Guesses, change: &CounterChange) {
    match change.counter {
        CounterOf::User => guesses.user = change.write,
        CounterOf::UserAtMachine => guesses.here = change.write,
        CounterOf::UserOverAddresses => guesses.over_addresses = change.write,
    }
}

#[test]
fn who_counts_where() {
    fn check(password: Option<PasswordState>, last_success_here: Option<i64>, expect: &[CounterOf]) {
        let guesses = Guesses { last_success_here, ..Guesses::default() };
        let counted: Vec<_> = guesses
            .take(password, NOW)
            .expect("fresh")
            .failed()
            .iter()
            .map(|change| change.counter)
            .collect();
        assert_eq!(counted, expect, "{password:?} {last_success_here:?}");
    }
    use CounterOf::{User, UserAtMachine, UserOverAddresses};
    check(VERIFIED, None, &[User, UserAtMachine]);
    check(VERIFIED, Some(NOW - AT_HOME_SECS - 1), &[User, UserAtMachine]);
    check(VERIFIED, Some(NOW - AT_HOME_SECS), &[UserAtMachine]);
    check(VERIFIED, Some(NOW + 10), &[UserAtMachine]);
    check(UNKNOWN, None, &[UserAtMachine]);
    check(UNKNOWN, Some(NOW), &[UserAtMachine]);
    check(None, None, &[UserOverAddresses, UserAtMachine]);
    check(None, Some(NOW - AT_HOME_SECS - 1), &[UserOverAddresses, UserAtMachine]);
    check(None, Some(NOW), &[UserAtMachine]);
}

#[test]
fn strangers_lock_nobody_out() {
    let locked = Counter { failures: 30, next_allowed_at: NOW + 80_000 };
    // Somebody with the password tried elsewhere; the user sits at the usual machine.
    let at_home = Guesses { user: locked, last_success_here: Some(NOW - 86_400), ..Guesses::default() };
    assert!(at_home.take(VERIFIED, NOW).is_ok());
    // Somebody without the password tried at this machine; elsewhere nothing happened.
    let elsewhere = Guesses::default();
    assert!(elsewhere.take(VERIFIED, NOW).is_ok());
    // At a new machine the user's counter does count.
    assert_eq!(
        Guesses { user: locked, ..Guesses::default() }.take(VERIFIED, NOW),
        Err(Locked { wait_secs: 80_000 })
    );
    // The longer of two delays is told.
    let here = Counter { failures: 8, next_allowed_at: NOW + 40 };
    let both = Guesses { user: locked, here, ..Guesses::default() };
    assert_eq!(both.take(VERIFIED, NOW), Err(Locked { wait_secs: 80_000 }));
}

#[test]
fn success_sets_back_what_counted() {
    let failed = Counter { failures: 9, next_allowed_at: NOW };
    let guesses = Guesses { user: failed, here: failed, ..Guesses::default() };
    let changes = guesses.take(VERIFIED, NOW).expect("the delay is over").succeeded();
    let expect = |counter| CounterChange { counter, read: failed, write: Counter::default() };
    assert_eq!(changes, vec![expect(CounterOf::User), expect(CounterOf::UserAtMachine)]);
}

#[test]
fn a_clock_that_was_set_back_locks_nobody_out() {
    let counter = Counter { failures: 6, next_allowed_at: NOW + 365 * 86_400 };
    let next = counter.take(NOW).expect("no delay is a year long");
    assert_eq!(next, Counter { failures: 7, next_allowed_at: NOW + 40 });
}

#[test]
fn the_service_total_only_alarms() {
    let mut total = ServiceTotal::default();
    let mut alarms = Vec::new();
    for count in 1..=1000 {
        let (next, alarm) = total.count(NOW);
        total = next;
        if alarm {
            alarms.push(count);
        }
    }
    assert_eq!(alarms, [100, 200, 400, 800]);
    assert_eq!(total.count(NOW + 3600), (ServiceTotal { since: NOW + 3600, failures: 1 }, false));
}

proptest! {
    /// Whatever the pauses, no sequence of wrong codes is faster than the sum of the delays.
    #[test]
    fn no_sequence_of_wrong_codes_exceeds_the_budget(pauses in proptest::collection::vec(0_i64..200_000, 1..80)) {
        let mut counter = Counter::default();
        let mut now = NOW;
        let mut first = None;
        for pause in pauses {
            now += pause;
            if let Ok(next) = counter.take(now) {
                counter = next;
                let since = now - *first.get_or_insert(now);
                prop_assert!(since >= seconds_for(counter.failures));
            }
        }
    }

    #[test]
    fn any_state_is_survived(failures: u32, next_allowed_at: i64, now: i64) {
        match (Counter { failures, next_allowed_at }).take(now) {
            Ok(next) => prop_assert!(next.failures >= failures),
            Err(locked) => prop_assert!((1..=MAX_DELAY_SECS).contains(&locked.wait_secs)),
        }
    }
}

/// Guesses from one IPv6 network are one guesser's, whatever the rest of the address says.
#[test]
fn addresses_count_by_what_one_guesser_has() {
    let of = |text: &str| CountedAddress::of(text.parse().expect("an address"));
    assert_eq!(of("192.0.2.7"), of("::ffff:192.0.2.7"));
    assert_eq!(of("192.0.2.7").as_bytes(), [192, 0, 2, 7]);
    assert_ne!(of("192.0.2.7"), of("192.0.2.8"));
    assert_eq!(of("2001:db8:1:2::1"), of("2001:db8:1:2:ffff:ffff:ffff:ffff"));
    assert_ne!(of("2001:db8:1:2::1"), of("2001:db8:1:3::1"));
    assert_eq!(of("2001:db8:1:2::1").as_bytes().len(), 8);
}

/// Guesses of a user's codes from as many addresses as one likes, one a second or slower.
struct Botnet {
    over_addresses: Counter,
    here: BTreeMap<u16, Counter>,
    now: i64,
}

impl Botnet {
    fn guess(&mut self, address: u16) -> bool {
        let here = self.here.get(&address).copied().unwrap_or_default();
        let guesses = Guesses { here, over_addresses: self.over_addresses, ..Guesses::default() };
        let Ok(attempt) = guesses.take(None, self.now) else { return false };
        let mut after = guesses;
        attempt.failed().iter().for_each(|change| write(&mut after, change));
        self.over_addresses = after.over_addresses;
        self.here.insert(address, after.here);
        true
    }
}

proptest! {
    /// Whoever holds a v1 key and has a whole network of addresses is bounded like everybody else.
    #[test]
    fn guesses_over_many_addresses_are_bounded(
        steps in proptest::collection::vec((any::<u16>(), 1_i64..20_000), 1..600),
    ) {
        let mut botnet = Botnet { over_addresses: Counter::default(), here: BTreeMap::new(), now: NOW };
        let mut looked_at = 0_u32;
        for (address, pause) in steps {
            looked_at += u32::from(botnet.guess(address));
            botnet.now += pause;
        }
        // After the free ones each took the delay that stood before it.
        let taken: i64 = (0..looked_at.saturating_sub(FREE_OVER_ADDRESSES))
            .map(|doublings| (FIRST_DELAY_SECS << doublings.min(14)).min(MAX_DELAY_SECS))
            .sum();
        prop_assert!(taken <= botnet.now - NOW, "{looked_at} guesses in {} s", botnet.now - NOW);
    }
}

/// A year of guesses from 65,536 addresses is a few hundred, and none of it reaches where the user
/// is at home.
#[test]
fn a_year_from_a_whole_network_is_a_few_hundred_guesses() {
    let mut botnet = Botnet { over_addresses: Counter::default(), here: BTreeMap::new(), now: NOW };
    let mut looked_at = 0;
    for address in (0..=u16::MAX).cycle().take(365 * 24 * 60) {
        looked_at += u32::from(botnet.guess(address));
        botnet.now += 60;
    }
    assert!((400..450).contains(&looked_at), "{looked_at}");
    let at_home = Guesses {
        over_addresses: botnet.over_addresses,
        last_success_here: Some(botnet.now - 86_400),
        ..Guesses::default()
    };
    assert!(at_home.take(None, botnet.now).is_ok());
    let elsewhere = Guesses { last_success_here: None, ..at_home };
    assert!(elsewhere.take(None, botnet.now).is_err());
    // A success is what sets it back; only time never does.
    let later = botnet.now + MAX_DELAY_SECS;
    let attempt = elsewhere.take(None, later).expect("the delay is over");
    assert!(attempt.clone().failed().iter().any(|change| change.write.failures > FREE_OVER_ADDRESSES));
    assert!(attempt.succeeded().iter().all(|change| change.write == Counter::default()));
}
