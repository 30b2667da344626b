//! What an answer is worth.

use super::*;
use proptest::prelude::*;

fn failed(reason: &str) -> String {
    format!(r#"{{"status":"failed","reason":"{reason}","intent":"agent-login","data":[null]}}"#)
}

/// Answers that came over HTTP and are no allow. Each must be a refusal, and none may let an offline
/// user pass.
fn refusals() -> Vec<(u16, String)> {
    let mut all: Vec<(u16, String)> = FailedReason::ALL.iter().map(|why| (200, failed(why.code()))).collect();
    // A success that names the reason of a refusal.
    all.extend(
        FailedReason::ALL.iter().map(|why| (200, failed(why.code()).replacen("failed", "success", 1))),
    );
    for status in [201, 204, 301, 302, 307, 400, 401, 403, 404, 407, 413, 429, 500, 502, 503, 504] {
        all.push((status, ALLOW.to_owned()));
        all.push((status, String::new()));
    }
    for body in [
        // Garbage and a portal's page.
        "",
        "success",
        "\u{0}\u{1}\u{2}",
        "<html><body>Please sign in to the guest network</body></html>",
        "null",
        "[]",
        "{}",
        r#"[{"status":"success"}]"#,
        // Almost a success.
        r#"{"status":"Success","data":null}"#,
        r#"{"status":"SUCCESS"}"#,
        r#"{"status":" success"}"#,
        r#"{"status":true}"#,
        r#"{"Status":"success"}"#,
        r#"{"status":"success","error":{"code":1}}"#,
        r#"{"status":"success","status":"failed"}"#,
        r#"{"status":"success","data":[null]"#,
        // Of another call.
        r#"{"status":"success","reason":"valid integration data","intent":"service config check successful","data":[null]}"#,
        r#"{"status":"success","intent":"service config check successful","data":[null]}"#,
        r#"{"status":"success","reason":"valid integration data","data":[null]}"#,
        // Unknown words.
        r#"{"status":"failed"}"#,
        r#"{"status":"failed","reason":"the moon is full","data":null}"#,
        r#"{"status":"pending"}"#,
    ] {
        all.push((200, body.to_owned()));
    }
    all
}

/// Fault 3, B4.
#[test]
fn an_odd_v1_answer_is_a_refusal_and_never_unreachable() {
    let world = armed(&["bat"]);
    for (status, body) in refusals() {
        says(&world, status, &body);
        for with in [with_code, with_push] {
            let before = logons(&world);
            let (tile, passed) = with(&world, "bat");
            assert!(!passed, "{status} {body}");
            assert_eq!(tile.logon.step(), "second-factor", "the password is kept: {status} {body}");
            assert!(tile.status().is_ascii() && tile.status().ends_with('.'), "{}", tile.status());
            // B62: a refusal is final, the second address is not asked.
            assert_eq!(logons(&world), before + 1, "{status} {body}");
        }
    }
    assert_eq!(world.files.text(ProtectedFile::OfflineLog), "", "nobody passed offline");
    for error in [TransportError::Malformed, TransportError::TooLarge] {
        world.server.script(move |_, _, _| Reply::Fails(error.clone()));
        assert!(!with_code(&world, "bat").1 && !with_push(&world, "bat").1);
    }
}

#[test]
fn only_silence_is_no_decision() {
    let world = armed(&["bat"]);
    for error in [
        TransportError::NameResolution,
        TransportError::Connect,
        TransportError::Tls { code: 1 },
        TransportError::UnexpectedKey(Bytes([1; 32])),
        TransportError::Timeout,
    ] {
        let fails = error.clone();
        world.server.script(move |_, _, _| Reply::Fails(fails.clone()));
        for with in [with_code, with_push] {
            assert!(with(&world, "bat").1, "listed: {error:?}");
            let (tile, passed) = with(&world, "anna");
            assert!(!passed, "not listed: {error:?}");
            assert!(tile.status().contains("could not be reached"), "{}", tile.status());
        }
    }
}

#[test]
fn the_quirks_of_data_change_nothing() {
    let world = armed(&[]);
    for data in ["null", "[null]", "[]", r#"["a","b"]"#, r#""a,b,c""#, "{}", "7"] {
        says(&world, 200, &format!(r#"{{"status":"success","intent":"agent-login","data":{data}}}"#));
        assert!(with_code(&world, "bat").1, "{data}");
        says(&world, 200, &format!(r#"{{"status":"failed","reason":"U2F_FAILED","data":{data}}}"#));
        assert!(!with_code(&world, "bat").1, "{data}");
    }
    says(&world, 200, r#"{"status":"success"}"#);
    assert!(with_code(&world, "bat").1, "no data at all");
}

#[test]
fn a_wrong_code_stays_at_step_2_with_the_password() {
    let world = armed(&[]);
    world.server.script(|_, request, server| {
        let asked = LogonRequest::read(&request.body).unwrap();
        let body =
            if asked.totp_code.as_str() == "287082" { ALLOW.to_owned() } else { failed("INVALID_TOTP") };
        Reply::Raw(server.raw(200, body.as_bytes()))
    });
    let mut tile = at_step_2(&world, "bat");
    tile.event(Event::Chose(MethodChoice::Code));
    assert!(tile.second_factor("anna", "000000").is_none());
    assert_eq!((tile.logon.step(), tile.logon.view().method), ("second-factor", MethodChoice::Code));
    assert!(tile.status().contains("not accepted"), "{}", tile.status());
    let checks = world.windows.password_checks.load(Ordering::SeqCst);
    assert!(tile.second_factor("anna", "287 082").is_some());
    assert_eq!(world.windows.password_checks.load(Ordering::SeqCst), checks, "the password was kept");
}

#[test]
fn the_servers_words_are_not_shown_and_only_plain_ones_are_logged() {
    let world = armed(&[]);
    for (reason, logged) in [
        ("RETRY_LATER", true),
        ("<a href=x>click</a>", false),
        ("user anna@example.com is unknown", false),
        ("code 287082 is wrong", false),
        ("\\u202e\\u0007 bell", false),
        (&"A".repeat(65), false),
    ] {
        says(&world, 200, &failed(reason));
        let (tile, passed) = with_code(&world, "bat");
        assert!(!passed);
        assert!(!tile.status().contains(reason), "{}", tile.status());
        let log = world.log().pop().unwrap();
        assert_eq!(log.contains(reason), logged, "{log}");
        assert!(log.starts_with("Logon of HOST\\bat refused: ") && log.is_ascii(), "{log}");
    }
    assert_eq!(Described::reason("k3y", ["k3y", "", ""]).as_str(), "an unknown reason");
}

#[test]
fn who_is_passed_through_has_shown_no_second_factor() {
    let world = armed(&[]);
    crate::probation::begin(&world.services).unwrap();
    let body = LogonAnswer::PassedThrough.to_envelope().to_json();
    says(&world, 200, &body);
    assert!(with_code(&world, "bat").1);
    let standing = crate::probation::standing(&world.services);
    assert!(matches!(standing, crate::probation::Standing::Until(_)), "probation goes on");
    assert!(world.log().pop().unwrap().contains("passed without a second factor"), "{:?}", world.log());
    let mut next = Tile::open(&world);
    next.type_credentials("bat", "right");
    next.submit();
    assert_eq!(next.logon.view().field(Field::TrasaId).text, "", "nobody looked at the name");

    world.server.unscript();
    assert!(with_code(&world, "bat").1);
    assert_eq!(crate::probation::standing(&world.services), crate::probation::Standing::None);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn random_bytes_never_allow_and_never_panic(
        status in prop_oneof![2 => Just(200u16), 1 => 100..999u16],
        body in prop_oneof![
            prop::collection::vec(any::<u8>(), 0..120),
            r#"\{"status":"[a-zA-Z]{0,8}"(,"reason":"[ -~&&[^"\\]]{0,30}")?(,"intent":"[a-z -]{0,12}")?(,"data":(null|\[null\]|"a,b"))?\}"#.prop_map(String::into_bytes),
        ],
    ) {
        let world = armed(&["bat"]);
        let sent = body.clone();
        world.server.script(move |_, _, server| Reply::Raw(server.raw(status, &sent)));
        let (_, passed) = with_code(&world, "bat");
        let says_success = status == 200
            && serde_json::from_slice::<serde_json::Value>(&body).is_ok_and(|value| value["status"] == "success");
        prop_assert!(!passed || says_success);
        prop_assert_eq!(world.files.text(ProtectedFile::OfflineLog), "");
    }
}
