//! Coming in: by link, by sign-in, and what does not open.

use crate::browser::{PASSWORD, World, code, hidden, now, shown_secret};
use axum::http::StatusCode;
use server::administrators::Role;

#[tokio::test]
async fn the_first_owner_comes_in_by_the_link_once() {
    let world = World::new().await;
    let mut browser = world.browser();
    assert!(browser.get("/sign-in").await.text.contains("Nobody administers this server yet"));
    // Opening spends nothing, and shows the same phone secret each time.
    let first = shown_secret(&browser.get(&world.owner_link).await.text);
    assert_eq!(first, shown_secret(&browser.get(&world.owner_link).await.text));
    browser.welcome(&world.owner_link, "lea@acme.example").await;
    let home = browser.get("/").await;
    assert_eq!(home.status, StatusCode::OK);
    assert!(home.text.contains("lea@acme.example") && home.text.contains("Owner"), "{}", home.text);
    // Once.
    let again = world.browser().get(&world.owner_link).await;
    assert_eq!(again.status, StatusCode::NOT_FOUND);
    assert!(again.text.contains("new-owner-link"));
    let audit = world.audit().await;
    assert!(audit.iter().any(|row| row.kind == "administrator.add"));
    let secret = world.owner_link.rsplit('/').next().unwrap();
    assert!(!format!("{audit:?}").contains(secret));
}

#[tokio::test]
async fn what_the_form_of_a_link_refuses() {
    let world = World::new().await;
    let mut browser = world.browser();
    let page = browser.get(&world.owner_link).await.text;
    let code = code(&shown_secret(&page), 0);
    let wrong = if code == "000000" { "000001" } else { "000000" };
    let table = [
        (["", PASSWORD, PASSWORD, &code], "The name is empty"),
        (["lea", "short", "short", &code], "shorter than 12"),
        (["lea", PASSWORD, "another one entirely", &code], "not the same"),
        (["lea", PASSWORD, PASSWORD, wrong], "code does not fit"),
        (["lea", PASSWORD, PASSWORD, ""], "code does not fit"),
    ];
    for ([name, password, repeated, code], expect) in table {
        let fields = [("name", name), ("password", password), ("repeated", repeated), ("code", code)];
        let answer =
            browser.post_as_is(&world.owner_link, &fields, &[("sec-fetch-site", "same-origin")]).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{expect}");
        assert!(answer.text.contains(expect), "{expect}: {}", answer.text);
        assert!(!answer.text.contains(PASSWORD) && browser.cookie.is_none());
    }
    assert!(world.store().administrators(crate::browser::ORGANISATION).unwrap().is_empty());
}

/// B9: nothing opens but for both factors together, and a code opens once.
#[tokio::test]
async fn started_factor_opens_nothing() {
    let world = World::new().await;
    let mut owner = world.browser();
    let secret = owner.welcome(&world.owner_link, "lea").await;
    let right = code(&secret, 0);
    let wrong = code(&secret, 5);
    let mut browser = world.browser();
    let mut texts = Vec::new();
    for (name, password, code) in [
        ("lea", PASSWORD, ""),
        ("lea", PASSWORD, wrong.as_str()),
        ("lea", "something else entirely", right.as_str()),
        ("nobody", PASSWORD, right.as_str()),
    ] {
        let answer = browser.sign_in(name, password, code).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{name} {code}");
        assert!(browser.cookie.is_none());
        texts.push(answer.text.replace(&format!("value=\"{name}\""), ""));
        assert_eq!(browser.get("/").await.status, StatusCode::SEE_OTHER);
    }
    // Nobody learns which of the three was wrong, nor whether there is such a name.
    texts.dedup();
    assert_eq!(texts.len(), 1, "{texts:?}");
    let answer = browser.sign_in("LEA", PASSWORD, &right).await;
    assert_eq!((answer.status, answer.location()), (StatusCode::SEE_OTHER, "/account"), "{}", answer.text);
    assert_eq!(browser.get("/account").await.status, StatusCode::OK);
    let mut other = world.browser();
    assert_eq!(other.sign_in("lea", PASSWORD, &right).await.status, StatusCode::FORBIDDEN, "used code");
    // What was typed is nowhere.
    let audit = format!("{:?}", world.audit().await);
    assert!(audit.contains("sign_in_failed") && !audit.contains("nobody") && !audit.contains(PASSWORD));
}

#[tokio::test]
async fn guessing_costs_time_and_locks_nobody_out_elsewhere() {
    let world = World::new().await;
    let mut owner = world.browser();
    let secret = owner.welcome(&world.owner_link, "lea").await;
    // At home from here on.
    assert_eq!(owner.sign_in("lea", PASSWORD, &code(&secret, 0)).await.status, StatusCode::SEE_OTHER);
    for name in ["lea", "nobody"] {
        let mut thief = world.browser();
        thief.address = if name == "lea" { "198.51.100.1" } else { "203.0.113.1" }.to_owned();
        for attempt in 1..=5 {
            assert_eq!(
                thief.sign_in(name, "guess", "000000").await.status,
                StatusCode::FORBIDDEN,
                "{attempt}"
            );
        }
        let locked = thief.sign_in(name, "guess", "000000").await;
        assert_eq!(locked.status, StatusCode::TOO_MANY_REQUESTS);
        assert!(locked.headers.contains_key("retry-after"));
        // Another name from the same address has to wait as well.
        assert_eq!(thief.sign_in("other", "guess", "000000").await.status, StatusCode::TOO_MANY_REQUESTS);
    }
    // From elsewhere the name is locked, however right everything is; at home it is not.
    let next = code(&secret, 1);
    let mut elsewhere = world.browser();
    elsewhere.address = "203.0.113.77".to_owned();
    assert_eq!(elsewhere.sign_in("lea", PASSWORD, &next).await.status, StatusCode::TOO_MANY_REQUESTS);
    let mut home = world.browser();
    assert_eq!(home.sign_in("lea", PASSWORD, &next).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_form_of_a_foreign_page_does_nothing() {
    let world = World::new().await;
    let mut owner = world.administrator("lea", Role::Owner).await;
    let token = hidden(&owner.get("/account").await.text, "csrf");
    let other = hidden(&world.administrator("tom", Role::Owner).await.get("/account").await.text, "csrf");
    assert_ne!(token, other);
    let same = ("sec-fetch-site", "same-origin");
    for (csrf, header) in [
        (token.as_str(), ("sec-fetch-site", "cross-site")),
        (token.as_str(), ("origin", "https://evil.example")),
        (token.as_str(), ("x-nothing", "")),
        ("", same),
        (other.as_str(), same),
    ] {
        let fields = [("csrf", csrf)];
        let answer = owner.post_as_is("/account/sessions/end-others", &fields, &[header]).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{header:?}");
    }
    let answer = owner.post_as_is("/account/sessions/end-others", &[("csrf", &token)], &[same]).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn sessions_end() {
    let world = World::new().await;
    let mut first = world.browser();
    let secret = first.welcome(&world.owner_link, "lea").await;
    let mut second = world.browser();
    second.sign_in("lea", PASSWORD, &code(&secret, 0)).await;
    let page = second.get("/account").await.text;
    assert_eq!(page.matches("<th scope=\"row\">").count(), 2, "{page}");
    // One ends the other.
    let answer = second.post("/account/sessions/end", &[("session", &hidden(&page, "session"))]).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    assert_eq!(first.get("/").await.status, StatusCode::SEE_OTHER);
    // Signing out takes the cookie, and the session behind it.
    let cookie = second.cookie.clone();
    assert_eq!(second.post("/sign-out", &[]).await.location(), "/sign-in");
    assert!(second.cookie.is_none());
    second.cookie = cookie;
    assert_eq!(second.get("/").await.status, StatusCode::SEE_OTHER);
    // By time, without anybody's hand.
    let mut third = world.administrator("tom", Role::Auditor).await;
    let shown = third.cookie.clone().unwrap();
    let secret = server::administrators::secret::Shown::parse(shown.split_once('=').unwrap().1).unwrap();
    let found = |at: i64| world.store().session(&secret.hash(), at).unwrap().is_some();
    assert!(found(now()) && found(now() + 3500));
    assert!(!found(now() + 3601), "an hour without use");
    assert!(!found(now() - 3600), "a clock that was ahead");
    assert_eq!(third.get("/").await.status, StatusCode::OK);
}
