//! kill -9 at any moment, also between the commit and the answer: what was answered is there, once,
//! with its row in the audit, and asking again gives the same answer.

use crate::client::{Newcomer, Reply, Sent, Signing, domain_account, new_logon, random, split, with_code};
use crate::world::Totp;
use agent::keys::MachineKey;
use axum::http::{HeaderMap, HeaderName, StatusCode};
use http_body_util::BodyExt as _;
use protocol::id::{LogonId, MachineId, ServiceId};
use protocol::keys::KeyList;
use protocol::signing::Tag;
use protocol::v2::{Answer, LogonRequest, path};
use serde_json::Value;
use server::sealing::{KeyText, Sealer};
use server::store::{Store, Use};
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

const PROGRAM: &str = env!("CARGO_BIN_EXE_trasa-server");

fn run(data: &Path, arguments: &[&str]) -> Value {
    let output = Command::new(PROGRAM)
        .args(arguments)
        .args(["--json", "--data"])
        .arg(data)
        .env_remove("TRASA_SEALING_KEY")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(output.status.success(), "{arguments:?}: {output:?}");
    serde_json::from_slice(&output.stdout).unwrap()
}

struct Running {
    child: Child,
    address: String,
}

impl Running {
    fn start(data: &Path, ready: &PathBuf) -> Self {
        let _ = std::fs::remove_file(ready);
        let child = Command::new(PROGRAM)
            .args(["serve", "--listen", "127.0.0.1:0", "--listen-proxy", "127.0.0.1:0", "--ready-file"])
            .arg(ready)
            .arg("--data")
            .arg(data)
            .env_remove("TRASA_SEALING_KEY")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut running = Self { child, address: String::new() };
        let started = Instant::now();
        while running.address.is_empty() {
            assert!(started.elapsed() < Duration::from_secs(30), "the server did not start");
            std::thread::sleep(Duration::from_millis(10));
            if let Ok(json) = std::fs::read(ready) {
                let ready: Value = serde_json::from_slice(&json).unwrap();
                ready["listen_proxy"].as_str().unwrap().clone_into(&mut running.address);
            }
        }
        running
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // SIGKILL, and only to the process that was started here.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// One request over a connection of its own; `None` where the answer did not come whole.
fn exchange(address: &str, sent: Sent) -> Option<(Reply, Sent)> {
    let (http, sent) = split(sent);
    let (parts, body) = http.into_parts();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let body = runtime.block_on(body.collect()).unwrap().to_bytes();
    let mut head = format!("{} {} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n", parts.method, parts.uri);
    for (name, value) in &parts.headers {
        head.push_str(&format!("{name}: {}\r\n", value.to_str().unwrap()));
    }
    head.push_str(&format!("content-length: {}\r\n\r\n", body.len()));
    let mut stream = TcpStream::connect(address).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream.write_all(head.as_bytes()).ok()?;
    stream.write_all(&body).ok()?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).ok()?;
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n")?;
    let head = std::str::from_utf8(&answer[..end]).ok()?;
    let mut lines = head.split("\r\n");
    let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
    let mut headers = HeaderMap::new();
    for line in lines {
        let (name, value) = line.split_once(": ")?;
        headers.insert(name.parse::<HeaderName>().ok()?, value.parse().ok()?);
    }
    let length: usize = headers.get("content-length")?.to_str().ok()?.parse().ok()?;
    let body = answer[end + 4..].to_vec();
    let reply = Reply { status: StatusCode::from_u16(status).ok()?, headers, body };
    (reply.body.len() == length).then_some((reply, sent))
}

struct Machine {
    key: MachineKey,
    id: MachineId,
    list: KeyList,
}

impl Machine {
    /// `None` where no whole answer came.
    fn logon(&self, address: &str, id: LogonId, request: &LogonRequest) -> Option<Answer> {
        let body = serde_json::to_vec(request).unwrap();
        let target = path::logon(id);
        let how = (Tag::Request, &Signing::default());
        let sent = crate::client::signed(("PUT", &target, ""), &body, &self.key.signer(self.id), how);
        let (reply, sent) = exchange(address, sent)?;
        Some(reply.authentic(&sent, &self.list))
    }
}

#[test]
fn kill_9_between_audit_row_and_answer_loses_and_doubles_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (data, ready) = (folder.path().join("data"), folder.path().join("ready"));
    let recovery = folder.path().join("recovery.key");
    run(&data, &["init", "--host", "localhost", "--recovery-out", recovery.to_str().unwrap()]);
    let service = run(&data, &["service", "add", "Workstations"]);
    let text = |value: &Value, name: &str| value[name].as_str().unwrap().to_owned();
    let mut people = Vec::new();
    for n in 0..6 {
        let name = format!("user{n}");
        run(&data, &["user", "add", &name, "--email", &format!("{name}@acme.example")]);
        let device = run(&data, &["device", "add-totp", &name]);
        let secret = totp_rs::Secret::try_from_base32(text(&device, "secret")).unwrap();
        let account = format!("ACME\\{name}");
        run(&data, &["access", "grant", "--user", &name, "--service", "Workstations", "--account", &account]);
        people.push((name, Totp::new(secret.as_bytes().try_into().unwrap())));
    }
    let running = Running::start(&data, &ready);
    let new = Newcomer::new(
        ServiceId::parse(&text(&service, "service_id")).unwrap(),
        &text(&service, "service_key"),
        "PC-07",
    );
    let (reply, _) = exchange(&running.address, new.sent(&Signing::default())).unwrap();
    let Answer::Admitted(admitted) = reply.answer() else { panic!("not admitted: {reply:?}") };
    let list = protocol::keys::follow(&admitted.anchor, None, &admitted.keys, agent::keys::P256Verifier::new)
        .unwrap();
    let machine = Machine { key: new.key, id: admitted.machine, list };
    drop(running);

    let (mut cut_off, mut kept) = (0_i64, 0_i64);
    for (name, totp) in &people {
        let running = Running::start(&data, &ready);
        let address = running.address.clone();
        let asked: Mutex<Vec<(LogonId, LogonRequest, Option<Answer>)>> = Mutex::default();
        std::thread::scope(|scope| {
            for thread in 0..6 {
                let (machine, asked, address) = (&machine, &asked, &address);
                scope.spawn(move || {
                    for n in 0.. {
                        // One right code among many that decide nothing about it.
                        let (who, code) = if (thread, n) == (0, 5) {
                            (name.as_str(), totp.code(0))
                        } else {
                            ("nobody", "000000".to_owned())
                        };
                        let request = with_code(domain_account(name), Some(who), &code);
                        let id = new_logon();
                        let answer = machine.logon(address, id, &request);
                        let gone = answer.is_none();
                        asked.lock().unwrap().push((id, request, answer));
                        if gone {
                            break;
                        }
                    }
                });
            }
            std::thread::sleep(Duration::from_millis(150 + u64::from(random::<1>()[0])));
            drop(running);
        });
        let running = Running::start(&data, &ready);
        for (id, request, answer) in asked.into_inner().unwrap() {
            let again = machine.logon(&running.address, id, &request);
            match answer {
                Some(answer) => {
                    assert_eq!(again, Some(answer));
                    kept += 1;
                }
                // Nobody knows whether it was decided; asked again it is decided, and once.
                None => {
                    assert!(matches!(again, Some(Answer::Decision(_))), "{again:?}");
                    cut_off += 1;
                }
            }
        }
    }
    assert!(kept > 20 && cut_off >= 6, "{kept} answered, {cut_off} cut off");
    let sealer = Sealer::new(&KeyText::load(&data).unwrap()).unwrap();
    let store = Store::open(&data, sealer, Use::Command).unwrap();
    let count =
        |query: &str| -> i64 { store.read(|read| Ok(read.query_row(query, [], |row| row.get(0))?)).unwrap() };
    assert_eq!(count("SELECT count(*) FROM logons"), kept + cut_off);
    assert_eq!(count("SELECT count(*) FROM audit WHERE kind = 'logon'"), kept + cut_off);
    assert_eq!(count("SELECT count(DISTINCT subject) FROM audit WHERE kind = 'logon'"), kept + cut_off);
    drop(store);
    run(&data, &["audit", "verify"]);
}
