//! `report`: the heartbeat, once.

use crate::console::{Console, Failure};
use crate::flow::arm::{self, Outcome};
use crate::flow::unattended;
use crate::panel::Panel;
use agent::config::{self, Generation, State};
use agent::ports::Never;
use agent::report::{self, Reported};
use serde_json::json;

const TAKEN_BACK: &str = "The guard was taken off this computer: during probation two starts of Windows refused accounts whose password is right.";

pub(super) fn run(panel: &Panel, console: &mut Console<'_>) -> Result<(), Failure> {
    panel.require_elevation()?;
    let services = &panel.services;
    // A computer that is configured by nothing but a policy asks for admission here.
    unattended::by_policy(panel)?;
    let before = config::load(services).state;
    // Also without a key to sign with: the end of a probation must not depend on one.
    let done = report::report(services, &panel.report_facts(), &Never);
    let is_v1 =
        config::load(services).usable.is_some_and(|usable| usable.configuration.protocol() == Generation::V1);
    // Version 1 has no report. What a report carries out here is carried out all the same.
    let done = if is_v1 { Ok(Reported { offline_logons: 0, released: false }) } else { done };
    let waits = if done.is_ok() { arm::complete(panel)? } else { None };
    let after = config::load(services).state;
    let done = match (done, after) {
        (Ok(done), _) => done,
        (Err(_), State::Absent) if before.guards() => {
            return Err(Failure::refused("absent", format!("{TAKEN_BACK} Its configuration is damaged.")));
        }
        (Err(_), State::Absent) => {
            return Err(Failure::refused(
                "absent",
                "No verified configuration is saved. Run TrasaConfig set first.",
            ));
        }
        (Err(_), State::Damaged(why)) => {
            return Err(Failure::refused(
                "damaged",
                format!(
                    "The configuration is damaged: {why}. Run TrasaConfig disarm, then TrasaConfig set again."
                ),
            ));
        }
        (Err(failed), State::Verified | State::Armed) => return Err(failed.into()),
    };
    let mut lines = vec![match done.offline_logons {
        _ if is_v1 => "The original's protocol has no reports: nothing was told.".to_owned(),
        0 => "Reported.".to_owned(),
        1 => "Reported, with one offline logon.".to_owned(),
        many => format!("Reported, with {many} offline logons."),
    }];
    if done.released {
        lines.push("An owner released this computer: its logon is no longer guarded.".to_owned());
    }
    if before.guards() && !after.guards() && !done.released {
        lines.push(TAKEN_BACK.to_owned());
    }
    let mut pending = false;
    match waits {
        Some(Outcome::Armed(_)) => {
            lines.push("The Windows logon of this computer is guarded from now on.".to_owned());
        }
        Some(Outcome::Waits(waits)) => {
            pending = true;
            lines.push(format!("Arming waits. {}", waits.waits_for.1));
        }
        None => {}
    }
    let shown = json!({
        "state": after.name(),
        "offline_logons": done.offline_logons,
        "released": done.released,
        "pending": pending,
    });
    console.show(&shown, &lines)
}

#[cfg(test)]
mod tests {
    use crate::testing::Fixture;
    use agent::ports::{ProtectedFile, TransportError};
    use agent::probation;
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
        let expect = serde_json::json!({ "state": "verified", "offline_logons": 1, "released": true, "pending": false });
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

    #[test]
    fn probation_ends_without_a_server_and_without_a_key() {
        for has_key in [true, false] {
            let fixture = Fixture::new();
            let world = &fixture.world;
            world.arm(&["anna"], false);
            probation::begin(&world.services).expect("begins");
            if !has_key {
                world.files.loose.lock().expect("lock").insert(ProtectedFile::Agent);
            }
            world.server.script(|_, _, _| Reply::Fails(TransportError::Connect));
            for start in ["second", "third"] {
                world.clock.restart(start);
                assert!(Tile::open(world).log_on("bat", "right", "bat", "287082").is_none());
            }
            let ran = fixture.run("report --json");
            assert_eq!(ran.exit, if has_key { 3 } else { 1 }, "{ran:?}");
            let state = fixture.run("show --json").json()["state"].clone();
            assert_eq!(state, if has_key { "verified" } else { "absent" });
        }
    }
}
