//! `report`: the heartbeat, once.

use crate::console::{Console, Failure};
use crate::panel::Panel;
use agent::config::{self, State};
use agent::ports::Never;
use agent::report;
use serde_json::json;

pub(super) fn run(panel: &Panel, console: &mut Console<'_>) -> Result<(), Failure> {
    panel.require_elevation()?;
    let services = &panel.services;
    // Neither has a key to sign a report with.
    match config::load(services).state {
        State::Absent => {
            return Err(Failure::refused(
                "absent",
                "No verified configuration is saved. Run TrasaConfig set first.",
            ));
        }
        State::Damaged(why) => {
            return Err(Failure::refused(
                "damaged",
                format!(
                    "The configuration is damaged: {why}. Run TrasaConfig disarm, then TrasaConfig set again."
                ),
            ));
        }
        State::Verified | State::Armed => {}
    }
    let done = report::report(services, &panel.report_facts(), &Never)?;
    let state = config::load(services).state.name();
    let mut lines = vec![match done.offline_logons {
        0 => "Reported.".to_owned(),
        1 => "Reported, with one offline logon.".to_owned(),
        many => format!("Reported, with {many} offline logons."),
    }];
    if done.released {
        lines.push("An owner released this computer: its logon is no longer guarded.".to_owned());
    }
    console.show(
        &json!({ "state": state, "offline_logons": done.offline_logons, "released": done.released }),
        &lines,
    )
}

#[cfg(test)]
mod tests {
    use crate::testing::Fixture;
    use agent::ports::{ProtectedFile, TransportError};
    use agent::testing::{Reply, Tile};

    #[test]
    fn offline_logons_are_told() {
        let fixture = Fixture::new();
        let world = &fixture.world;
        world.arm(&["bat"], false);
        world.server.script(|_, _, _| Reply::Fails(TransportError::Connect));
        assert!(Tile::open(world).log_on("bat", "right", "b", "287082").is_some());
        let ran = fixture.run("report --json");
        assert_eq!((ran.exit, ran.json()["code"].as_str()), (3, Some("server_unreachable")), "{ran:?}");
        world.server.script(|_, request, server| {
            let body: protocol::v2::ReportRequest = serde_json::from_slice(&request.body).expect("a report");
            Reply::Signed(protocol::v2::Answer::Report(protocol::v2::ReportAnswer {
                received: body.offline_logons.iter().map(|logon| logon.id).collect(),
                settings: server.settings.lock().expect("lock").clone(),
                keys: Vec::new(),
                release: true,
                time: server.now(),
            }))
        });
        let ran = fixture.run("report --json");
        let expect = serde_json::json!({ "state": "verified", "offline_logons": 1, "released": true });
        assert_eq!((ran.exit, ran.json()), (0, expect));
    }

    #[test]
    fn without_a_key_there_is_no_report() {
        let fixture = Fixture::new();
        let code = || fixture.run("report --json").json()["code"].as_str().map(str::to_owned);
        assert_eq!(code().as_deref(), Some("absent"));
        fixture.world.arm(&["bat"], false);
        fixture.world.files.loose.lock().expect("lock").insert(ProtectedFile::Agent);
        assert_eq!(code().as_deref(), Some("damaged"));
    }
}
