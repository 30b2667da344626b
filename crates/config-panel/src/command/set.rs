//! `set`: admission first, and only then something is saved.

use super::ReadSecret;
use crate::arguments::Set;
use crate::console::{Console, Failure};
use crate::panel::Panel;
use agent::account::{KnownAccount, resolve_listed};
use agent::config::{self, Configuration, OfflineList, State};
use agent::exchange::{AdmissionFailed, AdmissionInput, admit};
use agent::ports::{Address, Never, ProtectedFile, Stored};
use agent::texts;
use agent::worker::versions;
use protocol::id::ServiceId;
use protocol::v2::{AdmissionOrigin, Mode};
use serde::Serialize;

/// What the manual promises to say.
const SAVED: &str = "Successfully verified and saved config data.";

#[derive(Serialize)]
struct Saved<'a> {
    message: &'static str,
    machine_id: String,
    service_id: String,
    service_name: &'a str,
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
    arguments: &Set,
    panel: &Panel,
    secret: ReadSecret<'_>,
    console: &mut Console<'_>,
) -> Result<(), Failure> {
    let service = ServiceId::parse(arguments.service_id.trim()).ok_or_else(|| {
        Failure::usage("This is no ServiceID. Copy it again from the service profile page.")
    })?;
    let servers = Address::parse_list(&arguments.server).map_err(|why| {
        Failure::usage(format!("--server: {why}. Write host or host:port, several with commas."))
    })?;
    panel.require_elevation()?;
    let services = &panel.services;
    let before = config::load(services);
    if before.state.guards() && !arguments.while_armed {
        return Err(Failure::refused(
            "armed",
            "The logon of this computer is guarded. Disarm first, so that the new configuration can be checked before it guards.",
        ));
    }
    let offline = match &arguments.offline_users {
        Some(names) => resolve_all(names, panel)?,
        None => before.offline.users,
    };
    let secret = secret()?;
    let input = AdmissionInput {
        service,
        secret: &secret,
        servers: &servers,
        skip_tls_verification: arguments.skip_tls_verification,
        origin: AdmissionOrigin::Person,
        versions: versions(&before.machine.windows_version),
    };
    let admission = admit(services, &input, &Never).map_err(not_admitted)?;
    let allowed = before.usable.map(|usable| usable.configuration.allowed_providers).unwrap_or_default();
    let configuration = admission
        .into_configuration(services, known_accounts(panel, &offline), allowed)
        .map_err(not_admitted)?;
    let offline = OfflineList { serial: 0, users: offline };
    config::save(services, &configuration, &offline)?;
    match config::load(services).state {
        State::Verified | State::Armed => say(&configuration, &offline, console),
        State::Damaged(damage) => Err(unreadable(&damage.to_string())),
        // While nothing guards, the state does not say why.
        State::Absent => Err(unreadable(match services.files.read(ProtectedFile::Agent) {
            Stored::Loose => "others than SYSTEM and Administrators have access to it",
            _ => "what was written is not what is read",
        })),
    }
}

fn resolve_all(names: &str, panel: &Panel) -> Result<Vec<KnownAccount>, Failure> {
    let machine = panel.services.machine.facts();
    let mut users: Vec<KnownAccount> = Vec::new();
    for name in names.split(',').map(str::trim).filter(|name| !name.is_empty()) {
        let user = resolve_listed(name, &machine, &*panel.services.lookup).map_err(|why| {
            Failure::refused(
                "offline_user_unresolved",
                format!("Offline user {name}: {} Nothing was saved.", texts::resolve_error(why)),
            )
        })?;
        if !users.iter().any(|known| known.account.is_same(&user.account)) {
            users.push(user);
        }
    }
    Ok(users)
}

/// Who is written down for the day when names cannot be looked up.
fn known_accounts(panel: &Panel, offline: &[KnownAccount]) -> Vec<KnownAccount> {
    let mut known = offline.to_vec();
    for account in panel.local_administrators() {
        if !known.iter().any(|other| other.account.is_same(&account)) {
            let typed = format!("{}\\{}", account.domain, account.name);
            known.push(KnownAccount::new(typed, account));
        }
    }
    known
}

fn not_admitted(why: AdmissionFailed) -> Failure {
    match why {
        AdmissionFailed::Refused(code, parameters) => {
            Failure::refused(code.code(), format!("{} Nothing was saved.", texts::refusal(code, &parameters)))
        }
        AdmissionFailed::WrongServer(address) => Failure::refused(
            "wrong_server",
            format!(
                "The server at {address} does not hold the key that this ServiceKey belongs to: either it is another server, or the ServiceKey was not copied whole. Nothing was saved."
            ),
        ),
        AdmissionFailed::Unreachable(causes) => Failure::unreachable(&causes),
        _ => Failure::refused(
            "internal",
            "Windows gave no random numbers or could not seal the key of this computer. Nothing was saved.",
        ),
    }
}

fn unreadable(why: &str) -> Failure {
    Failure::refused("saved_unreadable", format!("The configuration was saved but cannot be used: {why}."))
}

fn say(
    configuration: &Configuration,
    offline: &OfflineList,
    console: &mut Console<'_>,
) -> Result<(), Failure> {
    let settings = &configuration.settings;
    let saved = Saved {
        message: SAVED,
        machine_id: configuration.machine.to_string(),
        service_id: configuration.service.id.to_string(),
        service_name: &configuration.service.name,
        servers: &configuration.servers,
        approved: settings.approved,
        mode: settings.mode,
        offline_users: offline
            .users
            .iter()
            .map(|user| OfflineUser {
                typed: &user.typed,
                account: user.account.to_string(),
                sid: user.account.sid.as_ref().map(agent::Sid::as_str),
            })
            .collect(),
    };
    let mut lines = vec![
        SAVED.to_owned(),
        format!("Service: {} ({})", saved.service_name, saved.service_id),
        format!("Machine: {}", saved.machine_id),
    ];
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
    use super::SAVED;
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
