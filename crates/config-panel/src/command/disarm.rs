//! `disarm`.

use crate::console::{Console, Failure};
use crate::flow;
use crate::panel::Panel;
use serde_json::json;

pub(super) fn run(panel: &Panel, console: &mut Console<'_>) -> Result<(), Failure> {
    let done = flow::disarm::run(panel)?;
    let mut lines = vec![
        if done.was_armed {
            "The Windows logon of this computer is no longer guarded."
        } else {
            "The Windows logon of this computer was not guarded."
        }
        .to_owned(),
    ];
    if done.was_pending {
        lines.push("It will not be guarded by itself any more.".to_owned());
    }
    if done.owes_report {
        lines.push("The server could not be told; the next report does.".to_owned());
    }
    console.show(&json!({ "state": done.state.name(), "reported": done.reported }), &lines)
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
    fn version_1_owes_nobody_a_report() {
        let fixture = Fixture::new();
        fixture.world.arm_v1(&["bat"], false);
        let ran = fixture.run("disarm");
        assert_eq!((ran.exit, ran.out.lines().count()), (0, 1), "{ran:?}");
        assert_eq!(fixture.world.server.count("/agent/"), 0);
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
