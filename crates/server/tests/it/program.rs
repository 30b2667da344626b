//! The program as people start it: its folder, its refusals, and kill -9 at any moment.

use serde_json::Value;
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

pub struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    pub fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_trasa-server"));
        command.current_dir(self.folder.path()).env_remove("TRASA_DATA").env_remove("TRASA_SEALING_KEY");
        command.args(arguments).stdin(Stdio::null());
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    pub fn json(&self, arguments: &[&str]) -> Value {
        let output = self.command(arguments).arg("--json").output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        serde_json::from_slice(&output.stdout).unwrap()
    }

    pub fn refused(&self, arguments: &[&str]) -> (i32, Value) {
        let output = self.command(arguments).arg("--json").output().unwrap();
        let error =
            serde_json::from_slice(&output.stderr).unwrap_or_else(|_| panic!("{arguments:?}: {output:?}"));
        (output.status.code().unwrap(), error)
    }

    pub fn init(&self) {
        let output = self.run(&["init", "--host", "localhost"]);
        assert!(output.status.success(), "{output:?}");
    }
}

/// Every file below a folder, with its content.
fn snapshot(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(snapshot(&path));
        } else {
            files.push((path.clone(), fs::read(&path).unwrap()));
        }
    }
    files.sort();
    files
}

#[test]
fn a_second_init_refuses_and_changes_nothing() {
    let place = Place::new();
    place.init();
    let before = snapshot(place.folder.path());
    for arguments in [
        ["init", "--host", "other.example", "--recovery-out", "new.key"].as_slice(),
        &["init"],
        &["restore", "trasa-recovery.key", "--recovery-key", "trasa-recovery.key"],
    ] {
        let (code, error) = place.refused(arguments);
        assert_eq!(code, 1);
        assert_eq!(error["code"], "already_initialised", "{error}");
    }
    // Another folder, and the recovery key of the first one in the way.
    let (code, error) = place.refused(&["init", "--data", "second"]);
    assert_eq!((code, error["code"].as_str()), (1, Some("recovery_key_exists")));
    assert_eq!(snapshot(place.folder.path()), before);
}

#[test]
fn what_init_makes_is_private() {
    let place = Place::new();
    place.init();
    let mode = |name: &str| fs::metadata(place.path(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode("trasa-data"), 0o700);
    for file in
        ["trasa-data/sealing.key", "trasa-data/trasa.db", "trasa-data/tls-key.pem", "trasa-recovery.key"]
    {
        assert_eq!(mode(file), 0o600, "{file}");
    }
}

#[test]
fn odd_hosts_and_addresses_are_usage_errors() {
    let place = Place::new();
    for host in ["", "a b", "a\u{202e}b", "https://trasa", "trasa:443", "\u{ff54}rasa"] {
        let (code, _) = place.refused(&["init", "--host", host]);
        assert_eq!(code, 2, "{host}");
    }
    for url in ["http://trasa", "trasa", "https://", "https://user@trasa", "https://trasa/path"] {
        let (code, _) = place.refused(&["init", "--public-url", url]);
        assert_eq!(code, 2, "{url}");
    }
    assert!(snapshot(place.folder.path()).is_empty());
}

#[test]
fn kill_9_in_the_middle_of_init_leaves_no_folder_that_looks_used() {
    let mut finished = 0;
    for attempt in 0..30 {
        let place = Place::new();
        let mut child =
            place.command(&["init", "--host", "localhost"]).stdout(Stdio::null()).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(attempt));
        child.kill().unwrap();
        child.wait().unwrap();
        if place.path("trasa-data").exists() {
            // The folder is there: it is whole, and so is its recovery key.
            place.json(&["key", "confirm-recovery", "--recovery-key", "trasa-recovery.key"]);
            finished += 1;
        } else {
            let output = place.run(&["init", "--host", "localhost", "--recovery-out", "again.key"]);
            assert!(output.status.success(), "{output:?}");
        }
    }
    assert!(finished < 30, "no attempt was cut off");
}

#[test]
fn kill_9_between_write_and_answer_loses_nothing_that_was_answered() {
    let place = Place::new();
    place.init();
    let mut answered = Vec::new();
    for attempt in 0..40 {
        let (name, email) = (format!("user{attempt}"), format!("user{attempt}@example.org"));
        let mut child = place
            .command(&["user", "add", &name, "--email", &email, "--json"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_millis(attempt));
        child.kill().unwrap();
        let output = child.wait_with_output().unwrap();
        if let Ok(shown) = serde_json::from_slice::<Value>(&output.stdout) {
            answered.push(shown["user_id"].as_str().unwrap().to_owned());
        }
    }
    let ids = |rows: &Value, field: &str| {
        let mut ids: Vec<String> =
            rows.as_array().unwrap().iter().map(|row| row[field].as_str().unwrap().to_owned()).collect();
        ids.sort();
        ids
    };
    let users = ids(&place.json(&["user", "list"]), "user_id");
    let audited = ids(&place.json(&["audit", "list", "--kind", "user.add", "--most", "1000"]), "subject");
    assert_eq!(users, audited, "a change and its audit row stand or fall together");
    for id in &answered {
        assert!(users.contains(id), "{id} was answered and is gone");
    }
    assert!(answered.len() < 40 && users.len() >= answered.len());
}

/// A server that is ended with the test.
pub struct Serving {
    child: Child,
    pub tls: String,
    proxy: String,
    log: PathBuf,
}

impl Serving {
    pub fn start(place: &Place) -> Self {
        Self::start_logging(place, "info")
    }

    pub fn start_logging(place: &Place, level: &str) -> Self {
        let ready = place.path("ready.json");
        let _ = fs::remove_file(&ready);
        let child = place
            .command(&["serve", "--listen", "127.0.0.1:0", "--listen-proxy", "127.0.0.1:0", "--ready-file"])
            .arg(&ready)
            .env("TRASA_LOG", level)
            .stdout(Stdio::null())
            .stderr(fs::File::create(place.path("log")).unwrap())
            .spawn()
            .unwrap();
        let mut serving = Self { child, tls: String::new(), proxy: String::new(), log: place.path("log") };
        let begun = Instant::now();
        while serving.proxy.is_empty() {
            assert!(begun.elapsed() < Duration::from_secs(20), "the server is not ready");
            std::thread::sleep(Duration::from_millis(10));
            let addresses =
                fs::read(&ready).ok().and_then(|json| serde_json::from_slice::<Value>(&json).ok());
            if let Some(addresses) = addresses {
                serving.tls = addresses["listen"].as_str().unwrap().to_owned();
                serving.proxy = addresses["listen_proxy"].as_str().unwrap().to_owned();
            }
        }
        serving
    }

    pub fn exchange(&self, request: &[u8]) -> String {
        let mut stream = TcpStream::connect(&self.proxy).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let _ = stream.write_all(request);
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        String::from_utf8_lossy(&answer).into_owned()
    }

    /// SIGTERM; answers the exit code and what was logged.
    pub fn stop(mut self) -> (Option<i32>, String) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").arg(&id).status().unwrap().success());
        let code = self.child.wait().unwrap().code();
        (code, fs::read_to_string(&self.log).unwrap())
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_running_server_notices_commands_and_drains() {
    let place = Place::new();
    place.init();
    let server = Serving::start(&place);
    let health = server.exchange(b"GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    assert!(health.starts_with("HTTP/1.1 200"), "{health}");
    let rotated = place.json(&["key", "rotate"]);
    place.json(&["cert", "renew"]);
    std::thread::sleep(Duration::from_millis(1500));
    // The segments that were closed after the rotation are signed by the new key.
    let verified = place.json(&["audit", "verify"]);
    assert_eq!(verified["open_rows"], 0, "{verified}");
    let export = place.run(&["audit", "export"]);
    let head = String::from_utf8(export.stdout).unwrap().lines().last().unwrap().to_owned();
    let head: Value = serde_json::from_str(&head).unwrap();
    assert_eq!(head["head"]["key_id"], rotated["key_id"]);
    let (code, log) = server.stop();
    assert_eq!(code, Some(0), "{log}");
    assert!(log.contains("New keys are in use") && log.contains("A new certificate is in use"), "{log}");
}

#[test]
fn malformed_requests_are_refused_and_the_next_one_is_served() {
    let place = Place::new();
    place.init();
    let server = Serving::start(&place);
    let long = format!("GET / HTTP/1.1\r\nx: {}\r\n\r\n", "a".repeat(100_000));
    for garbage in [b"\x16\x03\x01\x02\x00".as_slice(), b"nonsense\r\n\r\n", long.as_bytes()] {
        let answer = server.exchange(garbage);
        assert!(!answer.starts_with("HTTP/1.1 2"), "{answer}");
    }
    let health = server.exchange(b"GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    assert!(health.starts_with("HTTP/1.1 200"), "{health}");
}

#[test]
fn the_start_stops_with_one_sentence_that_says_what_to_do() {
    let check = |damage: &dyn Fn(&Place), says: &str| {
        let place = Place::new();
        place.init();
        damage(&place);
        let output = place.run(&["serve", "--listen", "127.0.0.1:0"]);
        let shown = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{shown}");
        assert_eq!(shown.trim_end().lines().count(), 1, "{shown}");
        assert!(shown.contains(says), "{says:?} is not in {shown}");
    };
    let mode = |name: &'static str, mode: u32| {
        move |place: &Place| fs::set_permissions(place.path(name), fs::Permissions::from_mode(mode)).unwrap()
    };
    check(&|place| fs::remove_dir_all(place.path("trasa-data")).unwrap(), "trasa-server init");
    check(&|place| fs::remove_file(place.path("trasa-data/sealing.key")).unwrap(), "put the file back");
    check(&|place| fs::write(place.path("trasa-data/sealing.key"), "nonsense").unwrap(), "put back the file");
    check(
        &|place| {
            let other = format!("trasa-sealing-key-1 {}", "A".repeat(43));
            fs::write(place.path("trasa-data/sealing.key"), other).unwrap();
        },
        "put back the right sealing.key",
    );
    check(&mode("trasa-data/sealing.key", 0o644), "chmod 600");
    check(&mode("trasa-data/tls-key.pem", 0o644), "chmod 600");
    check(&mode("trasa-data", 0o755), "chmod 700");
    check(&|place| fs::write(place.path("trasa-data/trasa.db"), "nonsense").unwrap(), "trasa-server restore");
    check(&|place| fs::remove_file(place.path("trasa-data/tls-cert.pem")).unwrap(), "cert renew");
    check(&|place| fs::write(place.path("trasa-data/tls-cert.pem"), "nonsense").unwrap(), "cert renew");
    check(&|place| fs::write(place.path("trasa-data/tls-key.pem"), "nonsense").unwrap(), "cert renew");
    check(
        &|place| {
            // Another server's certificate and key: sound, and not in the key list.
            let other = Place::new();
            other.init();
            for name in ["trasa-data/tls-cert.pem", "trasa-data/tls-key.pem"] {
                fs::copy(other.path(name), place.path(name)).unwrap();
            }
        },
        "key accept-tls",
    );
}

#[test]
fn doctor_names_what_is_wrong() {
    let place = Place::new();
    place.init();
    let finding = |findings: &Value, check: &str| {
        let found = findings.as_array().unwrap().iter().find(|finding| finding["check"] == check).unwrap();
        found["level"].as_str().unwrap().to_owned()
    };
    assert_eq!(finding(&place.json(&["doctor"]), "recovery"), "warning");
    place.json(&["key", "confirm-recovery", "--recovery-key", "trasa-recovery.key"]);
    assert_eq!(finding(&place.json(&["doctor"]), "recovery"), "warning", "it still lies beside the folder");
    fs::create_dir(place.path("safe")).unwrap();
    fs::rename(place.path("trasa-recovery.key"), place.path("safe/trasa-recovery.key")).unwrap();
    assert_eq!(finding(&place.json(&["doctor"]), "recovery"), "ok");
    fs::set_permissions(place.path("trasa-data/trasa.db"), fs::Permissions::from_mode(0o644)).unwrap();
    let output = place.run(&["doctor", "--json"]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(finding(&serde_json::from_slice(&output.stdout).unwrap(), "permissions"), "problem");
}

#[test]
fn the_recovery_key_of_another_server_is_refused() {
    let place = Place::new();
    place.init();
    let other = Place::new();
    other.init();
    fs::copy(other.path("trasa-recovery.key"), place.path("other.key")).unwrap();
    for command in ["recover", "confirm-recovery"] {
        let (code, error) = place.refused(&["key", command, "--recovery-key", "other.key"]);
        assert_eq!((code, error["code"].as_str()), (1, Some("recovery_key")));
    }
    assert_eq!(place.json(&["key", "list"])["epoch"], 0);
}

#[test]
fn the_sealing_key_can_come_from_the_environment() {
    let place = Place::new();
    let key = format!("trasa-sealing-key-1 {}", "A".repeat(43));
    let with = |arguments: &[&str]| place.command(arguments).env("TRASA_SEALING_KEY", &key).output().unwrap();
    assert!(with(&["init", "--host", "localhost"]).status.success());
    assert!(!place.path("trasa-data/sealing.key").exists());
    assert!(with(&["key", "list"]).status.success());
    let (code, error) = place.refused(&["key", "list"]);
    assert_eq!((code, error["code"].as_str()), (1, Some("sealing")));
}

#[test]
fn what_ends_soon_is_alarmed_once() {
    let place = Place::new();
    place.init();
    let soon = jiff::Timestamp::from_second(server::clock::now() + 5 * 86_400).unwrap();
    let added = place.json(&["policy", "add", "ending", "--expires", &soon.to_string()]);
    for _ in 0..2 {
        let server = Serving::start(&place);
        std::thread::sleep(Duration::from_millis(500));
        server.stop();
        let alarms = place.json(&["audit", "list", "--kind", "alarm"]);
        let alarms = alarms.as_array().unwrap();
        assert_eq!(alarms.len(), 1, "{alarms:?}");
        assert_eq!(alarms[0]["details"]["alarm"], "policy_ends");
        assert_eq!(alarms[0]["details"]["days"], 7);
        assert_eq!(alarms[0]["subject"], added["policy_id"]);
    }
}

#[test]
fn secrets_are_in_no_log_and_no_output_but_the_one_that_shows_them() {
    let place = Place::new();
    place.init();
    let server = Serving::start_logging(&place, "trace");
    let service = place.json(&["service", "add", "office"]);
    place.json(&["user", "add", "ann", "--email", "ann@example.org"]);
    let device = place.json(&["device", "add-totp", "ann"]);
    place.json(&["key", "rotate"]);
    place.json(&["key", "recover", "--recovery-key", "trasa-recovery.key"]);
    place.json(&["backup", "backup"]);
    std::thread::sleep(Duration::from_millis(1200));
    let mut shown = String::new();
    for command in [
        ["key", "list"].as_slice(),
        &["service", "list"],
        &["device", "list"],
        &["audit", "list"],
        &["audit", "export"],
        &["doctor"],
        &["user", "list", "--json"],
    ] {
        let output = place.run(command);
        assert!(output.status.success(), "{command:?}: {output:?}");
        shown.push_str(&String::from_utf8(output.stdout).unwrap());
        shown.push_str(&String::from_utf8(output.stderr).unwrap());
    }
    let (_, log) = server.stop();
    assert!(log.contains("New keys are in use"), "{log}");
    shown.push_str(&log);
    let read = |name: &str| fs::read_to_string(place.path(name)).unwrap();
    let pem_line = |name: &str| read(name).lines().rev().nth(1).unwrap().to_owned();
    let secrets = [
        read("trasa-data/sealing.key").trim().rsplit(' ').next().unwrap().to_owned(),
        pem_line("trasa-data/tls-key.pem"),
        pem_line("trasa-recovery.key"),
        service["service_key"].as_str().unwrap().split('.').next().unwrap().to_owned(),
        device["secret"].as_str().unwrap().to_owned(),
    ];
    let stored = [place.path("backup"), place.path("trasa-data/trasa.db")]
        .map(|path| fs::read(path).unwrap())
        .concat();
    for secret in secrets {
        assert!(secret.len() > 15, "{secret}");
        assert!(!shown.contains(&secret), "a secret was shown");
        assert!(
            !stored.windows(secret.len()).any(|window| window == secret.as_bytes()),
            "a secret is stored in clear"
        );
    }
}
