//! Version 1 as administrators use it and as the network carries it.

use crate::program::{Place, Serving};
use serde_json::Value;
use std::io::Write as _;
use std::process::Stdio;
use std::time::{Duration, Instant};

const DAY: i64 = 86_400;
const ORIGINAL_ID: &str = "5c5aa05f-1a4f-4ba9-a7d6-6f3ca2ba0bc4";

fn in_days(days: i64) -> String {
    jiff::Timestamp::from_second(server::clock::now() + days * DAY).unwrap().to_string()
}

/// Runs a command with a text on standard input; exit code, and standard output or error.
fn with_input(place: &Place, arguments: &[&str], input: &str) -> (i32, String) {
    let mut child = place
        .command(arguments)
        .arg("--json")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A program that refuses before it reads closes the pipe.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let output = child.wait_with_output().unwrap();
    let shown = if output.status.success() { output.stdout } else { output.stderr };
    (output.status.code().unwrap(), String::from_utf8(shown).unwrap())
}

fn post(path: &str, body: &str) -> Vec<u8> {
    format!(
        "POST {path} HTTP/1.1\r\nHost: trasa\r\nUser-Agent: x\r\nAccept: */*\r\nContent-Type: application/json\r\n\
         Connection: close\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

fn finding(place: &Place, check: &str) -> Vec<String> {
    let output = place.run(&["doctor", "--json"]);
    let findings: Value = serde_json::from_slice(&output.stdout).unwrap();
    let of_check = |finding: &&Value| finding["check"] == check;
    findings
        .as_array()
        .unwrap()
        .iter()
        .filter(of_check)
        .map(|finding| {
            format!("{}: {}", finding["level"].as_str().unwrap(), finding["message"].as_str().unwrap())
        })
        .collect()
}

/// The bytes of an answer as they are on the wire: status line, the original's headers, the body.
#[test]
fn the_wire_carries_the_originals_bytes() {
    let place = Place::new();
    place.init();
    place.json(&["service", "add", "office"]);
    let opened = place.json(&["service", "allow-v1", "office", "--until", &in_days(90), "--pass-through"]);
    let (id, key) = (opened["service_id"].as_str().unwrap(), opened["v1_key"].as_str().unwrap());
    let server = Serving::start(&place);
    let body =
        format!(r#"{{"serviceID":"{id}","serviceKey":"{key}","user":"ACME\\eve","workstation":"PC-07"}}"#);
    let answer = server.exchange(&post("/auth/agent/win", &body));
    let (head, content) = answer.split_once("\r\n\r\n").unwrap();
    let expect =
        r#"{"status":"success","reason":"passthru authentication","intent":"agent-login","data":[null]}"#;
    assert_eq!(content, expect);
    let mut lines: Vec<&str> = head.split("\r\n").filter(|line| !line.starts_with("date: ")).collect();
    assert_eq!(lines.remove(0), "HTTP/1.1 200 OK");
    lines.sort_unstable();
    let length = format!("content-length: {}", expect.len());
    let headers =
        ["cache-control: no-store, pragma", "connection: close", &length, "content-type: application/json"];
    assert_eq!(lines, headers);

    // In chunks, as some clients send it, and to the check.
    let chunked = format!(
        "POST /auth/agent/checkconfig HTTP/1.1\r\nhost: x\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n\
         {:x}\r\n{body}\r\n0\r\n\r\n",
        body.len()
    );
    assert!(server.exchange(chunked.as_bytes()).ends_with(
        r#"{"status":"success","reason":"valid integration data","intent":"service config check successful","data":[null]}"#
    ));
    // More than is read: an answer all the same, and the next one is served.
    let long = server.exchange(&post("/auth/agent/nix", &"x".repeat(100_000)));
    assert!(long.starts_with("HTTP/1.1 200 OK\r\n") && long.contains("invalid request"), "{long}");
    // What a command changes counts with the next request.
    place.json(&["service", "deny-v1", "office"]);
    let denied = server.exchange(&post("/api/v1/remote/auth/win", &body));
    assert!(denied.ends_with(
        r#"{"status":"failed","reason":"invalid service integration details","intent":"AgentLogin","data":[null]}"#
    ));
    let logons = place.json(&["logon", "list"]);
    let reasons: Vec<&str> =
        logons.as_array().unwrap().iter().map(|row| row["reason"].as_str().unwrap()).collect();
    assert_eq!(reasons, ["v1_closed", "pass_through"]);
    assert_eq!(logons[1]["machine"], "PC-07");
    assert_eq!(logons[1]["protocol"], "v1");
    assert_eq!(logons[1]["machine_id"], Value::Null);
    let code = logons[1]["short_code"].as_str().unwrap();
    let shown = place.json(&["logon", "show", code]);
    assert_eq!(shown[0]["facts"]["claimed_machine"], "PC-07");
    let (status, log) = server.stop();
    assert_eq!(status, Some(0), "{log}");
}

#[test]
fn an_administrator_opens_takes_over_and_closes_version_1() {
    let place = Place::new();
    place.init();
    let service = place.json(&["service", "add", "office"]);
    assert_eq!(place.json(&["service", "show", "office"])["v1"], Value::Null);
    let until = in_days(90);
    let import =
        ["service", "import", "office", "--service-id", ORIGINAL_ID, "--v1-key-stdin", "--until", &until];
    assert_eq!(with_input(&place, &import[..5], "k").0, 2, "an end and the key's way are asked for");
    for (input, exit) in [("", 2), ("\n", 2), ("a\nb", 2), (service["service_key"].as_str().unwrap(), 2)] {
        let (code, shown) = with_input(&place, &import, input);
        assert_eq!(code, exit, "{shown}");
    }
    let missing = [
        "service",
        "import",
        "3q2-7wAAAAAAAAAAAAAAAA",
        "--service-id",
        ORIGINAL_ID,
        "--v1-key-stdin",
        "--until",
        &until,
    ];
    assert!(with_input(&place, &missing, "key").1.contains("not_found"));
    let (code, shown) = with_input(&place, &import, "the original's key\r\n");
    assert_eq!((code, shown.trim()), (0, format!(r#"{{"service_id":"{ORIGINAL_ID}"}}"#).as_str()));

    let opened =
        place.json(&["service", "allow-v1", "office", "--until", "2999-01-31T18:00", "--pass-through"]);
    assert_eq!(
        (&opened["service_id"], &opened["v1_key"]),
        (&ORIGINAL_ID.into(), &"the original's key".into())
    );
    let server = Serving::start(&place);
    let body = format!(r#"{{"serviceID":"{ORIGINAL_ID}","serviceKey":"the original's key"}}"#);
    assert!(server.exchange(&post("/auth/agent/checkconfig", &body)).contains("valid integration data"));
    let shown = place.json(&["service", "show", "office"]);
    let v1 = &shown["v1"];
    assert_eq!((&v1["service_id"], &v1["pass_through"]), (&ORIGINAL_ID.into(), &true.into()));
    assert_eq!((&v1["until"], &v1["denied"]), (&32_474_800_800_i64.into(), &Value::Null));
    assert_eq!(v1["callers"][0]["machine"], Value::Null);
    assert_eq!((&v1["callers"][0]["address"], &v1["callers"][0]["calls"]), (&"127.0.0.1".into(), &1.into()));
    assert_eq!(v1["last_call"], v1["callers"][0]["last"]);
    assert_eq!(place.json(&["service", "list"])[0]["v1"]["last_call"], v1["last_call"]);
    for words in [["service", "show", "office"].as_slice(), &["service", "list"]] {
        let text = String::from_utf8(place.run(words).stdout).unwrap();
        assert!(text.contains("until 2999-01-31T18:00:00Z, with pass-through, last call 2"), "{text}");
    }
    let found = finding(&place, "version 1");
    assert!(found[0].starts_with("warning: \"office\" serves original agents for"), "{found:?}");
    assert!(found[1].contains("accounts pass that no access names"), "{found:?}");

    place.json(&["service", "deny-v1", "office"]);
    assert_eq!(place.refused(&["service", "deny-v1", "office"]).1["code"], "v1_closed");
    assert_eq!(finding(&place, "version 1"), ["ok: no service serves original agents"]);
    std::thread::sleep(Duration::from_millis(1100));
    assert!(server.exchange(&post("/auth/agent/checkconfig", &body)).contains("invalid service ID"));
    let found = finding(&place, "version 1");
    assert!(found[0].contains("machines still call \"office\""), "{found:?}");
    for until in ["2020-01-01", "2020-01-01T00:00:00Z"] {
        let (code, error) = place.refused(&["service", "allow-v1", "office", "--until", until]);
        assert_eq!((code, error["code"].as_str()), (1, Some("until_past")));
    }
    assert_eq!(with_input(&place, &import, "the original's key").0, 0, "the way back");
    assert!(server.exchange(&post("/auth/agent/checkconfig", &body)).contains("valid integration data"));
}

#[test]
fn the_end_of_version_1_is_announced_and_alarmed_once() {
    let place = Place::new();
    place.init();
    for (name, end) in [("soon", in_days(5)), ("later", in_days(400))] {
        place.json(&["service", "add", name]);
        place.json(&["service", "allow-v1", name, "--until", &end]);
    }
    place.json(&["service", "add", "denied"]);
    place.json(&["service", "allow-v1", "denied", "--until", &in_days(5)]);
    place.json(&["service", "deny-v1", "denied"]);
    let alarms = || place.json(&["audit", "list", "--kind", "alarm"]).as_array().unwrap().clone();
    // A busy machine needs its time for the first alarm; a second one would come as soon.
    let serve_until = |count: usize| {
        let server = Serving::start(&place);
        let begun = Instant::now();
        while alarms().len() < count && begun.elapsed() < Duration::from_secs(20) {
            std::thread::sleep(Duration::from_millis(50));
        }
        std::thread::sleep(Duration::from_millis(500));
        server.stop();
        let alarms = alarms();
        assert_eq!(alarms.len(), count, "{alarms:?}");
        alarms
    };
    for _ in 0..2 {
        let alarm = &serve_until(1)[0]["details"];
        assert_eq!((&alarm["alarm"], &alarm["days"]), (&"v1_ends".into(), &7.into()));
    }
    let end = server::clock::now() + 8;
    place.json(&["service", "allow-v1", "soon", "--until", &at(end)]);
    while server::clock::now() <= end {
        std::thread::sleep(Duration::from_millis(100));
    }
    for _ in 0..2 {
        assert!(serve_until(2).iter().any(|row| row["details"]["alarm"] == "v1_over"));
    }
}

fn at(second: i64) -> String {
    jiff::Timestamp::from_second(second).unwrap().to_string()
}

/// One command takes an original fleet over; where it fails, no service is left behind.
#[test]
fn import_makes_the_service_where_there_is_none() {
    let place = Place::new();
    place.init();
    let import = |name: &str, until: &str| {
        let words =
            ["service", "import", name, "--service-id", ORIGINAL_ID, "--v1-key-stdin", "--until", until];
        with_input(&place, &words, "k3y-of-the-original").0
    };
    assert_eq!(import("Fleet", "2020-01-01"), 1);
    assert_eq!(place.json(&["service", "list"]), serde_json::json!([]));
    assert_eq!(import("Fleet", &in_days(90)), 0);
    assert_eq!(import("fleet", &in_days(60)), 0, "again, with another end");
    assert_eq!(import("Other", &in_days(60)), 1, "the id is taken");
    let services = place.json(&["service", "list"]);
    assert_eq!(services.as_array().map(Vec::len), Some(1));
    assert_eq!(
        (&services[0]["name"], &services[0]["v1"]["service_id"]),
        (&"Fleet".into(), &ORIGINAL_ID.into())
    );
}

/// The key is shown by the command that gives it out, and stands nowhere else.
#[test]
fn the_v1_key_is_sealed_and_in_no_log_and_no_other_output() {
    let place = Place::new();
    place.init();
    let server = Serving::start_logging(&place, "trace");
    place.json(&["service", "add", "office"]);
    place.json(&["service", "add", "other"]);
    let opened = place.json(&["service", "allow-v1", "office", "--until", &in_days(90)]);
    let (id, key) = (opened["service_id"].as_str().unwrap(), opened["v1_key"].as_str().unwrap());
    let imported = "kestrel-key-of-the-original";
    let import = [
        "service",
        "import",
        "other",
        "--service-id",
        ORIGINAL_ID,
        "--v1-key-stdin",
        "--until",
        "2999-01-01",
    ];
    assert_eq!(with_input(&place, &import, imported).0, 0);
    for (id, key) in [(id, key), (ORIGINAL_ID, imported), (ORIGINAL_ID, "kestrel-wrong-key"), ("none", key)] {
        for path in ["/auth/agent/checkconfig", "/auth/agent/win"] {
            let body = format!(
                r#"{{"serviceID":"{id}","serviceKey":"{key}","user":"ACME\\eve","trasaID":"kestrel-name"}}"#
            );
            server.exchange(&post(path, &body));
            server.exchange(&post(path, &body[1..]));
        }
    }
    place.json(&["backup", "backup"]);
    let mut shown = String::new();
    for command in [
        ["service", "list", "--json"].as_slice(),
        &["service", "show", "office", "--json"],
        &["logon", "list", "--json"],
        &["audit", "list", "--json"],
        &["audit", "export"],
        &["doctor"],
    ] {
        let output = place.run(command);
        shown.push_str(&String::from_utf8(output.stdout).unwrap());
        shown.push_str(&String::from_utf8(output.stderr).unwrap());
    }
    let (_, log) = server.stop();
    assert!(log.contains("A wrong key of version 1 was shown"), "{log}");
    shown.push_str(&log);
    let read = |name: &str| std::fs::read(place.path(name)).unwrap();
    let stored = [read("backup"), read("trasa-data/trasa.db")].concat();
    for secret in [key, "kestrel"] {
        assert!(!shown.contains(secret), "a secret was shown");
        assert!(!stored.windows(secret.len()).any(|bytes| bytes == secret.as_bytes()), "stored in clear");
    }
}
