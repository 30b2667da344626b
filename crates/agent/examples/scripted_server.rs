//! A server that decides nothing: it signs whatever a file says, so that every answer can be seen at the tile.
//!
//! usage: `scripted_server ANSWER_FILE TLS_KEY_SHA256`. One request a line on standard input, as
//! `{"method", "path", "headers": {…}, "body"}`; one answer a line on standard output, as `{"status", "headers", "body"}`. Whoever
//! starts it speaks HTTPS. The file is read anew for each request: see [`Script`].
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    missing_docs,
    reason = "a tool of the tests, with a clock and a file of its own"
)]

use std::collections::BTreeMap;
use std::io::BufRead as _;
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use agent::ports::{Address, Deadlines, HttpRequest, Method, Never, TlsExpectation, Transport as _};
use agent::testing::{FakeClock, FakeServer, Reply, World};
use protocol::encoding::Bytes;
use protocol::error_code::ErrorCode;
use protocol::reason::Reason;
use protocol::v1::{self, FailedReason, LogonAnswer};
use protocol::v2::{
    self, Answer, Challenge, CheckAnswer, CheckRequest, CheckedAccount, DecisionResult, ErrorBody, Feature,
    Mode, Params, Pending, ReportAnswer,
};
use serde::Deserialize;

/// What the file holds.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Script {
    /// What a logon gets.
    logon: Logon,
    /// Whether the tile has to ask for the TRASA username.
    #[serde(default)]
    ask_trasa_id: bool,
    /// Only watches, as the next report tells.
    #[serde(default)]
    watch: bool,
    /// Can ring phones, as the next admission tells.
    #[serde(default)]
    push: bool,
}

#[derive(Deserialize, Clone)]
#[serde(tag = "kind", rename_all = "lowercase")]
enum Logon {
    Allow,
    Deny {
        reason: Reason,
        #[serde(default)]
        parameters: Params,
    },
    /// Rings a phone; after so many looks it gets what stands in `then`.
    Challenge {
        number: String,
        seconds: i64,
        looks: u32,
        then: Box<Logon>,
    },
    Error {
        code: ErrorCode,
        #[serde(default)]
        parameters: Params,
    },
    Unavailable,
    /// Signed, and for another logon.
    Foreign,
    /// In version 1: refused with this word, or allowed.
    Original {
        refused: Option<FailedReason>,
    },
}

#[derive(Deserialize)]
struct Request {
    method: String,
    path: String,
    headers: BTreeMap<String, String>,
    body: String,
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let (file, tls_key) = (arguments.next().unwrap(), arguments.next().unwrap());
    let world = World::new();
    let (clock, server) = (world.clock.clone(), world.server.clone());
    let tls_key: Vec<u8> =
        (0..32).map(|at| u8::from_str_radix(&tls_key[at * 2..at * 2 + 2], 16).unwrap()).collect();
    let tls_key = Bytes(tls_key.try_into().unwrap());
    *server.tls_key.lock().unwrap() = tls_key;
    server.accept_tls(tls_key);
    println!(
        "{}",
        serde_json::json!({
            "service_id": server.service.to_string(),
            "service_key": server.service_key().to_text().as_str(),
        "v1_service_id": FakeServer::V1_SERVICE,
        "v1_service_key": FakeServer::V1_KEY,
        })
    );
    for line in std::io::stdin().lock().lines() {
        let request: Request = serde_json::from_str(&line.unwrap()).unwrap();
        println!("{}", answer(&request, Path::new(&file), &clock, &server));
    }
}

fn answer(request: &Request, file: &Path, clock: &FakeClock, server: &Arc<FakeServer>) -> serde_json::Value {
    let script: Script = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    *clock.unix.lock().unwrap() = i64::try_from(now).unwrap();
    {
        let mut settings = server.settings.lock().unwrap();
        settings.mode = if script.watch { Mode::Watch } else { Mode::Guard };
        settings.mode_until = script.watch.then_some(4_070_908_800);
    }
    *server.features.lock().unwrap() = if script.push { vec![Feature::Push] } else { Vec::new() };
    server.script(move |_, request, server| reply(&script, request, server));
    let leak = |name: &str| -> &'static str { Box::leak(name.to_ascii_lowercase().into_boxed_str()) };
    let http = HttpRequest {
        method: match request.method.as_str() {
            "GET" => Method::Get,
            "PUT" => Method::Put,
            "DELETE" => Method::Delete,
            _ => Method::Post,
        },
        path_and_query: request.path.clone(),
        headers: request.headers.iter().map(|(name, value)| (leak(name), value.clone())).collect(),
        body: request.body.clone().into_bytes(),
    };
    let deadlines = Deadlines { connect: Duration::from_secs(3), total: Duration::from_secs(10) };
    let address = Address::parse("localhost").unwrap();
    let answered =
        server.exchange(&address, &TlsExpectation::FirstContact, &http, deadlines, &Never).unwrap();
    let mut headers = BTreeMap::new();
    for (name, value) in [
        ("content-digest", answered.headers.content_digest),
        ("signature-input", answered.headers.signature_input),
        ("signature", answered.headers.signature),
    ] {
        value.map(|value| headers.insert(name, value));
    }
    let body = String::from_utf8(answered.body).unwrap();
    serde_json::json!({"status": answered.status, "headers": headers, "body": body})
}

/// So often was asked whether the phone has answered.
static LOOKS: AtomicU32 = AtomicU32::new(0);
/// Whom the logon under way is about: asking again names nobody.
static ACCOUNT: Mutex<Option<v2::Account>> = Mutex::new(None);

fn reply(script: &Script, request: &HttpRequest, server: &FakeServer) -> Reply {
    match request.path_and_query.as_str() {
        v1::path::CHECK_CONFIG => original(server, FakeServer::original(request)),
        v2::path::CHECK => Reply::Signed(Answer::Check(check(script, request, server))),
        v2::path::REPORT => Reply::Signed(Answer::Report(ReportAnswer {
            received: Vec::new(),
            settings: server.settings.lock().unwrap().clone(),
            keys: Vec::new(),
            release: false,
            time: server.now(),
        })),
        _ => logon(&script.logon, request, server),
    }
}

fn original(server: &FakeServer, envelope: String) -> Reply {
    Reply::Raw(server.raw(200, envelope.as_bytes()))
}

/// Everybody would get in with a code.
fn check(script: &Script, request: &HttpRequest, server: &FakeServer) -> CheckAnswer {
    let asked: CheckRequest = serde_json::from_slice(&request.body).unwrap();
    let accounts = asked.accounts.into_iter().map(|account| CheckedAccount {
        account,
        would_get_in: true,
        methods: vec![v2::Method::Totp],
        reason: None,
        parameters: Params::new(),
    });
    CheckAnswer { accounts: accounts.collect(), ask_trasa_id: script.ask_trasa_id, time: server.now() }
}

fn logon(answer: &Logon, request: &HttpRequest, server: &FakeServer) -> Reply {
    let decision = |result, reason| {
        let mut decision = server.decision(request, result, reason);
        let mut account = ACCOUNT.lock().unwrap();
        if request.method == Method::Put {
            *account = Some(decision.account.clone());
        }
        decision.account = account.clone().unwrap_or(decision.account);
        decision
    };
    match answer {
        Logon::Allow => {
            Reply::Signed(Answer::Decision(decision(DecisionResult::Allow, Reason::CodeAccepted)))
        }
        Logon::Deny { reason, parameters } => {
            let mut denied = decision(DecisionResult::Deny, *reason);
            denied.parameters = parameters.clone();
            Reply::Signed(Answer::Decision(denied))
        }
        Logon::Challenge { number, seconds, looks, then } => {
            let asked = decision(DecisionResult::Deny, Reason::Expired);
            if request.method == Method::Put {
                LOOKS.store(0, Ordering::Relaxed);
                return Reply::Signed(Answer::Challenge(Challenge {
                    logon: asked.logon,
                    number: number.clone(),
                    expires: server.now() + seconds,
                    short_code: asked.short_code,
                    time: server.now(),
                }));
            }
            if request.method == Method::Get && LOOKS.fetch_add(1, Ordering::Relaxed) < *looks {
                return Reply::Signed(Answer::Pending(Pending { logon: asked.logon, time: server.now() }));
            }
            logon(then, request, server)
        }
        Logon::Error { code, parameters } => Reply::Signed(Answer::Error(ErrorBody {
            code: *code,
            parameters: parameters.clone(),
            message: String::new(),
        })),
        Logon::Original { refused: None } => original(server, FakeServer::original(request)),
        Logon::Original { refused: Some(reason) } => {
            original(server, LogonAnswer::Refused(*reason).to_envelope().to_json())
        }
        Logon::Unavailable => Reply::Signed(Answer::Unavailable),
        Logon::Foreign => {
            let mut foreign = decision(DecisionResult::Allow, Reason::CodeAccepted);
            foreign.account.name.push_str("-else");
            Reply::Signed(Answer::Decision(foreign))
        }
    }
}
