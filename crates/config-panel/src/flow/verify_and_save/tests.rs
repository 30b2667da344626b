use super::{Input, verify_and_save};
use crate::console::{Exit, Failure, Field};
use crate::secret::SecretText;
use crate::testing::Fixture;
use agent::config::{self, Generation, State};
use agent::ports::Never;
use agent::testing::FakeServer;
use core::sync::atomic::AtomicBool;
use protocol::encoding::Bytes;
use protocol::service_key::AdmissionSecret;

fn input(fixture: &Fixture) -> Input {
    Input {
        service_id: Some(fixture.world.server.service.to_string()),
        server: Some("one.example.com".to_owned()),
        offline_users: Some("bat".to_owned()),
        ..Input::default()
    }
}

fn original() -> Input {
    Input {
        protocol: Some(Generation::V1),
        service_id: Some(FakeServer::V1_SERVICE.to_owned()),
        server: Some("one.example.com".to_owned()),
        offline_users: Some("bat".to_owned()),
        ..Input::default()
    }
}

fn save(fixture: &Fixture, typed: &Input, key: &str) -> Result<super::Saved, Failure> {
    verify_and_save(&fixture.panel(), typed, &mut || Ok(SecretText::optional(key)), &Never)
}

#[test]
fn a_failure_names_the_field_that_is_wrong() {
    let fixture = Fixture::new();
    let good = fixture.world.server.service_key().to_text();
    let foreign = AdmissionSecret::service_key([9; 32], Bytes([1; 32])).to_text();
    let typed = input(&fixture);
    for (typed, key, field) in [
        (Input { service_id: Some("x".to_owned()), ..typed.clone() }, &good, Field::ServiceId),
        (Input { service_id: None, ..typed.clone() }, &good, Field::ServiceId),
        (Input { server: Some("http://a".to_owned()), ..typed.clone() }, &good, Field::Server),
        (Input { server: None, ..typed.clone() }, &good, Field::Server),
        (Input { offline_users: Some("nobdoy".to_owned()), ..typed.clone() }, &good, Field::OfflineUsers),
        (typed.clone(), &foreign, Field::ServiceKey),
        (typed.clone(), &zeroize::Zeroizing::new(String::new()), Field::ServiceKey),
    ] {
        let failed = save(&fixture, &typed, key).expect_err("refused");
        assert_eq!(failed.field(), Some(field), "{failed:?}");
    }
    *fixture.world.server.trusted.lock().expect("lock") = false;
    let failed = save(&fixture, &typed, &good).expect_err("unreachable");
    assert_eq!(failed.field(), Some(Field::Server));
    assert_eq!(config::load(&fixture.world.services).state, State::Absent);
}

#[test]
fn a_v1_failure_names_the_field_that_is_wrong() {
    let fixture = Fixture::new();
    let v2_key = fixture.world.server.service_key().to_text();
    let typed = original();
    for (typed, key, code, field) in [
        (
            Input { service_id: Some(" ".to_owned()), ..typed.clone() },
            FakeServer::V1_KEY,
            "usage",
            Field::ServiceId,
        ),
        (
            Input { service_id: Some("another".to_owned()), ..typed.clone() },
            FakeServer::V1_KEY,
            "service_id_unknown",
            Field::ServiceId,
        ),
        (typed.clone(), "wrong", "service_refused", Field::ServiceKey),
        (typed.clone(), "", "usage", Field::ServiceKey),
        (typed.clone(), v2_key.as_str(), "service_key_malformed", Field::ServiceKey),
        (
            Input { server: Some("https://a/path".to_owned()), ..typed.clone() },
            FakeServer::V1_KEY,
            "usage",
            Field::Server,
        ),
    ] {
        let failed = save(&fixture, &typed, key).expect_err("refused");
        assert_eq!((failed.code(), failed.field()), (code, Some(field)), "{failed:?}");
        assert!(!failed.message().contains("canary"));
    }
    let bodies = fixture.world.server.requests.lock().expect("lock").clone();
    assert!(
        bodies.iter().all(|(_, request)| !String::from_utf8_lossy(&request.body).contains(v2_key.as_str())),
        "the key of version 2 never left"
    );
    fixture.world.server.script(|_, _, server| agent::testing::Reply::Raw(server.raw(404, b"no such page")));
    let failed = save(&fixture, &typed, FakeServer::V1_KEY).expect_err("no original");
    assert_eq!((failed.code(), failed.field()), ("not_version_1", Some(Field::Server)));
    assert_eq!(config::load(&fixture.world.services).state, State::Absent);
}

#[test]
fn whoever_gave_up_has_saved_nothing() {
    for typed in [input(&Fixture::new()), original()] {
        let fixture = Fixture::new();
        let key = match typed.protocol {
            Some(Generation::V1) => FakeServer::V1_KEY.to_owned(),
            _ => fixture.world.server.service_key().to_text().to_string(),
        };
        let gone = AtomicBool::new(true);
        let mut secret = || SecretText::new(&key).map(Some);
        let failed = verify_and_save(&fixture.panel(), &typed, &mut secret, &gone);
        assert_eq!(failed.expect_err("cancelled").code(), "cancelled");
        assert_eq!(config::load(&fixture.world.services).state, State::Absent);
    }
}

#[test]
fn saving_again_without_a_key_makes_no_second_machine() {
    let fixture = Fixture::new();
    let key = fixture.world.server.service_key().to_text();
    let first = save(&fixture, &input(&fixture), &key).expect("admitted");
    let learned = || config::load(&fixture.world.services).usable.expect("usable").learned;
    let mut before = learned();
    before.highest_server_time += 77;
    before.write(&fixture.world.services);

    let change = Input {
        server: Some("two.example.com,one.example.com".to_owned()),
        offline_users: Some("bat,anna".to_owned()),
        skip_tls_verification: Some(true),
        ..Input::default()
    };
    let again = save(&fixture, &change, "").expect("confirmed");
    assert_eq!(again.machine_id, first.machine_id);
    assert_eq!(again.servers, ["two.example.com", "one.example.com"]);
    assert_eq!(again.offline_users.len(), 2);
    assert_eq!(fixture.world.server.count("/agent/v2/machines"), 1, "admitted once");
    let (address, request) =
        fixture.world.server.requests.lock().expect("lock").last().cloned().expect("asked");
    assert_eq!((address.host(), request.path_and_query.as_str()), ("two.example.com", "/agent/v2/report"));
    assert!(fixture.world.server.is_signed(&request), "with this computer's own key");
    assert!(learned().highest_server_time >= before.highest_server_time, "what was learned stands");
    let usable = config::load(&fixture.world.services).usable.expect("usable");
    assert!(usable.skip_tls_verification);

    // What is not named stays.
    let only_users = Input { offline_users: Some(String::new()), ..Input::default() };
    let last = save(&fixture, &only_users, "").expect("confirmed");
    assert_eq!((last.servers, last.offline_users.len()), (again.servers, 0));
}

#[test]
fn saving_again_needs_the_same_service_and_a_server_that_knows_us() {
    let fixture = Fixture::new();
    let key = fixture.world.server.service_key().to_text();
    save(&fixture, &input(&fixture), &key).expect("admitted");
    let file = || fixture.world.files.text(agent::ports::ProtectedFile::Agent);
    let before = file();
    let other = protocol::id::ServiceId::new([8; 16]).to_string();
    let failed = save(&fixture, &Input { service_id: Some(other), ..Input::default() }, "");
    assert_eq!(failed.expect_err("another service").field(), Some(Field::ServiceKey));
    let failed = save(&fixture, &original(), "").expect_err("another protocol");
    assert_eq!(failed.field(), Some(Field::ServiceKey));
    let change = Input { server: Some("elsewhere.example.com".to_owned()), ..Input::default() };
    fixture.world.server.script(|_, _, server| agent::testing::Reply::Raw(server.raw(200, b"<html>")));
    let failed = save(&fixture, &change, "").expect_err("not our server");
    assert_eq!((failed.exit(), failed.field()), (Exit::Unreachable, Some(Field::Server)));
    assert_eq!(file(), before, "nothing was saved");
}

#[test]
fn saving_v1_again_without_a_key_asks_with_the_sealed_one() {
    let fixture = Fixture::new();
    save(&fixture, &original(), FakeServer::V1_KEY).expect("verified");
    let id = || config::load(&fixture.world.services).usable.expect("usable").configuration.id();
    let before = id();
    let change = Input {
        server: Some("two.example.com".to_owned()),
        skip_tls_verification: Some(true),
        ..Input::default()
    };
    let again = save(&fixture, &change, "").expect("verified");
    assert_eq!(
        (again.protocol, again.servers.as_slice()),
        (Generation::V1, &["two.example.com".to_owned()][..])
    );
    assert_eq!(again.tls_key, Some(Bytes([0xcc; 32])), "the one that was shown now");
    assert_eq!(id(), before, "what was learned stands");
    assert_eq!(fixture.world.server.count("/agent/v2/"), 0);
}

/// Fault 5: saving something else is no moment for another TLS key. Whoever stands between then gets
/// no key of the service, and is not pinned.
#[test]
fn saving_v1_again_without_a_key_keeps_the_pinned_tls_key() {
    let fixture = Fixture::new();
    let server = &fixture.world.server;
    save(&fixture, &Input { skip_tls_verification: Some(true), ..original() }, FakeServer::V1_KEY)
        .expect("verified");
    let file = || fixture.world.files.text(agent::ports::ProtectedFile::Agent);
    let before = (file(), server.requests.lock().expect("lock").len());
    *server.tls_key.lock().expect("lock") = Bytes([0xee; 32]);
    for change in [
        Input { offline_users: Some("anna".to_owned()), ..Input::default() },
        Input { server: Some("two.example.com".to_owned()), ..Input::default() },
    ] {
        let failed = save(&fixture, &change, "").expect_err("another TLS key");
        assert_eq!((failed.exit(), failed.field()), (Exit::Unreachable, Some(Field::Server)));
        assert_eq!(
            (file(), server.requests.lock().expect("lock").len()),
            before,
            "nothing left, nothing saved"
        );
    }
    // With the ServiceKey it is a new verification.
    let again = save(
        &fixture,
        &Input { server: Some("two.example.com".to_owned()), ..Input::default() },
        FakeServer::V1_KEY,
    );
    assert_eq!(again.expect("verified").tls_key, Some(Bytes([0xee; 32])));
}

#[test]
fn a_wrong_clock_is_told_with_what_was_saved() {
    let fixture = Fixture::new();
    let key = fixture.world.server.service_key().to_text();
    for (skew, told) in [(0, None), (200, None), (-86_400, Some(-86_400)), (86_400, Some(86_400))] {
        *fixture.world.server.skew.lock().expect("lock") = skew;
        let saved = save(&fixture, &input(&fixture), &key).expect("admitted");
        assert_eq!(saved.clock_offset_secs, told);
    }
}
