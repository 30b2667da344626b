//! `arm`, at once or as soon as it may.

use crate::arguments::Arm;
use crate::console::{Console, Failure};
use crate::flow::arm::{self, Armed, Outcome, Wish};
use crate::panel::Panel;
use agent::pending::PendingArm;
use agent::ports::Never;
use serde_json::json;

pub(super) fn run(arguments: &Arm, panel: &Panel, console: &mut Console<'_>) -> Result<(), Failure> {
    let wish = Wish {
        without_trial: arguments.without_trial,
        without_offline_user: arguments.without_offline_user,
        // Unattended, nobody would be there to be taken back for.
        probation: if arguments.when_approved { arguments.probation } else { !arguments.without_probation },
    };
    if !arguments.when_approved {
        return say_armed(&arm::run(panel, &wish, &Never)?, console);
    }
    match arm::when_approved(panel, &wish)? {
        Outcome::Armed(armed) => say_armed(&armed, console),
        Outcome::Waits(waits) => say_waits(&waits, console),
    }
}

fn say_armed(armed: &Armed, console: &mut Console<'_>) -> Result<(), Failure> {
    let mut lines = vec![
        if armed.already {
            "The Windows logon of this computer is guarded already."
        } else {
            "The Windows logon of this computer is guarded from now on."
        }
        .to_owned(),
    ];
    lines.extend(armed.warnings.iter().map(|line| format!("[!] {}", line.text)));
    if !armed.already && armed.probation_until.is_some() {
        lines.push(
            "Probation, for 24 hours or until the first logon that the server allows: should two starts of Windows refuse accounts whose password is right, the guard is taken off again."
                .to_owned(),
        );
    }
    let warnings: Vec<_> = armed.warnings.iter().map(|line| &line.text).collect();
    let shown = json!({
        "state": "armed", "pending": false, "probation_until": armed.probation_until, "warnings": warnings,
    });
    console.show(&shown, &lines)
}

fn say_waits(waits: &PendingArm, console: &mut Console<'_>) -> Result<(), Failure> {
    let (code, message) = &waits.waits_for;
    let lines = [
        "The Windows logon of this computer is not guarded yet. The report task guards it as soon as nothing is in the way.".to_owned(),
        format!("Now: {message}"),
    ];
    let shown = json!({ "state": "verified", "pending": true, "why": { "code": code, "message": message } });
    console.show(&shown, &lines)
}

#[cfg(test)]
mod tests {
    use crate::testing::{Fixture, lets_in};
    use agent::config::{self, State};
    use agent::ports::TransportError;
    use agent::testing::Reply;
    use protocol::v2::{Mode, path};

    fn ready(offline: &str) -> Fixture {
        Fixture::ready(offline)
    }

    fn refusal(fixture: &Fixture, line: &str) -> (u8, String) {
        let ran = fixture.run(&format!("{line} --json"));
        assert_ne!(config::load(&fixture.world.services).state, State::Armed, "{line}");
        (ran.exit, ran.json()["code"].as_str().unwrap_or_default().to_owned())
    }

    const ARM: &str = "arm --without-trial";

    #[test]
    fn armed_when_somebody_gets_in_and_an_administrator_is_an_offline_user() {
        let fixture = ready("bat");
        let ran = fixture.run("arm --without-trial");
        assert_eq!(ran.exit, 0, "{ran:?}");
        assert_eq!(config::load(&fixture.world.services).state, State::Armed);
        assert_eq!(fixture.run("arm --without-trial").exit, 0, "again");
        let until = fixture.run("show --json").json()["probation_until"].as_i64();
        assert_eq!(until, Some(fixture.world.services.clock.unix_seconds() + 86_400));
        // The server was told.
        let reports = fixture.world.server.count(path::REPORT);
        assert!(reports >= 2, "{reports}");
    }

    #[test]
    fn a_trial_that_passed_is_what_arm_asks_for() {
        let fixture = ready("bat");
        assert_eq!(refusal(&fixture, "arm"), (1, "no_trial".to_owned()));
        let check = fixture.run("check").out;
        assert!(
            check.contains("[!]  No trial logon passed") && check.contains("Next: TrasaConfig try"),
            "{check}"
        );
        assert_eq!(fixture.run_with("try", "bat\nright\nb\ncode\n287082\n").exit, 0);
        let check = fixture.run("check").out;
        assert!(check.contains("[ok] A trial logon of HOST\\bat passed."), "{check}");
        assert_eq!(fixture.set("--offline-users bat").exit, 0);
        assert_eq!(refusal(&fixture, "arm"), (1, "no_trial".to_owned()), "another configuration");
        assert_eq!(fixture.run_with("try", "bat\nright\nb\ncode\n287082\n").exit, 0);
        assert_eq!(fixture.run("arm").exit, 0);
        assert_eq!(config::load(&fixture.world.services).state, State::Armed);
    }

    #[test]
    fn what_waits_is_carried_out_by_the_report() {
        let fixture = ready("bat");
        let approve = |approved| fixture.world.server.settings.lock().expect("lock").approved = approved;
        approve(false);
        let ran = fixture.run("arm --when-approved --json");
        assert_eq!((ran.exit, ran.json()["pending"].as_bool()), (0, Some(true)), "{ran:?}");
        assert_eq!(ran.json()["why"]["code"], "machine_waiting");
        let ran = fixture.run("report --json").json();
        assert_eq!((&ran["state"], &ran["pending"]), (&"verified".into(), &true.into()));
        approve(true);
        lets_in(&fixture, &[]);
        let ran = fixture.run("report");
        assert!(ran.out.contains("Nobody would get in"), "the check counts, not the approval alone: {ran:?}");
        lets_in(&fixture, &["bat"]);
        let ran = fixture.run("report --json").json();
        assert_eq!((&ran["state"], &ran["pending"]), (&"armed".into(), &false.into()));
        let shown = fixture.run("show --json").json();
        assert_eq!(shown["probation_until"], serde_json::Value::Null, "no probation unless it is asked for");
        assert!(agent::pending::read(&fixture.world.services).is_none());
        assert_eq!(fixture.run("disarm").exit, 0);
        assert_eq!(fixture.run("report --json").json()["state"], "verified", "once");
    }

    #[test]
    fn unattended_with_probation_where_it_is_asked_for() {
        let fixture = ready("bat");
        assert_eq!(fixture.run("arm --when-approved --probation").exit, 0);
        assert!(fixture.run("show --json").json()["probation_until"].is_i64());
    }

    #[test]
    fn what_waiting_does_not_heal_is_refused_at_once() {
        const LINE: &str = "arm --when-approved";
        let fixture = ready("");
        assert_eq!(refusal(&fixture, LINE), (1, "no_offline_administrator".to_owned()));
        fixture.world.server.settings.lock().expect("lock").approved = false;
        assert_eq!(fixture.run("report").exit, 0);
        assert_eq!(refusal(&fixture, LINE), (1, "machine_waiting".to_owned()), "and no offline user");
        assert!(agent::pending::read(&fixture.world.services).is_none());
        assert_eq!(fixture.run("arm --when-approved --without-offline-user").exit, 0);
        assert!(agent::pending::read(&fixture.world.services).is_some());
        let ran = fixture.run("disarm");
        assert!(ran.out.contains("not be guarded by itself any more"), "{ran:?}");
        assert!(agent::pending::read(&fixture.world.services).is_none());
        assert_eq!(refusal(&Fixture::new(), LINE), (1, "absent".to_owned()));
    }

    #[test]
    fn refused_for_each_of_these() {
        let told = |exit, code: &str| (exit, code.to_owned());
        let fixture = Fixture::new();
        assert_eq!(refusal(&fixture, ARM), told(1, "absent"));

        let fixture = ready("bat");
        fixture.elevated.set(false);
        assert_eq!(refusal(&fixture, ARM), told(4, "needs_elevation"));
        fixture.elevated.set(true);
        assert_eq!(refusal(&fixture, "arm"), told(1, "no_trial"));
        lets_in(&fixture, &[]);
        assert_eq!(refusal(&fixture, ARM), told(1, "nobody_would_get_in"));
        fixture.world.server.script(|_, _, _| Reply::Fails(TransportError::Connect));
        assert_eq!(refusal(&fixture, ARM), told(3, "server_unreachable"));
        lets_in(&fixture, &["bat"]);
        assert_eq!(fixture.run("unregister").exit, 0);
        assert_eq!(refusal(&fixture, ARM), told(1, "provider_not_registered"));
        fixture.install();
        fixture.world.server.settings.lock().expect("lock").approved = false;
        assert_eq!(refusal(&fixture, ARM), told(1, "machine_waiting"));
        fixture.world.server.settings.lock().expect("lock").approved = true;
        *fixture.diagnostics.load_fault.borrow_mut() = Some("error 126".to_owned());
        assert_eq!(refusal(&fixture, ARM), told(1, "provider_not_loadable"));
        *fixture.diagnostics.load_fault.borrow_mut() = None;
        fixture.world.windows.accounts.lock().expect("lock").retain(|account| account.name != "bat");
        assert_eq!(refusal(&fixture, ARM), told(1, "offline_user_unresolved"));
    }

    #[test]
    fn only_what_is_known_is_told() {
        let fixture = ready("bat");
        fixture.world.server.script(|_, _, _| Reply::Fails(TransportError::Connect));
        let ran = fixture.run("check");
        assert_eq!(ran.exit, 12);
        assert!(!ran.out.contains("obody would get in") && !ran.out.contains("rial"), "{}", ran.out);
        lets_in(&fixture, &["bat"]);
        assert_eq!(fixture.run("check").exit, 0);
        fixture.world.server.settings.lock().expect("lock").approved = false;
        let ran = fixture.run("check");
        assert_eq!((ran.exit, ran.out.matches("[X]").count()), (11, 1), "{}", ran.out);
    }

    #[test]
    fn without_an_administrator_among_the_offline_users_only_when_it_is_said() {
        for offline in ["", "anna"] {
            let fixture = ready(offline);
            assert_eq!(refusal(&fixture, ARM), (1, "no_offline_administrator".to_owned()));
            let ran = fixture.run("arm --without-trial --without-offline-user");
            assert_eq!(ran.exit, 0, "{ran:?}");
            assert!(ran.out.contains("[!] No local administrator is an offline user"));
        }
    }

    #[test]
    fn an_unattended_installation_has_no_probation() {
        let fixture = ready("bat");
        assert_eq!(fixture.run("arm --without-trial --without-probation").exit, 0);
        assert_eq!(fixture.run("show --json").json()["probation_until"], serde_json::Value::Null);
    }

    #[test]
    fn a_disabled_administrator_repairs_nothing() {
        let fixture = ready("bat");
        fixture.accounts.borrow_mut()[0].is_disabled = true;
        assert_eq!(refusal(&fixture, ARM), (1, "no_offline_administrator".to_owned()));
    }

    #[test]
    fn in_watch_mode_nobody_need_get_in_yet() {
        let fixture = ready("bat");
        lets_in(&fixture, &[]);
        {
            let mut settings = fixture.world.server.settings.lock().expect("lock");
            settings.mode = Mode::Watch;
            settings.mode_until = Some(fixture.world.server.now() + 86_400);
        }
        assert_eq!(fixture.run(ARM).exit, 0);
        assert_eq!(fixture.run("show --json").json()["mode"], "watch");
    }

    #[test]
    fn check_says_every_line_and_ends_with_the_first_failing_number() {
        let fixture = Fixture::new();
        let exit = |line: &str| fixture.run(line).exit;
        assert_eq!(exit("check"), 10, "absent");
        fixture.install();
        assert_eq!(fixture.set("--offline-users bat,anna").exit, 0);
        lets_in(&fixture, &["bat"]);
        let ran = fixture.run("check");
        assert_eq!(ran.exit, 0, "{ran:?}");
        for line in [
            "[ok] one.example.com answers.",
            "[ok] HOST\\bat (local administrator, offline user) would get in by one-time code.",
            "[!]  HOST\\anna (offline user) would not get in: ",
            "[ok] Offline user bat -> HOST\\bat (S-1-5-21-1-2-3-1001).",
            "[ok] The credential provider is registered.",
        ] {
            assert!(ran.out.contains(line), "{line}\n{}", ran.out);
        }
        let json = fixture.run("check --json").json();
        assert_eq!((&json["passed"], &json["state"]), (&true.into(), &"verified".into()));
        assert_eq!(json["accounts"][1]["would_get_in"], false);
        assert_eq!(json["accounts"][1]["reason"], "no_access");
        assert_eq!(json["offline_users"][0]["sid"], "S-1-5-21-1-2-3-1001");
        lets_in(&fixture, &[]);
        assert_eq!(exit("check"), 14, "nobody would get in");
        lets_in(&fixture, &["bat"]);
        *fixture.world.clock.unix.lock().expect("lock") += 200;
        *fixture.world.server.skew.lock().expect("lock") -= 200;
        let ran = fixture.run("check");
        assert!(ran.out.contains("[!]  The clock is 200 s off the server's."), "{}", ran.out);
        fixture.world.server.script(|_, _, _| Reply::Fails(TransportError::NameResolution));
        assert_eq!(exit("check"), 12, "no server");
        assert_eq!(fixture.run("unregister").exit, 0);
        lets_in(&fixture, &["bat"]);
        assert_eq!(exit("check"), 18, "not registered");
    }

    #[test]
    fn an_armed_computer_is_checked_without_asking_who_would_get_in() {
        let fixture = ready("bat");
        assert_eq!(fixture.run(ARM).exit, 0);
        let before = fixture.world.server.count(path::CHECK);
        let ran = fixture.run("check");
        assert_eq!(ran.exit, 0, "{ran:?}");
        assert_eq!(fixture.world.server.count(path::CHECK), before);
    }
}
