//! Canaries: secrets that go through every call, and are nowhere in logs, audit or answers.

use crate::client::{domain_account, new_logon, with_code};
use crate::v1::Original;
use crate::world::{ORGANISATION, World};
use protocol::encoding::encode;
use protocol::v1::path;
use protocol::v2::{Answer, LogonRequest, PasswordState};
use std::io::Write;
use std::sync::{Arc, Mutex};
use tracing_subscriber::fmt::MakeWriter;

#[derive(Clone, Default)]
struct Captured(Arc<Mutex<Vec<u8>>>);

impl Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Captured {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

// One thread, so that the subscriber of this thread hears all but the writer's thread, which logs
// failed commits only.
#[tokio::test]
async fn no_secret_reaches_any_log() {
    let captured = Captured::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        // The digits of a time could be somebody's code.
        .without_time()
        .with_writer(captured.clone())
        .finish();
    let guard = tracing::subscriber::set_default(subscriber);

    let world = World::new().await;
    let service = world.service("Workstations").await;
    let totp = world.person("anna", &service).await;
    let machine = world.machine(&service, "PC-07").await;
    let (right, wrong) = (totp.code(0), totp.wrong());
    let attempt = |trasa_id: &str, code: &str| with_code(domain_account("anna"), Some(trasa_id), code);
    let mut unresolved = attempt("anna", &wrong);
    unresolved.account.sid = None;
    unresolved.account.name = "canary-in-the-wrong-field".to_owned();
    unresolved.password = PasswordState::Unknown;
    let requests: [LogonRequest; 6] = [
        attempt("anna", &wrong),
        attempt("canary-typed-as-name", &wrong),
        attempt("anna", "canary-typed-as-code"),
        attempt("anna", &right),
        attempt("anna", &right),
        unresolved,
    ];
    for request in &requests {
        let answer = machine.logon(&world.router, new_logon(), request).await;
        assert!(matches!(answer, Answer::Decision(_)), "{answer:?}");
        assert!(!format!("{request:?}").contains("canary-typed"), "Debug shows what was typed");
    }
    // An original agent shows its key with each request.
    let original = world.allow_v1(&service, true).await;
    let stranger = Original { key: "canary-shown-as-key".to_owned(), ..original.clone() };
    for agent in [&original, &stranger] {
        agent.check_config(&world).await;
        for (trasa_id, code) in [("canary-typed-as-name", &wrong), ("anna", &right), ("anna", &wrong)] {
            agent.login(&world, "ACME\\anna", trasa_id, code).await;
        }
        agent.login(&world, "ACME\\eve", "canary-typed-as-name", "canary-typed-as-code").await;
        agent.login(&world, "canary-unreadable:", "anna", &wrong).await;
        agent.post(&world, path::LOGON_UNIX, agent.body("a", "canary", "canary") + "}").await;
    }
    let opened = world.store().read(|read| read.v1_door(ORGANISATION, &original.service_id, 0)).unwrap();
    assert!(!format!("{opened:?}").contains(&original.key), "Debug shows the key");
    // A store that fails in the middle says so, without what it was asked.
    world.sql("ALTER TABLE logons RENAME TO logons_gone").await;
    let answer = machine.logon(&world.router, new_logon(), &attempt("canary-typed-as-name", &wrong)).await;
    assert_eq!(answer, Answer::Unavailable);
    original.login(&world, "ACME\\anna", "canary-typed-as-name", &wrong).await;
    drop(guard);

    let service_secret = service.key.split('.').next().unwrap().to_owned();
    let log = String::from_utf8(captured.0.lock().unwrap().clone()).unwrap();
    assert!(log.contains("The store did not answer a call"), "nothing was captured: {log}");
    assert!(log.contains("The store did not answer a logon of version 1"), "nothing was captured: {log}");
    let audit = world
        .store()
        .read(|read| read.newest_audit_rows(ORGANISATION, None, 1000))
        .unwrap()
        .into_iter()
        .map(|row| format!("{row:?}\n"))
        .collect::<String>();
    assert!(audit.contains("code_wrong"));
    for code in [&right, &wrong] {
        assert!(!has_number(&log, code), "the log has {code}: {log}");
        assert!(!has_number(&audit, code), "the audit has {code}: {audit}");
    }
    for secret in [
        "canary".to_owned(),
        service_secret,
        encode(&machine.key.to_bytes()[..]),
        totp.secret(),
        original.key,
    ] {
        assert!(!log.contains(&secret), "the log has {secret}: {log}");
        assert!(!audit.contains(&secret), "the audit has {secret}: {audit}");
    }
}

/// Whether the digits stand in the text as a number of their own, and not inside a longer one.
fn has_number(text: &str, digits: &str) -> bool {
    text.match_indices(digits).any(|(start, found)| {
        let before = text[..start].chars().next_back();
        let after = text[start + found.len()..].chars().next();
        !before.is_some_and(|c| c.is_ascii_digit()) && !after.is_some_and(|c| c.is_ascii_digit())
    })
}
