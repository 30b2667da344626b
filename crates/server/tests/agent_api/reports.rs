//! Heartbeats: settings, keys, offline logons, alarms, release.

use crate::client::{Machine, domain_account, host, new_logon, now, versions};
use crate::world::{ORGANISATION, World, console};
use protocol::error_code::ErrorCode;
use protocol::v2::{
    Answer, ErrorBody, Mode, OfflineLogon, Registration, ReportAnswer, ReportRequest, SafeModeBoot, Scenario,
    Session, path,
};
use server::store::machine_states::MachineChange;

fn report() -> ReportRequest {
    ReportRequest {
        armed: true,
        state: "armed".to_owned(),
        host: host("PC-07"),
        versions: versions(),
        registration: Registration { provider: true, filter: true },
        key_list: (0, 1),
        probation_until: None,
        offline_logons: Vec::new(),
        administrators: Vec::new(),
        safe_mode_boots: Vec::new(),
        notices: Vec::new(),
    }
}

fn offline(name: &str, rule: &str) -> OfflineLogon {
    OfflineLogon {
        id: new_logon(),
        account: domain_account(name),
        scenario: Scenario::Logon,
        session: Session::Console,
        rule: rule.to_owned(),
        cause: "timeout".to_owned(),
        time: now() - 60,
    }
}

async fn send(world: &World, machine: &Machine, report: &ReportRequest) -> ReportAnswer {
    match machine.call(&world.router, ("POST", path::REPORT, ""), report).await {
        Answer::Report(answer) => answer,
        other => panic!("no answer to a report: {other:?}"),
    }
}

async fn world() -> (World, Machine) {
    let world = World::new().await;
    let service = world.service("Workstations").await;
    let machine = world.machine(&service, "PC-07").await;
    (world, machine)
}

#[tokio::test]
async fn exempt_logon_is_always_alarmed() {
    let (world, machine) = world().await;
    let mut odd = offline("anna", "offline_rule");
    odd.account.name = "anna\r\n2026 ERROR \u{202e}".to_owned();
    let mut sent = ReportRequest {
        offline_logons: vec![offline("bat", "offline_rule"), offline("carl", "watch"), odd],
        ..report()
    };
    for _ in 0..3 {
        let answer = send(&world, &machine, &sent).await;
        assert_eq!(answer.received, sent.offline_logons.iter().map(|logon| logon.id).collect::<Vec<_>>());
    }
    assert_eq!(world.count("SELECT count(*) FROM offline_logons"), 3);
    assert_eq!((world.alarms().len(), world.audit("logon.offline").len()), (2, 1));
    let alarms = world.audit("alarm");
    assert!(alarms[0].details.contains("ACME\\\\bat"), "{}", alarms[0].details);
    assert!(alarms.iter().all(|row| !row.details.chars().any(|c| c.is_control() || c == '\u{202e}')));
    sent.offline_logons = (0..201).map(|_| offline("bat", "offline_rule")).collect();
    let answer = machine.call(&world.router, ("POST", path::REPORT, ""), &sent).await;
    assert!(matches!(
        answer,
        Answer::Error(ErrorBody { code: ErrorCode::BadRequest | ErrorCode::TooLarge, .. })
    ));
}

#[tokio::test]
async fn missing_registration_is_reported() {
    let (world, machine) = world().await;
    send(&world, &machine, &report()).await;
    let missing = ReportRequest { registration: Registration { provider: true, filter: false }, ..report() };
    for _ in 0..3 {
        send(&world, &machine, &missing).await;
    }
    assert_eq!(world.alarms(), ["registration_missing"]);
    let row = world.audit("alarm").pop().unwrap();
    assert!(row.details.contains("\"filter\":false") && row.details.contains("PC-07"), "{}", row.details);
    send(&world, &machine, &report()).await;
    send(&world, &machine, &missing).await;
    assert_eq!(world.alarms().len(), 2);
}

#[tokio::test]
async fn one_key_in_two_hosts_is_alarmed() {
    let (world, machine) = world().await;
    let clone = ReportRequest { host: host("PC-70"), ..report() };
    send(&world, &machine, &clone).await;
    assert_eq!((world.alarms().len(), world.audit("machine.rename").len()), (0, 1));
    send(&world, &machine, &report()).await;
    assert_eq!(world.alarms(), ["two_hosts"]);
    let mut other_sid = report();
    other_sid.host.machine_sid = Some("S-1-5-21-9-9-9".to_owned());
    send(&world, &machine, &other_sid).await;
    assert_eq!(world.alarms(), ["two_hosts", "two_hosts"]);
}

#[tokio::test]
async fn settings_keys_and_release_come_with_the_answer() {
    let (world, machine) = world().await;
    let answer = send(&world, &machine, &report()).await;
    assert_eq!((answer.settings.mode, answer.settings.approved), (Mode::Guard, true));
    assert!(answer.keys.is_empty() && !answer.release);
    world.sql("UPDATE services SET mode = 'watch', mode_until = unixepoch() + 3600").await;
    let answer = send(&world, &machine, &ReportRequest { key_list: (0, 0), ..report() }).await;
    assert_eq!(answer.settings.mode, Mode::Watch);
    assert!(answer.settings.mode_until.is_some_and(|until| until > now()));
    assert_eq!(answer.keys, world.app.keys().chain);
    let release = (machine.id.to_string(), MachineChange::Release);
    world.store().change_machine(ORGANISATION, release, console(), now()).await.unwrap();
    assert!(send(&world, &machine, &report()).await.release);
    // It did as it was allowed to; that is no alarm.
    let disarmed = ReportRequest { armed: false, state: "verified".to_owned(), ..report() };
    send(&world, &machine, &disarmed).await;
    assert!(world.alarms().is_empty());
    let listed = world.store().machines(ORGANISATION).await.unwrap().pop().unwrap();
    assert_eq!(listed.report.unwrap()["state"], "verified");
}

#[tokio::test]
async fn what_a_machine_says_of_itself_is_heard() {
    let (world, machine) = world().await;
    send(&world, &machine, &report()).await;
    let probation = ReportRequest {
        probation_until: Some(now() + 86_400),
        safe_mode_boots: vec![SafeModeBoot { time: now() - 600, network: false }],
        notices: vec!["offline_copy_loose".to_owned()],
        ..report()
    };
    send(&world, &machine, &probation).await;
    let damaged = ReportRequest { state: "damaged".to_owned(), ..report() };
    send(&world, &machine, &damaged).await;
    send(&world, &machine, &ReportRequest { armed: false, state: "verified".to_owned(), ..report() }).await;
    assert_eq!(
        world.alarms(),
        ["probation", "safe_mode_boot", "notice", "configuration_damaged", "disarmed"]
    );
    for odd in [
        ReportRequest { state: "sleeping".to_owned(), ..report() },
        ReportRequest { notices: vec!["a b".to_owned()], ..report() },
        ReportRequest { host: host("PC 07"), ..report() },
    ] {
        let answer = machine.call(&world.router, ("POST", path::REPORT, ""), &odd).await;
        assert!(matches!(answer, Answer::Error(ErrorBody { code: ErrorCode::BadRequest, .. })), "{answer:?}");
    }
}
