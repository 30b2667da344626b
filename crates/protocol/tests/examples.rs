//! Executes the examples of docs/protocol.md.
//!
//! `UPDATE_EXAMPLES=1 cargo test -p protocol --test examples` writes them anew after a change of
//! the protocol; without it every block must be what the code says and must verify.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test stops at the first surprise")]
#![expect(clippy::disallowed_methods, reason = "the page is a file")]

#[path = "examples/cases.rs"]
mod cases;
#[path = "examples/keys.rs"]
mod keys;

use cases::{Example, Signed};
use protocol::signing::{self, Tag};
use protocol::v2::Answer;

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/protocol.md");

#[test]
fn the_page_shows_what_the_code_says() {
    let page = std::fs::read_to_string(PAGE).unwrap();
    let mut expected = String::new();
    let mut used = Vec::new();
    let mut lines = page.lines().peekable();
    while let Some(line) = lines.next() {
        expected.push_str(line);
        expected.push('\n');
        let Some(name) = line.strip_prefix("<!-- example ").and_then(|rest| rest.strip_suffix(" -->")) else {
            continue;
        };
        // What an example wrote before stands up to the end mark.
        let mut ahead = lines.clone();
        if ahead
            .by_ref()
            .take_while(|line| !line.starts_with("<!-- example "))
            .any(|line| line == "<!-- end -->")
        {
            lines.by_ref().find(|line| *line == "<!-- end -->");
        }
        expected.push_str(&cases::by_name(name).unwrap_or_else(|| panic!("no example {name}")).to_markdown());
        expected.push_str("<!-- end -->\n");
        used.push(name.to_owned());
    }
    let all: Vec<_> = cases::all().iter().map(|example| example.name.to_owned()).collect();
    assert_eq!(used, all, "each example stands on the page once, in this order");
    if std::env::var_os("UPDATE_EXAMPLES").is_some() {
        std::fs::write(PAGE, expected).unwrap();
    } else {
        assert!(page == expected, "docs/protocol.md differs; run with UPDATE_EXAMPLES=1 and read the change");
    }
}

#[test]
fn every_example_verifies_as_a_reader_would() {
    for Example { name, request, answer } in cases::all() {
        let target = (request.method, request.path.as_str(), request.query.as_str());
        let body = request.body.as_bytes();
        if let Some(signed) = &request.signed {
            let (bound, unverified) =
                signing::read_request(target, body, signed.lookup(), signed.tag).unwrap();
            assert!(keys::verify_request(&unverified), "{name}");
            let Some(answered) = &answer.signed else { continue };
            let tag = if signed.tag == Tag::AdmitRequest { Tag::AdmitResponse } else { Tag::Response };
            let read = |status| {
                let body = answer.body.as_bytes();
                signing::read_response(
                    &bound,
                    unverified.parameters.nonce,
                    status,
                    body,
                    answered.lookup(),
                    tag,
                )
            };
            assert!(read(answer.status).unwrap().verify(&keys::server()), "{name}");
            assert!(!read(answer.status + 1).unwrap().verify(&keys::server()), "{name}: another status");
        }
    }
}

#[test]
fn every_answer_reads_back_and_ignores_what_it_does_not_know() {
    for Example { name, answer, .. } in cases::all() {
        let read: Answer = serde_json::from_str(&answer.body).unwrap();
        assert_eq!(serde_json::to_string(&read).unwrap(), answer.body, "{name}");
        let with_more = answer.body.replacen('{', "{\"from_the_future\":[1],", 1);
        assert_eq!(serde_json::from_str::<Answer>(&with_more).unwrap(), read, "{name}");
    }
}

#[test]
fn every_request_refuses_what_it_does_not_know() {
    for Example { name, request, .. } in
        cases::all().into_iter().filter(|example| !example.request.body.is_empty())
    {
        assert_eq!(request.reads_back(&request.body), Some(true), "{name}");
        let with_more = request.body.replacen('{', "{\"from_the_future\":[1],", 1);
        assert_eq!(request.reads_back(&with_more), None, "{name}");
    }
}

#[test]
fn the_chain_of_the_admission_is_followed_and_the_receipt_fits() {
    let admit = cases::by_name("admit").unwrap();
    let Answer::Admitted(admitted) = serde_json::from_str(&admit.answer.body).unwrap() else {
        panic!("not admitted")
    };
    let list = protocol::keys::follow(&admitted.anchor, None, &admitted.keys, keys::verifier).unwrap();
    assert_eq!(list.signing, [keys::public(&keys::server())]);
    let receipt =
        protocol::statement::Unverified::<protocol::statement::Receipt>::read(&admitted.receipt).unwrap();
    let signer = list.signing_key(&receipt.key).unwrap();
    let receipt = receipt.verify(&keys::verifier(signer)).unwrap();
    assert_eq!((receipt.machine, receipt.public_key), (admitted.machine, keys::public(&keys::machine())));
}

#[test]
fn secrets_show_in_no_debug_output() {
    let logon = cases::by_name("logon-allow").unwrap();
    let request: protocol::v2::LogonRequest = serde_json::from_str(&logon.request.body).unwrap();
    let shown = format!("{request:?}");
    assert!(!shown.contains("287082") && !shown.contains("anna@"), "{shown}");
    let _: Option<&Signed> = logon.request.signed.as_ref();
}
