//! Being admitted: by ServiceKey, by token, again, and not.

use crate::client::{Newcomer, Signing, host, now, send, split};
use crate::world::{ORGANISATION, Service, World, console};
use protocol::error_code::ErrorCode;
use protocol::id::ServiceId;
use protocol::service_key::AdmissionSecret;
use protocol::statement::{Receipt, Unverified};
use protocol::v2::{AdmissionOrigin, Admitted, Answer, ErrorBody};
use server::store::machine_states::MachineChange;
use server::store::services::{Admit, ServiceChange};

fn admitted(answer: Answer) -> Admitted {
    match answer {
        Answer::Admitted(admitted) => admitted,
        other => panic!("not admitted: {other:?}"),
    }
}

fn refused(answer: &Answer) -> ErrorCode {
    match answer {
        Answer::Error(ErrorBody { code, .. }) => *code,
        other => panic!("not refused: {other:?}"),
    }
}

async fn admit(world: &World, service: &Service, kind: Admit, until: Option<i64>) {
    let change = ServiceChange { admit: Some((kind, until)), ..ServiceChange::default() };
    world
        .store()
        .change_service(ORGANISATION, (service.name.clone(), change), console(), now())
        .await
        .unwrap();
}

#[tokio::test]
async fn a_new_machine_gets_id_receipt_and_chain() {
    let world = World::new().await;
    let service = world.service("Workstations").await;
    let new = Newcomer::new(service.id, &service.key, "PC-07");
    let first = admitted(new.ask(&world.router).await.0);
    assert_eq!((first.service.id, first.service.name.as_str()), (service.id, "Workstations"));
    assert!(first.settings.approved && first.features.is_empty());
    let receipt = Unverified::<Receipt>::read(&first.receipt).unwrap();
    let receipt =
        receipt.verify(&agent::keys::P256Verifier::new(world.app.keys().signing.public_key())).unwrap();
    assert_eq!((receipt.machine, receipt.public_key), (first.machine, new.key.public()));

    // The same public key again is the same machine, also under another name.
    let again = Newcomer {
        request: protocol::v2::AdmissionRequest { host: host("PC-99"), ..new.request.clone() },
        ..new
    };
    assert_eq!(admitted(again.ask(&world.router).await.0).machine, first.machine);
    assert_eq!(world.count("SELECT count(*) FROM machines"), 1);
    assert_eq!(world.audit("machine.admit").len(), 1);
}

#[tokio::test]
async fn each_service_admits_as_it_was_told() {
    let world = World::new().await;
    let service = world.service("Workstations").await;
    let ask = async |origin: AdmissionOrigin| {
        let mut new = Newcomer::new(service.id, &service.key, "PC-07");
        new.request.origin = origin;
        new.ask(&world.router).await.0
    };
    // New services admit openly for seven days.
    assert!(admitted(ask(AdmissionOrigin::Person).await).settings.approved);
    assert!(!admitted(ask(AdmissionOrigin::Policy).await).settings.approved);
    world.sql("UPDATE services SET admit_until = 1").await;
    assert!(!admitted(ask(AdmissionOrigin::Person).await).settings.approved);
    admit(&world, &service, Admit::Open, None).await;
    assert!(admitted(ask(AdmissionOrigin::Person).await).settings.approved);
    admit(&world, &service, Admit::Approval, None).await;
    assert!(!admitted(ask(AdmissionOrigin::Person).await).settings.approved);
    admit(&world, &service, Admit::Token, None).await;
    let Answer::Error(error) = ask(AdmissionOrigin::Person).await else { panic!("admitted") };
    assert_eq!((error.code, error.parameters["admit"].as_str()), (ErrorCode::AdmissionClosed, Some("token")));
}

#[tokio::test]
async fn a_token_is_used_up_by_machines_and_not_by_asking_again() {
    let world = World::new().await;
    let service = world.service("Workstations").await;
    admit(&world, &service, Admit::Token, None).await;
    let token = world.token(&service, 2, now() + 3600).await;
    let first = Newcomer::new(service.id, &token, "PC-01");
    let machine = admitted(first.ask(&world.router).await.0);
    assert!(machine.settings.approved);
    for _ in 0..3 {
        assert_eq!(admitted(first.ask(&world.router).await.0).machine, machine.machine);
    }
    admitted(Newcomer::new(service.id, &token, "PC-02").ask(&world.router).await.0);
    let third = Newcomer::new(service.id, &token, "PC-03").ask(&world.router).await.0;
    assert_eq!(refused(&third), ErrorCode::TokenSpent);
    // Who is in stays in.
    assert_eq!(admitted(first.ask(&world.router).await.0).machine, machine.machine);

    let ended = world.token(&service, 2, now() + 3600).await;
    world.sql("UPDATE tokens SET until = 1").await;
    let late = Newcomer::new(service.id, &ended, "PC-04").ask(&world.router).await.0;
    assert_eq!(refused(&late), ErrorCode::TokenExpired);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_use_admits_one_machine_however_many_ask_at_once() {
    let world = World::new().await;
    let service = world.service("Workstations").await;
    let token = world.token(&service, 1, now() + 3600).await;
    let mut asking = tokio::task::JoinSet::new();
    for n in 0..12 {
        let (router, new) = (world.router.clone(), Newcomer::new(service.id, &token, &format!("PC-{n:02}")));
        asking.spawn(async move { matches!(new.ask(&router).await.0, Answer::Admitted(_)) });
    }
    let answers = asking.join_all().await;
    assert_eq!(answers.iter().filter(|admitted| **admitted).count(), 1, "{answers:?}");
}

#[tokio::test]
async fn unknown_service_and_wrong_key_are_one_answer() {
    let world = World::new().await;
    let (service, other) = (world.service("Workstations").await, world.service("Servers").await);
    let anchor = world.app.keys().anchor.fingerprint();
    let wrong_key = AdmissionSecret::service_key([9; 32], anchor).to_text();
    let unknown = ServiceId::new([9; 16]);
    let unknown_token = AdmissionSecret::token(protocol::encoding::Bytes([9; 8]), [9; 32], anchor).to_text();
    let mut answers = Vec::new();
    for (id, key) in [
        (service.id, wrong_key.as_str()),
        (service.id, &other.key),
        (unknown, &service.key),
        (service.id, &unknown_token),
    ] {
        answers.push(Newcomer::new(id, key, "PC-07").ask(&world.router).await.0);
    }
    // A key of one service, a body that names another.
    let mut crossed = Newcomer::new(other.id, &other.key, "PC-07");
    crossed.request.service = service.id;
    let signer = agent::keys::AdmissionSigner { secret: &crossed.secret, key_id: other.id.to_string() };
    let body = serde_json::to_vec(&crossed.request).unwrap();
    let how = (protocol::signing::Tag::AdmitRequest, &Signing::default());
    let (http, _) =
        split(crate::client::signed(("POST", protocol::v2::path::MACHINES, ""), &body, &signer, how));
    answers.push(send(&world.router, http, "192.0.2.7").await.answer());
    assert_eq!(refused(&answers[0]), ErrorCode::ServiceRefused);
    answers.dedup();
    assert_eq!(answers.len(), 1, "{answers:?}");
    assert_eq!(world.count("SELECT count(*) FROM machines"), 0);
}

#[tokio::test]
async fn a_rotated_key_ends_the_old_one_and_touches_no_machine() {
    let world = World::new().await;
    let service = world.service("Workstations").await;
    let totp = world.person("anna", &service).await;
    let machine = world.machine(&service, "PC-07").await;
    let new_key = [7; 32];
    let rotated = (service.name.clone(), new_key.into());
    world.store().rotate_service_key(ORGANISATION, rotated, console(), now()).await.unwrap();
    let old = Newcomer::new(service.id, &service.key, "PC-08").ask(&world.router).await.0;
    assert_eq!(refused(&old), ErrorCode::ServiceRefused);
    let text = AdmissionSecret::service_key(new_key, world.app.keys().anchor.fingerprint()).to_text();
    admitted(Newcomer::new(service.id, &text, "PC-08").ask(&world.router).await.0);
    let request =
        crate::client::with_code(crate::client::domain_account("anna"), Some("anna"), &totp.code(0));
    let decision = machine.decide(&world.router, &request).await;
    assert_eq!(decision.reason, protocol::reason::Reason::CodeAccepted);
}

#[tokio::test]
async fn a_revoked_key_is_never_admitted_again() {
    let world = World::new().await;
    let service = world.service("Workstations").await;
    let new = Newcomer::new(service.id, &service.key, "PC-07");
    let machine = admitted(new.ask(&world.router).await.0).machine.to_string();
    let change = async |change: MachineChange| {
        world
            .store()
            .change_machine(ORGANISATION, (machine.clone(), change), console(), now())
            .await
            .unwrap();
    };
    change(MachineChange::Revoke).await;
    assert_eq!(refused(&new.ask(&world.router).await.0), ErrorCode::KeyRevoked);
    let token = world.token(&service, 1, now() + 3600).await;
    let with_token = Newcomer { secret: AdmissionSecret::parse(&token).unwrap(), ..new };
    assert_eq!(refused(&with_token.ask(&world.router).await.0), ErrorCode::KeyRevoked);
    change(MachineChange::Readmit).await;
    assert_eq!(admitted(with_token.ask(&world.router).await.0).machine.to_string(), machine);
    // The key pair of a machine of one service is no key pair for another.
    let other = world.service("Servers").await;
    let mut elsewhere = Newcomer::new(other.id, &other.key, "PC-07");
    elsewhere.request.public_key = with_token.request.public_key;
    assert_eq!(refused(&elsewhere.ask(&world.router).await.0), ErrorCode::KeyRevoked);
}

#[tokio::test]
async fn odd_admissions_are_refused() {
    let world = World::new().await;
    let service = world.service("Workstations").await;
    let mut no_point = Newcomer::new(service.id, &service.key, "PC-07");
    no_point.request.public_key = protocol::encoding::Bytes([4; 65]);
    let mut bell = Newcomer::new(service.id, &service.key, "PC-07");
    bell.request.host.name = "PC\u{7}07".to_owned();
    let mut sid = Newcomer::new(service.id, &service.key, "PC-07");
    sid.request.host.domain_sid = Some("ACME".to_owned());
    for new in [no_point, bell, sid] {
        assert_eq!(refused(&new.ask(&world.router).await.0), ErrorCode::BadRequest);
    }
    let new = Newcomer::new(service.id, &service.key, "PC-07");
    let late = Signing { created: now() - 400, ..Signing::default() };
    let (http, sent) = split(new.sent(&late));
    let list = world.app.keys().list.clone();
    assert!(matches!(
        send(&world.router, http, "192.0.2.7").await.authentic(&sent, &list),
        Answer::Clock { .. }
    ));

    world.store().delete_service(ORGANISATION, service.name.clone(), console(), now()).await.unwrap();
    assert_eq!(refused(&new.ask(&world.router).await.0), ErrorCode::ServiceDeleted);
    assert_eq!(world.count("SELECT count(*) FROM machines"), 0);
}
