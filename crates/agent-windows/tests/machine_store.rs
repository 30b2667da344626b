//! Certificates that the machine's store has to judge, against a server that writes down what it receives.
//!
//! One test in a program of its own: the store is the machine's, and what a process has read of it, it keeps. So the
//! root must be there before the first certificate is judged.
#![cfg(windows)]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

#[path = "it/asking.rs"]
mod asking;
#[path = "it/root_store.rs"]
mod root_store;
#[path = "it/tls_server.rs"]
mod tls_server;

use agent::ports::{TlsExpectation, TransportError};
use protocol::encoding::Bytes;

use asking::{SECRET, STORE, ask, assert_no_body};
use root_store::TrustedRoot;
use tls_server::{Dates, Identity, Root, Server, ok};

#[test]
fn the_machine_store_decides() {
    let root = Root::new("TRASA test root");
    let _trusted = TrustedRoot::install(root.der());
    a_certificate_of_the_store_is_good(&root);
    every_fault_is_refused(&root);
    a_wrong_date_is_forgiven_to_the_key_seen_last(&root);
}

fn a_certificate_of_the_store_is_good(root: &Root) {
    let identity = Identity::issued_by(root, "localhost", Dates::Now);
    let server = Server::start(&identity, ok("{\"kind\":\"x\"}"));
    let answer = ask(&server, &STORE).unwrap();
    assert_eq!(answer.status, 200);
    assert_eq!(answer.body, b"{\"kind\":\"x\"}");
    assert_eq!(answer.tls_key, identity.key_hash());
    assert_eq!(answer.headers.content_digest.as_deref(), Some("sha-256=:x:"));
    assert_eq!(answer.headers.signature.as_deref(), Some("trasa=:y:"));
    assert_eq!(answer.headers.signature_input, None);
    let received = String::from_utf8(server.next_connection()).unwrap();
    assert!(received.starts_with("PUT /agent/v2/logons/AAAA?x=%2f HTTP/1.1\r\n"), "{received}");
    assert!(received.to_lowercase().contains("\r\nsignature-input: trasa=()\r\n"), "{received}");
    assert!(received.ends_with(SECRET), "{received}");
    for unwanted in ["cookie", "accept-encoding", "authorization"] {
        assert!(!received.to_lowercase().contains(unwanted), "{received}");
    }
}

fn every_fault_is_refused(root: &Root) {
    let faults = [
        Identity::self_signed("localhost"),
        Identity::issued_by(&Root::new("another root"), "localhost", Dates::Now),
        Identity::issued_by(root, "trasa.example.org", Dates::Now),
        Identity::issued_by(root, "localhost", Dates::Past),
    ];
    for identity in faults {
        let server = Server::start(&identity, ok(""));
        let answer = ask(&server, &STORE);
        assert!(matches!(answer, Err(TransportError::Tls { .. })), "{answer:?}");
        assert_no_body(&server);
    }
}

fn a_wrong_date_is_forgiven_to_the_key_seen_last(root: &Root) {
    let identity = Identity::issued_by(root, "localhost", Dates::Past);
    let server = Server::start(&identity, ok("{}"));
    let known = TlsExpectation::MachineStore { last_seen: Some(identity.key_hash()) };
    assert_eq!(ask(&server, &known).unwrap().tls_key, identity.key_hash());

    let stranger = Server::start(&identity, ok("{}"));
    let other = TlsExpectation::MachineStore { last_seen: Some(Bytes([7; 32])) };
    let answer = ask(&stranger, &other);
    assert!(matches!(answer, Err(TransportError::Tls { .. })), "{answer:?}");
    // With the checks, and without the check of the date.
    assert_no_body(&stranger);
    assert_no_body(&stranger);

    let wrong_host = Identity::issued_by(root, "trasa.example.org", Dates::Now);
    let server = Server::start(&wrong_host, ok("{}"));
    let known = TlsExpectation::MachineStore { last_seen: Some(wrong_host.key_hash()) };
    let answer = ask(&server, &known);
    assert!(matches!(answer, Err(TransportError::Tls { .. })), "{answer:?}");
    assert_no_body(&server);
}
