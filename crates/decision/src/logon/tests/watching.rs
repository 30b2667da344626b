//! A service that only watches.

use super::super::for_tile;
use super::*;
use serde_json::json;

fn watching() -> World {
    World::new().with(|world| world.facts.service = Service::Active(Mode::Watch { until: NOW + 1 }))
}

#[test]
fn refusals_pass_and_are_recorded() {
    let check = |change: fn(&mut World), would_be: Reason| {
        let decision = watching().with(change).decide();
        assert!(decision.outcome.is_allow());
        assert_eq!(decision.outcome.reason(), Reason::Watch);
        assert_eq!(decision.outcome.params().get("would_be"), Some(&json!(would_be.code())));
    };
    check(|world| world.facts.user = None, Reason::UserUnknown);
    check(|world| world.user().enabled = false, Reason::UserDisabled);
    check(|world| world.user().accesses.clear(), Reason::NoAccess);
    check(|world| world.user().totp.clear(), Reason::NoDevice);
    check(|world| world.type_wrong_code(), Reason::CodeWrong);
    check(|world| world.request.code = Given::Missing, Reason::CodeRequired);
    check(|world| world.request.method = Method::Push, Reason::PushNotAvailable);
    check(|world| world.facts.machine = Machine::Waiting, Reason::MachineWaiting);
    check(
        |world| world.user().accesses = vec![access(r"CORP\bat", Some(at_hours("sun 01:00-02:00")))],
        Reason::OutsideHours,
    );
}

#[test]
fn who_can_answer_is_asked_and_counts() {
    assert_eq!(watching().reason(), Reason::CodeAccepted);
    let wrong = watching().with(|world| world.type_wrong_code()).decide();
    assert!(wrong.effects.wrong_code && !wrong.effects.success_here);
    assert_eq!(wrong.effects.counters.len(), 2);
    assert_eq!(wrong.effects, World::new().with(|world| world.type_wrong_code()).decide().effects);
}

#[test]
fn watching_ends_to_the_second() {
    let world = watching().with(|world| world.user().enabled = false);
    assert_eq!(world.reason(), Reason::Watch);
    let decision = world.with(|world| world.now += 1).decide();
    assert!(!decision.outcome.is_allow());
    assert_eq!(decision.outcome.reason(), Reason::UserDisabled);
}

#[test]
fn the_tile_learns_from_watching_no_more_than_from_guarding() {
    let disabled = watching().with(|world| world.user().enabled = false).decide().outcome;
    let (reason, params) = for_tile(&disabled, PasswordState::Verified);
    assert_eq!((reason, json!(params)), (Reason::Watch, json!({"would_be": "not_permitted"})));
    let hours = watching()
        .with(|world| {
            world.request.password = Some(PasswordState::Unknown);
            world.user().accesses = vec![access(r"CORP\bat", Some(at_hours("sun 01:00-02:00")))];
        })
        .decide()
        .outcome;
    let (reason, params) = for_tile(&hours, PasswordState::Unknown);
    assert_eq!((reason, json!(params)), (Reason::Watch, json!({"would_be": "code_refused"})));
}
