//! What an answer is worth: forged, replayed, about somebody else, late, or an error.

use super::{armed, logons, right};
use crate::keys::MachineKey;
use crate::logon::{Event, Field};
use crate::ports::TransportError;
use crate::testing::{FakeServer, Reply, Tile, World};
use core::time::Duration;
use protocol::encoding::Bytes;
use protocol::error_code::ErrorCode;
use protocol::id::{LogonId, MachineId, ServiceId};
use protocol::reason::Reason;
use protocol::v2::{Answer, DecisionResult, ErrorBody, Params};

#[test]
fn forged_allow_is_rejected_without_tls() {
    let world = World::new();
    world.arm(&["bat"], true);
    let thief = || MachineKey::from_bytes(&[66; 32]).unwrap();
    // By a key of his own.
    world.server.script(move |_, request, server| {
        let allow = Answer::Decision(server.decision(request, DecisionResult::Allow, Reason::CodeAccepted));
        Reply::Raw(server.sign_with(&thief(), request, 200, &allow))
    });
    assert!(right(&mut Tile::open(&world), "anna").is_none());
    // By the server's key, but changed on the way: body, status, or taken from another request.
    world.server.script(|_, request, server| {
        let deny = Answer::Decision(server.decision(request, DecisionResult::Deny, Reason::CodeWrong));
        let mut answer = server.sign_with(&server.key.lock().unwrap().clone(), request, 200, &deny);
        let text = String::from_utf8(answer.body)
            .unwrap()
            .replace("deny", "allow")
            .replace("code_wrong", "code_accepted");
        answer.headers.content_digest = Some(protocol::signing::content_digest(text.as_bytes()));
        answer.body = text.into_bytes();
        Reply::Raw(answer)
    });
    assert!(right(&mut Tile::open(&world), "anna").is_none());
    // With another TLS key than the signed list names, nothing of the body is even sent.
    *world.server.tls_key.lock().unwrap() = Bytes([0xee; 32]);
    world.server.script(|_, request, server| server.allow(request));
    let before = logons(&world);
    assert!(right(&mut Tile::open(&world), "anna").is_none());
    assert_eq!(logons(&world), before);
    // Unless the signed list comes to name it.
    world.server.accept_tls(Bytes([0xee; 32]));
    assert!(right(&mut Tile::open(&world), "anna").is_some());
}

#[test]
fn replayed_allow_is_rejected() {
    let world = armed(&[]);
    let mut kept = None;
    world.server.script(move |_, request, server| {
        if request.path_and_query.starts_with("/agent/v2/check") {
            return Reply::Fails(TransportError::Timeout);
        }
        let Reply::Signed(allow) = server.allow(request) else { panic!() };
        let fresh = server.sign_with(&server.key.lock().unwrap().clone(), request, 200, &allow);
        Reply::Raw(kept.get_or_insert(fresh).clone())
    });
    assert!(right(&mut Tile::open(&world), "bat").is_some());
    assert!(right(&mut Tile::open(&world), "bat").is_none());
    assert!(right(&mut Tile::open(&world), "anna").is_none());
}

#[test]
fn decision_for_another_account_is_refused() {
    let world = armed(&["bat"]);
    type Change = fn(&mut protocol::v2::Decision);
    let changes: [(&str, Change); 8] = [
        ("logon", |d| d.logon = LogonId::new([0; 16])),
        ("machine", |d| d.machine = MachineId::new([0; 16])),
        ("service", |d| d.service = ServiceId::new([0; 16])),
        ("account name", |d| d.account.name = "bat".into()),
        ("account sid", |d| d.account.sid = None),
        ("old", |d| d.time -= 121),
        ("future", |d| d.time += 6),
        ("contradiction", |d| d.reason = Reason::CodeWrong),
    ];
    for (what, change) in changes {
        world.server.script(move |_, request, server| {
            let mut decision = server.decision(request, DecisionResult::Allow, Reason::CodeAccepted);
            change(&mut decision);
            Reply::Signed(Answer::Decision(decision))
        });
        let mut tile = Tile::open(&world);
        assert!(right(&mut tile, "anna").is_none(), "{what}");
        // A signed answer is a refusal, never "offline": the offline user is refused as well.
        if !matches!(what, "account name") {
            assert!(right(&mut Tile::open(&world), "bat").is_none(), "{what}");
        }
    }
}

#[test]
fn denial_is_never_asked_again() {
    let world = armed(&["bat"]);
    world.server.script(|_, request, server| server.deny(request, Reason::NotPermitted));
    let before = logons(&world);
    let mut tile = Tile::open(&world);
    assert!(right(&mut tile, "bat").is_none(), "a denial is no reason for the offline rule");
    assert_eq!(logons(&world), before + 1);
    assert!(tile.status().contains("K7Q2MX"));
}

#[test]
fn the_second_address_is_asked_with_the_same_logon() {
    let world = armed(&[]);
    world.server.script(|address, request, server| {
        if address.host().starts_with("one") {
            Reply::Fails(TransportError::Connect)
        } else {
            server.allow(request)
        }
    });
    assert!(right(&mut Tile::open(&world), "bat").is_some());
    let requests = world.server.requests.lock().unwrap();
    let ids: Vec<_> = requests
        .iter()
        .filter(|(_, r)| r.path_and_query.starts_with("/agent/v2/logons/"))
        .map(|(a, r)| (a.host().to_owned(), r.path_and_query.clone()))
        .collect();
    assert_eq!(ids.len(), 2);
    assert_eq!(ids[0].1, ids[1].1);
    assert_eq!((ids[0].0.as_str(), ids[1].0.as_str()), ("one.example.com", "two.example.com"));
}

#[test]
fn twelve_seconds_over_all_addresses() {
    let world = armed(&["bat"]);
    world.server.script(|_, _, _| Reply::After(Duration::from_secs(60), TransportError::Timeout));
    let mut tile = Tile::open(&world);
    tile.type_credentials("bat", "right");
    tile.submit();
    tile.event(Event::Typed(Field::TrasaId, "b".into()));
    tile.event(Event::Typed(Field::Code, "287082".into()));
    let before = world.services.clock.ticks();
    tile.submit();
    assert_eq!(world.services.clock.ticks() - before, Duration::from_secs(12));
    assert!(tile.serialize().is_some());
}

#[test]
fn internal_error_is_a_refusal() {
    let world = armed(&["bat"]);
    // The server signs something that this agent does not understand.
    world.server.script(|_, request, server| {
        let key = server.key.lock().unwrap().clone();
        Reply::Raw(server.sign_body(&key, request, 200, b"{\"kind\":\"brand-new\"}".to_vec()))
    });
    assert!(right(&mut Tile::open(&world), "bat").is_none());
    // A worker that dies.
    let mut tile = Tile::open(&world);
    let now = world.services.clock.ticks();
    tile.type_credentials("bat", "right");
    let actions = tile.logon.handle(Event::Submit, now);
    let ticket = actions
        .iter()
        .find_map(|a| if let crate::logon::Action::Start(job) = a { Some(job.ticket()) } else { None })
        .unwrap();
    tile.event(Event::WorkerFailed(ticket));
    assert_eq!(tile.logon.step(), "credentials");
    assert!(tile.status().contains("internal error"));
}

#[test]
fn signed_errors_refuse_except_a_restored_store() {
    let world = armed(&["bat"]);
    for code in ErrorCode::ALL {
        for receipt in [false, true] {
            let parameters: Params = [("receipt".to_owned(), receipt.into())].into();
            let error = Answer::Error(ErrorBody { code: *code, parameters, message: String::new() });
            world.server.script(move |_, _, _| Reply::SignedStatus(404, error.clone()));
            let passes = *code == ErrorCode::UnknownMachine && receipt;
            assert_eq!(right(&mut Tile::open(&world), "bat").is_some(), passes, "{code} {receipt}");
            let mut tile = Tile::open(&world);
            assert!(right(&mut tile, "anna").is_none(), "{code} {receipt}");
            assert_eq!(
                tile.status().contains("could not decide: it was restored"),
                passes,
                "{code} {receipt}"
            );
        }
    }
    world.server.script(|_, _, _| Reply::SignedStatus(503, Answer::Unavailable));
    assert!(right(&mut Tile::open(&world), "bat").is_some());
    assert!(right(&mut Tile::open(&world), "anna").is_none());
}

#[test]
fn server_text_is_never_markup() {
    let world = armed(&[]);
    let evil = "<a href=\"http://x\">\u{202e}click</a>";
    let parameters: Params = ["zone", "local_time", "session", "methods", "wait_secs", "detail"]
        .map(|n| (n.to_owned(), evil.into()))
        .into();
    for reason in Reason::ALL {
        let parameters = parameters.clone();
        world.server.script(move |_, request, server| {
            let mut decision = server.decision(request, DecisionResult::Deny, *reason);
            decision.parameters = parameters.clone();
            decision.short_code = evil.into();
            Reply::Signed(Answer::Decision(decision))
        });
        let mut tile = Tile::open(&world);
        assert!(right(&mut tile, "bat").is_none());
        assert!(!tile.status().contains(['<', '>', '/', '\u{202e}']), "{}", tile.status());
    }
    for code in ErrorCode::ALL {
        let error = ErrorBody { code: *code, parameters: parameters.clone(), message: evil.into() };
        world.server.script(move |_, _, _| Reply::SignedStatus(400, Answer::Error(error.clone())));
        let mut tile = Tile::open(&world);
        assert!(right(&mut tile, "bat").is_none());
        assert!(!tile.status().contains(['<', '>', '/']), "{}", tile.status());
    }
}

#[test]
fn a_wrong_clock_is_corrected_once() {
    let world = armed(&["bat"]);
    *world.server.skew.lock().unwrap() = 400_000;
    world.server.script(|_, request, server| {
        if FakeServer::created(request).abs_diff(server.now()) > 300 {
            Reply::Signed(Answer::Clock { time: server.now() })
        } else if request.path_and_query.starts_with("/agent/v2/check") {
            Reply::Fails(TransportError::Timeout)
        } else {
            server.allow(request)
        }
    });
    assert!(right(&mut Tile::open(&world), "anna").is_some());
    assert!(world.log().iter().any(|line| line.contains("400000 s off")));
    // A server that answers although our clocks are far apart is no server of ours.
    world.server.script(|_, request, server| server.allow(request));
    assert!(right(&mut Tile::open(&world), "anna").is_none());
    // A second "your clock" from the same address is worth no more than "unavailable".
    world.server.script(|_, _, server| Reply::Signed(Answer::Clock { time: server.now() }));
    let before = logons(&world);
    assert!(right(&mut Tile::open(&world), "anna").is_none());
    assert_eq!(logons(&world), before + 4, "twice an address");
    assert!(right(&mut Tile::open(&world), "bat").is_some(), "no decision, so the offline rule holds");
}

#[test]
fn a_rotated_or_recovered_server_key_is_found_through_the_chain() {
    let world = armed(&[]);
    world.server.rotate([21; 32], false);
    assert!(right(&mut Tile::open(&world), "bat").is_some());
    world.server.rotate([22; 32], true);
    assert!(right(&mut Tile::open(&world), "bat").is_some());
    // The old key is worth nothing any more, whoever holds it.
    let old = || MachineKey::from_bytes(&[21; 32]).unwrap();
    world.server.script(move |_, request, server| {
        let allow = Answer::Decision(server.decision(request, DecisionResult::Allow, Reason::CodeAccepted));
        Reply::Raw(server.sign_with(&old(), request, 200, &allow))
    });
    assert!(right(&mut Tile::open(&world), "bat").is_none());
}
