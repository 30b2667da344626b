//! `set`: what [`crate::flow::verify_and_save`] did, in words.

use super::ReadSecret;
use crate::arguments::Set;
use crate::console::{Console, Failure};
use crate::flow::verify_and_save::{self, Input, SAVED, verify_and_save};
use crate::panel::Panel;
use agent::ports::Never;
use protocol::v2::Mode;
use serde::Serialize;

#[derive(Serialize)]
struct Saved<'a> {
    message: &'static str,
    machine_id: Option<&'a str>,
    service_id: &'a str,
    service_name: Option<&'a str>,
    servers: &'a [String],
    approved: bool,
    mode: Mode,
    offline_users: Vec<OfflineUser<'a>>,
}

#[derive(Serialize)]
struct OfflineUser<'a> {
    typed: &'a str,
    account: String,
    sid: Option<&'a str>,
}

pub(super) fn run(
    arguments: Set,
    panel: &Panel,
    secret: ReadSecret<'_>,
    console: &mut Console<'_>,
) -> Result<(), Failure> {
    let input = Input {
        service_id: arguments.service_id,
        server: arguments.server,
        offline_users: arguments.offline_users,
        skip_tls_verification: arguments.skip_tls_verification,
        while_armed: arguments.while_armed,
    };
    say(&verify_and_save(panel, &input, secret, &Never)?, console)
}

fn say(done: &verify_and_save::Saved, console: &mut Console<'_>) -> Result<(), Failure> {
    let saved = Saved {
        message: SAVED,
        machine_id: done.machine_id.as_deref(),
        service_id: &done.service_id,
        service_name: done.service_name.as_deref(),
        servers: &done.servers,
        approved: done.approved,
        mode: done.mode,
        offline_users: done
            .offline_users
            .iter()
            .map(|user| OfflineUser {
                typed: &user.typed,
                account: user.account.to_string(),
                sid: user.account.sid.as_ref().map(agent::Sid::as_str),
            })
            .collect(),
    };
    let mut lines = vec![SAVED.to_owned()];
    lines.push(match saved.service_name {
        Some(name) => format!("Service: {name} ({})", saved.service_id),
        None => format!("Service: {}", saved.service_id),
    });
    lines.extend(saved.machine_id.map(|id| format!("Machine: {id}")));
    for user in &saved.offline_users {
        lines.push(format!(
            "Offline user: {} -> {} ({})",
            user.typed,
            user.account,
            user.sid.unwrap_or("no SID")
        ));
    }
    if saved.offline_users.is_empty() {
        lines.push("Offline users: none. Nobody can sign in while the server cannot be reached.".to_owned());
    }
    if !saved.approved {
        lines.push(
            "This computer waits for an administrator's approval in TRASA (trasa-server machine approve)."
                .to_owned(),
        );
    }
    if saved.mode == Mode::Watch {
        lines.push("The service only watches for now: nobody is refused.".to_owned());
    }
    lines.push("Next: TrasaConfig check, then TrasaConfig arm.".to_owned());
    console.show(&saved, &lines)
}

#[cfg(test)]
mod tests {
    use crate::flow::verify_and_save::SAVED;
    use crate::testing::Fixture;
    use agent::config::{self, State};
    use agent::ports::ProtectedFile;
    use protocol::encoding::Bytes;
    use protocol::service_key::AdmissionSecret;

    #[test]
    fn what_the_manual_promises_is_said() {
        let fixture = Fixture::new();
        let ran = fixture.set("--offline-users bat,.\\BAT,HOST\\anna");
        assert_eq!(ran.exit, 0, "{ran:?}");
        assert_eq!(ran.out.lines().next(), Some(SAVED));
        assert!(ran.out.contains("Offline user: bat -> HOST\\bat (S-1-5-21-1-2-3-1001)"), "{}", ran.out);
        assert!(ran.out.contains("Offline user: HOST\\anna -> HOST\\anna (S-1-5-21-1-2-3-1002)"));
        let loaded = config::load(&fixture.world.services);
        assert_eq!((loaded.state, loaded.offline.users.len()), (State::Verified, 2));
    }

    #[test]
    fn nothing_is_saved_without_an_admission() {
        let fixture = Fixture::new();
        let server = &fixture.world.server;
        let service = server.service;
        let good = server.service_key().to_text();
        let other = AdmissionSecret::service_key([9; 32], Bytes([1; 32])).to_text();
        let line = format!("set --json --service-id {service} --server one.example.com");
        let offline = format!("{line} --offline-users nobdoy");
        for (line, input, exit, code) in [
            (&line, other.as_str(), 1, "wrong_server"),
            (&line, "canary", 1, "service_key_malformed"),
            (&line, "", 2, "usage"),
            (&offline, good.as_str(), 1, "offline_user_unresolved"),
            (&"set --json --service-id x --server one.example.com".to_owned(), good.as_str(), 2, "usage"),
            (&format!("set --json --service-id {service} --server http://one"), good.as_str(), 2, "usage"),
        ] {
            let ran = fixture.run_with(line, input);
            assert_eq!((ran.exit, ran.json()["code"].as_str()), (exit, Some(code)), "{line} {ran:?}");
            assert!(!ran.err.contains("canary") && !ran.err.contains(&*good), "{ran:?}");
            assert_eq!(fixture.world.files.text(ProtectedFile::Agent), "");
        }
        *server.trusted.lock().expect("lock") = false;
        let ran = fixture.set("--json");
        assert_eq!((ran.exit, ran.json()["code"].as_str()), (3, Some("server_unreachable")));
        assert_eq!(fixture.world.files.text(ProtectedFile::Agent), "");
        // The signed list names the key that the server shows, so that Windows' store is not asked.
        assert_eq!(fixture.set("--skip-tls-verification").exit, 0);
    }

    #[test]
    fn whoever_is_not_elevated_admits_nothing() {
        let fixture = Fixture::new();
        fixture.elevated.set(false);
        assert_eq!(fixture.set("").exit, 4);
        assert_eq!(fixture.world.server.count("/"), 0);
    }

    #[test]
    fn offline_users_stay_until_they_are_named_anew() {
        let fixture = Fixture::new();
        let listed = |more: &str| {
            assert_eq!(fixture.set(more).exit, 0);
            config::load(&fixture.world.services).offline.users.len()
        };
        assert_eq!(listed("--offline-users bat"), 1);
        assert_eq!(listed(""), 1);
        assert_eq!(listed("--offline-users=bat,anna"), 2);
        assert_eq!(listed("--offline-users="), 0);
    }

    #[test]
    fn a_guarded_logon_gets_no_unchecked_configuration() {
        let fixture = Fixture::new();
        fixture.world.arm(&["bat"], false);
        let ran = fixture.set("--json");
        assert_eq!((ran.exit, ran.json()["code"].as_str()), (1, Some("armed")));
        assert_eq!(fixture.set("--while-armed").exit, 0);
        assert_eq!(config::load(&fixture.world.services).state, State::Armed);
    }

    #[test]
    fn a_full_disk_saves_nothing_and_says_so() {
        let fixture = Fixture::new();
        fixture.world.files.fail_writes.store(true, core::sync::atomic::Ordering::SeqCst);
        let ran = fixture.set("--json");
        assert_eq!((ran.exit, ran.json()["code"].as_str()), (1, Some("not_written")));
        assert_eq!(config::load(&fixture.world.services).state, State::Absent);
    }
}
