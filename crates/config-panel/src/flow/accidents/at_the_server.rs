//! What was forgotten, changed or lost at the server.

use super::{NO_SERVER, armed, cut_off, gets_in, is_told, state, try_as};
use crate::testing::{Fixture, lets_in};
use agent::ports::TransportError;
use agent::testing::Reply;
use protocol::encoding::Bytes;
use protocol::error_code::ErrorCode;
use protocol::reason::Reason;
use protocol::service_key::AdmissionSecret;
use protocol::v2::{Answer, ErrorBody, Params};

const NOT_HERE: &str = "TRASA does not let this user sign in with this account here.";

#[test]
fn service_key_wrong() {
    let fixture = Fixture::ready("bat");
    let service = fixture.world.server.service;
    let line = format!("set --json --service-id {service} --server one.example.com");
    let wrong = AdmissionSecret::service_key([9; 32], Bytes([1; 32])).to_text();
    let ran = fixture.run_with(&line, &wrong);
    assert_eq!((ran.exit, ran.json()["code"].as_str()), (1, Some("wrong_server")));
    assert!(
        ran.json()["message"].as_str().is_some_and(|text| text.ends_with("Nothing was saved.")),
        "{ran:?}"
    );
    // What was verified before stands, and Windows signs in as ever: nothing guards.
    assert_eq!(state(&fixture), "verified");
    let right = fixture.world.server.service_key().to_text();
    assert_eq!(fixture.run_with(&line, &right).exit, 0, "heals: the whole key");
}

#[test]
fn nobody_enrolled_yet() {
    let fixture = Fixture::ready("bat");
    lets_in(&fixture, &[]);
    let ran = fixture.run("arm --without-trial --json");
    assert_eq!((ran.exit, ran.json()["code"].as_str()), (1, Some("nobody_would_get_in")));
    assert_eq!(state(&fixture), "verified", "not armed, so nobody is locked out");
    let ran = fixture.run("check");
    assert!(
        ran.out.contains(
            "[!]  HOST\\bat (local administrator, offline user) would not get in: no enabled TRASA user"
        ),
        "{ran:?}"
    );
    lets_in(&fixture, &["anna"]);
    assert_eq!(fixture.run("arm --without-trial").exit, 0, "heals: an access and a device");
    gets_in(&fixture, "anna");
}

#[test]
fn administrator_without_access() {
    let fixture = Fixture::ready("bat");
    lets_in(&fixture, &["anna"]);
    let ran = fixture.run("arm --without-trial");
    assert!(
        ran.out.contains("[!] HOST\\bat (local administrator, offline user) would not get in"),
        "{ran:?}"
    );
    is_told(&fixture, "bat", NOT_HERE);
    gets_in(&fixture, "anna");
    // As an offline user an administrator can still repair this computer while the server is away.
    cut_off(&fixture);
    gets_in(&fixture, "bat");
    lets_in(&fixture, &["anna", "bat"]);
    gets_in(&fixture, "bat");
}

/// Everybody was armed out by mistake: the second start with a right password that is refused gives the
/// computer back.
#[test]
fn armed_by_mistake_during_probation() {
    let fixture = armed("bat");
    fixture.world.server.script(|_, request, server| server.deny(request, Reason::NotPermitted));
    is_told(&fixture, "anna", NOT_HERE);
    fixture.world.clock.restart("second");
    is_told(&fixture, "anna", NOT_HERE);
    assert_eq!(state(&fixture), "armed", "until the report task comes");
    lets_in(&fixture, &[]);
    let ran = fixture.run("report");
    assert!(ran.out.contains("taken off this computer"), "{ran:?}");
    assert_eq!(state(&fixture), "verified");
}

#[test]
fn certificate_renewed_with_a_new_key_and_verification_skipped() {
    let fixture = Fixture::ready("bat");
    assert_eq!(fixture.set("--offline-users bat --skip-tls-verification").exit, 0);
    lets_in(&fixture, &["bat", "anna"]);
    assert_eq!(fixture.run("arm --without-trial").exit, 0);
    gets_in(&fixture, "anna");
    // The same key in a new certificate is the same key.
    *fixture.world.server.certificate_ends.lock().expect("lock") = Some(i64::MAX);
    gets_in(&fixture, "anna");
    // A new key that the server's signed list does not name.
    *fixture.world.server.tls_key.lock().expect("lock") = Bytes([0xdd; 32]);
    is_told(&fixture, "anna", NO_SERVER);
    gets_in(&fixture, "bat");
    fixture.world.server.accept_tls(Bytes([0xdd; 32]));
    gets_in(&fixture, "anna");
    assert_eq!(fixture.run("verify").exit, 0, "heals: the list names the key");
}

#[test]
fn certificate_that_windows_does_not_trust() {
    let fixture = armed("bat");
    *fixture.world.server.trusted.lock().expect("lock") = false;
    is_told(&fixture, "anna", NO_SERVER);
    gets_in(&fixture, "bat");
    let ran = fixture.run("verify");
    assert!(
        ran.out.contains("[X]  The TRASA server does not answer (one.example.com: its certificate"),
        "{ran:?}"
    );
    *fixture.world.server.trusted.lock().expect("lock") = true;
    gets_in(&fixture, "anna");
}

#[test]
fn server_moved_to_another_address() {
    let fixture = armed("bat");
    lets_in(&fixture, &["bat", "anna"]);
    assert_eq!(fixture.set("--while-armed --offline-users bat").exit, 0);
    let before = fixture.world.server.count("/");
    fixture.world.server.script(|address, request, server| {
        if address.host() == "one.example.com" {
            return Reply::Fails(TransportError::NameResolution);
        }
        server.allow(request)
    });
    is_told(&fixture, "anna", NO_SERVER);
    gets_in(&fixture, "bat");
    assert!(fixture.world.server.count("/") > before);
    // Heals: a policy, or `set`, names the new address.
    let policies = &fixture.world.registry.policies;
    policies.lock().expect("lock").insert(agent::ports::PolicyName::Server, "two.example.com".to_owned());
    gets_in(&fixture, "anna");
}

#[test]
fn machine_revoked_by_mistake_service_deleted() {
    for (code, text) in [
        (ErrorCode::MachineRevoked, "This computer was removed from TRASA."),
        (ErrorCode::ServiceDeleted, "The TRASA service of this computer was deleted."),
    ] {
        let fixture = armed("bat");
        fixture.world.server.script(move |_, _, _| {
            let error = ErrorBody { code, parameters: Params::new(), message: String::new() };
            Reply::Signed(Answer::Error(error))
        });
        is_told(&fixture, "anna", text);
        // A signed refusal is an answer: the offline rule does not overrule it.
        is_told(&fixture, "bat", text);
        cut_off(&fixture);
        gets_in(&fixture, "bat");
        lets_in(&fixture, &["bat", "anna"]);
        gets_in(&fixture, "anna");
    }
}

#[test]
fn clock_a_day_off_on_either_side() {
    for skew in [86_400, -86_400] {
        let fixture = armed("bat");
        // The computer's clock is set; the server's goes on.
        *fixture.world.clock.unix.lock().expect("lock") -= skew;
        *fixture.world.server.skew.lock().expect("lock") = skew;
        gets_in(&fixture, "anna");
        gets_in(&fixture, "bat");
        let ran = fixture.run("check");
        assert!(ran.out.contains("[!]  The clock is 86400 s off the server's. Set it."), "{skew} {ran:?}");
        *fixture.world.clock.unix.lock().expect("lock") += skew;
        *fixture.world.server.skew.lock().expect("lock") = 0;
        assert_eq!(try_as(&fixture, "anna"), Ok(()));
    }
}
