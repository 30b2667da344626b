//! `set`: what [`crate::flow::verify_and_save`] did, in words.

use super::ReadSecret;
use crate::arguments::{Protocol, Set};
use crate::console::{Console, Failure};
use crate::flow::import;
use crate::flow::verify_and_save::{self, Input, SAVED, verify_and_save};
use crate::panel::Panel;
use agent::config::Generation;
use agent::ports::Never;
use agent::texts;
use protocol::v2::Mode;
use serde::Serialize;
use std::path::PathBuf;

#[derive(Serialize)]
struct Saved<'a> {
    message: &'static str,
    protocol: Generation,
    machine_id: Option<&'a str>,
    service_id: &'a str,
    service_name: Option<&'a str>,
    servers: &'a [String],
    tls_key: Option<String>,
    approved: bool,
    mode: Mode,
    clock_offset_secs: Option<i64>,
    offline_users: Vec<OfflineUser<'a>>,
    imported: Option<Imported>,
}

#[derive(Serialize)]
struct OfflineUser<'a> {
    typed: &'a str,
    account: String,
    sid: Option<&'a str>,
}

#[derive(Serialize)]
struct Imported {
    file: PathBuf,
    removed: bool,
}

pub(super) fn run(
    arguments: Set,
    panel: &Panel,
    secret: ReadSecret<'_>,
    console: &mut Console<'_>,
) -> Result<(), Failure> {
    let Some(file) = arguments.import else {
        let input = Input {
            protocol: arguments.protocol.map(Protocol::generation),
            service_id: arguments.service_id,
            server: arguments.server,
            offline_users: arguments.offline_users,
            skip_tls_verification: arguments.skip_tls_verification,
            while_armed: arguments.while_armed,
            origin: None,
        };
        return say(&verify_and_save(panel, &input, secret, &Never)?, None, console);
    };
    if arguments.protocol == Some(Protocol::V2) {
        return Err(Failure::usage("A config.trasa is of version 1: its key admits nobody in version 2."));
    }
    // Whoever is not elevated reads no key.
    panel.require_elevation()?;
    let read = import::read(&file)?;
    let input = Input {
        offline_users: arguments.offline_users.or(read.input.offline_users),
        skip_tls_verification: arguments.skip_tls_verification.or(read.input.skip_tls_verification),
        while_armed: arguments.while_armed,
        ..read.input
    };
    let mut key = Some(read.key);
    let done = verify_and_save(panel, &input, &mut || Ok(key.take()), &Never)?;
    if arguments.remove_imported {
        import::remove(&file)?;
    }
    say(&done, Some(Imported { file, removed: arguments.remove_imported }), console)
}

fn say(
    done: &verify_and_save::Saved,
    imported: Option<Imported>,
    console: &mut Console<'_>,
) -> Result<(), Failure> {
    let saved = Saved {
        message: SAVED,
        protocol: done.protocol,
        machine_id: done.machine_id.as_deref(),
        service_id: &done.service_id,
        service_name: done.service_name.as_deref(),
        servers: &done.servers,
        tls_key: done.tls_key.map(|key| key.to_string()),
        approved: done.approved,
        mode: done.mode,
        clock_offset_secs: done.clock_offset_secs,
        offline_users: done
            .offline_users
            .iter()
            .map(|user| OfflineUser {
                typed: &user.typed,
                account: user.account.to_string(),
                sid: user.account.sid.as_ref().map(agent::Sid::as_str),
            })
            .collect(),
        imported,
    };
    console.show(&saved, &lines(&saved))
}

fn lines(saved: &Saved<'_>) -> Vec<String> {
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
    if let Some(offset) = saved.clock_offset_secs {
        lines.push(format!("The clock of this computer is {} s off the server's. Set it.", offset.abs()));
    }
    if saved.protocol == Generation::V1 {
        lines.push("Protocol: version 1, the original's. It cannot protect everything:".to_owned());
        lines.extend(texts::v1::LIMITS.iter().map(|text| format!("  - {text}")));
        let key = saved.tls_key.as_ref();
        lines.extend(key.map(|key| format!("TLS: only the key that the server showed now, {key}")));
    }
    if let Some(Imported { file, removed }) = &saved.imported {
        let file = file.display();
        lines.push(if *removed {
            format!("{file} was removed. Who could read it knows the ServiceKey: give the service another one.")
        } else {
            format!(
                "{file} still holds the ServiceKey in clear text. Delete it, or repeat this with --remove-imported."
            )
        });
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
    lines
}

#[cfg(test)]
mod tests {
    use crate::flow::verify_and_save::SAVED;
    use crate::testing::Fixture;
    use agent::config::{self, State};
    use agent::ports::ProtectedFile;
    use agent::testing::FakeServer;
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

    const V1: &str =
        "set --protocol v1 --service-id 5c5aa05f-1a4f-4ba9-a7d6-6f3ca2ba0bc4 --server one.example.com";

    #[test]
    fn version_1_says_what_it_cannot_protect() {
        let fixture = Fixture::new();
        let ran = fixture.run_with(V1, FakeServer::V1_KEY);
        assert_eq!(ran.exit, 0, "{ran:?}");
        assert_eq!(ran.out.lines().next(), Some(SAVED));
        assert!(agent::texts::v1::LIMITS.iter().all(|text| ran.out.contains(text)), "{}", ran.out);
        assert!(!ran.out.contains("TLS:") && !ran.out.contains("canary"), "{}", ran.out);
        let ran = fixture.run_with(&format!("{V1} --skip-tls-verification --json"), FakeServer::V1_KEY);
        let json = ran.json();
        assert_eq!((&json["protocol"], &json["machine_id"]), (&"v1".into(), &serde_json::Value::Null));
        assert_eq!(json["tls_key"], Bytes([0xcc; 32]).to_string());
        assert_eq!(fixture.world.server.count("/agent/v2/"), 0);
    }

    #[test]
    fn what_is_not_given_stays() {
        let fixture = Fixture::new();
        assert_eq!(fixture.run("set --offline-users bat").exit, 2, "nothing is there to stay");
        assert_eq!(fixture.set("--skip-tls-verification").exit, 0);
        let ran = fixture.run("set --json --offline-users bat,anna");
        assert_eq!((ran.exit, ran.json()["offline_users"].as_array().map(Vec::len)), (0, Some(2)), "{ran:?}");
        let usable = || config::load(&fixture.world.services).usable.expect("usable");
        assert!(usable().skip_tls_verification);
        assert_eq!(fixture.run("set --skip-tls-verification=false").exit, 0);
        assert!(!usable().skip_tls_verification);
        assert_eq!(fixture.world.server.count("/agent/v2/machines"), 1);
    }

    #[test]
    fn the_originals_file_is_imported_and_removed_when_asked() {
        let fixture = Fixture::new();
        let folder = std::env::temp_dir().join(format!("trasa-import-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder");
        let file = folder.join("config.trasa");
        let text = format!(
            r#"{{"serviceID":"{}","serviceKey":"{}","trasaHost":"https://one.example.com","offlineUsers":"bat","skipTLSVerification":true}}"#,
            FakeServer::V1_SERVICE,
            FakeServer::V1_KEY
        );
        std::fs::write(&file, &text).expect("written");
        let line = format!("set --import {}", file.display());
        assert_eq!(fixture.run(&format!("{line} --protocol v2")).exit, 2);
        assert_eq!(fixture.run(&format!("{line} --server two.example.com")).exit, 2);
        let ran = fixture.run(&line);
        assert_eq!(ran.exit, 0, "{ran:?}");
        assert!(ran.out.contains("still holds the ServiceKey in clear text"), "{}", ran.out);
        assert!(ran.out.contains("Offline user: bat -> HOST\\bat") && !ran.out.contains("canary"));
        assert!(file.exists());
        let ran = fixture.run(&format!("{line} --remove-imported --offline-users anna --json"));
        let json = ran.json();
        assert_eq!((ran.exit, &json["imported"]["removed"]), (0, &true.into()), "{ran:?}");
        assert_eq!(json["offline_users"][0]["typed"], "anna");
        assert!(!file.exists());
        std::fs::remove_dir_all(&folder).expect("removed");
    }
}
