//! What is not a signed request of a machine: a clear answer, and nobody's counter.

use crate::client::{Machine, Reply, Signing, domain_account, new_logon, now, send, split, with_code};
use crate::world::World;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use protocol::MAX_BODY_BYTES;
use protocol::error_code::ErrorCode;
use protocol::signing::{CONTENT_DIGEST, RECEIPT, SIGNATURE, SIGNATURE_INPUT};
use protocol::v2::{Answer, ErrorBody, LogonRequest, path};
use std::time::Duration;

async fn world() -> (World, Machine, LogonRequest) {
    let world = World::new().await;
    let service = world.service("Workstations").await;
    let totp = world.person("anna", &service).await;
    let machine = world.machine(&service, "PC-07").await;
    let wrong = with_code(domain_account("anna"), Some("anna"), &totp.wrong());
    (world, machine, wrong)
}

fn error(reply: &Reply) -> ErrorBody {
    match reply.answer() {
        Answer::Error(error) => error,
        other => panic!("no error: {other:?}"),
    }
}

fn is_unsigned(reply: &Reply) -> bool {
    reply.header(SIGNATURE).is_none() && reply.header(SIGNATURE_INPUT).is_none()
}

/// What a request for a logon changes in the store.
fn traces(world: &World) -> (i64, i64, i64) {
    (
        world.count("SELECT count(*) FROM guess_counters"),
        world.count("SELECT count(*) FROM logons"),
        world.count("SELECT count(*) FROM audit"),
    )
}

#[tokio::test]
async fn unsigned_request_locks_nobody() {
    let (world, machine, wrong) = world().await;
    let before = traces(&world);
    let body = serde_json::to_vec(&wrong).unwrap();
    let put = |id: &str| Request::builder().method("PUT").uri(format!("{}{id}", path::LOGONS));
    for _ in 0..20 {
        let id = new_logon().to_string();
        let bare = put(&id).body(Body::from(body.clone())).unwrap();
        let reply = send(&world.router, bare, "192.0.2.99").await;
        assert_eq!(
            (reply.status, error(&reply).code),
            (StatusCode::UNAUTHORIZED, ErrorCode::SignatureMissing)
        );
        assert!(is_unsigned(&reply));
    }
    // Signed by a key that is not the machine's: refused, signed, and as much without effect.
    let stranger = Machine {
        key: agent::keys::MachineKey::from_bytes(&crate::client::random()).unwrap(),
        id: machine.id,
        service: machine.service,
        list: machine.list.clone(),
        admitted: machine.admitted.clone(),
        from: "192.0.2.99".to_owned(),
    };
    for _ in 0..20 {
        let answer = stranger.logon(&world.router, new_logon(), &wrong).await;
        assert!(matches!(answer, Answer::Error(ErrorBody { code: ErrorCode::SignatureInvalid, .. })));
    }
    assert_eq!(traces(&world), before);
}

#[tokio::test]
async fn whatever_is_altered_on_the_way_is_refused() {
    let (world, machine, wrong) = world().await;
    let before = traces(&world);
    let body = serde_json::to_vec(&wrong).unwrap();
    let target = path::logon(new_logon());
    type Change = fn(&mut Request<Body>);
    let changes: [(Change, ErrorCode); 11] = [
        (|request| *request.body_mut() = Body::from("{}"), ErrorCode::SignatureInvalid),
        (
            |request| *request.uri_mut() = path::logon(new_logon()).parse().unwrap(),
            ErrorCode::SignatureInvalid,
        ),
        (|request| *request.method_mut() = "DELETE".parse().unwrap(), ErrorCode::SignatureInvalid),
        (|request| add_query(request), ErrorCode::SignatureInvalid),
        (|request| alter(request, "created=", "created=1"), ErrorCode::SignatureInvalid),
        (|request| alter(request, "trasa-req", "trasa-res"), ErrorCode::SignatureMissing),
        (|request| alter(request, "trasa-req", "trasa-admit-req"), ErrorCode::SignatureMissing),
        (|request| alter(request, "\"@method\" ", ""), ErrorCode::SignatureMissing),
        (|request| alter(request, "trasa=(", "other=("), ErrorCode::SignatureMissing),
        (|request| drop(request.headers_mut().remove(CONTENT_DIGEST)), ErrorCode::SignatureMissing),
        (
            |request| {
                let twice = request.headers()[SIGNATURE].clone();
                request.headers_mut().append(SIGNATURE, twice);
            },
            ErrorCode::SignatureMissing,
        ),
    ];
    for (number, (change, expect)) in changes.into_iter().enumerate() {
        let (mut http, _) = split(machine.sign(("PUT", &target, ""), &body, &Signing::default()));
        change(&mut http);
        let reply = send(&world.router, http, "192.0.2.7").await;
        assert_eq!(error(&reply).code, expect, "{number}");
    }
    assert_eq!(traces(&world), before);
}

fn alter(request: &mut Request<Body>, from: &str, to: &str) {
    let input = request.headers()[SIGNATURE_INPUT].to_str().unwrap().replacen(from, to, 1);
    request.headers_mut().insert(SIGNATURE_INPUT, input.parse().unwrap());
}

fn add_query(request: &mut Request<Body>) {
    *request.uri_mut() = format!("{}?wait=1", request.uri().path()).parse().unwrap();
}

#[tokio::test]
async fn a_wrong_clock_is_told_only_to_who_signed() {
    let (world, machine, wrong) = world().await;
    let body = serde_json::to_vec(&wrong).unwrap();
    let target = path::logon(new_logon());
    let before = traces(&world);
    for offset in [-301_i64, 301, 86_400 * 365] {
        let how = Signing { created: now() + offset, ..Signing::default() };
        let (http, sent) = split(machine.sign(("PUT", &target, ""), &body, &how));
        let answer = send(&world.router, http, "192.0.2.7").await.authentic(&sent, &machine.list);
        assert!(matches!(answer, Answer::Clock { time } if time.abs_diff(now()) <= 2), "{answer:?}");

        let (mut http, _) = split(machine.sign(("PUT", &target, ""), &body, &how));
        http.headers_mut().insert(SIGNATURE, format!("trasa=:{}:", "A".repeat(86) + "==").parse().unwrap());
        assert_eq!(error(&send(&world.router, http, "192.0.2.7").await).code, ErrorCode::SignatureInvalid);
    }
    assert_eq!(traces(&world), before);
    for offset in [-298, 298] {
        let how = Signing { created: now() + offset, ..Signing::default() };
        let target = path::logon(new_logon());
        let (http, sent) = split(machine.sign(("PUT", &target, ""), &body, &how));
        let answer = send(&world.router, http, "192.0.2.7").await.authentic(&sent, &machine.list);
        assert!(matches!(answer, Answer::Decision(_)), "{answer:?}");
    }
}

#[tokio::test]
async fn replayed_allow_is_rejected() {
    let world = World::new().await;
    let service = world.service("Workstations").await;
    let totp = world.person("anna", &service).await;
    let machine = world.machine(&service, "PC-07").await;
    let request = with_code(domain_account("anna"), Some("anna"), &totp.code(0));
    let body = serde_json::to_vec(&request).unwrap();
    let (first_target, second_target) = (path::logon(new_logon()), path::logon(new_logon()));
    let (http, first) = split(machine.sign(("PUT", &first_target, ""), &body, &Signing::default()));
    let allow = send(&world.router, http, "192.0.2.7").await;
    assert!(matches!(allow.authentic(&first, &machine.list), Answer::Decision(_)));
    // The same answer to another request, to another logon, under another status or body.
    let (_, second) = split(machine.sign(("PUT", &first_target, ""), &body, &Signing::default()));
    let (_, mut other_logon) = split(machine.sign(("PUT", &second_target, ""), &body, &Signing::default()));
    other_logon.nonce = first.nonce;
    let mut altered = allow.clone();
    altered.body = String::from_utf8(altered.body).unwrap().replace("allow", "deny!").into_bytes();
    let mut status = allow.clone();
    status.status = StatusCode::CREATED;
    for (reply, sent) in [(&allow, &second), (&allow, &other_logon), (&altered, &first), (&status, &first)] {
        let (reply, list) = (reply.clone(), machine.list.clone());
        let rejected =
            std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| reply.authentic(sent, &list)));
        assert!(rejected.is_err());
    }
}

#[tokio::test]
async fn bodies_over_the_limit_are_refused_unread() {
    let (world, machine, _) = world().await;
    for length in [MAX_BODY_BYTES + 1, MAX_BODY_BYTES * 4] {
        let body = vec![b' '; length];
        let (http, _) =
            split(machine.sign(("PUT", &path::logon(new_logon()), ""), &body, &Signing::default()));
        let reply = send(&world.router, http, "192.0.2.7").await;
        assert_eq!((reply.status, error(&reply).code), (StatusCode::PAYLOAD_TOO_LARGE, ErrorCode::TooLarge));
        assert_eq!(reply.header("connection").as_deref(), Some("close"));
    }
    let padded = vec![b' '; MAX_BODY_BYTES];
    let (status, answer) =
        machine.call_raw(&world.router, ("PUT", &path::logon(new_logon()), ""), &padded).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(matches!(answer, Answer::Error(ErrorBody { code: ErrorCode::BadRequest, .. })));
}

#[tokio::test(start_paused = true)]
async fn a_body_that_never_ends_is_given_up() {
    let (world, machine, _) = world().await;
    let (mut http, _) =
        split(machine.sign(("PUT", &path::logon(new_logon()), ""), b"{}", &Signing::default()));
    *http.body_mut() = Body::new(Never);
    let started = tokio::time::Instant::now();
    let reply = send(&world.router, http, "192.0.2.7").await;
    assert_eq!((reply.status, error(&reply).code), (StatusCode::REQUEST_TIMEOUT, ErrorCode::BadRequest));
    assert!(started.elapsed() >= Duration::from_secs(10));
}

/// A body of which nothing ever arrives.
struct Never;

impl axum::body::HttpBody for Never {
    type Data = bytes::Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<hyper::body::Frame<Self::Data>, Self::Error>>> {
        std::task::Poll::Pending
    }
}

#[tokio::test]
async fn unknown_fields_and_odd_names_are_refused_with_the_field() {
    let (world, machine, wrong) = world().await;
    let before = world.count("SELECT count(*) FROM guess_counters");
    let valid = serde_json::to_value(&wrong).unwrap();
    let changed = |field: &str, value: serde_json::Value| {
        let mut changed = valid.clone();
        *changed.pointer_mut(field).unwrap() = value;
        changed
    };
    let mut unknown = valid.clone();
    unknown["allow"] = true.into();
    for (body, detail) in [
        (unknown, "unknown field `allow`"),
        (serde_json::json!([]), "invalid"),
        (changed("/method", "sms".into()), "unknown variant"),
        (changed("/account/name", " ".into()), "account.name"),
        (changed("/account/name", "an\u{0}na".into()), "account.name"),
        (changed("/account/name", "an\u{200b}na".into()), "account.name"),
        (changed("/account/name", "anna\u{202e}".into()), "account.name"),
        (changed("/account/name", "S-1-5-21-1-2-3-500".into()), "account.name"),
        (changed("/account/domain", "AC\r\nME".into()), "account.domain"),
        (changed("/account/sid", "S-1-5-x".into()), "account.sid"),
        (changed("/versions/agent", "\u{1b}[2J".into()), "versions.agent"),
    ] {
        let answer = machine.call(&world.router, ("PUT", &path::logon(new_logon()), ""), &body).await;
        let Answer::Error(error) = answer else { panic!("{answer:?}") };
        let told = error.parameters["detail"].as_str().unwrap();
        assert!(error.code == ErrorCode::BadRequest && told.contains(detail), "{body}: {told}");
        assert!(!told.chars().any(char::is_control), "{told:?}");
    }
    // Full-width letters are another name, quotes and spaces no syntax: nobody's.
    for trasa_id in ["\u{ff41}nna", "anna' OR '1'='1", "anna; --", "  ", "\u{202e}anna", "a\nb"] {
        let request = LogonRequest { trasa_id: Some(trasa_id.to_owned()), ..wrong.clone() };
        let decision = machine.decide(&world.router, &request).await;
        assert_eq!(decision.reason, protocol::reason::Reason::NotPermitted, "{trasa_id:?}");
    }
    assert_eq!(world.count("SELECT count(*) FROM guess_counters"), before);
}

#[tokio::test]
async fn nothing_else_is_served() {
    let world = World::new().await;
    for (method, path) in [
        ("GET", "/agent/v2/machines"),
        ("POST", "/agent/v2/keys"),
        ("GET", "/agent/v2/nothing"),
        ("GET", "/agent/v2/check"),
        ("PATCH", "/agent/v2/logons/w8PDw8PDw8PDw8PDw8PDww"),
    ] {
        let request = Request::builder().method(method).uri(path).body(Body::empty()).unwrap();
        let reply = send(&world.router, request, "192.0.2.7").await;
        assert_eq!(
            (reply.status, error(&reply).code),
            (StatusCode::NOT_FOUND, ErrorCode::NotFound),
            "{path}"
        );
    }
    let keys = Request::builder().uri(path::KEYS).body(Body::empty()).unwrap();
    let reply = send(&world.router, keys, "192.0.2.7").await;
    let Answer::Keys { keys } = reply.answer() else { panic!("no keys") };
    assert_eq!(keys, world.app.keys().chain);
    assert!(is_unsigned(&reply) && reply.header(RECEIPT).is_none());
}

/// A small generator with a fixed seed (xorshift64), so that a failure can be repeated.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % u64::try_from(limit).unwrap()).unwrap()
    }
}

#[tokio::test]
async fn damaged_requests_are_never_a_server_error_and_never_a_decision() {
    let (world, machine, wrong) = world().await;
    let before = traces(&world);
    let body = serde_json::to_vec(&wrong).unwrap();
    let mut random = Random(0x7261_7361_7472_6173);
    for number in 0..2_000 {
        let (mut http, _) =
            split(machine.sign(("PUT", &path::logon(new_logon()), ""), &body, &Signing::default()));
        match random.below(3) {
            0 => {
                let mut damaged = body.clone();
                for _ in 0..=random.below(4) {
                    let place = random.below(damaged.len());
                    damaged[place] ^= 1 << random.below(8);
                }
                if damaged == body {
                    continue;
                }
                *http.body_mut() = Body::from(damaged);
            }
            1 => {
                let name = [CONTENT_DIGEST, SIGNATURE_INPUT, SIGNATURE][random.below(3)];
                let mut value = http.headers()[name].as_bytes().to_vec();
                let place = random.below(value.len());
                let other = b' ' + u8::try_from(random.below(95)).unwrap();
                // The last character of base64 may carry bits that mean nothing.
                if value[place] == other || value.len() - place < 5 {
                    continue;
                }
                value[place] = other;
                http.headers_mut().insert(name, axum::http::HeaderValue::from_bytes(&value).unwrap());
            }
            _ => {
                let name = [CONTENT_DIGEST, SIGNATURE_INPUT, SIGNATURE][random.below(3)];
                let value = http.headers()[name].as_bytes().to_vec();
                let cut = random.below(value.len());
                http.headers_mut().insert(name, axum::http::HeaderValue::from_bytes(&value[..cut]).unwrap());
            }
        }
        let reply = send(&world.router, http, "192.0.2.7").await;
        assert!(reply.status.is_client_error() || matches!(reply.answer(), Answer::Clock { .. }), "{number}");
    }
    assert_eq!(traces(&world), before);
}
