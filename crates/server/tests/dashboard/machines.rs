//! From a service to a machine that is let in, and why a logon was refused.

use crate::browser::{ORGANISATION, World};
use axum::http::StatusCode;
use server::administrators::Role;

fn copied(page: &str, id: &str) -> String {
    let mark = format!("id=\"{id}\"");
    let rest = &page[page.find(&mark).unwrap_or_else(|| panic!("no {id}: {page}"))..];
    rest[rest.find('>').unwrap() + 1..].split('<').next().unwrap().to_owned()
}

#[tokio::test]
async fn protect_a_machine() {
    let world = World::new().await;
    let mut admin = world.administrator("lea", Role::Administrator).await;
    assert!(admin.get("/").await.text.contains("Protect the first machine"));
    let made = admin.post("/services/new", &[("name", "Büro <1>")]).await;
    assert_eq!(made.status, StatusCode::OK, "{}", made.text);
    assert!(made.text.contains("Büro &#60;1&#62;"), "{}", made.text);
    let (id, key) = (copied(&made.text, "service-id"), copied(&made.text, "service-key"));
    assert_eq!(copied(&made.text, "server"), "trasa.example");
    assert_eq!(key.split_once('.').map(|(random, anchor)| (random.len(), anchor.len())), Some((43, 43)));
    // Once.
    let page = admin.get(&format!("/services/{id}")).await.text;
    assert!(!page.contains(&key) && page.contains("Waiting for the first machine"));
    assert!(page.contains("Nobody may sign in to its machines"));
    let again = admin.post("/services/new", &[("name", "büro <1>")]).await;
    assert_eq!(again.status, StatusCode::CONFLICT);
    // It comes, waits and is let in.
    let machine = world.machine(&id, "PC-07", "waiting").await;
    let page = admin.get(&format!("/services/{id}")).await.text;
    assert!(page.contains("PC-07") && page.contains("waits for approval"));
    assert!(admin.get("/").await.text.contains("PC-07"));
    let path = format!("/machines/{machine}");
    assert_eq!(admin.post(&path, &[("do", "approve")]).await.location(), path);
    let state =
        |world: &World| world.store().read(|read| read.machine(ORGANISATION, &machine)).unwrap().state;
    assert_eq!(state(&world), "approved");
    assert_eq!(admin.post(&path, &[("do", "approve")]).await.status, StatusCode::CONFLICT);
    admin.post(&path, &[("do", "revoke")]).await;
    assert_eq!(state(&world), "revoked");
    admin.post(&path, &[("do", "readmit")]).await;
    assert_eq!(state(&world), "approved");
    // Releasing takes the guard off: an owner's.
    let release = format!("{path}/release");
    assert_eq!(admin.post(&release, &[]).await.status, StatusCode::FORBIDDEN);
    let mut owner = world.administrator("tom", Role::Owner).await;
    assert!(owner.get(&release).await.text.contains("without a second factor"));
    owner.post(&release, &[]).await;
    assert_eq!(state(&world), "released");
    let audit = world.audit().await;
    for kind in ["service.add", "machine.approve", "machine.revoke", "machine.readmit", "machine.release"] {
        let row = audit.iter().find(|row| row.kind == kind).unwrap();
        assert!(row.actor.starts_with("administrator:"), "{row:?}");
    }
}

#[tokio::test]
async fn a_service_changes_by_its_pages() {
    let world = World::new().await;
    let mut admin = world.administrator("lea", Role::Administrator).await;
    let id = world.service("Workstations").await;
    let made = admin.post(&format!("/services/{id}/token"), &[("uses", "50"), ("until", "2099-01-31")]).await;
    assert!(made.text.contains(&format!("SERVICEID={id} SERVER=trasa.example TOKENFILE=")), "{}", made.text);
    assert!(copied(&made.text, "token").len() > 43);
    for fields in [[("uses", "0"), ("until", "2099-01-31")], [("uses", "1"), ("until", "soon")]] {
        let answer = admin.post(&format!("/services/{id}/token"), &fields).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    }
    let rotated = admin.post(&format!("/services/{id}/rotate-key"), &[]).await;
    assert!(rotated.text.contains("The former ServiceKey is void"));
    // Not while its machines live.
    let machine = world.machine(&id, "PC-07", "approved").await;
    assert!(admin.get(&format!("/services/{id}/delete")).await.text.contains("1 machine belongs"));
    assert_eq!(admin.post(&format!("/services/{id}/delete"), &[]).await.status, StatusCode::CONFLICT);
    admin.post(&format!("/machines/{machine}"), &[("do", "revoke")]).await;
    assert_eq!(admin.post(&format!("/services/{id}/delete"), &[]).await.location(), "/services");
    assert_eq!(admin.get(&format!("/services/{id}")).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn machines_are_found() {
    let world = World::new().await;
    let mut auditor = world.administrator("lea", Role::Auditor).await;
    assert!(auditor.get("/machines").await.text.contains("No machine was admitted yet"));
    let id = world.service("Workstations").await;
    world.machine(&id, "PC-07", "waiting").await;
    world.machine(&id, "PC-08", "revoked").await;
    for (query, seven, eight) in [
        ("", true, true),
        ("?q=pc-07", true, false),
        ("?q=workst", true, true),
        ("?q=192.0.2.50", true, true),
        ("?state=revoked", false, true),
        ("?q=nothing", false, false),
    ] {
        let page = auditor.get(&format!("/machines{query}")).await.text;
        assert_eq!((page.contains(">PC-07<"), page.contains(">PC-08<")), (seven, eight), "{query}");
    }
    // Who may not change sees no button for it.
    let page = auditor.get("/machines/PC-07").await.text;
    assert!(page.contains("0.1.0") && !page.contains("name=\"do\""), "{page}");
}

#[tokio::test]
async fn a_short_code_says_why_and_what_to_change() {
    let world = World::new().await;
    let mut help_desk = world.administrator("lea", Role::HelpDesk).await;
    let service = world.service("Büro; reboot").await;
    let machine = world.machine(&service, "PC-07", "waiting").await;
    let code = world.logon(&machine, "no_access").await;
    let found = help_desk.get(&format!("/logons?code=+{}+", code.to_lowercase())).await;
    let page = help_desk.get(found.location()).await;
    assert_eq!(page.status, StatusCode::OK);
    for expect in [
        "no access lets this user be this account here",
        "trasa-server access grant --user NAME --service &#39;Büro; reboot&#39; --account &#39;ACME\\anna&#39;",
        "<dt>Source</dt><dd>192.0.2.50</dd>",
        "<dt>User enabled</dt><dd>yes</dd>",
        &format!("href=\"/machines/{machine}\""),
    ] {
        assert!(page.text.contains(expect), "{expect}: {}", page.text);
    }
    let waiting = world.logon(&machine, "machine_waiting").await;
    let page = help_desk.get(&format!("/logons/{waiting}")).await.text;
    assert!(page.contains(&format!("<a class=\"button main\" href=\"/machines/{machine}\">")));
    let list = help_desk.get("/logons").await.text;
    assert!(list.contains(&code) && list.contains("the machine waits for approval"));
    assert_eq!(help_desk.get("/logons/AAAAAA").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn the_list_of_logons_goes_back() {
    let world = World::new().await;
    let mut auditor = world.administrator("lea", Role::Auditor).await;
    let service = world.service("Workstations").await;
    let machine = world.machine(&service, "PC-07", "approved").await;
    for _ in 0..60 {
        world.logon(&machine, "code_wrong").await;
    }
    let first = auditor.get("/logons").await.text;
    let count = |page: &str| page.matches("<th scope=\"row\">").count();
    assert_eq!(count(&first), 50);
    let next = first.split("/logons?before=").nth(1).unwrap().split('"').next().unwrap();
    let second = auditor.get(&format!("/logons?before={next}")).await.text;
    assert_eq!(count(&second), 10);
    assert!(!second.contains("data-live"), "an old part does not change");
}

#[tokio::test]
async fn the_installer_is_offered_to_whoever_is_signed_in() {
    let mut world = World::new().await;
    let mut auditor = world.administrator("lea", Role::Auditor).await;
    let missing = auditor.get("/TrasaWin.msi").await;
    assert_eq!(missing.status, StatusCode::NOT_FOUND);
    assert!(missing.text.contains("--installer"));
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "an installer").unwrap();
    world.offer(file.path());
    let mut auditor = world.administrator("tom", Role::Auditor).await;
    let found = auditor.get("/TrasaWin.msi").await;
    assert_eq!((found.status, found.text.as_str()), (StatusCode::OK, "an installer"));
    assert_eq!(found.headers.get("content-type").unwrap(), "application/x-msi");
    assert_eq!(world.browser().get("/TrasaWin.msi").await.status, StatusCode::SEE_OTHER);
}
