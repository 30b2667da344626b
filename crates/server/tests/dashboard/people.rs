//! People by their pages, and the audit of it.

use crate::browser::{ORGANISATION, World, hidden, shown_secret};
use axum::http::StatusCode;
use server::administrators::Role;

#[tokio::test]
async fn a_user_gets_a_device_and_an_access() {
    let world = World::new().await;
    world.service("Workstations").await;
    let mut admin = world.administrator("lea", Role::Administrator).await;
    let fields = [("username", "anna"), ("email", "anna@acme.example")];
    let path = admin.post("/users/new", &fields).await.location().to_owned();
    assert!(path.starts_with("/users/"), "{path}");
    assert_eq!(admin.post("/users/new", &fields).await.status, StatusCode::CONFLICT);
    assert!(admin.get(&path).await.text.contains("gets in nowhere"));
    let help = format!("{path}/help");
    let shown = admin.post(&help, &[("do", "add-device")]).await;
    let secret = shown_secret(&shown.text);
    assert_eq!((shown.status, secret.len()), (StatusCode::OK, 32));
    let page = admin.get(&path).await.text;
    assert!(page.contains("authenticator app") && !page.contains(&secret));
    // An access, once, and back.
    let accesses = format!("{path}/accesses");
    let grant = [("account", "ACME\\anna"), ("service", "Workstations"), ("policy", "")];
    assert_eq!(admin.post(&accesses, &grant).await.location(), path);
    assert_eq!(admin.post(&accesses, &grant).await.status, StatusCode::CONFLICT);
    let wrong = admin.post(&accesses, &[("account", "anna\\"), ("service", "Workstations")]).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    let access = world.store().accesses(ORGANISATION).await.unwrap()[0].id.to_string();
    assert!(admin.get(&path).await.text.contains(&access));
    // Not by the page of somebody else.
    let other = world.user("ben").await;
    let answer = admin.post(&format!("/users/{other}/accesses"), &[("revoke", &access)]).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    admin.post(&accesses, &[("revoke", &access)]).await;
    assert!(world.store().accesses(ORGANISATION).await.unwrap().is_empty());
    let audit = format!("{:?}", world.audit().await);
    assert!(!audit.contains(&secret));
}

#[tokio::test]
async fn the_help_desk_helps_and_grants_nothing() {
    let world = World::new().await;
    let id = world.user("anna").await;
    let mut desk = world.administrator("lea", Role::HelpDesk).await;
    let (path, help) = (format!("/users/{id}"), format!("/users/{id}/help"));
    desk.post(&help, &[("do", "add-device")]).await;
    let page = desk.get(&path).await.text;
    assert!(!page.contains("Grant an access"));
    let device = hidden(&page, "device");
    // Not by the page of somebody else.
    let other = world.user("ben").await;
    let fields = [("do", "remove-device"), ("device", device.as_str())];
    let answer = desk.post(&format!("/users/{other}/help"), &fields).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    desk.post(&help, &fields).await;
    assert!(world.store().devices(ORGANISATION, Some(id.clone())).await.unwrap().is_empty());
    desk.post(&help, &[("do", "disable")]).await;
    assert!(desk.get(&path).await.text.contains("disabled"));
    desk.post(&help, &[("do", "enable")]).await;
    let accesses = desk.post(&format!("{path}/accesses"), &[("account", ".\\anna")]).await;
    assert_eq!(accesses.status, StatusCode::FORBIDDEN);
    assert_eq!(desk.get("/audit").await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn users_are_found_and_listed_in_parts() {
    let world = World::new().await;
    for number in 0..60 {
        world.user(&format!("u{number:02}")).await;
    }
    let mut auditor = world.administrator("lea", Role::Auditor).await;
    let first = auditor.get("/users").await.text;
    assert!(first.contains(">u49<") && !first.contains(">u50<") && !first.contains("Add a user"));
    let next = first.split("after=").nth(1).unwrap().split('"').next().unwrap();
    let second = auditor.get(&format!("/users?after={next}")).await.text;
    assert!(second.contains(">u50<") && second.contains(">u59<") && !second.contains(">u49<"));
    let found = auditor.get("/users?q=U07@").await.text;
    assert!(found.contains(">u07<") && !found.contains(">u08<"));
}

#[tokio::test]
async fn the_audit_names_who_did_it() {
    let world = World::new().await;
    let mut owner = world.administrator("lea", Role::Owner).await;
    owner.post("/users/new", &[("username", "anna"), ("email", "anna@acme.example")]).await;
    let page = owner.get("/audit").await.text;
    assert!(page.contains("User add") && page.contains("<td>lea</td>"), "{page}");
    let alarms = owner.get("/audit?kind=alarm").await.text;
    assert!(!alarms.contains("User add"));
}

#[tokio::test]
async fn a_group_gets_members_and_an_access_and_goes() {
    let world = World::new().await;
    let service = world.service("Workstations").await;
    let anna = world.user("anna").await;
    let mut admin = world.administrator("lea", Role::Administrator).await;
    let path = admin.post("/groups", &[("kind", "user"), ("name", "admins")]).await.location().to_owned();
    assert!(path.starts_with("/groups/user/"), "{path}");
    let none = admin.post("/groups", &[("kind", "machine"), ("name", "x")]).await;
    assert_eq!(none.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(admin.get(&path).await.text.contains("reaches nobody"));
    assert_eq!(admin.post(&path, &[("add", "ben")]).await.status, StatusCode::NOT_FOUND);
    assert_eq!(admin.post(&path, &[("add", "anna@acme.example")]).await.location(), path);
    assert!(admin.get(&path).await.text.contains(&format!("/users/{anna}")));
    // An access of the group, with an end, shown at the user, whose page does not revoke it.
    let place = format!("service:{service}");
    let grant = [("account", ".\\admin"), ("place", place.as_str()), ("policy", ""), ("until", "2099-12-31")];
    assert_eq!(admin.post(&path, &grant).await.location(), path);
    let past = [("account", ".\\boss"), ("place", place.as_str()), ("policy", ""), ("until", "2020-01-01")];
    assert_eq!(admin.post(&path, &past).await.status, StatusCode::CONFLICT);
    let access = world.store().accesses(ORGANISATION).await.unwrap()[0].id.to_string();
    let of_user = admin.get(&format!("/users/{anna}")).await.text;
    assert!(of_user.contains("by the group admins") && !of_user.contains(&access), "{of_user}");
    let revoked = admin.post(&format!("/users/{anna}/accesses"), &[("revoke", &access)]).await;
    assert_eq!(revoked.status, StatusCode::NOT_FOUND);
    let of_service = admin.get(&format!("/services/{service}")).await.text;
    assert!(of_service.contains("by the group admins") && of_service.contains("no, without a device"));
    // Only what names this group is revoked here.
    let other = format!("/groups/user/{}", world.group("others").await);
    assert_eq!(admin.post(&other, &[("revoke", &access)]).await.status, StatusCode::NOT_FOUND);
    let asked = admin.get(&format!("{path}/delete")).await.text;
    assert!(asked.contains("group restore") && asked.contains("1 member loses"), "{asked}");
    assert_eq!(admin.post(&format!("{path}/delete"), &[]).await.location(), "/groups");
    assert!(world.store().accesses(ORGANISATION).await.unwrap().is_empty());
    assert_eq!(admin.get(&path).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_policy_says_when_it_would_allow() {
    let world = World::new().await;
    let mut admin = world.administrator("lea", Role::Administrator).await;
    let fields = [
        ("name", "office"),
        ("when", "mon-fri 08:00-18:00\r\n\r\nsat 09:00-12:00\r\n"),
        ("zone", "Europe/Berlin"),
        ("networks", "10.0.0.0/8"),
        ("session", "console"),
        ("method", "totp"),
    ];
    let path = admin.post("/policies", &fields).await.location().to_owned();
    assert!(path.starts_with("/policies/"), "{path}");
    assert_eq!(admin.post("/policies", &fields).await.status, StatusCode::CONFLICT);
    for (field, value) in [("when", "mon 25:00-26:00"), ("networks", "10.0.0.0/99"), ("zone", "Mars/Olympus")]
    {
        let answer =
            admin.post("/policies", &[("name", "x"), ("when", "mon 08:00-09:00"), (field, value)]).await;
        let refused = [StatusCode::CONFLICT, StatusCode::UNPROCESSABLE_ENTITY].contains(&answer.status);
        assert!(refused || field == "when", "{field}: {}", answer.status);
    }
    let page = admin.get(&path).await.text;
    assert!(
        page.contains("08:00–18:00") && page.contains("09:00–12:00") && page.contains("nothing"),
        "{page}"
    );
    // Monday, 4 January 2027, 08:30 in Berlin.
    let allowed = admin.get(&format!("{path}?at=2027-01-04T07:30&from=10.1.2.3&session=console")).await.text;
    assert!(allowed.contains("It would allow"), "{allowed}");
    for (question, line) in [
        ("at=2027-01-04T06:30", "when mon-fri 08:00-18:00"),
        ("at=2027-01-04T07:30&from=192.0.2.7", "network 10.0.0.0/8"),
        ("at=2027-01-04T07:30&session=remote", "session console"),
    ] {
        let refused = admin.get(&format!("{path}?{question}")).await.text;
        assert!(refused.contains("It would refuse") && refused.contains(line), "{question}: {refused}");
    }
    let bad = admin.get(&format!("{path}?from=here")).await;
    assert_eq!(bad.status, StatusCode::UNPROCESSABLE_ENTITY);
}
