//! `exec`: a program, and what it starts, in the world.
#![cfg(windows)]
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, reason = "tests")]

mod bench;

use std::io::Write;
use std::process::{Command, Stdio};

use bench::{Bench, host};

#[test]
fn exit_code_and_standard_handles_pass_through() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_logon-host"))
        .args(["exec", "cmd", "/c", "more & exit 5"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(b"hello\r\n").unwrap();
    let ended = child.wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(5));
    assert!(String::from_utf8_lossy(&ended.stdout).contains("hello"));
}

#[test]
fn what_cannot_be_started() {
    assert_eq!(host(&["exec", "no-such-program-anywhere"]).code, 127);
    assert_eq!(host(&["exec", "--world", "no-such-world.json", "cmd", "/c", "ver"]).code, 2);
    assert_eq!(host(&["exec"]).code, 2);
}

#[test]
fn accounts_and_names_are_the_world_s_also_for_children() {
    let bench = Bench::new("exec-accounts");
    let logon = ["logon:anna,right horse", "logon:anna,wrong", "logon:nobody,x", "logon:olga,old coat"];
    assert_eq!(bench.probe(&logon), ["0", "1326", "1326", "1331"]);
    assert_eq!(bench.probe(&["host", "child:host", "child:logon:anna,wrong"]), ["WS01", "WS01", "1326"]);
    // The next generation too.
    assert_eq!(bench.probe(&["child:child:host"]), ["WS01"]);
}

#[test]
fn access_control_lists_read_back_and_stay_with_their_file() {
    let bench = Bench::new("exec-acl");
    let (first, second) = (bench.path("first"), bench.path("second"));
    let ask = |question: &str, path: &str| bench.probe(&[&format!("{question}:{path}")]).remove(0);
    assert_eq!(ask("write", &first), "ok");
    assert!(ask("acl", &first).contains("BU)"), "what nobody protected is open to everybody");
    assert_eq!(ask("protect", &first), "0");
    let protected = "O:BAD:P(A;;GA;;;SY)(A;;GA;;;BA)";
    assert_eq!(ask("acl", &first), protected);
    assert_eq!(ask("move", &format!("{first},{second}")), "1");
    assert_eq!(ask("acl", &second), protected);
    assert_eq!(ask("acl", &first), "2", "it is gone");
    assert_eq!(ask("write", &first), "ok");
    assert!(ask("acl", &first).contains("BU)"));
}

#[test]
fn clocks_network_and_events() {
    let world = r#"{"uptime_s": 5000, "time_offset_s": 3155695200, "network": "silent"}"#;
    let bench = Bench::new("exec-clocks").with_world(world);
    let answers = bench.probe(&["uptime", "connect", "uptime", "year", "event:It was I."]);
    let number = |at: usize| answers[at].parse::<u64>().unwrap();
    assert!((5000..5060).contains(&number(0)), "{answers:?}");
    assert_eq!(answers[1], "12002");
    assert!(
        (number(0) + 5..number(0) + 60).contains(&number(2)),
        "the time-out passed virtually: {answers:?}"
    );
    assert!(number(3) > 2100, "{answers:?}");
    let events = std::fs::read_to_string(bench.0.join("world.state").join("events.jsonl")).unwrap();
    assert!(events.contains(r#""source":"PROBE""#) && events.contains("It was I."), "{events}");
    let down = Bench::new("exec-down").with_world(r#"{"network": "no-dns"}"#);
    assert_eq!(down.probe(&["connect"]), ["12007"]);
}

#[test]
fn a_restart_ends_volatile_keys() {
    let key = format!(r"volatile:SOFTWARE\LogonHostTest{}", std::process::id());
    let first = Bench::new("exec-boot").with_world(r#"{"boot_id": 1}"#);
    assert_eq!(first.probe(&[&key]), ["1"], "made");
    assert_eq!(first.probe(&[&key]), ["2"], "stood there");
    let second = first.with_world(r#"{"boot_id": 2}"#);
    assert_eq!(second.probe(&[&key]), ["1"], "made again");
    second.with_world(r#"{"boot_id": 3}"#).probe(&["host"]);
}

#[test]
fn starts_and_written_entries_are_read_back() {
    let ask = ["starts", "safe-starts", "event:It was I.", "entries:PROBE", "entries:OTHER"];
    let first = Bench::new("exec-starts").with_world(r#"{"boot_id": 1}"#);
    assert_eq!(first.probe(&ask), ["1 0", "0 ", "1", "1 It was I.", "0 "]);
    let safe = first.with_world(r#"{"boot_id": 2, "safe_mode": true}"#);
    assert_eq!(safe.probe(&["starts", "safe-starts", "safe-starts"]), ["2 1", "1 1", "1 1"]);
    let again = safe.with_world(r#"{"boot_id": 3}"#);
    assert_eq!(again.probe(&["starts", "safe-starts"]), ["3 0", "1 1"], "the newest was no safe mode");
}
