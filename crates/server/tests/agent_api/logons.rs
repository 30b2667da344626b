//! One id, one logon: asked again, reused, waited for, given up.

use crate::client::{domain_account, new_logon, with_code};
use crate::world::{ORGANISATION, World};
use protocol::error_code::ErrorCode;
use protocol::reason::Reason;
use protocol::v2::{Answer, DecisionResult, ErrorBody, path};
use std::time::{Duration, Instant};

fn reason(answer: &Answer) -> Reason {
    match answer {
        Answer::Decision(decision) => decision.reason,
        other => panic!("no decision: {other:?}"),
    }
}

fn code(answer: &Answer) -> ErrorCode {
    match answer {
        Answer::Error(ErrorBody { code, .. }) => *code,
        other => panic!("no error: {other:?}"),
    }
}

#[tokio::test]
async fn the_same_id_again_gives_the_same_result_and_consumes_nothing() {
    let mut world = World::new().await;
    let service = world.service("Workstations").await;
    let totp = world.person("anna", &service).await;
    let machine = world.machine(&service, "PC-07").await;
    let (id, wrong_id) = (new_logon(), new_logon());
    let request = with_code(domain_account("anna"), Some("anna"), &totp.code(0));
    let first = machine.logon(&world.router, id, &request).await;
    assert_eq!(reason(&first), Reason::CodeAccepted);
    let wrong = with_code(domain_account("anna"), Some("anna"), &totp.wrong());
    for _ in 0..8 {
        assert_eq!(reason(&machine.logon(&world.router, wrong_id, &wrong).await), Reason::CodeWrong);
    }
    world.restart();
    assert_eq!(machine.logon(&world.router, id, &request).await, first);
    assert_eq!(machine.get(&world.router, id, "").await, first);
    assert_eq!(world.audit("logon").len(), 2);
    assert_eq!(world.count("SELECT failures FROM guess_counters WHERE scope = 'user_machine'"), 1);

    let mut other = request.clone();
    other.code = Some(totp.code(30).into());
    assert_eq!(code(&machine.logon(&world.router, id, &other).await), ErrorCode::IdReused);
    // Another machine's logon of the same id is another logon.
    let second = world.machine(&service, "PC-08").await;
    assert_eq!(code(&second.get(&world.router, id, "").await), ErrorCode::LogonUnknown);
    assert_eq!(reason(&second.logon(&world.router, id, &request).await), Reason::CodeUsed);
}

#[tokio::test]
async fn an_old_allow_is_no_allow() {
    let world = World::new().await;
    let service = world.service("Workstations").await;
    let totp = world.person("anna", &service).await;
    let machine = world.machine(&service, "PC-07").await;
    let id = new_logon();
    let request = with_code(domain_account("anna"), Some("anna"), &totp.code(0));
    assert_eq!(reason(&machine.logon(&world.router, id, &request).await), Reason::CodeAccepted);
    world.sql("UPDATE logons SET decided = decided - 119").await;
    assert_eq!(reason(&machine.logon(&world.router, id, &request).await), Reason::CodeAccepted);
    world.sql("UPDATE logons SET decided = decided - 2").await;
    for answer in [machine.logon(&world.router, id, &request).await, machine.get(&world.router, id, "").await]
    {
        let Answer::Decision(decision) = answer else { panic!("no decision") };
        assert_eq!((decision.result, decision.reason), (DecisionResult::Deny, Reason::Expired));
    }
}

/// There is no phone yet: a logon that waits is made by hand.
async fn make_wait(world: &World) {
    assert_eq!(world.sql("UPDATE logons SET result = 'pending', decided = NULL").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn late_approval_changes_nothing() {
    let world = World::new().await;
    let service = world.service("Workstations").await;
    let totp = world.person("anna", &service).await;
    let machine = world.machine(&service, "PC-07").await;
    let (id, request) = (new_logon(), with_code(domain_account("anna"), Some("anna"), &totp.code(0)));
    machine.logon(&world.router, id, &request).await;
    make_wait(&world).await;

    // Whoever waits hears of the end at once, and the end is final.
    let started = Instant::now();
    let (waited, cancelled) = tokio::join!(machine.get(&world.router, id, "wait=25"), async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        machine.delete(&world.router, id).await
    });
    assert!(started.elapsed() < Duration::from_secs(5));
    for answer in [
        &waited,
        &cancelled,
        &machine.get(&world.router, id, "wait=25").await,
        &machine.logon(&world.router, id, &request).await,
    ] {
        let Answer::Decision(decision) = answer else { panic!("no decision: {answer:?}") };
        assert_eq!((decision.result, decision.reason), (DecisionResult::Deny, Reason::Cancelled));
    }
    assert_eq!(world.audit("logon.cancel").len(), 1);

    // Cancelled before it was asked for: what arrives late decides nothing, spends nothing.
    let early = new_logon();
    let ben = world.person("ben", &service).await;
    let request = with_code(domain_account("ben"), Some("ben"), &ben.code(0));
    assert_eq!(code(&machine.delete(&world.router, early).await), ErrorCode::LogonUnknown);
    assert_eq!(reason(&machine.logon(&world.router, early, &request).await), Reason::Cancelled);
    assert_eq!(code(&machine.get(&world.router, early, "").await), ErrorCode::LogonUnknown);
    assert_eq!(machine.decide(&world.router, &request).await.reason, Reason::CodeAccepted);
}

#[tokio::test]
async fn a_denial_stays_what_it_is_and_an_allow_can_be_given_up() {
    let world = World::new().await;
    let service = world.service("Workstations").await;
    let totp = world.person("anna", &service).await;
    let machine = world.machine(&service, "PC-07").await;
    let (denied, allowed) = (new_logon(), new_logon());
    let wrong = with_code(domain_account("anna"), Some("anna"), &totp.wrong());
    machine.logon(&world.router, denied, &wrong).await;
    assert_eq!(reason(&machine.delete(&world.router, denied).await), Reason::CodeWrong);
    let right = with_code(domain_account("anna"), Some("anna"), &totp.code(0));
    assert_eq!(reason(&machine.logon(&world.router, allowed, &right).await), Reason::CodeAccepted);
    for _ in 0..2 {
        assert_eq!(reason(&machine.delete(&world.router, allowed).await), Reason::Cancelled);
    }
    assert_eq!(reason(&machine.logon(&world.router, allowed, &right).await), Reason::Cancelled);
    assert_eq!(world.audit("logon.cancel").len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn waiting_ends_with_the_time_and_with_the_server() {
    let world = World::new().await;
    let service = world.service("Workstations").await;
    let totp = world.person("anna", &service).await;
    let machine = world.machine(&service, "PC-07").await;
    let (id, request) = (new_logon(), with_code(domain_account("anna"), Some("anna"), &totp.code(0)));
    machine.logon(&world.router, id, &request).await;
    make_wait(&world).await;
    assert!(
        matches!(machine.get(&world.router, id, "").await, Answer::Pending(pending) if pending.logon == id)
    );
    let started = Instant::now();
    assert!(matches!(machine.get(&world.router, id, "wait=1").await, Answer::Pending(_)));
    assert!((Duration::from_millis(900)..Duration::from_secs(5)).contains(&started.elapsed()));
    let started = Instant::now();
    let (answer, ()) = tokio::join!(machine.get(&world.router, id, "wait=25"), async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        world.app.drain();
    });
    assert!(matches!(answer, Answer::Pending(_)) && started.elapsed() < Duration::from_secs(5));
    for query in ["wait=26", "wait=-1", "wait=1&x=2", "wait=", "x=1"] {
        assert_eq!(code(&machine.get(&world.router, id, query).await), ErrorCode::BadRequest, "{query}");
    }
    let malformed = format!("{}not-an-id", path::LOGONS);
    let answer = machine.call_raw(&world.router, ("GET", &malformed, ""), b"").await.1;
    assert_eq!(code(&answer), ErrorCode::BadRequest);
}

#[tokio::test]
async fn deleted_service_refuses() {
    let world = World::new().await;
    let service = world.service("Workstations").await;
    let totp = world.person("anna", &service).await;
    let machine = world.machine(&service, "PC-07").await;
    world.sql("UPDATE machines SET last_seen = 0").await;
    let actor = crate::world::console();
    world
        .store()
        .delete_service(ORGANISATION, service.name.clone(), actor, crate::client::now())
        .await
        .unwrap();
    let request = with_code(domain_account("anna"), Some("anna"), &totp.code(0));
    let decision = machine.decide(&world.router, &request).await;
    assert_eq!((decision.result, decision.reason), (DecisionResult::Deny, Reason::ServiceDeleted));
}
