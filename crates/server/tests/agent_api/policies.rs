//! Policies over HTTP: the address that the server sees, the session, hours, expiry, methods.

use crate::client::{Machine, domain_account, now, with_code};
use crate::world::World;
use protocol::reason::Reason;
use protocol::v2::{Decision, Method, Session};
use server::store::policies::PolicyText;

async fn decide(
    policy: PolicyText,
    change: impl Fn(&mut Machine, &mut protocol::v2::LogonRequest),
) -> Decision {
    let world = World::new().await;
    let service = world.service("Workstations").await;
    world.user("anna").await;
    world.policy("office", policy).await;
    world.access("anna", &service, "ACME\\anna", Some("office")).await;
    let totp = world.totp("anna").await;
    let mut machine = world.machine(&service, "PC-07").await;
    let mut request = with_code(domain_account("anna"), Some("anna"), &totp.code(0));
    change(&mut machine, &mut request);
    machine.decide(&world.router, &request).await
}

fn from(networks: &[&str]) -> PolicyText {
    PolicyText { networks: networks.iter().map(|&text| text.to_owned()).collect(), ..PolicyText::default() }
}

#[tokio::test]
async fn networks_are_compared_with_the_address_that_the_server_sees() {
    let unchanged = |_: &mut Machine, _: &mut protocol::v2::LogonRequest| {};
    assert_eq!(decide(from(&["192.0.2.0/24"]), unchanged).await.reason, Reason::CodeAccepted);
    assert_eq!(decide(from(&["10.0.0.0/8"]), unchanged).await.reason, Reason::NetworkNotAllowed);
    // What a remote client claims is no address.
    let claims = decide(from(&["10.0.0.0/8"]), |_, request| {
        request.session = Session::Remote;
        request.claimed_client = Some("10.1.2.3".to_owned());
    });
    assert_eq!(claims.await.reason, Reason::NetworkNotAllowed);
    let v6 = decide(from(&["2001:db8::/32"]), |machine, _| "2001:db8::7".clone_into(&mut machine.from));
    assert_eq!(v6.await.reason, Reason::CodeAccepted);
}

#[tokio::test]
async fn session_expiry_and_method_hold() {
    let remote = PolicyText { session: Some(Session::Remote), ..PolicyText::default() };
    assert_eq!(decide(remote.clone(), |_, _| {}).await.reason, Reason::SessionNotAllowed);
    let sits_remote = decide(remote, |_, request| request.session = Session::Remote);
    assert_eq!(sits_remote.await.reason, Reason::CodeAccepted);
    let over = PolicyText { expires: Some(now() - 1), ..PolicyText::default() };
    assert_eq!(decide(over, |_, _| {}).await.reason, Reason::PolicyExpired);
    let push = PolicyText { methods: vec![Method::Push], ..PolicyText::default() };
    let decision = decide(push, |_, _| {}).await;
    assert_eq!(decision.reason, Reason::MethodNotAllowed);
    assert_eq!(decision.parameters["methods"], serde_json::json!(["push"]));
}

#[tokio::test]
async fn hours_are_read_in_the_policys_zone() {
    // The hour of now, and the one that is twelve hours away, in a zone that is not the server's.
    let zone = jiff::tz::TimeZoneDatabase::bundled().get("Asia/Tokyo").unwrap();
    let local = zone.to_datetime(jiff::Timestamp::from_second(now()).unwrap());
    let span = |from: i8| format!("daily {:02}:00-{:02}:00", from.rem_euclid(24), (from + 2).rem_euclid(24));
    let at = |text: String| PolicyText {
        when: vec![text],
        zone: Some("Asia/Tokyo".to_owned()),
        ..PolicyText::default()
    };
    let hour = local.hour();
    // An hour that ends between here and the decision is no fault: the span has two.
    assert_eq!(decide(at(span(hour)), |_, _| {}).await.reason, Reason::CodeAccepted);
    let outside = decide(at(span((hour + 12) % 24)), |_, _| {}).await;
    assert_eq!(
        (outside.reason, outside.parameters["zone"].as_str()),
        (Reason::OutsideHours, Some("Asia/Tokyo"))
    );
}

#[tokio::test]
async fn a_policy_that_cannot_be_read_allows_nothing() {
    let world = World::new().await;
    let service = world.service("Workstations").await;
    world.user("anna").await;
    world.policy("office", PolicyText::default()).await;
    world.access("anna", &service, "ACME\\anna", Some("office")).await;
    let totp = world.totp("anna").await;
    let machine = world.machine(&service, "PC-07").await;
    for damage in [
        "UPDATE policies SET rules = '{'",
        "UPDATE policies SET rules = '{\"zone\":\"Mars/Olympus\"}'",
        "DELETE FROM policies",
    ] {
        world.sql(damage).await;
        let request = with_code(domain_account("anna"), Some("anna"), &totp.code(0));
        assert_eq!(machine.decide(&world.router, &request).await.reason, Reason::PolicyExpired, "{damage}");
    }
}

#[tokio::test]
async fn the_short_code_opens_the_exact_facts() {
    let world = World::new().await;
    let service = world.service("Workstations").await;
    world.user("anna").await;
    world.policy("office", from(&["10.0.0.0/8"])).await;
    world.access("anna", &service, "ACME\\anna", Some("office")).await;
    let totp = world.totp("anna").await;
    let machine = world.machine(&service, "PC-07").await;
    let mut request = with_code(domain_account("anna"), Some("anna"), &totp.code(0));
    request.session = Session::Remote;
    request.claimed_client = Some("10.1.2.3".to_owned());
    let decision = machine.decide(&world.router, &request).await;
    let shown = world.store().logons_called(crate::world::ORGANISATION, decision.short_code.to_lowercase());
    let shown = shown.await.unwrap().pop().unwrap();
    assert_eq!((shown.machine.as_str(), shown.user.as_deref()), ("PC-07", Some("anna")));
    assert_eq!((shown.result.as_str(), shown.reason.as_str()), ("deny", "network_not_allowed"));
    assert_eq!(shown.account, "ACME\\anna");
    for (fact, value) in [
        ("source", "192.0.2.7"),
        ("claimed_client", "10.1.2.3"),
        ("policy", "office"),
        ("policy_line", "network 10.0.0.0/8: 192.0.2.7"),
        ("session", "remote"),
        ("trasa_id", "a user's"),
    ] {
        assert_eq!(shown.facts[fact], value, "{}", shown.facts);
    }
}
