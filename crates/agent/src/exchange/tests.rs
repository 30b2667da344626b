#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
//! Admission, the phone, report.

use super::{AdmissionFailed, Cause, Outcome};
use crate::config::{self, State};
use crate::keys::MachineKey;
use crate::logon::{Event, Field, MethodChoice, Progress};
use crate::ports::{Address, TransportError};
use crate::testing::{Reply, Tile, World};
use core::time::Duration;
use protocol::encoding::Bytes;
use protocol::reason::Reason;
use protocol::v2::{Answer, Challenge, Feature, Pending};
use std::sync::{Arc, Mutex};

#[test]
fn admission_keeps_no_service_key_and_checks_the_anchor() {
    let world = World::new();
    world.configure(&["bat"], false).expect("admitted");
    assert_eq!(config::load(&world.services).state, State::Verified);
    let text = world.files.text(crate::ports::ProtectedFile::Agent);
    let secret = world.server.service_key().to_text().clone();
    assert!(!text.contains(secret.split('.').next().unwrap()));

    // Who only knows the random part of the ServiceKey cannot play the server.
    let thief = World::new();
    let secret = protocol::service_key::AdmissionSecret::service_key([9; 32], Bytes([1; 32]));
    let input = super::AdmissionInput {
        service: thief.server.service,
        secret: &secret,
        servers: &[Address::parse("one.example.com").unwrap()],
        skip_tls_verification: false,
        origin: protocol::v2::AdmissionOrigin::Person,
        versions: crate::worker::versions("10.0"),
    };
    let failed = super::admit(&thief.services, &input, &crate::ports::Never);
    assert!(matches!(failed, Err(AdmissionFailed::WrongServer(_))));
}

#[test]
fn admission_needs_a_signature_by_a_key_of_the_chain() {
    let world = World::new();
    *world.server.key.lock().unwrap() = Arc::new(MachineKey::from_bytes(&[66; 32]).unwrap());
    assert!(matches!(world.configure(&[], false), Err(AdmissionFailed::WrongServer(_))));
    assert_eq!(config::load(&world.services).state, State::Absent);
}

#[test]
fn an_admission_changed_on_the_way_is_refused() {
    let world = World::new();
    *world.server.tamper.lock().unwrap() =
        Some(|body| body.replace("\"mode\":\"guard\"", "\"mode\":\"watch\",\"mode_until\":4000000000"));
    assert!(matches!(world.configure(&[], true), Err(AdmissionFailed::WrongServer(_))));
    *world.server.tamper.lock().unwrap() = Some(|body| body.replace("Fleet", "Other"));
    assert!(matches!(world.configure(&[], true), Err(AdmissionFailed::WrongServer(_))));
    assert_eq!(config::load(&world.services).state, State::Absent);
}

#[test]
fn admission_over_an_untrusted_certificate() {
    let world = World::new();
    *world.server.trusted.lock().unwrap() = false;
    assert!(matches!(world.configure(&[], false), Err(AdmissionFailed::Unreachable(_))));
    world.configure(&[], true).expect("the signed list names the TLS key");
    let world = World::new();
    *world.server.tls_key.lock().unwrap() = Bytes([0xee; 32]);
    match world.configure(&[], true) {
        Err(AdmissionFailed::Unreachable(causes)) => {
            let expect = Cause::Transport(TransportError::UnexpectedKey(Bytes([0xee; 32])));
            assert!(causes.iter().all(|(_, cause)| *cause == expect));
        }
        other => panic!("{other:?}"),
    }
}

fn ringing(remote: bool) -> World {
    let world = World::new();
    world.windows.session.lock().unwrap().remote = remote;
    *world.server.features.lock().unwrap() = vec![Feature::Push];
    world.arm(&["bat"], false);
    world
}

fn challenge(request: &crate::ports::HttpRequest, server: &crate::testing::FakeServer) -> Reply {
    let decision = server.decision(request, protocol::v2::DecisionResult::Deny, Reason::PushExpired);
    Reply::Signed(Answer::Challenge(Challenge {
        logon: decision.logon,
        number: "42".into(),
        expires: server.now() + 60,
        short_code: "K7Q2MX".into(),
        time: server.now(),
    }))
}

/// Rings; after `polls` polls of 25 s it says what `then` says.
fn ring(
    world: &World,
    polls: usize,
    then: fn(&crate::ports::HttpRequest, &crate::testing::FakeServer) -> Reply,
) {
    let clock = world.clock.clone();
    let mut asked = 0;
    let first: Arc<Mutex<Option<crate::ports::HttpRequest>>> = Arc::default();
    world.server.script(move |_, request, server| {
        if request.path_and_query.starts_with("/agent/v2/check") {
            return Reply::Fails(TransportError::Timeout);
        }
        let Some((_, query)) = request.path_and_query.split_once('?') else {
            *first.lock().unwrap() = Some(request.clone());
            return challenge(request, server);
        };
        asked += 1;
        if asked > polls {
            return then(first.lock().unwrap().as_ref().unwrap(), server);
        }
        let wait: u64 = query.strip_prefix("wait=").unwrap().parse().unwrap();
        clock.advance(Duration::from_secs(wait));
        let logon = server.decision(request, protocol::v2::DecisionResult::Deny, Reason::Expired).logon;
        Reply::Signed(Answer::Pending(Pending { logon, time: server.now() }))
    });
}

fn push(world: &World, user: &str) -> (Tile, bool) {
    let mut tile = Tile::open(world);
    tile.type_credentials(user, "right");
    tile.submit();
    assert_eq!(tile.logon.view().method, MethodChoice::Push, "the default");
    tile.event(Event::Typed(Field::TrasaId, "bat".into()));
    tile.submit();
    let passed = tile.serialize().is_some();
    (tile, passed)
}

#[test]
fn the_phone_approves_while_the_tile_shows_the_number() {
    let world = ringing(false);
    ring(&world, 1, |request, server| {
        Reply::Signed(Answer::Decision(server.decision(
            request,
            protocol::v2::DecisionResult::Allow,
            Reason::PushApproved,
        )))
    });
    let (tile, passed) = push(&world, "anna");
    assert!(passed);
    assert!(
        tile.progress
            .iter()
            .any(|p| matches!(p, Progress::Phone { number: Some(number), .. } if number == "42"))
    );
}

#[test]
fn nobody_answers_the_phone() {
    for (remote, limit) in [(false, 60), (true, 45)] {
        let world = ringing(remote);
        ring(&world, usize::MAX, |request, server| server.deny(request, Reason::PushExpired));
        let before = world.services.clock.ticks();
        let (tile, passed) = push(&world, "bat");
        assert!(!passed, "pending is an answer, so the offline rule does not apply");
        assert_eq!((world.services.clock.ticks() - before).as_secs(), limit);
        assert!(tile.status().contains("in time"), "{}", tile.status());
        assert!(tile.logon.view().field(Field::Code).shown, "lands on the code field");
    }
}

#[test]
fn losing_all_addresses_until_the_challenge_expires_is_no_decision() {
    let world = ringing(false);
    ring(&world, 1, |_, _| Reply::Fails(TransportError::Connect));
    let (_, passed) = push(&world, "anna");
    assert!(!passed);
    ring(&world, 1, |_, _| Reply::Fails(TransportError::Connect));
    let (_, passed) = push(&world, "bat");
    assert!(passed);
}

#[test]
fn cancelling_withdraws_the_logon() {
    struct After(std::sync::atomic::AtomicUsize);
    impl crate::ports::Cancelled for After {
        fn is_cancelled(&self) -> bool {
            self.0.fetch_add(1, std::sync::atomic::Ordering::SeqCst) > 6
        }
    }
    let world = ringing(false);
    ring(&world, usize::MAX, |request, server| server.deny(request, Reason::Cancelled));
    let loaded = config::load(&world.services);
    let usable = loaded.usable.as_ref().unwrap();
    let config::UsableLink::V2(link) = usable.link() else { panic!() };
    let connection = super::Connection { link, versions: crate::worker::versions("10.0") };
    let mut client = super::Client::new(&world.services, connection, usable.learned.clone());
    let question = question(&world);
    let outcome = client.logon(&question, &After(0.into()), &mut |_| {});
    assert!(matches!(outcome, Outcome::Cancelled), "{outcome:?}");
    let requests = world.server.requests.lock().unwrap();
    let (_, last) = requests.last().unwrap();
    assert_eq!(last.method, crate::ports::Method::Delete);
}

fn question(world: &World) -> crate::logon::LogonQuestion {
    let mut tile = Tile::open(world);
    tile.type_credentials("bat", "right");
    tile.submit();
    tile.event(Event::Typed(Field::TrasaId, "bat".into()));
    let now = world.services.clock.ticks();
    let actions = tile.logon.handle(Event::Submit, now);
    let job = actions.into_iter().find_map(|action| match action {
        crate::logon::Action::Start(job) => Some(job),
        _ => None,
    });
    match job {
        Some(crate::logon::Job::AskServer(question)) => *question,
        _ => panic!("a question was expected"),
    }
}

#[test]
fn a_challenge_for_a_code_or_an_unknown_password_is_refused() {
    let world = ringing(false);
    world.server.script(|_, request, server| challenge(request, server));
    let mut tile = Tile::open(&world);
    tile.type_credentials("bat", "right");
    tile.submit();
    tile.event(Event::Chose(MethodChoice::Code));
    assert!(tile.second_factor("bat", "287082").is_none());
    assert!(tile.status().contains("does not belong"), "{}", tile.status());
}
