//! The original's answers, byte for byte: every row of its tables.

use crate::client::{now, send};
use crate::v1::{
    ALLOWED, CHECK_UNREADABLE, DAY, DISABLED, INVALID_ID, INVALID_SECRET, NO_SERVICE, NO_USER, Original,
    PASSED, UNREADABLE, VALID, post, refused,
};
use crate::world::{ORGANISATION, Service, Totp, World, console};
use axum::body::Body;
use axum::http::{Request, StatusCode};
use protocol::MAX_BODY_BYTES;
use protocol::v1::path;
use protocol::v2::{Method, Session};
use serde_json::Value;
use server::store::policies::PolicyText;
use std::time::Duration;

async fn world() -> (World, Service, Original, Totp) {
    let world = World::new().await;
    let service = world.service("Workstations").await;
    let totp = world.person("anna", &service).await;
    let agent = world.allow_v1(&service, false).await;
    (world, service, agent, totp)
}

#[tokio::test]
async fn every_answer_to_a_logon_is_the_originals() {
    let (world, service, agent, totp) = world().await;
    world.user("bob").await;
    world.person("dora", &service).await;
    let disable = ("dora".to_owned(), false);
    world.store().set_user_enabled(ORGANISATION, disable, console(), now()).await.unwrap();
    world.user("paul").await;
    world.access("paul", &service, "ACME\\paul", None).await;
    let wrong_key = Original { key: "x".repeat(43), ..agent.clone() };
    let no_key = Original { key: String::new(), ..agent.clone() };
    let wrong_id = Original { service_id: "AAAAAAAAAAAAAAAAAAAAAA".to_owned(), ..agent.clone() };
    let no_id = Original { service_id: String::new(), ..agent.clone() };
    // One right code for each path, since each is used up.
    for (path, right) in path::LOGONS.into_iter().zip([totp.code(-30), totp.code(0), totp.code(30)]) {
        let wrong = totp.wrong();
        for (asked, agent, user, trasa_id, code, expect) in [
            ("wrong key", &wrong_key, "ACME\\anna", "anna", right.as_str(), NO_SERVICE),
            ("no key", &no_key, "ACME\\anna", "anna", &right, NO_SERVICE),
            ("wrong id", &wrong_id, "ACME\\anna", "anna", &right, NO_SERVICE),
            ("no id", &no_id, "ACME\\anna", "anna", &right, NO_SERVICE),
            ("nobody", &agent, "ACME\\anna", "nobody", &right, NO_USER),
            ("no name", &agent, "ACME\\anna", "", &right, NO_USER),
            ("disabled", &agent, "ACME\\dora", "dora", &right, DISABLED),
            ("no access", &agent, "ACME\\bob", "bob", &right, &refused("policy not assigned")),
            ("another account", &agent, "ACME\\dora", "anna", &right, &refused("policy not assigned")),
            ("no account", &agent, "", "anna", &right, &refused("policy not assigned")),
            ("odd account", &agent, "ACME\\anna.", "anna", &right, &refused("policy not assigned")),
            ("no device", &agent, "ACME\\paul", "paul", &right, &refused("DEVICE_NOT_FOUND")),
            ("no device, no code", &agent, "ACME\\paul", "paul", "", &refused("DEVICE_NOT_FOUND")),
            ("no phone", &agent, "ACME\\anna", "anna", "", &refused("DEVICE_NOT_FOUND")),
            ("wrong code", &agent, "ACME\\anna", "anna", &wrong, &refused("INVALID_TOTP")),
            ("odd code", &agent, "ACME\\anna", "anna", "12345", &refused("INVALID_TOTP")),
            ("odd digits", &agent, "ACME\\anna", "anna", "\u{661}23456", &refused("INVALID_TOTP")),
            ("right", &agent, "ACME\\anna", "anna", &right, ALLOWED),
            ("again", &agent, "ACME\\anna", "anna", &right, &refused("INVALID_TOTP")),
        ] {
            let answer = agent.post(&world, path, agent.body(user, trasa_id, code)).await;
            assert_eq!(answer, expect, "{path}: {asked}");
        }
    }
}

#[tokio::test]
async fn every_answer_to_a_configuration_check_is_the_originals() {
    let (world, _, agent, _) = world().await;
    let check = async |agent: Original| agent.check_config(&world).await;
    assert_eq!(check(agent.clone()).await, VALID);
    assert_eq!(check(Original { key: "other".to_owned(), ..agent.clone() }).await, INVALID_SECRET);
    assert_eq!(check(Original { service_id: "other".to_owned(), ..agent.clone() }).await, INVALID_ID);
    for body in ["", "{", "[]", "null", r#"["a","b"]"#, r#"{"serviceID":1}"#] {
        assert_eq!(agent.post(&world, path::CHECK_CONFIG, body).await, CHECK_UNREADABLE, "{body}");
    }
    world.sql("UPDATE v1_doors SET until = 1").await;
    assert_eq!(check(agent).await, INVALID_ID);
    let rows = world.audit("v1.check");
    assert_eq!(rows.len(), 2, "with the right key, before and after the end");
    assert!(rows[0].details.contains("valid") && rows[1].details.contains("closed"), "{rows:?}");
}

/// A body as an original agent sends it, with members that only other agents have, and the smallest.
#[tokio::test]
async fn requests_are_read_as_the_original_writes_them() {
    let (world, _, agent, totp) = world().await;
    let Original { service_id, key, .. } = &agent;
    let full = format!(
        r#"{{"serviceID":"{service_id}","serviceKey":"{key}","trasaID":"anna","tfaMethod":"totp","totpCode":"{}","user":"ACME\\anna","userIP":"","workstation":""}}"#,
        totp.code(-30)
    );
    assert_eq!(agent.post(&world, path::LOGON_WINDOWS, full).await, ALLOWED);
    let other = format!(
        r#" {{"orgID":"153b","serviceType":"ssh","hostname":"unix7","password":null,"publicKey":"AA==","sessionID":"1",
            "tfaMethod":"U2F","totpCode":"{}","user":"\\ANNA@acme","serviceKey":"{key}","trasaID":"Anna@Acme.Example","serviceID":"{service_id}","more":[{{}}]}}"#,
        totp.code(0)
    );
    assert_eq!(
        agent.post(&world, path::LOGON_UNIX, other).await,
        ALLOWED,
        "the code, not tfaMethod, is the method"
    );
    let callers = world.store().scan(|read| {
        let mut statement = read.prepare("SELECT coalesce(machine, '') FROM v1_calls ORDER BY caller")?;
        let rows = statement.query_map([], |row| row.get(0))?;
        Ok(rows.collect::<Result<Vec<String>, _>>()?)
    });
    assert_eq!(callers.await.unwrap(), ["", "unix7"]);
}

/// A policy's lines, each with the original's word for it.
#[tokio::test]
async fn every_line_of_a_policy_has_the_originals_word() {
    let hour = now().rem_euclid(DAY) / 3600;
    let other = format!("daily {:02}:00-{:02}:00", (hour + 12) % 24, (hour + 13) % 24);
    let texts = [
        ("TIME_POLICY_FAILED", PolicyText { when: vec![other], ..PolicyText::default() }),
        ("IP_POLICY_FAILED", PolicyText { networks: vec!["10.0.0.0/8".to_owned()], ..PolicyText::default() }),
        ("POLICY_EXPIRED", PolicyText { expires: Some(now() - 1), ..PolicyText::default() }),
        ("ADHOC_POLICY_FAILED", PolicyText { session: Some(Session::Console), ..PolicyText::default() }),
        ("ADHOC_POLICY_FAILED", PolicyText { session: Some(Session::Remote), ..PolicyText::default() }),
        ("INVALID_TOTP", PolicyText { methods: vec![Method::Push], ..PolicyText::default() }),
    ];
    for (code, text) in texts {
        let world = World::new().await;
        let service = world.service("Workstations").await;
        world.user("anna").await;
        world.policy("office", text).await;
        world.access("anna", &service, "ACME\\anna", Some("office")).await;
        let totp = world.totp("anna").await;
        let agent = world.allow_v1(&service, false).await;
        let answer = agent.login(&world, "ACME\\anna", "anna", &totp.code(0)).await;
        assert_eq!(answer, refused(code));
        assert_eq!(world.count("SELECT count(*) FROM address_guesses"), 0, "the code was not looked at");
    }
    // Codes only, and the person asks for the phone.
    let (world, service, agent, _) = world().await;
    world.policy("codes", PolicyText { methods: vec![Method::Totp], ..PolicyText::default() }).await;
    world.sql("UPDATE accesses SET deleted = 1").await;
    world.access("anna", &service, "ACME\\anna", Some("codes")).await;
    assert_eq!(agent.login(&world, "ACME\\anna", "anna", "").await, refused("U2F_FAILED"));
}

#[tokio::test]
async fn what_cannot_be_read_is_an_invalid_request() {
    let (world, _, agent, totp) = world().await;
    let before = world.v1_traces();
    let good = agent.body("ACME\\anna", "anna", &totp.code(0));
    let deep = format!("{}{}", r#"{"a":"#.repeat(10_000), "}".repeat(10_000));
    for body in [
        "".as_bytes(),
        b"{",
        b"null",
        b"[]",
        b"\"x\"",
        b"\xff\xfe{}",
        b"\x1f\x8b\x08\x00",
        br#"["a","b","c"]"#,
        br#"{"serviceID":["a"]}"#,
        br#"{"totpCode":123456}"#,
        deep.as_bytes(),
        &good.as_bytes()[..good.len() - 1],
        format!("{good}{good}").as_bytes(),
    ] {
        let answer = agent.post(&world, path::LOGON_WINDOWS, body.to_vec()).await;
        assert_eq!(answer, UNREADABLE, "{}", String::from_utf8_lossy(body));
    }
    // Longer than allowed, with the rest of it left unread.
    let padded = format!("{good}{}", " ".repeat(MAX_BODY_BYTES));
    for path in path::LOGONS {
        let reply = post(&world, path, padded.clone(), "192.0.2.7").await;
        assert_eq!(String::from_utf8(reply.body.clone()).unwrap(), UNREADABLE);
        assert_eq!(reply.header("connection").as_deref(), Some("close"));
    }
    let reply = post(&world, path::CHECK_CONFIG, padded, "192.0.2.7").await;
    assert_eq!(String::from_utf8(reply.body).unwrap(), CHECK_UNREADABLE);
    assert_eq!(world.v1_traces(), before);
}

#[tokio::test]
async fn other_methods_and_paths_are_not_the_originals() {
    let (world, _, agent, totp) = world().await;
    let before = world.v1_traces();
    let body = agent.body("ACME\\anna", "anna", &totp.code(0));
    for method in ["GET", "HEAD", "PUT", "DELETE", "OPTIONS"] {
        let request = Request::builder()
            .method(method)
            .uri(path::LOGON_WINDOWS)
            .body(Body::from(body.clone()))
            .unwrap();
        let reply = send(&world.router, request, "192.0.2.7").await;
        assert_eq!(reply.status, StatusCode::METHOD_NOT_ALLOWED, "{method}");
        assert_eq!(reply.header("allow").as_deref(), Some("POST"));
    }
    for path in ["/auth/agent", "/auth/agent/", "/auth/agent/win/", "/auth/agent/WIN", "/auth//agent/win"] {
        let request = Request::builder().method("POST").uri(path).body(Body::from(body.clone())).unwrap();
        assert_eq!(send(&world.router, request, "192.0.2.7").await.status, StatusCode::NOT_FOUND, "{path}");
    }
    assert_eq!(world.v1_traces(), before);
}

/// A store that is down or does not come back is no success, and the answer comes before an original
/// agent gives up.
#[tokio::test(start_paused = true)]
async fn a_store_that_hangs_is_unknown_within_55_seconds() {
    let (world, _, agent, totp) = world().await;
    let (release, held) = std::sync::mpsc::channel::<()>();
    let store = world.store().clone();
    let holding = tokio::spawn(async move {
        store
            .write(move |_| {
                let _ = held.recv();
                Ok(())
            })
            .await
    });
    tokio::task::yield_now().await;
    let begun = tokio::time::Instant::now();
    let answer = agent.login(&world, "ACME\\anna", "anna", &totp.code(0)).await;
    assert_eq!(answer, refused("UNKNOWN"));
    let waited = begun.elapsed();
    assert!((Duration::from_secs(50)..Duration::from_secs(56)).contains(&waited), "{waited:?}");
    assert_eq!(agent.check_config(&world).await, CHECK_UNREADABLE);
    release.send(()).unwrap();
    holding.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_store_that_fails_is_unknown() {
    let (world, _, agent, totp) = world().await;
    world.sql("ALTER TABLE logons RENAME TO logons_gone").await;
    assert_eq!(agent.login(&world, "ACME\\anna", "anna", &totp.code(0)).await, refused("UNKNOWN"));
    world.sql("ALTER TABLE v1_calls RENAME TO calls_gone").await;
    assert_eq!(agent.check_config(&world).await, CHECK_UNREADABLE);
    world.sql("ALTER TABLE v1_doors RENAME TO doors_gone").await;
    assert_eq!(agent.login(&world, "ACME\\anna", "anna", &totp.code(0)).await, refused("UNKNOWN"));
    assert_eq!(agent.check_config(&world).await, CHECK_UNREADABLE);
    // Nothing was used up by what failed.
    world.sql("ALTER TABLE logons_gone RENAME TO logons").await;
    world.sql("ALTER TABLE calls_gone RENAME TO v1_calls").await;
    world.sql("ALTER TABLE doors_gone RENAME TO v1_doors").await;
    assert_eq!(agent.login(&world, "ACME\\anna", "anna", &totp.code(0)).await, ALLOWED);
}

/// Bodies with bytes changed, cut, doubled or made up: an envelope of the original's, and no success.
#[tokio::test]
async fn no_damaged_request_is_a_success_or_a_panic() {
    let (world, _, agent, totp) = world().await;
    let good = agent.body("ACME\\anna", "anna", &totp.wrong()).into_bytes();
    // A fixed sequence (xorshift), so that a failure repeats.
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % below as u64).unwrap()
    };
    let paths = [path::LOGON_WINDOWS, path::LOGON_UNIX, path::LOGON_DEPRECATED, path::CHECK_CONFIG];
    for round in 0..2000 {
        let mut body = good.clone();
        for _ in 0..=random(4) {
            let at = random(body.len());
            match random(4) {
                0 => body[at] = u8::try_from(random(256)).unwrap(),
                1 => body.truncate(at.max(1)),
                2 => body.insert(at, b"\"\\{}[],:\0\xff"[random(10)]),
                _ => body = (0..=random(300)).map(|_| u8::try_from(random(256)).unwrap()).collect(),
            }
        }
        let path = paths[round % paths.len()];
        let answer = agent.post(&world, path, body.clone()).await;
        let read: Value = serde_json::from_str(&answer).unwrap();
        let valid = path == path::CHECK_CONFIG && answer == VALID;
        assert!(read["status"] == "failed" || valid, "{answer}: {}", String::from_utf8_lossy(&body));
    }
}

#[tokio::test]
async fn pass_through_and_watching_say_so_in_the_originals_words() {
    let (world, service, _, totp) = world().await;
    let agent = world.allow_v1(&service, true).await;
    assert_eq!(agent.login(&world, "ACME\\eve", "", "").await, PASSED);
    assert_eq!(agent.login(&world, "ACME\\anna", "anna", &totp.wrong()).await, refused("INVALID_TOTP"));
    world.allow_v1(&service, false).await;
    assert_eq!(agent.login(&world, "ACME\\eve", "", "").await, NO_USER);
    world.sql("UPDATE services SET mode = 'watch', mode_until = 99999999999").await;
    assert_eq!(agent.login(&world, "ACME\\eve", "", "").await, ALLOWED);
    assert_eq!(agent.login(&world, "ACME\\anna", "anna", &totp.wrong()).await, ALLOWED);
    let logon = world.newest_logon().await;
    assert_eq!((logon.reason.as_str(), &logon.parameters["would_be"]), ("watch", &"code_wrong".into()));
    // Watching opens no door that is closed.
    world.sql("UPDATE v1_doors SET until = 1").await;
    assert_eq!(agent.login(&world, "ACME\\anna", "anna", &totp.code(0)).await, NO_SERVICE);
    let stranger = Original { key: "wrong".to_owned(), ..agent };
    assert_eq!(stranger.login(&world, "ACME\\anna", "anna", &totp.code(0)).await, NO_SERVICE);
}
