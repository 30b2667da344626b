//! `show`: state and configuration. Its JSON is for scripts and keeps its fields.

use crate::console::{Console, Failure};
use crate::panel::Panel;
use crate::registration::{self, FILTER, PROVIDER};
use agent::config::{self, Configuration, Generation, Link, State, Usable};
use agent::probation::{self, Standing};
use agent::{pending, texts, trial};
use protocol::v2::Mode;
use serde::Serialize;

#[derive(Serialize)]
struct Shown {
    state: &'static str,
    clsid: &'static str,
    filter_clsid: &'static str,
    machine_id: Option<String>,
    service_id: Option<String>,
    servers: Vec<String>,
    protocol: Option<Generation>,
    /// None in version 1, which has no modes.
    mode: Option<Mode>,
    probation_until: Option<i64>,
    /// In version 1: the TLS key that the server showed at the verification.
    tls_key: Option<String>,
    skip_tls_verification: Option<bool>,
    /// What the protocol cannot protect.
    limits: &'static [&'static str],
    /// Server time of the last authentic answer, Unix seconds.
    last_contact: Option<i64>,
    /// The trial logon that counts for `arm`.
    trial: Option<trial::Passed>,
    /// `arm` waits until nothing is in the way.
    arming_waits: bool,
}

pub(super) fn run(panel: &Panel, console: &mut Console<'_>) -> Result<(), Failure> {
    panel.require_elevation()?;
    let services = &panel.services;
    let loaded = config::load(services);
    let usable = loaded.usable.as_ref();
    let waits = pending::read(services);
    let shown = Shown {
        state: loaded.state.name(),
        clsid: PROVIDER,
        filter_clsid: FILTER,
        machine_id: usable.and_then(machine_id),
        service_id: usable.map(|usable| service_id(&usable.configuration)),
        servers: usable.map(|u| u.servers.iter().map(ToString::to_string).collect()).unwrap_or_default(),
        protocol: usable.map(|usable| usable.configuration.protocol()),
        mode: usable.and_then(|usable| mode(usable, services.clock.unix_seconds())),
        probation_until: probation_until(panel),
        tls_key: usable.and_then(tls_key),
        skip_tls_verification: usable.map(|usable| usable.skip_tls_verification),
        limits: match usable.map(|usable| usable.configuration.protocol()) {
            Some(Generation::V1) => &texts::v1::LIMITS,
            _ => &[],
        },
        last_contact: usable.map(|usable| usable.learned.highest_server_time).filter(|time| *time > 0),
        trial: usable.and_then(|usable| trial::passed(services, usable)),
        arming_waits: waits.is_some(),
    };
    let mut lines = vec![match loaded.state {
        State::Absent => {
            "State: absent. No verified configuration is saved; Windows signs in as ever.".to_owned()
        }
        State::Verified => "State: verified. Saved, but the logon is not guarded yet.".to_owned(),
        State::Armed => "State: armed. The Windows logon is guarded.".to_owned(),
        State::Damaged(why) => {
            format!("State: damaged: {why}. Everybody is refused except offline users.")
        }
    }];
    if let Some(usable) = usable {
        let configuration = &usable.configuration;
        match &configuration.link {
            Link::V1(verified) => {
                lines.push(format!("Service: {}", verified.service));
                lines.push(format!("Machine: {}", configuration.host));
            }
            Link::V2(admission) => {
                lines.push(format!("Service: {} ({})", admission.service.name, admission.service.id));
                lines.push(format!("Machine: {} ({})", configuration.host, admission.machine));
            }
        }
        lines.push(format!("Servers: {}", shown.servers.join(", ")));
        lines.push(format!(
            "TLS: {}",
            match (usable.skip_tls_verification, &shown.tls_key) {
                (false, _) => "Windows' certificate store".to_owned(),
                (true, None) => "the keys that the server's signed list names".to_owned(),
                (true, Some(key)) => format!("only the key {key}"),
            }
        ));
        lines.extend(
            shown.mode.map(|mode| format!("Mode: {}", if mode == Mode::Watch { "watch" } else { "guard" })),
        );
        if !usable.is_approved() {
            lines.push("Waits for an administrator's approval in TRASA.".to_owned());
        }
    }
    if !shown.limits.is_empty() {
        lines.push("Protocol: version 1, the original's. It cannot protect everything:".to_owned());
        lines.extend(shown.limits.iter().map(|text| format!("  - {text}")));
    }
    if let Some(passed) = &shown.trial {
        lines.push(format!("Trial logon: passed by {}.", passed.account));
    }
    lines.extend(waits.map(|waits| format!("Arming waits. {}", waits.waits_for.1)));
    if let Some(until) = shown.probation_until {
        let left = u64::try_from(until.saturating_sub(services.clock.unix_seconds())).unwrap_or(0);
        lines.push(format!(
            "Probation: {} left, or until the first logon that the server allows.",
            texts::duration(left)
        ));
    }
    for user in &loaded.offline.users {
        let sid = user.account.sid.as_ref().map_or("no SID", |sid| sid.as_str());
        lines.push(format!("Offline user: {} -> {} ({sid})", user.typed, user.account));
    }
    let registered = registration::facts(panel);
    let word = |is: bool| if is { "registered" } else { "not registered" };
    lines.push(format!("Credential provider: {} ({PROVIDER})", word(registered.provider)));
    lines.push(format!("Filter: {} ({FILTER})", word(registered.filter)));
    console.show(&shown, &lines)
}

fn machine_id(usable: &Usable) -> Option<String> {
    usable.configuration.admission().map(|admission| admission.machine.to_string())
}

fn service_id(configuration: &Configuration) -> String {
    match &configuration.link {
        Link::V1(verified) => verified.service.clone(),
        Link::V2(admission) => admission.service.id.to_string(),
    }
}

fn mode(usable: &Usable, now: i64) -> Option<Mode> {
    usable.configuration.admission()?;
    Some(if usable.is_watching(now) { Mode::Watch } else { Mode::Guard })
}

fn tls_key(usable: &Usable) -> Option<String> {
    match &usable.configuration.link {
        Link::V1(verified) => Some(verified.tls_key.to_string()),
        Link::V2(_) => None,
    }
}

/// Until when the agent may take itself back, Unix seconds.
pub(super) fn probation_until(panel: &Panel) -> Option<i64> {
    match probation::standing(&panel.services) {
        Standing::Until(until) => Some(until),
        Standing::None | Standing::LockedOut => None,
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::Fixture;
    use agent::ports::ProtectedFile;

    const FIELDS: [&str; 15] = [
        "arming_waits",
        "clsid",
        "filter_clsid",
        "last_contact",
        "limits",
        "machine_id",
        "mode",
        "probation_until",
        "protocol",
        "servers",
        "service_id",
        "skip_tls_verification",
        "state",
        "tls_key",
        "trial",
    ];

    #[test]
    fn the_fields_that_scripts_rely_on() {
        let fixture = Fixture::new();
        let shown = || {
            let json = fixture.run("show --json").json();
            assert_eq!(
                json.as_object().map(|o| o.keys().cloned().collect::<Vec<_>>()),
                Some(FIELDS.map(Into::into).to_vec())
            );
            json
        };
        let absent = shown();
        assert_eq!((&absent["state"], &absent["machine_id"]), (&"absent".into(), &serde_json::Value::Null));
        assert_eq!(absent["servers"], serde_json::json!([]));
        assert_eq!(fixture.set("").exit, 0);
        let verified = shown();
        assert_eq!(verified["state"], "verified");
        assert_eq!(verified["clsid"], "{7B1F3C52-5E0B-4C7E-9A36-2D64D1A5C0E1}");
        assert_eq!(verified["service_id"], fixture.world.server.service.to_string());
        assert_eq!(verified["servers"], serde_json::json!(["one.example.com"]));
        assert_eq!((&verified["protocol"], &verified["mode"]), (&"v2".into(), &"guard".into()));
        agent::config::arm(&fixture.world.services).expect("arms");
        assert_eq!(shown()["state"], "armed");
        fixture.world.files.files.lock().expect("lock").remove(&ProtectedFile::Agent);
        assert_eq!(shown()["state"], "damaged");
        assert!(fixture.run("show").out.starts_with("State: damaged: agent.json is missing."));
    }

    #[test]
    fn version_1_shows_its_limits_and_the_pinned_key() {
        let fixture = Fixture::new();
        fixture.world.arm_v1(&["bat"], true);
        let json = fixture.run("show --json").json();
        assert_eq!((&json["protocol"], &json["mode"]), (&"v1".into(), &serde_json::Value::Null));
        assert_eq!(json["machine_id"], serde_json::Value::Null);
        assert_eq!(json["service_id"], agent::testing::FakeServer::V1_SERVICE);
        assert_eq!(json["limits"], serde_json::json!(agent::texts::v1::LIMITS));
        let out = fixture.run("show").out;
        let key = json["tls_key"].as_str().expect("a fingerprint");
        assert!(out.contains(&format!("TLS: only the key {key}")), "{out}");
        assert!(out.contains("cannot protect everything") && !out.contains("Mode:"), "{out}");
        assert!(!out.contains("canary"), "{out}");
    }

    #[test]
    fn what_arming_waits_for_is_shown() {
        let fixture = Fixture::ready("bat");
        fixture.world.server.settings.lock().expect("lock").approved = false;
        assert_eq!(fixture.run("arm --when-approved").exit, 0);
        assert_eq!(fixture.run("show --json").json()["arming_waits"], true);
        let waits = agent::pending::read(&fixture.world.services).expect("it waits");
        let out = fixture.run("show").out;
        assert!(out.contains(&format!("Arming waits. {}", waits.waits_for.1)), "{out}");
    }

    #[test]
    fn whoever_is_not_elevated_is_told_so() {
        let fixture = Fixture::new();
        fixture.elevated.set(false);
        let ran = fixture.run("show --json");
        assert_eq!((ran.exit, ran.json()["code"].as_str()), (4, Some("needs_elevation")));
    }
}
