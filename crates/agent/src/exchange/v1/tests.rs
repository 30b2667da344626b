#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
//! A machine with a configuration of version 1, in front of an original server.

use super::{Described, Refusal, VerifyFailed};
use crate::config::{self, Generation, State, UsableLink};
use crate::logon::{Answer, Event, Field, Job, LogonQuestion, MethodChoice, Progress};
use crate::ports::{Address, HttpRequest, Never, PolicyName, ProtectedFile, TransportError};
use crate::testing::{FakeServer, FakeWindows, Reply, Tile, World};
use crate::worker::{self, Agent};
use core::sync::atomic::{AtomicBool, Ordering};
use core::time::Duration;
use protocol::encoding::Bytes;
use protocol::reason::Reason;
use protocol::v1::{FailedReason, LogonAnswer, LogonRequest, path};
use std::sync::Arc;

mod answers;
mod phone;
mod sequences;

const ALLOW: &str = r#"{"status":"success","intent":"agent-login","data":[null]}"#;

fn armed(offline: &[&str]) -> World {
    let world = World::new();
    world.arm_v1(offline, false);
    world
}

/// Answers every logon with this body.
fn says(world: &World, status: u16, body: &str) {
    let body = body.to_owned();
    world.server.script(move |_, _, server| Reply::Raw(server.raw(status, body.as_bytes())));
}

/// A tile at step 2, with the trasa id typed.
fn at_step_2(world: &World, user: &str) -> Tile {
    let mut tile = Tile::open(world);
    tile.type_credentials(user, "right");
    tile.submit();
    tile.event(Event::Typed(Field::TrasaId, "anna@example.com".into()));
    tile
}

fn with_code(world: &World, user: &str) -> (Tile, bool) {
    let mut tile = at_step_2(world, user);
    tile.event(Event::Chose(MethodChoice::Code));
    tile.event(Event::Typed(Field::Code, "287082".into()));
    tile.submit();
    let passed = tile.serialize().is_some();
    (tile, passed)
}

fn with_push(world: &World, user: &str) -> (Tile, bool) {
    let mut tile = at_step_2(world, user);
    assert_eq!(tile.logon.view().method, MethodChoice::Push, "the default");
    tile.submit();
    let passed = tile.serialize().is_some();
    (tile, passed)
}

fn last(world: &World) -> HttpRequest {
    world.server.requests.lock().unwrap().last().unwrap().1.clone()
}

fn logons(world: &World) -> usize {
    world.server.count(path::LOGON_WINDOWS)
}

#[test]
fn requests_are_the_documented_ones_byte_for_byte() {
    let world = World::with(FakeWindows::joined());
    world.arm_v1(&[], false);
    assert_eq!(
        String::from_utf8(last(&world).body.clone()).unwrap(),
        r#"{"serviceID":"5c5aa05f-1a4f-4ba9-a7d6-6f3ca2ba0bc4","serviceKey":"k3y-canary-0123456789","trasaHost":"","offlineUsers":"","skipTLSVerification":false}"#
    );
    let check = |user: &str, push: bool, expect: &str| {
        let passed = if push { with_push(&world, user).1 } else { with_code(&world, user).1 };
        assert!(passed, "{user}");
        let request = last(&world);
        assert_eq!(request.path_and_query, "/auth/agent/win");
        assert_eq!(request.method.as_str(), "POST");
        assert_eq!(request.headers, [("content-type", "application/json".to_owned())]);
        assert_eq!(String::from_utf8(request.body.clone()).unwrap(), expect);
    };
    check(
        "bat",
        false,
        r#"{"serviceID":"5c5aa05f-1a4f-4ba9-a7d6-6f3ca2ba0bc4","serviceKey":"k3y-canary-0123456789","trasaID":"anna@example.com","tfaMethod":"totp","totpCode":"287082","user":"corp.example.com\\bat","userIP":"","workstation":"HOST"}"#,
    );
    check(
        "CORP\\ANNA",
        true,
        r#"{"serviceID":"5c5aa05f-1a4f-4ba9-a7d6-6f3ca2ba0bc4","serviceKey":"k3y-canary-0123456789","trasaID":"anna@example.com","tfaMethod":"U2F","totpCode":"","user":"corp.example.com\\anna","userIP":"","workstation":"HOST"}"#,
    );
    // A local account of the same name is another account, and says so.
    check(
        ".\\bat",
        true,
        r#"{"serviceID":"5c5aa05f-1a4f-4ba9-a7d6-6f3ca2ba0bc4","serviceKey":"k3y-canary-0123456789","trasaID":"anna@example.com","tfaMethod":"U2F","totpCode":"","user":"HOST\\bat","userIP":"","workstation":"HOST"}"#,
    );
}

#[test]
fn a_machine_in_no_domain_names_its_accounts_by_the_host() {
    let world = armed(&[]);
    for typed in ["bat", "BAT", "HOST\\bat", ".\\bat"] {
        assert!(with_code(&world, typed).1);
        assert_eq!(LogonRequest::read(&last(&world).body).unwrap().user, "HOST\\bat", "{typed}");
    }
}

#[test]
fn the_trasa_id_is_always_asked_and_the_server_only_for_a_logon() {
    let world = armed(&[]);
    let verified = world.server.requests.lock().unwrap().len();
    let tile = at_step_2(&world, "bat");
    assert!(tile.logon.view().field(Field::TrasaId).shown);
    assert_eq!(world.server.requests.lock().unwrap().len(), verified, "nothing was sent before step 2");
    assert!(with_code(&world, "bat").1);
    // What worked is there next time, and still asked.
    let mut next = Tile::open(&world);
    next.type_credentials("bat", "right");
    next.submit();
    assert_eq!(next.logon.view().field(Field::TrasaId).text, "anna@example.com");
}

/// B54.
#[test]
fn neither_generation_turns_into_the_other_whatever_is_answered() {
    let answers: [fn(&FakeServer) -> Reply; 6] = [
        |_| Reply::Fails(TransportError::Connect),
        |_| Reply::Fails(TransportError::Malformed),
        |server| Reply::Raw(server.raw(404, b"no such page")),
        |server| Reply::Raw(server.raw(426, b"upgrade required")),
        |server| Reply::Raw(server.raw(200, br#"{"kind":"unavailable"}"#)),
        |server| {
            Reply::Raw(server.raw(200, br#"{"status":"failed","reason":"INVALID_SERVICE_ID","data":[null]}"#))
        },
    ];
    for answer in answers {
        let old = armed(&[]);
        old.server.script(move |_, _, server| answer(server));
        let before = old.server.requests.lock().unwrap().len();
        assert!(!with_code(&old, "bat").1);
        assert!(!with_push(&old, "bat").1);
        let requests = old.server.requests.lock().unwrap();
        assert!(requests[before..].iter().all(|(_, request)| FakeServer::is_v1(request)));
        drop(requests);
        assert_eq!(old.server.count("/agent/v2/"), 0);

        let new = World::new();
        new.arm(&[], false);
        new.server.script(move |_, _, server| answer(server));
        assert!(Tile::open(&new).log_on("bat", "right", "anna", "287082").is_none());
        assert_eq!(new.server.count("/auth/") + new.server.count("/api/"), 0);
    }
}

#[test]
fn a_v1_allow_is_none_in_v2_and_the_reverse() {
    let new = World::new();
    new.arm(&[], false);
    says(&new, 200, ALLOW);
    assert!(Tile::open(&new).log_on("bat", "right", "anna", "287082").is_none());

    let old = armed(&[]);
    says(&old, 200, r#"{"kind":"decision","result":"allow","reason":"code_accepted"}"#);
    assert!(!with_code(&old, "bat").1);
}

/// Fault 1.
#[test]
fn a_missing_or_unreadable_v1_configuration_lets_nobody_in() {
    let world = armed(&["bat"]);
    let whole = world.files.files.lock().unwrap()[&ProtectedFile::Agent].clone();
    for end in [0, 1, whole.len() / 2, whole.len() - 1] {
        world.files.files.lock().unwrap().insert(ProtectedFile::Agent, whole[..end].to_vec());
        assert!(matches!(config::load(&world.services).state, State::Damaged(_)), "{end}");
        let mut tile = Tile::open(&world);
        assert!(tile.log_on("anna", "right", "anna", "287082").is_none(), "{end}");
    }
    world.files.files.lock().unwrap().remove(&ProtectedFile::Agent);
    assert!(Tile::open(&world).log_on("anna", "right", "anna", "287082").is_none());
    assert_eq!(logons(&world), 0);
}

/// Fault 2.
#[test]
fn an_odd_password_answer_still_needs_a_code_and_rings_nobody() {
    for code in [1327, 1311, 1789, 1722, 8] {
        let world = armed(&[]);
        world.windows.answer_with(code);
        let tile = at_step_2(&world, "bat");
        assert_eq!(tile.logon.view().method, MethodChoice::Code, "never a push (B37): {code}");
        assert!(!tile.logon.view().field(Field::Method).shown, "{code}");
        says(
            &world,
            200,
            r#"{"status":"failed","reason":"INVALID_TOTP","intent":"agent-login","data":[null]}"#,
        );
        assert!(!with_code(&world, "bat").1, "{code}");
        assert_eq!(LogonRequest::read(&last(&world).body).unwrap().tfa_method, "totp");
    }
}

/// Fault 4.
#[test]
fn the_v1_key_is_sealed_and_appears_nowhere_else() {
    let world = armed(&["bat"]);
    says(&world, 200, &format!(r#"{{"status":"failed","reason":"{}"}}"#, FakeServer::V1_KEY));
    let (tile, passed) = with_code(&world, "bat");
    assert!(!passed);
    let loaded = config::load(&world.services);
    let usable = loaded.usable.as_ref().unwrap();
    let UsableLink::V1(link) = usable.link() else { panic!() };
    assert_eq!(link.key.as_str(), FakeServer::V1_KEY);
    let mut seen = vec![
        world.files.text(ProtectedFile::Agent),
        world.files.text(ProtectedFile::Offline),
        format!("{loaded:?} {usable:?} {link:?} {:?}", last(&world)),
        tile.status(),
    ];
    seen.extend(world.log());
    for text in seen {
        assert!(!text.contains("canary"), "{text}");
    }
}

/// Fault 5.
#[test]
fn only_the_pinned_tls_key_hears_anything_when_verification_is_skipped() {
    let world = World::new();
    *world.server.trusted.lock().unwrap() = false;
    assert!(matches!(world.configure_v1(&[], false), Err(VerifyFailed::Unreachable(_))));
    world.arm_v1(&["bat"], true);
    // The first request, to a key that nobody knew, carried no secret.
    let requests = world.server.requests.lock().unwrap().clone();
    let bodies: Vec<_> =
        requests.iter().map(|(_, request)| String::from_utf8(request.body.clone()).unwrap()).collect();
    assert_eq!(bodies.len(), 2);
    assert!(!bodies[0].contains("canary") && bodies[1].contains("canary"), "{bodies:?}");
    assert!(with_code(&world, "anna").1);

    // Somebody between: another key, even one that Windows trusts, gets no request at all.
    *world.server.tls_key.lock().unwrap() = Bytes([0xee; 32]);
    *world.server.trusted.lock().unwrap() = true;
    let before = world.server.requests.lock().unwrap().len();
    assert!(!with_code(&world, "anna").1);
    assert!(with_code(&world, "bat").1, "no decision, and listed");
    assert_eq!(world.server.requests.lock().unwrap().len(), before);
}

#[test]
fn a_policy_that_skips_verification_means_the_key_that_was_verified() {
    let world = armed(&[]);
    world.registry.policies.lock().unwrap().insert(PolicyName::SkipTlsVerification, "1".to_owned());
    assert!(with_code(&world, "bat").1);
    *world.server.tls_key.lock().unwrap() = Bytes([0xee; 32]);
    assert!(!with_code(&world, "bat").1);
}

/// Fault 12.
#[test]
fn a_v1_offline_user_is_the_account_and_not_its_spelling() {
    let world = World::with(FakeWindows::joined());
    world.arm_v1(&["HOST\\bat"], false);
    world.server.script(|_, _, _| Reply::Fails(TransportError::Connect));
    for (typed, passes) in [
        ("HOST\\BAT", true),
        (".\\bat", true),
        ("bat", false),
        ("CORP\\bat", false),
        ("corp.example.com\\Bat", false),
    ] {
        assert_eq!(with_code(&world, typed).1, passes, "{typed}");
    }
    assert!(
        world.files.text(ProtectedFile::OfflineLog).contains("offline_rule"),
        "recorded before it passed"
    );
}

#[test]
fn a_verified_configuration_is_of_version_1_and_has_no_mode() {
    let world = armed(&["bat"]);
    let loaded = config::load(&world.services);
    assert_eq!(loaded.state, State::Armed);
    let usable = loaded.usable.unwrap();
    assert_eq!(usable.configuration.protocol(), Generation::V1);
    assert!(usable.configuration.admission().is_none());
    assert!(usable.is_approved() && !usable.is_watching(0));
}

#[test]
fn a_configuration_is_verified_only_by_the_answer_to_this_call() {
    let failed = |body: &str| {
        let world = World::new();
        says(&world, 200, body);
        let failed = world.configure_v1(&[], false).expect_err("not verified");
        assert_eq!(config::load(&world.services).state, State::Absent);
        assert_eq!(world.server.requests.lock().unwrap().len(), 1, "final at the first address");
        failed
    };
    assert!(matches!(failed(ALLOW), VerifyFailed::NotUnderstood(..)));
    assert!(matches!(failed("<html>Welcome</html>"), VerifyFailed::NotUnderstood(..)));
    assert!(matches!(failed(r#"{"status":"success"}"#), VerifyFailed::NotUnderstood(..)));
    for (reason, expect) in [
        ("invalid service ID", FailedReason::InvalidServiceId),
        ("invalid service secret or ID", FailedReason::InvalidServiceSecret),
        ("service config check failed", FailedReason::CheckFailed),
    ] {
        let body = format!(r#"{{"status":"failed","reason":"{reason}","data":null}}"#);
        assert_eq!(failed(&body), VerifyFailed::Refused(expect));
    }
    let world = World::new();
    world.server.script(|_, _, server| Reply::Raw(server.raw(502, b"Bad Gateway")));
    assert!(matches!(world.configure_v1(&[], false), Err(VerifyFailed::NotUnderstood(..))));
}

#[test]
fn the_second_address_is_asked_where_the_first_is_silent() {
    let world = armed(&[]);
    world.server.script(|address, request, server| match address.host() {
        "one.example.com" => Reply::Fails(TransportError::NameResolution),
        _ => Reply::Raw(server.raw(200, FakeServer::original(request).as_bytes())),
    });
    let before = logons(&world);
    assert!(with_code(&world, "bat").1);
    assert_eq!(logons(&world), before + 2);
}
