//! How version 1 is opened, taken over, closed, and who called: and what its key is no key to.

use crate::client::{Machine, Newcomer, domain_account, now, with_code};
use crate::v1::{ALLOWED, DAY, INVALID_ID, NO_SERVICE, Original, VALID, refused};
use crate::world::{ORGANISATION, Service, World, console};
use decision::account::Domain;
use protocol::encoding::decode;
use protocol::error_code::ErrorCode;
use protocol::reason::Reason;
use protocol::service_key::AdmissionSecret;
use protocol::v2::{Answer, ErrorBody};
use server::store::StoreError;
use server::store::domains::NewAlias;
use server::store::v1_doors::{Credentials, Opening, V1Key, read_original_id};
use zeroize::Zeroizing;

const ORIGINAL_ID: &str = "5c5aa05f-1a4f-4ba9-a7d6-6f3ca2ba0bc4";
const ORIGINAL_KEY: &str = "Original key, with a blank & \"quotes\"";

fn key(text: &str) -> V1Key {
    V1Key::original(Zeroizing::new(text.to_owned())).unwrap()
}

async fn open(
    world: &World,
    service: &Service,
    credentials: Credentials,
    until: i64,
) -> Result<Original, StoreError> {
    let opening =
        Opening { service: service.name.clone(), absent: None, credentials, until, pass_through: false };
    let (service_id, key) = world.store().open_v1(ORGANISATION, opening, console(), now()).await?;
    Ok(Original {
        service_id,
        key: key.text().to_owned(),
        workstation: "PC-07".to_owned(),
        from: "192.0.2.7".to_owned(),
    })
}

async fn import(world: &World, service: &Service, id: &str, text: &str) -> Result<Original, StoreError> {
    open(world, service, Credentials::Imported(id.to_owned(), key(text)), now() + DAY).await
}

fn code(result: Result<Original, StoreError>) -> &'static str {
    result.map_or_else(|error| error.code(), |_| "opened")
}

#[tokio::test]
async fn what_installed_agents_have_is_taken_over_as_it_is() {
    let world = World::new().await;
    let service = world.service("Workstations").await;
    let totp = world.person("anna", &service).await;
    let agent = import(&world, &service, ORIGINAL_ID, ORIGINAL_KEY).await.unwrap();
    assert_eq!((agent.service_id.as_str(), agent.key.as_str()), (ORIGINAL_ID, ORIGINAL_KEY));
    assert_eq!(agent.check_config(&world).await, VALID);
    assert_eq!(agent.login(&world, "ACME\\anna", "anna", &totp.code(0)).await, ALLOWED);
    // Another case of letters is another id; the service's own id is none then.
    for id in [ORIGINAL_ID.to_uppercase(), service.id.to_string()] {
        assert_eq!(Original { service_id: id, ..agent.clone() }.check_config(&world).await, INVALID_ID);
    }
    // Again, for another end: the same. Other credentials would lock the agents out.
    assert_eq!(code(import(&world, &service, ORIGINAL_ID, ORIGINAL_KEY).await), "opened");
    assert_eq!(code(import(&world, &service, ORIGINAL_ID, "another").await), "v1_open");
    assert_eq!(code(import(&world, &service, "another", ORIGINAL_KEY).await), "v1_open");
    let kept =
        open(&world, &service, Credentials::Kept(V1Key::random().unwrap()), now() + DAY).await.unwrap();
    assert_eq!((kept.service_id.as_str(), kept.key.as_str()), (ORIGINAL_ID, ORIGINAL_KEY));
    // An id belongs to one service.
    let other = world.service("Other").await;
    assert_eq!(code(import(&world, &other, ORIGINAL_ID, "another").await), "v1_id_taken");
    world.store().deny_v1(ORGANISATION, "Workstations".to_owned(), console(), now()).await.unwrap();
    assert_eq!(code(import(&world, &other, ORIGINAL_ID, "another").await), "opened");
    let back = open(&world, &service, Credentials::Kept(V1Key::random().unwrap()), now() + DAY).await;
    assert_eq!(code(back), "v1_id_taken");
    world.sql("UPDATE services SET deleted = 1 WHERE name = 'Other'").await;
    let back = open(&world, &service, Credentials::Kept(V1Key::random().unwrap()), now() + DAY).await;
    assert_eq!(code(back), "opened", "a deleted service gives its id up");
}

#[test]
fn odd_ids_and_keys_are_refused_without_being_shown() {
    for id in ["", " a", "a ", "a\nb", "\u{1b}[2J", &"x".repeat(257)] {
        assert!(read_original_id(id).is_err(), "{id:?}");
    }
    assert_eq!(read_original_id(ORIGINAL_ID).as_deref(), Ok(ORIGINAL_ID));
    let v2 = AdmissionSecret::service_key([7; 32], protocol::encoding::Bytes([9; 32])).to_text();
    for text in ["", "a\nb", &"x".repeat(257), v2.as_str()] {
        let refused = V1Key::original(Zeroizing::new(text.to_owned())).map(|_| ()).unwrap_err();
        assert!(text.is_empty() || !refused.contains(text), "{refused}");
    }
    assert!(!format!("{:?}", key("canary-key")).contains("canary"));
}

/// Deny is at once, and undone with the same key; a new key voids the former.
#[tokio::test]
async fn closing_is_at_once_and_can_be_undone() {
    let world = World::new().await;
    let service = world.service("Workstations").await;
    let totp = world.person("anna", &service).await;
    let deny = async || world.store().deny_v1(ORGANISATION, service.name.clone(), console(), now()).await;
    assert_eq!(deny().await.unwrap_err().code(), "v1_closed");
    let agent = world.allow_v1(&service, false).await;
    assert_eq!(agent.service_id, service.id.to_string());
    assert_eq!(agent.key.len(), 43);
    deny().await.unwrap();
    assert_eq!(deny().await.unwrap_err().code(), "v1_closed");
    assert_eq!(agent.check_config(&world).await, INVALID_ID);
    assert_eq!(agent.login(&world, "ACME\\anna", "anna", &totp.code(0)).await, NO_SERVICE);
    assert_eq!(world.newest_logon().await.reason, "v1_closed");
    let again = world.allow_v1(&service, false).await;
    assert_eq!(again.key, agent.key);
    assert_eq!(agent.login(&world, "ACME\\anna", "anna", &totp.code(0)).await, ALLOWED);
    let fresh = open(&world, &service, Credentials::Replaced(V1Key::random().unwrap()), now() + DAY).await;
    let fresh = fresh.unwrap();
    assert_ne!(fresh.key, agent.key);
    assert_eq!(agent.login(&world, "ACME\\anna", "anna", &totp.code(30)).await, NO_SERVICE);
    assert_eq!(fresh.login(&world, "ACME\\anna", "anna", &totp.code(30)).await, ALLOWED);
    let past = open(&world, &service, Credentials::Kept(V1Key::random().unwrap()), now()).await;
    assert_eq!(code(past), "until_past");
    let kinds = ["service.allow_v1", "service.deny_v1"].map(|kind| world.audit(kind).len());
    assert_eq!(kinds, [3, 1]);
}

/// B40 in version 1: a deleted service is none, and its restoration opens what was open.
#[tokio::test]
async fn a_deleted_service_refuses_in_v1() {
    let world = World::new().await;
    let service = world.service("Workstations").await;
    let totp = world.person("anna", &service).await;
    let agent = world.allow_v1(&service, true).await;
    let delete =
        async || world.store().delete_service(ORGANISATION, service.name.clone(), console(), now()).await;
    assert_eq!(agent.check_config(&world).await, VALID);
    assert_eq!(delete().await.unwrap_err().code(), "machines_seen", "a fleet is not locked out by a slip");
    world.sql("UPDATE v1_calls SET last = last - 31 * 86400").await;
    delete().await.unwrap();
    assert_eq!(agent.login(&world, "ACME\\eve", "", "").await, NO_SERVICE);
    assert_eq!(world.newest_logon().await.reason, "service_deleted");
    assert_eq!(agent.check_config(&world).await, INVALID_ID);
    world.store().restore_service(ORGANISATION, service.id, console(), now()).await.unwrap();
    assert_eq!(agent.login(&world, "ACME\\anna", "anna", &totp.code(0)).await, ALLOWED);
}

/// Fault 4: the key of version 1 admits nothing in version 2, and no ServiceKey or token opens
/// version 1; neither do new services.
#[tokio::test]
async fn keys_of_one_generation_open_nothing_in_the_other() {
    let world = World::new().await;
    let service = world.service("Workstations").await;
    let token = world.token(&service, 5, now() + DAY).await;
    let as_v1 = |key: &str| Original {
        service_id: service.id.to_string(),
        key: key.to_owned(),
        workstation: String::new(),
        from: "192.0.2.7".to_owned(),
    };
    let random_part = service.key.split('.').next().unwrap();
    for key in [&service.key, random_part, &token, ""] {
        assert_eq!(as_v1(key).check_config(&world).await, INVALID_ID, "version 1 was never allowed");
    }
    let agent = world.allow_v1(&service, false).await;
    for key in [&service.key, random_part, &token, ""] {
        assert_ne!(as_v1(key).check_config(&world).await, VALID);
        assert_eq!(as_v1(key).login(&world, "ACME\\eve", "", "").await, NO_SERVICE);
    }
    assert!(AdmissionSecret::parse(&agent.key).is_none(), "it is no ServiceKey by its form");
    let anchor = world.app.keys().anchor.fingerprint();
    let forged = AdmissionSecret::service_key(decode(&agent.key).unwrap().try_into().unwrap(), anchor);
    let newcomer = Newcomer::new(service.id, &forged.to_text(), "PC-09");
    // The refusal is signed, but carries no list to verify it with: only its content is looked at.
    let sent = newcomer.sent(&crate::client::Signing::default());
    let reply = crate::client::send(&world.router, crate::client::split(sent).0, "192.0.2.7").await;
    assert!(matches!(reply.answer(), Answer::Error(ErrorBody { code: ErrorCode::ServiceRefused, .. })));
    assert_eq!(world.count("SELECT count(*) FROM machines"), 0);
}

/// The last call of each machine by its own word, of the nameless by address; names that are none
/// are not written down, and there is an end to how many.
#[tokio::test]
async fn who_called_is_kept_and_bounded() {
    let world = World::new().await;
    let service = world.service("Workstations").await;
    let agent = world.allow_v1(&service, false).await;
    let calls = [
        ("PC-07", "192.0.2.7"),
        ("pc-07", "192.0.2.8"),
        ("", "192.0.2.9"),
        ("evil\n\u{1b}[2J", "192.0.2.10"),
        ("a b", "192.0.2.10"),
    ];
    for (workstation, address) in calls {
        let machine =
            Original { workstation: workstation.to_owned(), from: address.to_owned(), ..agent.clone() };
        machine.login(&world, "ACME\\anna", "anna", "123456").await;
    }
    let mut callers = world.store().v1_callers(ORGANISATION, service.id).await.unwrap();
    callers.sort_by(|a, b| a.address.cmp(&b.address));
    let seen: Vec<_> = callers
        .iter()
        .map(|caller| (caller.machine.as_deref(), caller.address.as_str(), caller.calls))
        .collect();
    let expect = [(None, "192.0.2.10", 2), (Some("pc-07"), "192.0.2.8", 2), (None, "192.0.2.9", 1)];
    assert_eq!(seen, expect);
    assert_eq!(
        world.store().services(ORGANISATION).await.unwrap()[0].v1.as_ref().unwrap().last_call,
        Some(callers[0].last)
    );
    // A thousand more names: the oldest give way.
    world.sql("UPDATE v1_calls SET last = last - 1000").await;
    world
        .sql(
            "WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 997)
             INSERT INTO v1_calls SELECT organisation_id, service_id, 'x' || n, 'x' || n, '192.0.2.1', last + 1, 1
             FROM v1_calls, n WHERE caller = 'pc-07'",
        )
        .await;
    assert_eq!(world.count("SELECT count(*) FROM v1_calls"), 1000);
    let new = Original { workstation: "PC-NEW".to_owned(), ..agent.clone() };
    new.login(&world, "ACME\\anna", "anna", "123456").await;
    let newest = world.store().v1_callers(ORGANISATION, service.id).await.unwrap();
    assert_eq!((newest.len(), newest[0].machine.as_deref()), (1000, Some("PC-NEW")));
}

/// What was allowed, spent, counted and written down outlives a restart.
#[tokio::test]
async fn a_restart_forgets_nothing_of_v1() {
    let mut world = World::new().await;
    let service = world.service("Workstations").await;
    let totp = world.person("anna", &service).await;
    let agent = world.allow_v1(&service, true).await;
    let used = totp.code(0);
    assert_eq!(agent.login(&world, "ACME\\anna", "anna", &used).await, ALLOWED);
    for _ in 0..4 {
        agent.login(&world, "ACME\\anna", "anna", &totp.wrong()).await;
    }
    let before = (world.v1_traces(), world.newest_logon().await);
    world.restart();
    assert_eq!((world.v1_traces(), world.newest_logon().await), before);
    assert_eq!(agent.check_config(&world).await, VALID);
    assert_eq!(agent.login(&world, "ACME\\anna", "anna", &used).await, refused("INVALID_TOTP"));
    assert_eq!(world.newest_logon().await.reason, "code_used");
    agent.login(&world, "ACME\\anna", "anna", &totp.wrong()).await;
    assert_eq!(world.newest_logon().await.reason, "locked");
}

fn alias(service: &Service, of: &str, added: &str) -> NewAlias {
    NewAlias {
        service: service.name.clone(),
        of: Domain::parse(of).unwrap(),
        added: Domain::parse(added).unwrap(),
        shown: (of.to_owned(), added.to_owned()),
    }
}

/// Original agents name the domain by its DNS name: an administrator says once which domain that is,
/// and the first machine of version 2 brings its SID.
#[tokio::test]
async fn domains_are_declared_for_original_agents_and_taken_over() {
    let world = World::new().await;
    let service = world.service("Workstations").await;
    let totp = world.person("anna", &service).await;
    let add = async |of: &str, added: &str| {
        let result =
            world.store().add_domain_alias(ORGANISATION, alias(&service, of, added), console(), now()).await;
        result.map_or_else(|error| error.code(), |()| "added")
    };
    assert_eq!(add("ACME", "acme.example").await, "not_found", "no machine and no original agent");
    let agent = world.allow_v1(&service, false).await;
    let ask = async |user: &str, code: &str| agent.login(&world, user, "anna", code).await;
    assert_eq!(ask("acme.example\\anna", &totp.code(-30)).await, refused("policy not assigned"));
    assert_eq!(world.newest_logon().await.account, "acme.example\\anna", "as an administrator has to see it");
    assert_eq!(add("ACME", "acme.example").await, "added");
    assert_eq!(ask("acme.example\\anna", &totp.code(-30)).await, ALLOWED);
    assert_eq!(ask("\\anna", &totp.code(0)).await, ALLOWED, "the one domain of the service");
    assert_eq!(add("OTHER", "other.example").await, "added");
    assert_eq!(ask("\\anna", &totp.code(30)).await, refused("policy not assigned"), "one of two domains");
    assert_eq!(add("other", "acme.example").await, "added", "they are one after all");
    assert_eq!(ask("other\\anna", &totp.wrong()).await, refused("INVALID_TOTP"));
    let declared = world.store().domain_aliases(ORGANISATION).await.unwrap();
    assert!(declared.iter().all(|alias| alias.domain_sid.is_none() && alias.state == "confirmed"));

    // A machine of version 2 comes and brings the SID.
    let machine: Machine = world.machine(&service, "PC-08").await;
    let taken = world.store().domain_aliases(ORGANISATION).await.unwrap();
    assert_eq!(taken.len(), 4, "{taken:?}");
    for alias in &taken {
        let sid = Some(crate::client::DOMAIN_SID.to_owned());
        assert_eq!((&alias.domain_sid, alias.state.as_str()), (&sid, "confirmed"), "{alias:?}");
    }
    assert_eq!(ask("acme.example\\anna", &totp.wrong()).await, refused("INVALID_TOTP"));
    let in_v2 = with_code(domain_account("anna"), Some("anna"), &totp.code(30));
    assert_eq!(machine.decide(&world.router, &in_v2).await.reason, Reason::CodeAccepted);
}

/// A second domain's names that were declared wait for an administrator like all others.
#[tokio::test]
async fn a_declared_name_is_no_way_in_for_an_imitator() {
    let world = World::new().await;
    let service = world.service("Workstations").await;
    let totp = world.person("anna", &service).await;
    world.machine(&service, "PC-01").await;
    let agent = world.allow_v1(&service, false).await;
    let add = alias(&service, "CORP", "corp.example");
    world.store().add_domain_alias(ORGANISATION, add, console(), now()).await.unwrap();
    world.access("anna", &service, "CORP\\anna", None).await;
    let mut imitator = Newcomer::new(service.id, &service.key, "PC-02");
    imitator.request.host.domain = Some("CORP".to_owned());
    imitator.request.host.dns_domain = Some("corp.example".to_owned());
    imitator.request.host.domain_sid = Some("S-1-5-21-7-7-7".to_owned());
    let imitator = imitator.admitted(&world.router).await;
    let account = protocol::v2::Account {
        sid: Some("S-1-5-21-7-7-7-500".to_owned()),
        domain: "CORP".to_owned(),
        dns_domain: None,
        ..domain_account("anna")
    };
    let request = with_code(account, Some("anna"), &totp.code(0));
    assert_eq!(imitator.decide(&world.router, &request).await.reason, Reason::NotPermitted);
    assert_eq!(agent.login(&world, "CORP\\anna", "anna", &totp.code(0)).await, ALLOWED);
    // Confirmed, the declared domain is the machine's, all its names.
    let confirm = (service.name.clone(), Domain::parse("CORP").unwrap());
    world.store().confirm_domain_alias(ORGANISATION, confirm, console(), now()).await.unwrap();
    let request = protocol::v2::LogonRequest { code: Some(totp.code(30).into()), ..request };
    assert_eq!(imitator.decide(&world.router, &request).await.reason, Reason::CodeAccepted);
    assert_eq!(world.count("SELECT count(*) FROM domains WHERE domain_sid LIKE 'declared:%'"), 0);
}
