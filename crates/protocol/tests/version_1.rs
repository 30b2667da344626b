//! Executes the examples of docs/protocol-v1.md.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test stops at the first surprise")]
#![expect(clippy::disallowed_methods, reason = "the page is a file")]

use protocol::reason::Reason;
use protocol::v1::{CheckConfigRequest, ConfigAnswer, Envelope, FailedReason, LogonAnswer, LogonRequest};
use protocol::v2::Method;

fn page() -> String {
    std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/protocol-v1.md")).unwrap()
}

fn examples(page: &str) -> Vec<&str> {
    page.lines().filter(|line| line.starts_with('{')).collect()
}

#[test]
fn every_body_on_the_page_is_what_the_code_reads_and_writes() {
    let page = page();
    let (mut requests, mut answers) = (0, 0);
    for body in examples(&page) {
        let written = if body.contains("trasaHost") {
            requests += 1;
            serde_json::to_string(&CheckConfigRequest::read(body.as_bytes()).unwrap()).unwrap()
        } else if body.contains("trasaID") {
            requests += 1;
            serde_json::to_string(&LogonRequest::read(body.as_bytes()).unwrap()).unwrap()
        } else {
            answers += 1;
            let envelope = Envelope::read(body.as_bytes()).unwrap();
            if envelope.intent.is_empty() || envelope.intent.starts_with("service config check") {
                ConfigAnswer::of(&envelope).to_envelope().to_json()
            } else {
                LogonAnswer::of(&envelope).to_envelope().to_json()
            }
        };
        assert_eq!(written, body);
    }
    assert_eq!((requests, answers), (3, 13));
}

#[test]
fn the_table_of_reasons_is_the_codes() {
    let page = page();
    let rows = page.lines().filter(|line| line.starts_with("| `") && line.matches('|').count() == 3);
    let mut told = 0;
    for row in rows {
        let [reasons, word] = [1, 2].map(|column| row.split('|').nth(column).unwrap().trim());
        let word = FailedReason::from_code(word.trim_matches('`'));
        let Some(word) = word else { continue };
        for reason in reasons.split(", ") {
            let reason = Reason::from_code(reason.trim_matches('`')).unwrap_or_else(|| panic!("{reason}"));
            assert_eq!(FailedReason::of(reason, Method::Totp), word, "{reason}");
            told += 1;
        }
    }
    assert_eq!(told, 21);
}
