//! `disarm`.

use crate::console::{Console, Failure};
use crate::panel::Panel;
use agent::ports::{Armed, Never};
use agent::{config, report};
use serde_json::json;

pub(super) fn run(panel: &Panel, console: &mut Console<'_>) -> Result<(), Failure> {
    panel.require_elevation()?;
    let services = &panel.services;
    if services.registry.armed() == Armed::No {
        return console.show(
            &json!({ "state": config::load(services).state.name(), "reported": false }),
            &["The Windows logon of this computer was not guarded.".to_owned()],
        );
    }
    config::disarm(services, "an administrator of this computer disarmed it")?;
    // The server hears of it now, or else with the next report.
    let reported = report::report(services, &panel.report_facts(), &Never).is_ok();
    let mut lines = vec!["The Windows logon of this computer is no longer guarded.".to_owned()];
    if !reported && config::load(services).usable.is_some() {
        lines.push("The server could not be told; the next report does.".to_owned());
    }
    console.show(&json!({ "state": config::load(services).state.name(), "reported": reported }), &lines)
}

#[cfg(test)]
mod tests {
    use crate::testing::Fixture;
    use agent::config::{self, State};
    use agent::ports::{ProtectedFile, TransportError};
    use agent::testing::Reply;

    #[test]
    fn disarmed_with_and_without_a_server() {
        let fixture = Fixture::new();
        fixture.world.arm(&["bat"], false);
        let ran = fixture.run("disarm --json");
        assert_eq!((ran.exit, ran.json()["reported"].as_bool()), (0, Some(true)));
        assert_eq!(config::load(&fixture.world.services).state, State::Verified);
        assert_eq!(fixture.run("disarm").exit, 0, "again");
        config::arm(&fixture.world.services).expect("arms");
        fixture.world.server.script(|_, _, _| Reply::Fails(TransportError::Connect));
        let ran = fixture.run("disarm --json");
        assert_eq!((ran.exit, ran.json()["reported"].as_bool()), (0, Some(false)));
        assert_eq!(config::load(&fixture.world.services).state, State::Verified);
    }

    #[test]
    fn a_damaged_agent_can_be_disarmed() {
        let fixture = Fixture::new();
        fixture.world.arm(&["bat"], false);
        fixture.world.files.files.lock().expect("lock").remove(&ProtectedFile::Agent);
        assert_eq!(fixture.run("disarm").exit, 0);
        assert_eq!(config::load(&fixture.world.services).state, State::Absent);
    }

    #[test]
    fn only_whoever_is_elevated_disarms() {
        let fixture = Fixture::new();
        fixture.world.arm(&["bat"], false);
        fixture.elevated.set(false);
        assert_eq!(fixture.run("disarm").exit, 4);
        assert_eq!(config::load(&fixture.world.services).state, State::Armed);
    }
}
