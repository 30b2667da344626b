//! Who would get in: before arming, and whether the tile asks for the trasa id.

use crate::client::{Machine, domain_account};
use crate::world::{ORGANISATION, World, console};
use protocol::error_code::ErrorCode;
use protocol::reason::Reason;
use protocol::v2::{Account, Answer, CheckAnswer, CheckPurpose, CheckRequest, ErrorBody, Method, path};

async fn ask(world: &World, machine: &Machine, purpose: CheckPurpose, accounts: Vec<Account>) -> Answer {
    let request = CheckRequest { purpose, armed: purpose == CheckPurpose::Tile, accounts };
    machine.call(&world.router, ("POST", path::CHECK, ""), &request).await
}

fn answer(answer: Answer) -> CheckAnswer {
    match answer {
        Answer::Check(answer) => answer,
        other => panic!("no check: {other:?}"),
    }
}

fn refused(answer: Answer) -> ErrorCode {
    match answer {
        Answer::Error(ErrorBody { code, .. }) => code,
        other => panic!("not refused: {other:?}"),
    }
}

#[tokio::test]
async fn before_arming_each_account_has_its_line() {
    let world = World::new().await;
    let service = world.service("Workstations").await;
    world.person("anna", &service).await;
    world.person("dora", &service).await;
    world.user("nora").await;
    world.access("nora", &service, "ACME\\nora", None).await;
    world.store().set_user_enabled(ORGANISATION, ("dora".to_owned(), false), console(), 1).await.unwrap();
    let machine = world.machine(&service, "PC-07").await;
    let names = ["anna", "dora", "nora", "carl"];
    let accounts: Vec<_> = names.into_iter().map(domain_account).collect();
    let told = answer(ask(&world, &machine, CheckPurpose::Arming, accounts.clone()).await);
    let lines: Vec<_> =
        told.accounts.iter().map(|line| (line.would_get_in, line.methods.clone(), line.reason)).collect();
    assert_eq!(
        lines,
        [
            (true, vec![Method::Totp], None),
            (false, vec![], Some(Reason::NotPermitted)),
            (false, vec![], Some(Reason::NoDevice)),
            (false, vec![], Some(Reason::NotPermitted)),
        ]
    );
    assert!(told.accounts.iter().map(|line| &line.account).eq(&accounts));
    assert_eq!(world.audit("check").len(), 1);
    assert_eq!(world.count("SELECT count(*) FROM guess_counters"), 0);
}

#[tokio::test]
async fn at_the_tile_only_whether_the_trasa_id_is_asked() {
    let world = World::new().await;
    let service = world.service("Workstations").await;
    world.person("anna", &service).await;
    world.person("dora", &service).await;
    world.store().set_user_enabled(ORGANISATION, ("dora".to_owned(), false), console(), 1).await.unwrap();
    world.person("eve", &service).await;
    world.access("eve", &service, "ACME\\shared", None).await;
    world.access("anna", &service, "ACME\\shared", None).await;
    let machine = world.machine(&service, "PC-07").await;
    for (name, asked) in [("anna", false), ("dora", true), ("carl", true), ("shared", true)] {
        let told = answer(ask(&world, &machine, CheckPurpose::Tile, vec![domain_account(name)]).await);
        assert_eq!((told.ask_trasa_id, told.accounts.len()), (asked, 0), "{name}");
    }
}

#[tokio::test]
async fn only_who_may_ask_is_answered_and_not_without_end() {
    let world = World::new().await;
    let service = world.service("Workstations").await;
    let machine = world.machine(&service, "PC-07").await;
    for (purpose, armed) in [(CheckPurpose::Arming, true), (CheckPurpose::Tile, false)] {
        let request = CheckRequest { purpose, armed, accounts: vec![domain_account("anna")] };
        let told = machine.call(&world.router, ("POST", path::CHECK, ""), &request).await;
        assert_eq!(refused(told), ErrorCode::CheckRefused);
    }
    let many = (0..201).map(|n| domain_account(&format!("u{n}"))).collect();
    assert_eq!(refused(ask(&world, &machine, CheckPurpose::Arming, many).await), ErrorCode::BadRequest);
    assert_eq!(refused(ask(&world, &machine, CheckPurpose::Tile, Vec::new()).await), ErrorCode::BadRequest);
    for _ in 0..30 {
        answer(ask(&world, &machine, CheckPurpose::Arming, vec![domain_account("anna")]).await);
    }
    for _ in 0..3 {
        let told = ask(&world, &machine, CheckPurpose::Arming, vec![domain_account("anna")]).await;
        let Answer::Error(error) = told else { panic!("answered") };
        assert_eq!(error.code, ErrorCode::RateLimited);
        assert!((1..=600).contains(&error.parameters["wait_secs"].as_i64().unwrap()));
    }
    assert_eq!((world.audit("check").len(), world.alarms()), (30, vec!["check_limit".to_owned()]));
    world.sql("UPDATE machines SET state = 'waiting'").await;
    let told = ask(&world, &machine, CheckPurpose::Tile, vec![domain_account("anna")]).await;
    assert_eq!(refused(told), ErrorCode::CheckRefused);
}
