//! Names of domains and hosts: what is learned, from whom, and what it opens.

use crate::client::{DOMAIN_SID, Newcomer, domain_account, host, now, with_code};
use crate::world::{ORGANISATION, World, console};
use decision::account::Domain;
use protocol::reason::Reason;
use protocol::v2::{Account, AccountKind};
use server::store::machine_states::MachineChange;

const OTHER_SID: &str = "S-1-5-21-7-7-7";

fn alias_states(world: &World) -> Vec<String> {
    world
        .store()
        .read(|read| {
            let mut statement =
                read.prepare("SELECT alias || ' ' || state FROM domains ORDER BY domain_sid, alias")?;
            let rows = statement.query_map([], |row| row.get(0))?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
        .unwrap()
}

#[tokio::test]
async fn the_first_domain_is_taken_and_further_names_wait() {
    let world = World::new().await;
    let service = world.service("Workstations").await;
    let totp = world.person("anna", &service).await;
    world.machine(&service, "PC-01").await;
    assert_eq!(alias_states(&world), ["acme confirmed", "acme.example confirmed"]);
    // Somebody calls another domain by the first one's name.
    let mut imitator = Newcomer::new(service.id, &service.key, "PC-02");
    imitator.request.host.domain_sid = Some(OTHER_SID.to_owned());
    imitator.request.host.dns_domain = Some("evil.example".to_owned());
    let imitator = imitator.admitted(&world.router).await;
    assert_eq!(
        alias_states(&world),
        ["acme confirmed", "acme.example confirmed", "acme waiting", "evil.example waiting"]
    );
    let foreign = Account { sid: Some(format!("{OTHER_SID}-500")), ..domain_account("anna") };
    let request = with_code(foreign, Some("anna"), &totp.code(0));
    assert_eq!(imitator.decide(&world.router, &request).await.reason, Reason::NotPermitted);
    // The first domain's account logs on there, as Windows may allow.
    let request = with_code(domain_account("anna"), Some("anna"), &totp.code(0));
    assert_eq!(imitator.decide(&world.router, &request).await.reason, Reason::CodeAccepted);
}

#[tokio::test]
async fn a_machine_that_waits_teaches_nothing_until_it_is_approved() {
    let world = World::new().await;
    let service = world.service("Workstations").await;
    world.sql("UPDATE services SET admit = 'approval'").await;
    let mut imitator = Newcomer::new(service.id, &service.key, "PC-02");
    imitator.request.host.domain_sid = Some(OTHER_SID.to_owned());
    imitator.admitted(&world.router).await;
    assert!(alias_states(&world).is_empty());
    let machine = world.machine(&service, "PC-01").await;
    let approve = (machine.id.to_string(), MachineChange::Approve);
    world.store().change_machine(ORGANISATION, approve, console(), now()).await.unwrap();
    assert_eq!(alias_states(&world), ["acme confirmed", "acme.example confirmed"]);
}

#[tokio::test]
async fn another_domains_accounts_wait_for_confirmation() {
    let world = World::new().await;
    let service = world.service("Workstations").await;
    let machine = world.machine(&service, "PC-01").await;
    world.user("otto").await;
    world.access("otto", &service, "OTHER\\otto", None).await;
    let totp = world.totp("otto").await;
    let account = Account {
        sid: Some(format!("{OTHER_SID}-1200")),
        domain: "OTHER".to_owned(),
        dns_domain: Some("other.example".to_owned()),
        name: "otto".to_owned(),
        kind: AccountKind::Domain,
    };
    let request = with_code(account, Some("otto"), &totp.code(0));
    assert_eq!(machine.decide(&world.router, &request).await.reason, Reason::NotPermitted);
    let confirm = (service.name.clone(), Domain::parse("OTHER").unwrap());
    world.store().confirm_domain_alias(ORGANISATION, confirm, console(), now()).await.unwrap();
    assert_eq!(machine.decide(&world.router, &request).await.reason, Reason::CodeAccepted);
}

#[tokio::test]
async fn a_host_name_opens_that_machines_local_accounts_only() {
    let world = World::new().await;
    let service = world.service("Workstations").await;
    for name in ["bat", "anna"] {
        world.user(name).await;
    }
    world.access("bat", &service, "PC-07\\bat", None).await;
    world.access("anna", &service, "ACME\\anna", None).await;
    let (bat, anna) = (world.totp("bat").await, world.totp("anna").await);
    let (machine, other) = (world.machine(&service, "PC-07").await, world.machine(&service, "PC-08").await);
    let local = |domain: &str, name: &str| Account {
        sid: Some("S-1-5-21-3623811015-3361044348-30300820-1001".to_owned()),
        domain: domain.to_owned(),
        dns_domain: None,
        name: name.to_owned(),
        kind: AccountKind::Local,
    };
    let there = with_code(local("PC-08", "bat"), Some("bat"), &bat.code(0));
    assert_eq!(other.decide(&world.router, &there).await.reason, Reason::NotPermitted);
    // What the request claims as its domain does not matter: the machine's own name does.
    let claims = with_code(local("PC-07", "bat"), Some("bat"), &bat.code(0));
    assert_eq!(other.decide(&world.router, &claims).await.reason, Reason::NotPermitted);
    let here = with_code(local("PC-07", "bat"), Some("bat"), &bat.code(0));
    assert_eq!(machine.decide(&world.router, &here).await.reason, Reason::CodeAccepted);
    // A machine called like the domain does not turn its local accounts into the domain's.
    let mut named = Newcomer::new(service.id, &service.key, "PC-09");
    named.request.host = protocol::v2::Host { dns_name: None, ..host("ACME") };
    let named = named.admitted(&world.router).await;
    let request = with_code(local("ACME", "anna"), Some("anna"), &anna.code(0));
    assert_eq!(named.decide(&world.router, &request).await.reason, Reason::NotPermitted);
    assert_eq!(DOMAIN_SID, host("x").domain_sid.unwrap());
}

#[tokio::test]
async fn any_machines_local_account_by_dot() {
    let world = World::new().await;
    let service = world.service("Workstations").await;
    world.user("bat").await;
    world.access("bat", &service, ".\\bat", None).await;
    let bat = world.totp("bat").await;
    let machine = world.machine(&service, "PC-07").await;
    let request = with_code(domain_account("bat"), Some("bat"), &bat.code(0));
    assert_eq!(machine.decide(&world.router, &request).await.reason, Reason::NotPermitted);
    let local = Account { kind: AccountKind::Local, ..domain_account("BAT") };
    let request = with_code(local, Some("bat"), &bat.code(0));
    assert_eq!(machine.decide(&world.router, &request).await.reason, Reason::CodeAccepted);
}
