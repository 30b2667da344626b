//! The code, its limits, and what may be learnt from the answers.

use super::super::for_tile;
use super::*;
use crate::limits::{AT_HOME_SECS, Counter, delay_secs};
use proptest::prelude::*;
use protocol::v2::Params;
use serde_json::json;
use std::collections::BTreeSet as Set;
use std::vec::Vec;

pub(super) const LOCKED: Counter = Counter { failures: 9, next_allowed_at: NOW + 100 };

#[test]
fn a_right_code_is_spent_and_sets_the_counters_back() {
    let mut world = World::new().with(|world| {
        world.user().guesses.user = Counter { failures: 3, next_allowed_at: 0 };
        world.user().guesses.here = Counter { failures: 2, next_allowed_at: 0 };
    });
    assert_eq!(world.play().outcome.reason(), Reason::CodeAccepted);
    let user = world.user();
    assert_eq!(user.guesses, Guesses { last_success_here: Some(NOW), ..Guesses::default() });
    assert_eq!(user.totp.first().and_then(|device| device.last_step), Some(step_at(NOW)));
    // The same code again: told apart, and counted.
    let again = world.play();
    assert_eq!(again.outcome.reason(), Reason::CodeUsed);
    assert_eq!(world.user().guesses.here.failures, 1);
    // The next step's code.
    world.now += 30;
    world.type_right_code();
    assert_eq!(world.play().outcome.reason(), Reason::CodeAccepted);
}

#[test]
fn wrong_used_and_clock_are_told_apart_and_all_count() {
    let check = |change: fn(&mut World), expect: Reason, params: serde_json::Value| {
        let decision = World::new().with(change).decide();
        assert_eq!(decision.outcome.reason(), expect);
        assert_eq!(json!(decision.outcome.params()), params);
        let raised: Vec<_> = decision.effects.counters.iter().map(|change| change.write.failures).collect();
        assert_eq!(raised, [1, 1], "{expect}");
        assert!(
            decision.effects.wrong_code && decision.effects.step.is_none() && !decision.effects.success_here
        );
    };
    check(|world| world.type_wrong_code(), Reason::CodeWrong, json!({}));
    check(
        |world| world.request.code = Given::Code(secret(1).code_at(step_at(NOW) + 4)),
        Reason::CodeClock,
        json!({"offset_secs": 120}),
    );
    check(
        |world| world.request.code = Given::Code(secret(1).code_at(step_at(NOW) - 10)),
        Reason::CodeClock,
        json!({"offset_secs": -300}),
    );
    check(
        |world| world.user().totp = vec![TotpDevice { secret: secret(1), last_step: Some(step_at(NOW)) }],
        Reason::CodeUsed,
        json!({}),
    );
}

#[test]
fn what_is_no_code_is_no_attempt() {
    for given in [Given::Missing, Given::Malformed] {
        let decision = World::new().with(|world| world.request.code = given).decide();
        assert!(decision.effects.is_empty());
    }
}

#[test]
fn the_code_of_any_device_is_right_and_spends_only_that_device() {
    let mut world = World::new().with(|world| {
        world.user().totp = vec![
            TotpDevice { secret: secret(2), last_step: Some(7) },
            TotpDevice { secret: secret(1), last_step: Some(8) },
        ];
    });
    let decision = world.play();
    assert_eq!(decision.effects.step.map(|step| (step.device, step.read)), Some((1, Some(8))));
    assert_eq!(world.user().totp.first().and_then(|device| device.last_step), Some(7));
}

/// B17 of the field's list: while a user is locked, the answer is the same for a right code, a wrong
/// one, a used one and no code at all.
#[test]
fn locked_user_learns_nothing_from_code() {
    let locked = |password| {
        World::new().with(|world| {
            world.request.password = Some(password);
            world.user().guesses = Guesses { user: LOCKED, here: LOCKED, ..Guesses::default() };
        })
    };
    let mut answers = Vec::new();
    let changes: [fn(&mut World); 6] = [
        |_| {},
        |world| world.type_wrong_code(),
        |world| world.user().totp = vec![TotpDevice { secret: secret(1), last_step: Some(step_at(NOW)) }],
        |world| world.request.code = Given::Code(secret(1).code_at(step_at(NOW) + 5)),
        |world| world.request.code = Given::Malformed,
        |world| world.request.code = Given::Missing,
    ];
    for change in changes {
        let decision = locked(PasswordState::Verified).with(change).decide();
        assert!(decision.effects.is_empty(), "a locked attempt changes nothing");
        answers.push(decision);
    }
    let first = answers.first().expect("answers");
    assert_eq!(first.outcome.reason(), Reason::Locked);
    assert_eq!(json!(first.outcome.params()), json!({"wait_secs": 100}));
    assert!(answers.iter().all(|answer| answer == first));
    // The right code does not open the door early, nor shorten or lengthen the wait.
    let unknown = locked(PasswordState::Unknown).decide();
    assert_eq!(for_tile(&unknown.outcome, PasswordState::Unknown), (Reason::CodeRefused, Params::new()));
}

/// Design, section 7: with password `unknown` every refusal that has to do with the user is one
/// answer without parameters, and nobody is ever rung.
#[test]
fn without_a_verified_password_there_is_one_answer() {
    let changes: &[fn(&mut World)] = &[
        |world| world.facts.user = None,
        |world| world.user().enabled = false,
        |world| world.user().accesses.clear(),
        |world| world.user().accesses = vec![access(r"CORP\bat", Some(at_hours("sun 01:00-02:00")))],
        |world| world.user().accesses = vec![access(r"CORP\bat", Some(from_network("10.0.0.0/8")))],
        |world| world.user().accesses = vec![access(r"CORP\bat", Some(by_methods(PUSH)))],
        |world| {
            world.user().accesses = vec![access(
                r"CORP\bat",
                Some(Policy { session: Some(Session::Remote), ..Policy::default() }),
            )]
        },
        |world| {
            world.user().accesses =
                vec![access(r"CORP\bat", Some(Policy { expires: Some(1), ..Policy::default() }))]
        },
        |world| world.user().totp.clear(),
        |world| world.user().guesses.here = LOCKED,
        |world| world.user().totp = vec![TotpDevice { secret: secret(1), last_step: Some(step_at(NOW)) }],
        |world| world.request.code = Given::Code(secret(1).code_at(step_at(NOW) + 5)),
        |world| world.type_wrong_code(),
    ];
    for method in [Method::Totp, Method::Auto] {
        let mut exact = Set::new();
        for change in changes {
            let world = World::new().with(|world| {
                world.request.password = Some(PasswordState::Unknown);
                world.request.method = method;
                change(world);
            });
            let decision = world.decide();
            exact.insert(decision.outcome.reason());
            assert_eq!(
                for_tile(&decision.outcome, PasswordState::Unknown),
                (Reason::CodeRefused, Params::new())
            );
        }
        assert_eq!(exact.len(), changes.len(), "the audit still tells them apart: {exact:?}");
    }
    // What depends on the request alone is told, alike for people who exist and who do not.
    for user in [None, World::new().facts.user] {
        let check = |method, code, expect| {
            let world = World::new().with(|world| {
                world.facts.user = user.clone();
                world.request = LogonRequest {
                    method,
                    code,
                    password: Some(PasswordState::Unknown),
                    ..world.request.clone()
                };
            });
            assert_eq!(world.reason(), expect);
        };
        check(Method::Push, Given::Missing, Reason::PushNeedsPassword);
        check(Method::Push, Given::Malformed, Reason::PushNeedsPassword);
        check(Method::Auto, Given::Missing, Reason::CodeRequired);
        check(Method::Totp, Given::Malformed, Reason::CodeMalformed);
    }
}

#[test]
fn a_right_code_passes_without_a_verified_password() {
    let decision = World::new().with(|world| world.request.password = Some(PasswordState::Unknown)).decide();
    assert_eq!(decision.outcome.reason(), Reason::CodeAccepted);
    let counted: Vec<_> = decision.effects.counters.iter().map(|change| change.counter).collect();
    assert_eq!(counted, [CounterOf::UserAtMachine]);
}

#[test]
fn the_tile_learns_no_name_and_no_parameter_with_it() {
    for change in [
        (|world: &mut World| world.facts.user = None) as fn(&mut World),
        |world| world.user().enabled = false,
        |world| world.user().accesses.clear(),
    ] {
        let outcome = World::new().with(change).decide().outcome;
        assert_eq!(for_tile(&outcome, PasswordState::Verified), (Reason::NotPermitted, Params::new()));
    }
    let locked = World::new().with(|world| world.user().guesses.here = LOCKED).decide().outcome;
    let (reason, params) = for_tile(&locked, PasswordState::Verified);
    assert_eq!((reason, json!(params)), (Reason::Locked, json!({"wait_secs": 100})));
}

/// B32 of the field's list, second half: whatever the spelling of the account, the same counters of
/// the same user are raised, and a lock stays a lock.
#[test]
fn limits_follow_the_canonical_name() {
    let mut world = World::new();
    world.type_wrong_code();
    let spellings = ["bat", "BAT", "Bat", "bAt", "baT"];
    for (failures, spelling) in (1..).zip(spellings) {
        world.request.account = account(spelling);
        assert_eq!(world.play().outcome.reason(), Reason::CodeWrong);
        assert_eq!(world.user().guesses.user.failures, failures);
        assert_eq!(world.user().guesses.here.failures, failures);
    }
    for spelling in spellings {
        world.request.account = account(spelling);
        assert_eq!(world.play().outcome.reason(), Reason::Locked);
    }
    // Another account of the same user has no counter of its own either.
    world.user().accesses.push(access(r"CORP\bat-admin", None));
    world.request.account = account("bat-admin");
    assert_eq!(world.play().outcome.reason(), Reason::Locked);
}

/// B18 of the field's list, through the whole decision: after the wait one attempt, then a longer wait.
#[test]
fn lockout_expiry_does_not_reset_growth() {
    let mut world = World::new();
    for failures in 1..30 {
        world.type_wrong_code();
        assert_eq!(world.play().outcome.reason(), Reason::CodeWrong);
        assert_eq!(world.user().guesses.user.failures, failures);
        let wait = delay_secs(failures);
        if wait > 0 {
            assert_eq!(json!(world.play().outcome.params()), json!({"wait_secs": wait}));
        }
        world.now += wait;
    }
    // A year later the right code is let in, and only that sets the counters back.
    world.now += 365 * 86_400;
    world.type_wrong_code();
    assert_eq!(world.play().outcome.reason(), Reason::CodeWrong);
    assert_eq!(world.user().guesses.user.failures, 30);
    world.now += 86_400;
    world.type_right_code();
    assert_eq!(world.play().outcome.reason(), Reason::CodeAccepted);
    assert_eq!(world.user().guesses.user, Counter::default());
}

#[test]
fn strangers_do_not_lock_the_user_out_at_home() {
    let world = |last_success_here| {
        World::new().with(|world| {
            world.user().guesses = Guesses { user: LOCKED, last_success_here, ..Guesses::default() };
        })
    };
    assert_eq!(world(Some(NOW - AT_HOME_SECS)).reason(), Reason::CodeAccepted);
    assert_eq!(world(Some(NOW - AT_HOME_SECS - 1)).reason(), Reason::Locked);
    assert_eq!(world(None).reason(), Reason::Locked);
}

proptest! {
    /// Random people at random times: no step is accepted twice, and what is looked at stays within
    /// the budget of the delays.
    #[test]
    fn no_history_accepts_a_step_twice(history in proptest::collection::vec((0_i64..40_000, 0_u8..4, -2_i64..=2), 1..80)) {
        let mut world = World::new();
        let mut accepted = Set::new();
        let (mut row, mut earliest) = (0_u32, NOW);
        for (pause, kind, phone) in history {
            // Mostly small pauses, now and then hours.
            world.now += if kind == 0 { pause } else { pause % 40 };
            if kind == 1 {
                let step = step_at(world.now).checked_add_signed(phone).expect("a step");
                world.request.code = Given::Code(secret(1).code_at(step));
            } else {
                world.type_wrong_code();
            }
            let now = world.now;
            match world.play().outcome.reason() {
                Reason::CodeAccepted => {
                    let step = world.user().totp.first().and_then(|device| device.last_step).expect("spent");
                    prop_assert!(accepted.insert(step));
                    (row, earliest) = (0, now);
                }
                Reason::Locked => {}
                _ => {
                    prop_assert!(now >= earliest);
                    row += 1;
                    earliest = now + delay_secs(row);
                }
            }
        }
    }
}
