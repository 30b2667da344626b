//! `show`: state and configuration. Its JSON is for scripts and keeps its fields.

use crate::console::{Console, Failure};
use crate::panel::Panel;
use crate::registration::{self, FILTER, PROVIDER};
use agent::config::{self, Configuration, Generation, Link, State, Usable};
use agent::probation::{self, Standing};
use agent::texts;
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
    mode: Option<Mode>,
    probation_until: Option<i64>,
}

pub(super) fn run(panel: &Panel, console: &mut Console<'_>) -> Result<(), Failure> {
    panel.require_elevation()?;
    let services = &panel.services;
    let loaded = config::load(services);
    let usable = loaded.usable.as_ref();
    let mode = |usable: &Usable| {
        if usable.is_watching(services.clock.unix_seconds()) { Mode::Watch } else { Mode::Guard }
    };
    let shown = Shown {
        state: loaded.state.name(),
        clsid: PROVIDER,
        filter_clsid: FILTER,
        machine_id: usable.and_then(machine_id),
        service_id: usable.map(|usable| service_id(&usable.configuration)),
        servers: usable.map(|u| u.servers.iter().map(ToString::to_string).collect()).unwrap_or_default(),
        protocol: usable.map(|usable| usable.configuration.protocol()),
        mode: usable.map(mode),
        probation_until: probation_until(panel),
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
            if usable.skip_tls_verification {
                "the keys that the server's signed list names"
            } else {
                "Windows' certificate store"
            }
        ));
        lines.push(format!("Mode: {}", if shown.mode == Some(Mode::Watch) { "watch" } else { "guard" }));
        if !usable.is_approved() {
            lines.push("Waits for an administrator's approval in TRASA.".to_owned());
        }
    }
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

    const FIELDS: [&str; 9] = [
        "clsid",
        "filter_clsid",
        "machine_id",
        "mode",
        "probation_until",
        "protocol",
        "servers",
        "service_id",
        "state",
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
    fn whoever_is_not_elevated_is_told_so() {
        let fixture = Fixture::new();
        fixture.elevated.set(false);
        let ran = fixture.run("show --json");
        assert_eq!((ran.exit, ran.json()["code"].as_str()), (4, Some("needs_elevation")));
    }
}
