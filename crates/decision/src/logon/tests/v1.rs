//! Questions of original agents: no machine, no session, no word about the password.

use super::factor::LOCKED;
use super::{World, access, secret};
use crate::code::{Given, step_at};
use crate::limits::{CounterOf, Guesses};
use crate::logon::{Effects, Machine, Service, TotpDevice};
use crate::mode::Mode;
use crate::policy::Policy;
use proptest::prelude::*;
use protocol::reason::Reason;
use protocol::v2::{Method, Session};
use std::vec;
use std::vec::Vec;

fn world() -> World {
    World::new().with(|world| {
        world.request.password = None;
        world.request.session = None;
        world.facts.machine = Machine::Unnamed;
    })
}

#[test]
fn a_right_code_lets_in_and_counts_where_it_came_from() {
    let decision = world().decide();
    assert_eq!(decision.outcome.reason(), Reason::CodeAccepted);
    let counted: Vec<_> = decision.effects.counters.iter().map(|change| change.counter).collect();
    assert_eq!(counted, [CounterOf::UserOverAddresses, CounterOf::UserAtMachine]);
    // A lock of the user at machines does not reach v1, nor the other way round.
    let elsewhere =
        world().with(|world| world.user().guesses = Guesses { user: LOCKED, ..Guesses::default() });
    assert_eq!(elsewhere.reason(), Reason::CodeAccepted);
}

/// The order of the original: each thing that is wrong hides whatever comes after it.
#[test]
fn the_order_of_the_checks_is_the_originals() {
    type Break = (fn(&mut World), Reason);
    let breaks: &[Break] = &[
        (|world| world.type_wrong_code(), Reason::CodeWrong),
        (|world| world.request.code = Given::Malformed, Reason::CodeMalformed),
        (|world| world.user().guesses.here = LOCKED, Reason::Locked),
        (|world| world.request.method = Method::Push, Reason::PushNotAvailable),
        (|world| world.user().totp.clear(), Reason::NoDevice),
        (
            |world| {
                let policy = Policy { session: Some(Session::Console), ..Policy::default() };
                world.user().accesses = vec![access(r"CORP\bat", Some(policy))];
            },
            Reason::SessionNotAllowed,
        ),
        (
            |world| {
                let policy = Policy { expires: Some(world.now), ..Policy::default() };
                world.user().accesses = vec![access(r"CORP\bat", Some(policy))];
            },
            Reason::PolicyExpired,
        ),
        (|world| world.user().accesses.clear(), Reason::NoAccess),
        (|world| world.user().enabled = false, Reason::UserDisabled),
        (|world| world.facts.user = None, Reason::UserUnknown),
        (|world| world.facts.pass_through = true, Reason::PassThrough),
        (|world| world.facts.service = Service::Closed, Reason::V1Closed),
        (|world| world.facts.service = Service::Deleted, Reason::ServiceDeleted),
    ];
    let mut world = world();
    for (break_it, expect) in breaks {
        break_it(&mut world);
        let decision = world.decide();
        assert_eq!(decision.outcome.reason(), *expect);
        assert_eq!(decision.outcome.is_allow(), *expect == Reason::PassThrough);
        if *expect == Reason::PassThrough {
            assert_eq!(decision.effects, Effects::default(), "nobody proved anything");
        }
    }
}

#[test]
fn a_session_that_is_not_told_is_neither_kind() {
    for wanted in [Session::Console, Session::Remote] {
        let world = world().with(|world| {
            let policy = Policy { session: Some(wanted), ..Policy::default() };
            world.user().accesses = vec![access(r"CORP\bat", Some(policy))];
        });
        let decision = world.decide();
        assert_eq!(decision.outcome.reason(), Reason::SessionNotAllowed);
        assert!(decision.policy_line.expect("a line").ends_with(": not told"));
    }
}

#[test]
fn a_closed_service_refuses_even_while_it_watches() {
    let watching = Mode::Watch { until: i64::MAX };
    let nobody = world().with(|world| {
        world.facts.service = Service::Active(watching);
        world.facts.user = None;
    });
    assert_eq!(nobody.reason(), Reason::Watch);
    for service in [Service::Closed, Service::Deleted] {
        assert!(!world().with(|world| world.facts.service = service).decide().outcome.is_allow());
    }
}

/// B17 of the field's list, in v1.
#[test]
fn a_locked_users_answer_does_not_depend_on_the_code() {
    let changes: [fn(&mut World); 4] = [
        |_| {},
        |world| world.type_wrong_code(),
        |world| {
            world.user().totp = vec![TotpDevice { secret: secret(1), last_step: Some(step_at(world.now)) }]
        },
        |world| world.request.code = Given::Malformed,
    ];
    let answers: Vec<_> = changes
        .into_iter()
        .map(|change| world().with(|world| world.user().guesses.here = LOCKED).with(change).decide())
        .collect();
    assert!(answers.iter().all(|answer| answer.outcome.reason() == Reason::Locked));
    assert!(answers.windows(2).all(|two| two.first() == two.last()));
}

proptest! {
    /// Whatever else is missing, only a code or an account that nobody names gets in.
    #[test]
    fn nothing_but_a_code_or_pass_through_lets_in(
        pass_through: bool, user: bool, enabled: bool, wrong: bool, push: bool, service in 0..3,
    ) {
        let world = world().with(|world| {
            world.facts.pass_through = pass_through;
            world.user().enabled = enabled;
            if wrong { world.type_wrong_code(); }
            if !user { world.facts.user = None; }
            if push { world.request.method = Method::Push; }
            world.facts.service = match service {
                0 => Service::Deleted,
                1 => Service::Closed,
                _ => Service::Active(Mode::Guard),
            };
        });
        let decision = world.decide();
        let open = service == 2;
        let proved = user && enabled && !wrong && !push;
        prop_assert_eq!(decision.outcome.is_allow(), open && (pass_through || proved));
        prop_assert_eq!(decision.effects.step.is_some(), open && !pass_through && proved);
    }
}
