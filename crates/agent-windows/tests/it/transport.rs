//! The transport against a TLS server that writes down what it receives (docs/adr/0003).

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use agent::ports::{Address, Deadlines, Never, TlsExpectation, Transport as _, TransportError};
use agent_windows::WinHttp;
use protocol::encoding::Bytes;
use rcgen::KeyPair;

use crate::asking::{DEADLINES, SECRET, STORE, ask, assert_no_body, put};
use crate::tls_server::{Answer, Dates, Identity, Root, Server, ok};

#[test]
fn a_known_key_does_not_forgive_another_fault() {
    let identity = Identity::self_signed("localhost");
    let server = Server::start(&identity, ok("{}"));
    let known = TlsExpectation::MachineStore { last_seen: Some(identity.key_hash()) };
    let answer = ask(&server, &known);
    assert!(matches!(answer, Err(TransportError::Tls { .. })), "{answer:?}");
    assert_no_body(&server);
}

#[test]
fn a_pinned_key_is_good_whatever_the_certificate() {
    let identity = Identity::self_signed("somebody.example");
    let server = Server::start(&identity, ok("{}"));
    let pins = TlsExpectation::Pinned(vec![Bytes([1; 32]), identity.key_hash()]);
    assert_eq!(ask(&server, &pins).unwrap().status, 200);
    assert!(server.next_connection().ends_with(SECRET.as_bytes()));
}

#[test]
fn an_unknown_key_gets_no_byte_of_the_body() {
    let identity = Identity::self_signed("localhost");
    for pins in [vec![Bytes([1; 32])], vec![]] {
        let server = Server::start(&identity, ok("{}"));
        let answer = ask(&server, &TlsExpectation::Pinned(pins));
        assert_eq!(answer, Err(TransportError::UnexpectedKey(identity.key_hash())));
        assert_no_body(&server);
    }
}

#[test]
fn a_relaxed_connection_serves_no_checked_request() {
    let identity = Identity::self_signed("localhost");
    let server = Server::start(&identity, ok("{}"));
    let transport = WinHttp::new();
    let exchange = |tls: &TlsExpectation| transport.exchange(&server.address, tls, &put(), DEADLINES, &Never);
    assert!(exchange(&TlsExpectation::FirstContact).is_ok());
    assert!(matches!(exchange(&STORE), Err(TransportError::Tls { .. })));
    let refused = exchange(&TlsExpectation::Pinned(vec![Bytes([1; 32])]));
    assert_eq!(refused, Err(TransportError::UnexpectedKey(identity.key_hash())));
}

#[test]
fn keys_of_other_algorithms_have_the_same_hash_as_elsewhere() {
    for algorithm in [&rcgen::PKCS_ECDSA_P256_SHA256, &rcgen::PKCS_ECDSA_P384_SHA384] {
        let key = KeyPair::generate_for(algorithm).unwrap();
        let identity = Identity::with_key(&Root::new("r"), "localhost", Dates::Now, key);
        let server = Server::start(&identity, ok(""));
        assert_eq!(ask(&server, &TlsExpectation::FirstContact).unwrap().tls_key, identity.key_hash());
    }
}

#[test]
fn connections_are_kept_and_a_dead_one_is_replaced() {
    let identity = Identity::self_signed("localhost");
    let Answer::Bytes(bytes) = ok("{}") else { panic!("not bytes") };
    let kept = Server::start(&identity, Answer::Bytes(bytes.clone()));
    let closing = Server::start(&identity, Answer::CloseAfter(bytes));
    let transport = WinHttp::new();
    let exchange = |server: &Server, pin| {
        transport.exchange(&server.address, &TlsExpectation::Pinned(vec![pin]), &put(), DEADLINES, &Never)
    };
    for server in [&kept, &closing] {
        for _ in 0..3 {
            assert_eq!(exchange(server, identity.key_hash()).unwrap().status, 200);
            std::thread::sleep(Duration::from_millis(200));
        }
    }
    // On a kept connection the key is compared all the same.
    let refused = exchange(&kept, Bytes([1; 32]));
    assert_eq!(refused, Err(TransportError::UnexpectedKey(identity.key_hash())));
    drop(transport);
    let text = String::from_utf8(kept.next_connection()).unwrap();
    assert_eq!(text.matches(SECRET).count(), 3, "one connection for three requests");
    for _ in 0..3 {
        let text = String::from_utf8(closing.next_connection()).unwrap();
        assert_eq!(text.matches(SECRET).count(), 1);
    }
}

#[test]
fn answers_are_taken_as_they_come() {
    let identity = Identity::self_signed("localhost");
    let table: [(&str, Result<u16, TransportError>); 6] = [
        ("HTTP/1.1 302 Found\r\nLocation: https://elsewhere.example/\r\nContent-Length: 0\r\n\r\n", Ok(302)),
        ("HTTP/1.1 401 No\r\nWWW-Authenticate: Negotiate\r\nContent-Length: 0\r\n\r\n", Ok(401)),
        ("HTTP/1.1 502 Bad Gateway\r\nContent-Length: 3\r\n\r\nbad", Ok(502)),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", Ok(200)),
        ("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc", Ok(200)),
        ("SSH-2.0-OpenSSH_9.2\r\n", Err(TransportError::Malformed)),
    ];
    for (bytes, expected) in table {
        let server = Server::start(&identity, Answer::CloseAfter(bytes.as_bytes().to_vec()));
        let answer = ask(&server, &TlsExpectation::FirstContact);
        assert_eq!(answer.map(|it| it.status), expected, "{bytes}");
    }
}

#[test]
fn a_long_answer_is_cut() {
    let identity = Identity::self_signed("localhost");
    let answer = |length: usize| {
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n");
        Answer::Bytes([head.as_bytes(), &vec![b'x'; length]].concat())
    };
    let fits = Server::start(&identity, answer(protocol::MAX_BODY_BYTES));
    let body = ask(&fits, &TlsExpectation::FirstContact).unwrap().body;
    assert_eq!(body.len(), protocol::MAX_BODY_BYTES);
    let long = Server::start(&identity, answer(protocol::MAX_BODY_BYTES + 1));
    assert_eq!(ask(&long, &TlsExpectation::FirstContact), Err(TransportError::TooLarge));
}

#[test]
fn silence_ends_by_the_deadline_or_by_the_person() {
    let identity = Identity::self_signed("localhost");
    let server = Server::start(&identity, Answer::Silence);
    let short = Deadlines { connect: Duration::from_secs(3), total: Duration::from_millis(1500) };
    let begun = Instant::now();
    let answer =
        WinHttp::new().exchange(&server.address, &TlsExpectation::FirstContact, &put(), short, &Never);
    assert_eq!(answer, Err(TransportError::Timeout));
    assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());

    let given_up = Arc::new(AtomicBool::new(false));
    let later = Arc::clone(&given_up);
    std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(700));
        later.store(true, Ordering::Relaxed);
    });
    let begun = Instant::now();
    let answer = WinHttp::new().exchange(
        &server.address,
        &TlsExpectation::FirstContact,
        &put(),
        DEADLINES,
        &*given_up,
    );
    assert_eq!(answer, Err(TransportError::Cancelled));
    assert!(begun.elapsed() < Duration::from_millis(1500), "{:?}", begun.elapsed());
}

#[test]
fn what_cannot_be_reached_says_why() {
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = nobody.local_addr().unwrap().port();
    drop(nobody);
    let table = [
        ("no-such-host.invalid".to_owned(), TransportError::NameResolution),
        (format!("localhost:{port}"), TransportError::Connect),
        (format!("[::1]:{port}"), TransportError::Connect),
    ];
    for (address, expected) in table {
        let address = Address::parse(&address).unwrap();
        let answer = WinHttp::new().exchange(&address, &STORE, &put(), DEADLINES, &Never);
        assert_eq!(answer, Err(expected), "{address}");
    }
    // Plain HTTP on the port.
    let plain = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = Address::parse(&format!("localhost:{}", plain.local_addr().unwrap().port())).unwrap();
    std::thread::spawn(move || {
        use std::io::Write as _;
        for stream in plain.incoming() {
            let _ = stream.unwrap().write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
        }
    });
    let answer = WinHttp::new().exchange(&address, &TlsExpectation::FirstContact, &put(), DEADLINES, &Never);
    assert!(matches!(answer, Err(TransportError::Tls { .. } | TransportError::Connect)), "{answer:?}");
}
