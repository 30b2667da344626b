//! The host against a provider of the tests' own, in Wine or on Windows.
#![cfg(windows)]
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, reason = "tests")]

mod bench;

use bench::{Bench, host};

const CLSID: &str = "{11111111-2222-3333-4444-555555555555}";

#[test]
fn a_logon_is_walked() {
    let bench = Bench::new("logon");
    let walked = bench.walk("logon", include_str!("scripts/logon.txt"));
    assert_eq!(walked.code, 0, "{}", walked.text);
    assert!(walked.text.contains(r#"{"event":"end","result":"walked""#));
    for secret in ["right horse", "424242", "not this"] {
        assert!(!walked.text.contains(secret), "{secret} in the output");
    }
}

#[test]
fn an_expectation_that_fails_says_where_and_what_was_there() {
    let walked = Bench::new("fails").walk("logon", "start\nexpect text \"Good morning\"\nsay never\n");
    assert_eq!(walked.code, 1);
    assert!(walked.text.contains(r#""ok":false,"found":"[\"Tiny provider\"]""#), "{}", walked.text);
    assert!(walked.text.contains(r#""result":"failed","failed_line":2"#));
    assert!(!walked.text.contains("never\""));
}

#[test]
fn what_cannot_be_understood_ends_with_2() {
    let bench = Bench::new("usage");
    assert_eq!(bench.walk("logon", "fly\n").code, 2);
    assert_eq!(bench.walk("sideways", "start\n").code, 2);
    assert_eq!(host(&["--clsid", CLSID]).code, 2);
    assert_eq!(bench.with_world("{\"hots\":1}").walk("logon", "start\n").code, 2);
}

#[test]
fn windows_has_the_last_word() {
    let script = "type username mallory\ntype password $password\nsubmit\nexpect step 2\n\
                  choose method code\ntype code 424242\nsubmit\nexpect text \"Wrong code\"\nexpect never serialized\n\
                  press \"Start over\"\n\
                  type username olga\ntype password $password\nsubmit\nexpect text \"Windows says 1331\"\n\
                  type username anna\ntype password $password\nsubmit\nchoose method code\ntype code 424242\n\
                  next-result STATUS_NO_LOGON_SERVERS\nsubmit\nexpect serialized WS01\\anna\nexpect not-logged-on\n\
                  expect status \"Windows refused.\"\nexpect icon error\n";
    let walked = Bench::new("last-word").walk("logon", script);
    assert_eq!(walked.code, 0, "{}", walked.text);
}

#[test]
fn a_remote_credential_opens_at_step_2() {
    for layout in ["relative", "absolute"] {
        let script = format!(
            "session remote\nnla WS01\\anna $password(WS01\\anna) {layout}\nexpect hresult S_OK\nstart\n\
             expect auto-logon\nexpect step 2\nexpect no-serialization\n"
        );
        let walked = Bench::new(layout).with_clear_nla().walk("rdp", &script);
        // This provider's filter copies what it gets: addresses are of no use to it.
        assert_eq!(walked.code, if layout == "relative" { 0 } else { 1 }, "{}", walked.text);
    }
}

#[test]
fn waiting_is_virtual_and_can_be_cancelled() {
    let begun = std::time::Instant::now();
    let to_step_2 = "clock virtual\ntype username anna\ntype password $password\nsubmit\nexpect step 2\n\
                     choose method Push\n";
    let script = format!(
        "{to_step_2}submit\nexpect text \"The phone did not answer\"\nexpect status \"Waiting for the phone\"\n\
         cancel after 20s\nsubmit\nexpect text \"Cancelled.\"\n\
         cancel at \"Waiting\"\nsubmit\nexpect text \"Cancelled.\"\nexpect never serialized\n"
    );
    let walked = Bench::new("virtual").walk("logon", &script);
    assert_eq!(walked.code, 0, "{}", walked.text);
    assert!(begun.elapsed().as_secs() < 30, "a minute of waiting cost {:?}", begun.elapsed());
}

#[test]
fn raw_calls_in_any_order() {
    let script = "raw SetUsageScenario CHANGE_PASSWORD\nexpect hresult E_NOTIMPL\nraw GetCredentialCount\n\
                  expect credentials 1\nraw GetCredentialAt 99\nexpect hresult E_INVALIDARG\nraw GetCredentialAt 0\n\
                  raw GetSerialization\nexpect hresult S_OK\nraw null CredentialAdvise\nexpect hresult E_POINTER\n\
                  raw GetStringValue 99\nexpect hresult E_INVALIDARG\nraw DllCanUnloadNow\nexpect hresult S_FALSE\n\
                  raw Connect\nexpect hresult S_OK\nexpect never serialized\n";
    let walked = Bench::new("raw").walk("logon", script);
    assert_eq!(walked.code, 0, "{}", walked.text);
}

#[test]
fn every_screen_is_drawn_and_no_secret_with_it() {
    let script = "start\ntype username WS01\\anna\ntype password $password\nlist\nsubmit\nchoose method one-time\n\
                  picture methods open method\ntype code 111111\nin-pictures \"Wrong ????\" \"Quite wrong\"\nsubmit\n\
                  type code 424242\nsubmit\ndeselect\n";
    let bench = Bench::new("pictures");
    let (walked, folder) = bench.draw(script, &["--scale", "125"]);
    assert_eq!(walked.code, 0, "{}", walked.text);
    let mut files: Vec<String> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|it| it.unwrap().file_name().into_string().unwrap())
        .collect();
    files.sort();
    let pictures: Vec<&str> = files.iter().filter_map(|it| it.strip_suffix(".png")).collect();
    // Nothing changes on the screen by listing or by naming a picture.
    let expected = [
        "001-start",
        "002-type",
        "003-type",
        "005-submit",
        "006-choose",
        "008-type",
        "010-submit",
        "012-submit",
        "013-deselect",
        "methods",
    ];
    assert_eq!(pictures, expected);
    for picture in pictures {
        let words = std::fs::read_to_string(folder.join(format!("{picture}.txt"))).unwrap();
        assert!(
            !["right horse", "111111", "424242"].iter().any(|it| words.contains(it)),
            "{picture}: {words}"
        );
        let png = std::fs::read(folder.join(format!("{picture}.png"))).unwrap();
        // Width and height of the smallest screen, at 125 %.
        assert_eq!(
            (&png[..4], &png[16..24]),
            (&b"\x89PNG"[..], &[0, 0, 5, 0, 0, 0, 3, 192][..]),
            "{picture}"
        );
    }
    let words = |name: &str| std::fs::read_to_string(folder.join(format!("{name}.txt"))).unwrap();
    assert!(
        words("003-type").contains("password-text [Password] (filled) (focused)"),
        "{}",
        words("003-type")
    );
    assert!(words("methods").contains("open: Push | One-time code"), "{}", words("methods"));
    assert!(words("010-submit").contains("Quite wrong."), "{}", words("010-submit"));
    assert_eq!(words("012-submit"), "Windows: Welcome\n");
    assert!(words("013-deselect").starts_with("tile, not selected"));
}

#[test]
fn pictures_while_connect_runs_and_of_messages() {
    let script = "type username anna\ntype password $password\nsubmit\nchoose method Push\n\
                  picture waiting at \"Waiting for the phone\"\ncancel after 1s\nsubmit\n\
                  next-result STATUS_ACCOUNT_DISABLED\nchoose method one-time\ntype code 424242\nsubmit\n\
                  picture disabled message\n";
    let bench = Bench::new("busy-pictures");
    let (walked, folder) = bench.draw(script, &[]);
    assert_eq!(walked.code, 0, "{}", walked.text);
    let words = |name: &str| std::fs::read_to_string(folder.join(format!("{name}.txt"))).unwrap();
    assert!(words("waiting").starts_with("tile, busy: Waiting for the phone"), "{}", words("waiting"));
    assert!(words("disabled").starts_with("message of "), "{}", words("disabled"));
    // A text that never comes is no picture, and no success.
    let missed = "type username anna\ntype password $password\npicture x at \"Good morning\"\nsubmit\n";
    assert_eq!(bench.draw(missed, &[]).0.code, 1);
}

#[test]
fn pictures_that_cannot_be_made() {
    let bench = Bench::new("no-pictures");
    let font = bench.path("world.json");
    assert_eq!(bench.draw("start\n", &["--font", &font]).0.code, 2, "no font");
    assert_eq!(bench.draw("start\n", &["--scale", "20"]).0.code, 2);
    assert_eq!(bench.draw("start\n", &["--random", "1", "1"]).0.code, 2);
    assert_eq!(bench.walk("logon", "picture a/b\n").code, 2);
    // Without --png nothing is drawn, and a script with pictures is walked all the same.
    assert_eq!(bench.walk("logon", "start\npicture a\npicture b message\n").code, 0);
}

#[test]
fn random_walks() {
    let bench = Bench::new("random");
    let good = bench.random(&["7", "20", "--no-nulls"], None);
    assert_eq!(good.code, 0, "{}", good.text);
    // A provider that forgets to ask is found out, and the same seed finds it again.
    let script = "start\ntype username thrower\ntype password $password\nraw Connect\n";
    let bad = bench.random(&["7", "20", "--no-nulls"], Some(script));
    assert_eq!(bad.code, 1, "{}", bad.text);
    assert!(bad.text.contains(r#""reason":"a call returned a credential""#), "{}", bad.text);
    assert_eq!(bench.random(&["7", "20", "--no-nulls"], Some(script)).text, bad.text);
}
