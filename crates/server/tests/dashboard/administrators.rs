//! Owners and whom they invite.

use crate::browser::{ORGANISATION, PASSWORD, World, code, now};
use axum::http::StatusCode;
use server::administrators::Role;

fn link_in(page: &str) -> String {
    let start = page.find("https://trasa.example/welcome/").unwrap() + "https://trasa.example".len();
    page[start..].split('<').next().unwrap().to_owned()
}

#[tokio::test]
async fn an_owner_invites_and_takes_back() {
    let world = World::new().await;
    let mut owner = world.administrator("lea", Role::Owner).await;
    let made =
        owner.post("/administrators/invite", &[("name", "tom@acme.example"), ("role", "help_desk")]).await;
    assert_eq!(made.status, StatusCode::OK, "{}", made.text);
    let mut tom = world.browser();
    tom.welcome(&link_in(&made.text), "tom@acme.example").await;
    assert!(tom.get("/account").await.text.contains("Help desk"));
    assert_eq!(tom.get("/administrators").await.status, StatusCode::FORBIDDEN);
    // A role holds at once, in open sessions too.
    let list = world.store().administrators(ORGANISATION).unwrap();
    let id = list.iter().find(|a| a.name == "tom@acme.example").unwrap().id.to_string();
    let path = format!("/administrators/{id}");
    owner.post(&path, &[("do", "role"), ("role", "owner")]).await;
    assert_eq!(tom.get("/administrators").await.status, StatusCode::OK);
    // So does a removal.
    owner.post(&path, &[("do", "remove")]).await;
    assert_eq!(tom.get("/administrators").await.status, StatusCode::SEE_OTHER);
    // An invitation taken back opens nothing.
    let made = owner.post("/administrators/invite", &[("name", "ann"), ("role", "owner")]).await;
    let link = link_in(&made.text);
    let waiting = world.store().invitations(ORGANISATION, now()).unwrap();
    let id = waiting.iter().find(|i| i.name.as_deref() == Some("ann")).unwrap().id.to_string();
    assert!(owner.get("/administrators").await.text.contains(&id));
    owner.post("/administrators/withdraw", &[("link", &id)]).await;
    assert_eq!(world.browser().get(&link).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn the_last_owner_stays() {
    let world = World::new().await;
    let mut owner = world.administrator("lea", Role::Owner).await;
    let id = world.store().administrators(ORGANISATION).unwrap()[0].id.to_string();
    for fields in [[("do", "remove"), ("role", "")], [("do", "role"), ("role", "auditor")]] {
        let answer = owner.post(&format!("/administrators/{id}"), &fields).await;
        assert_eq!(answer.status, StatusCode::CONFLICT);
        assert!(answer.text.contains("last owner"), "{}", answer.text);
    }
}

#[tokio::test]
async fn a_new_phone_ends_what_was() {
    let world = World::new().await;
    let mut owner = world.administrator("lea", Role::Owner).await;
    let mut tom = world.administrator("tom", Role::Auditor).await;
    let list = world.store().administrators(ORGANISATION).unwrap();
    let id = list.iter().find(|a| a.name == "tom").unwrap().id.to_string();
    let made = owner.post(&format!("/administrators/{id}"), &[("do", "renew")]).await;
    // The link can be opened by nobody for another name.
    let mut new = world.browser();
    let secret = new.welcome(&link_in(&made.text), "lea").await;
    assert!(new.get("/account").await.text.contains("<dd>tom</dd>"));
    assert_eq!(tom.get("/").await.status, StatusCode::SEE_OTHER);
    let answer = world.browser().sign_in("tom", PASSWORD, &code(&secret, 0)).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    let audit = world.audit().await;
    assert!(audit.iter().any(|row| row.kind == "alarm" && row.details.contains("renewal_link_made")));
}

#[tokio::test]
async fn what_is_dangerous_wants_a_fresh_sign_in() {
    let world = World::new().await;
    let mut owner = world.browser();
    let secret = owner.welcome(&world.owner_link, "lea").await;
    world
        .store()
        .write(|write| Ok(write.execute("UPDATE sessions SET confirmed = confirmed - 601", [])?))
        .await
        .unwrap();
    let asked = owner.get("/administrators/invite").await;
    assert_eq!(asked.location(), "/sign-in/again?then=%2Fadministrators%2Finvite");
    let sent = owner.post("/administrators/invite", &[("name", "x"), ("role", "owner")]).await;
    assert_eq!(sent.location(), "/sign-in/again?then=%2Fadministrators%2Finvite");
    assert_eq!(owner.get("/administrators").await.status, StatusCode::OK, "looking is not dangerous");
    let wrong = owner.post("/sign-in/again", &[("password", "x"), ("code", &code(&secret, 0))]).await;
    assert_eq!(wrong.status, StatusCode::FORBIDDEN);
    let then = "/administrators/invite";
    let fields = [("password", PASSWORD), ("code", &code(&secret, 0)), ("then", then)];
    let again = owner.post("/sign-in/again", &fields).await;
    assert_eq!((again.status, again.location()), (StatusCode::SEE_OTHER, then), "{}", again.text);
    assert_eq!(owner.get(then).await.status, StatusCode::OK);
}
