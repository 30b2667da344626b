//! Who would get in, and whether the trasa id must be asked.

use super::super::{Asked, AskedUser, Candidate, Standing, check, needs_trasa_id, sole_user};
use super::*;
use serde_json::json;

fn asked() -> Asked {
    Asked {
        service: Service::Active(Mode::Guard),
        machine: Machine::Approved,
        source: Some(address("192.0.2.7")),
        users: vec![AskedUser {
            enabled: true,
            accesses: vec![access(r"CORP\bat", None)],
            methods: Methods::TOTP,
        }],
    }
}

fn with_policy(policy: Policy) -> Asked {
    let mut asked = asked();
    asked.users.iter_mut().for_each(|user| user.accesses = vec![access(r"CORP\bat", Some(policy.clone()))]);
    asked
}

fn reason(asked: &Asked) -> Option<Reason> {
    match check(&account("Bat"), asked, NOW) {
        Standing::GetsIn { .. } => None,
        Standing::Refused { reason, .. } => Some(reason),
    }
}

#[test]
fn who_would_get_in() {
    assert_eq!(check(&account("Bat"), &asked(), NOW), Standing::GetsIn { methods: Methods::TOTP, now: true });
    assert_eq!(reason(&Asked { users: vec![], ..asked() }), Some(Reason::NoAccess));
    assert_eq!(reason(&Asked { service: Service::Deleted, ..asked() }), Some(Reason::ServiceDeleted));
    assert_eq!(reason(&Asked { machine: Machine::Waiting, ..asked() }), Some(Reason::MachineWaiting));
    assert_eq!(
        reason(&with_policy(Policy { expires: Some(NOW), ..Policy::default() })),
        Some(Reason::PolicyExpired)
    );
    let mut ended = asked();
    ended.users[0].accesses[0].until = Some(NOW);
    assert_eq!(reason(&ended), Some(Reason::PolicyExpired));
    ended.users[0].accesses[0].until = Some(NOW + 1);
    assert_eq!(reason(&ended), None);
    assert_eq!(reason(&with_policy(from_network("10.0.0.0/8"))), Some(Reason::NetworkNotAllowed));
    assert_eq!(reason(&Asked { source: None, ..with_policy(from_network("10.0.0.0/8")) }), None);
    assert_eq!(reason(&with_policy(by_methods(PUSH))), Some(Reason::MethodNotAllowed));
    assert_eq!(
        check(&account("robin"), &asked(), NOW),
        Standing::Refused { reason: Reason::NoAccess, params: [].into() }
    );
}

#[test]
fn the_hour_and_the_chair_lock_nobody_out() {
    let night = with_policy(at_hours("sun 01:00-02:00"));
    assert_eq!(check(&account("bat"), &night, NOW), Standing::GetsIn { methods: Methods::TOTP, now: false });
    let remote = with_policy(Policy { session: Some(Session::Remote), ..Policy::default() });
    assert_eq!(reason(&remote), None);
}

#[test]
fn watching_is_checked_like_guarding() {
    let watching =
        Asked { service: Service::Active(Mode::Watch { until: i64::MAX }), users: vec![], ..asked() };
    assert_eq!(reason(&watching), Some(Reason::NoAccess));
}

#[test]
fn whoever_came_nearest_gives_the_reason() {
    let mut many = with_policy(by_methods(PUSH));
    let nearest = many.users.first().expect("one").clone();
    many.users = vec![
        AskedUser { enabled: false, ..nearest.clone() },
        AskedUser { methods: Methods::NONE, ..nearest.clone() },
        nearest,
        AskedUser { enabled: false, accesses: vec![], methods: Methods::ALL },
    ];
    let expect = Standing::Refused {
        reason: Reason::MethodNotAllowed,
        params: [("methods".into(), json!(["push"]))].into(),
    };
    assert_eq!(check(&account("bat"), &many, NOW), expect);
    many.users.truncate(1);
    assert_eq!(reason(&many), Some(Reason::UserDisabled));
    // One who gets in is enough, and methods add up.
    many.users.push(AskedUser { methods: Methods::TOTP, ..asked().users.remove(0) });
    many.users.push(AskedUser { methods: PUSH, ..asked().users.remove(0) });
    assert_eq!(check(&account("bat"), &many, NOW), Standing::GetsIn { methods: Methods::ALL, now: true });
}

#[test]
fn the_trasa_id_is_not_asked_where_one_user_fits() {
    fn check(candidates: &[(&str, bool, &str)], expect: Option<&str>) {
        let candidates: vec::Vec<_> = candidates
            .iter()
            .map(|&(user, enabled, account)| Candidate {
                user,
                enabled,
                account: Pattern::parse(account).expect("a pattern"),
            })
            .collect();
        assert_eq!(sole_user(&account("bat"), &candidates).copied(), expect, "{candidates:?}");
        assert_eq!(needs_trasa_id(&account("bat"), &candidates), expect.is_none());
    }
    check(&[("bruce", true, r"CORP\bat")], Some("bruce"));
    check(&[("bruce", true, r"CORP\bat"), ("bruce", true, "bat@corp.example")], Some("bruce"));
    check(&[("bruce", true, r"CORP\bat"), ("dick", false, r"CORP\bat")], Some("bruce"));
    check(&[("bruce", true, r"CORP\bat"), ("dick", true, r"CORP\robin")], Some("bruce"));
    // Alike for nobody, a disabled user and several.
    check(&[], None);
    check(&[("bruce", false, r"CORP\bat")], None);
    check(&[("bruce", true, r"CORP\robin")], None);
    check(&[("bruce", true, r"CORP\bat"), ("dick", true, r"CORP\bat")], None);
    check(&[("bruce", true, r"CORP\bat"), ("dick", true, r"CORP\bat"), ("bruce", true, r"CORP\bat")], None);
}
