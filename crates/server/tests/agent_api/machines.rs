//! Machines that wait, were removed, are released, or come from before a restore.

use crate::client::{Machine, domain_account, new_logon, now, with_code};
use crate::world::{ORGANISATION, World, console};
use axum::http::StatusCode;
use protocol::error_code::ErrorCode;
use protocol::reason::Reason;
use protocol::v2::{Answer, DecisionResult, ErrorBody, path};
use server::store::machine_states::MachineChange;

async fn change(world: &World, machine: &Machine, change: MachineChange) {
    world
        .store()
        .change_machine(ORGANISATION, (machine.id.to_string(), change), console(), now())
        .await
        .unwrap();
}

fn error(answer: Answer) -> ErrorBody {
    match answer {
        Answer::Error(error) => error,
        other => panic!("no error: {other:?}"),
    }
}

#[tokio::test]
async fn a_machine_that_waits_decides_nothing_and_counts_for_nobody() {
    let world = World::new().await;
    let service = world.service("Workstations").await;
    world.sql("UPDATE services SET admit = 'approval'").await;
    let totp = world.person("anna", &service).await;
    let machine = world.machine(&service, "PC-07").await;
    let wrong = with_code(domain_account("anna"), Some("anna"), &totp.wrong());
    for _ in 0..7 {
        let decision = machine.decide(&world.router, &wrong).await;
        assert_eq!((decision.result, decision.reason), (DecisionResult::Deny, Reason::MachineWaiting));
    }
    assert_eq!(world.count("SELECT count(*) FROM guess_counters"), 0);
    change(&world, &machine, MachineChange::Approve).await;
    let right = with_code(domain_account("anna"), Some("anna"), &totp.code(0));
    assert_eq!(machine.decide(&world.router, &right).await.reason, Reason::CodeAccepted);
}

#[tokio::test]
async fn a_removed_machine_is_refused_until_it_is_readmitted() {
    let world = World::new().await;
    let service = world.service("Workstations").await;
    let totp = world.person("anna", &service).await;
    let machine = world.machine(&service, "PC-07").await;
    change(&world, &machine, MachineChange::Revoke).await;
    let right = with_code(domain_account("anna"), Some("anna"), &totp.code(0));
    let target = path::logon(new_logon());
    let body = serde_json::to_vec(&right).unwrap();
    let (status, answer) = machine.call_raw(&world.router, ("PUT", &target, ""), &body).await;
    assert_eq!((status, error(answer).code), (StatusCode::FORBIDDEN, ErrorCode::MachineRevoked));
    change(&world, &machine, MachineChange::Readmit).await;
    assert_eq!(machine.decide(&world.router, &right).await.reason, Reason::CodeAccepted);
}

/// The store as it was before the machine's admission.
async fn forget(world: &World, tables: &[&'static str]) {
    for statement in tables {
        world.sql(statement).await;
    }
}

#[tokio::test]
async fn a_machine_from_before_a_restore_waits_for_one_click() {
    let world = World::new().await;
    let service = world.service("Workstations").await;
    let totp = world.person("anna", &service).await;
    let machine = world.machine(&service, "PC-07").await;
    forget(&world, &["DELETE FROM machines", "DELETE FROM machine_keys"]).await;
    let right = with_code(domain_account("anna"), Some("anna"), &totp.code(0));
    for _ in 0..2 {
        let told = error(machine.logon(&world.router, new_logon(), &right).await);
        assert_eq!(
            (told.code, told.parameters["receipt"].as_bool()),
            (ErrorCode::UnknownMachine, Some(true))
        );
    }
    assert_eq!(world.alarms(), ["machine_from_before"]);
    assert_eq!(world.count("SELECT count(*) FROM logons"), 0);
    change(&world, &machine, MachineChange::Readmit).await;
    assert_eq!(machine.decide(&world.router, &right).await.reason, Reason::CodeAccepted);
}

#[tokio::test]
async fn a_receipt_proves_nothing_without_the_key_it_names() {
    let world = World::new().await;
    let service = world.service("Workstations").await;
    let totp = world.person("anna", &service).await;
    let (machine, other) = (world.machine(&service, "PC-07").await, world.machine(&service, "PC-08").await);
    let right = with_code(domain_account("anna"), Some("anna"), &totp.code(0));
    forget(&world, &["DELETE FROM machines", "DELETE FROM machine_keys"]).await;
    // Somebody else's receipt; a receipt that nobody signed; none of any use.
    let with = |receipt: &str, key: &agent::keys::MachineKey| {
        let mut admitted = machine.admitted.clone();
        receipt.clone_into(&mut admitted.receipt);
        let key = agent::keys::MachineKey::from_bytes(&key.to_bytes()).unwrap();
        Machine {
            key,
            id: machine.id,
            service: machine.service,
            list: machine.list.clone(),
            admitted,
            from: machine.from.clone(),
        }
    };
    let mut forged = machine.admitted.receipt.clone();
    forged.replace_range(forged.len() - 8.., "AAAAAAAA");
    for receipt in [&other.admitted.receipt, &forged, "nonsense"] {
        let told = error(with(receipt, &machine.key).logon(&world.router, new_logon(), &right).await);
        assert_eq!(
            (told.code, told.parameters["receipt"].as_bool()),
            (ErrorCode::UnknownMachine, Some(false))
        );
    }
    let told =
        error(with(&machine.admitted.receipt, &other.key).logon(&world.router, new_logon(), &right).await);
    assert_eq!(told.code, ErrorCode::SignatureInvalid);
    assert_eq!(world.count("SELECT count(*) FROM machines"), 0);
    assert!(world.alarms().is_empty());
}

#[tokio::test]
async fn a_tombstone_beats_a_receipt() {
    let world = World::new().await;
    let service = world.service("Workstations").await;
    let totp = world.person("anna", &service).await;
    let machine = world.machine(&service, "PC-07").await;
    change(&world, &machine, MachineChange::Revoke).await;
    let right = with_code(domain_account("anna"), Some("anna"), &totp.code(0));
    assert_eq!(
        error(machine.logon(&world.router, new_logon(), &right).await).code,
        ErrorCode::MachineRevoked
    );
    assert!(world.alarms().is_empty());
}

#[tokio::test]
async fn watching_lets_everybody_pass_and_records_who_would_not() {
    let world = World::new().await;
    let service = world.service("Workstations").await;
    let totp = world.person("anna", &service).await;
    let machine = world.machine(&service, "PC-07").await;
    world.sql("UPDATE services SET mode = 'watch', mode_until = unixepoch() + 3600").await;
    let wrong = with_code(domain_account("anna"), Some("anna"), &totp.wrong());
    let decision = machine.decide(&world.router, &wrong).await;
    assert_eq!((decision.result, decision.reason), (DecisionResult::Allow, Reason::Watch));
    assert_eq!(decision.parameters["would_be"], "code_wrong");
    let nobody = with_code(domain_account("eve"), Some("eve"), "000000");
    assert_eq!(machine.decide(&world.router, &nobody).await.parameters["would_be"], "not_permitted");
    let row = world.audit("logon").pop().unwrap();
    assert!(row.details.contains("user_unknown"), "{}", row.details);
    let right = with_code(domain_account("anna"), Some("anna"), &totp.code(0));
    assert_eq!(machine.decide(&world.router, &right).await.reason, Reason::CodeAccepted);
    // At the date it guards.
    world.sql("UPDATE services SET mode_until = unixepoch()").await;
    assert_eq!(machine.decide(&world.router, &nobody).await.reason, Reason::NotPermitted);
}

#[tokio::test]
async fn a_bypass_opens_one_account_at_one_machine_for_a_while() {
    let world = World::new().await;
    let service = world.service("Workstations").await;
    world.person("anna", &service).await;
    let (machine, other) = (world.machine(&service, "PC-07").await, world.machine(&service, "PC-08").await);
    let pattern = decision::account::Pattern::parse("ACME\\anna").unwrap();
    let id = server::store::BypassId::random().unwrap();
    let bypass = (id, machine.id.to_string(), pattern, now() + 600);
    world.store().add_bypass(ORGANISATION, bypass, console(), now()).await.unwrap();
    let nothing = with_code(domain_account("anna"), Some("anna"), "");
    assert_eq!(machine.decide(&world.router, &nothing).await.reason, Reason::Bypass);
    assert_eq!(other.decide(&world.router, &nothing).await.reason, Reason::CodeRequired);
    let carl = with_code(domain_account("carl"), None, "");
    assert_eq!(machine.decide(&world.router, &carl).await.reason, Reason::NotPermitted);
    world.sql("UPDATE bypasses SET until = unixepoch()").await;
    assert_eq!(machine.decide(&world.router, &nothing).await.reason, Reason::CodeRequired);
}
