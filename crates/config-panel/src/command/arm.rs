//! `arm`: the check first. What it refuses for is not waived by being in a hurry.

use super::check::{draw_up, name};
use super::{gather, show};
use crate::arguments::Arm;
use crate::console::{Console, Failure};
use crate::panel::Panel;
use agent::check::{Check, Facts, Line, Report, Verdict, Waived};
use agent::config::{self, State};
use agent::exchange::CallFailed;
use agent::ports::Never;
use agent::{probation, report};
use serde_json::json;

pub(super) fn run(arguments: &Arm, panel: &Panel, console: &mut Console<'_>) -> Result<(), Failure> {
    panel.require_elevation()?;
    let services = &panel.services;
    if config::load(services).state == State::Armed {
        return console.show(
            &json!({ "state": "armed", "probation_until": show::probation_until(panel), "warnings": [] }),
            &["The Windows logon of this computer is guarded already.".to_owned()],
        );
    }
    let facts = gather::facts(panel);
    let waived = Waived { offline_user: arguments.without_offline_user, trial: arguments.without_trial };
    let report = draw_up(&facts, waived, panel);
    if let Some(first) = report.refusals().next() {
        return Err(refused(first, &facts, &report));
    }
    config::arm(services)?;
    let probation = !arguments.without_probation && probation::begin(services).is_ok();
    // The server hears of it now, or else with the next report.
    let _later = report::report(services, &panel.report_facts(), &Never);
    let warnings: Vec<_> = report
        .lines
        .iter()
        .filter(|line| line.verdict == Verdict::Warns)
        .map(|line| line.text.clone())
        .collect();
    let mut lines = vec!["The Windows logon of this computer is guarded from now on.".to_owned()];
    lines.extend(warnings.iter().map(|text| format!("[!] {text}")));
    if probation {
        lines.push(
            "Probation, for 24 hours or until the first logon that the server allows: should two starts of Windows refuse accounts whose password is right, the guard is taken off again."
                .to_owned(),
        );
    }
    let until = show::probation_until(panel);
    console.show(&json!({ "state": "armed", "probation_until": until, "warnings": warnings }), &lines)
}

/// The first refusal names the failure, all of them are told.
fn refused(first: &Line, facts: &Facts, report: &Report) -> Failure {
    if first.check == Check::Server
        && let Err(failed @ CallFailed::Unreachable(_)) = &facts.answer
    {
        return failed.clone().into();
    }
    let code = match (first.check, &facts.answer) {
        (Check::Server, Err(CallFailed::Refused(code, _))) => code.code(),
        (Check::Configuration, _) => facts.state.name(),
        (Check::Approval, _) => "machine_waiting",
        (Check::Somebody, _) => "nobody_would_get_in",
        (Check::OfflineUser, _) => "offline_user_unresolved",
        (Check::OfflineAdministrator, _) => "no_offline_administrator",
        (Check::Trial, _) => "no_trial",
        (Check::Registration, _) => "provider_not_registered",
        (Check::Filter, _) => "filter_not_registered",
        (check, _) => name(check),
    };
    let texts: Vec<_> = report.refusals().map(|line| line.text.as_str()).collect();
    Failure::refused(code, format!("Not armed. {}", texts.join(" ")))
}

#[cfg(test)]
mod tests {
    use crate::testing::Fixture;
    use agent::config::{self, State};
    use agent::ports::TransportError;
    use agent::testing::Reply;
    use protocol::error_code::ErrorCode;
    use protocol::reason::Reason;
    use protocol::v2::{
        Answer, CheckAnswer, CheckRequest, CheckedAccount, ErrorBody, Method, Mode, Params, ReportAnswer,
        path,
    };

    /// A server that lets in whom it is told to.
    fn lets_in(fixture: &Fixture, names: &'static [&'static str]) {
        fixture.world.server.script(move |_, request, server| {
            if request.path_and_query == path::REPORT {
                return Reply::Signed(Answer::Report(ReportAnswer {
                    received: Vec::new(),
                    settings: server.settings.lock().expect("lock").clone(),
                    keys: Vec::new(),
                    release: false,
                    time: server.now(),
                }));
            }
            if !server.settings.lock().expect("lock").approved {
                let error = ErrorBody {
                    code: ErrorCode::CheckRefused,
                    parameters: Params::new(),
                    message: String::new(),
                };
                return Reply::Signed(Answer::Error(error));
            }
            let asked: CheckRequest = serde_json::from_slice(&request.body).expect("a check");
            let accounts = asked.accounts.into_iter().map(|account| {
                let would_get_in = names.contains(&account.name.as_str());
                CheckedAccount {
                    account,
                    would_get_in,
                    methods: if would_get_in { vec![Method::Totp] } else { Vec::new() },
                    reason: (!would_get_in).then_some(Reason::NoAccess),
                    parameters: Params::new(),
                }
            });
            Reply::Signed(Answer::Check(CheckAnswer {
                accounts: accounts.collect(),
                ask_trasa_id: true,
                time: server.now(),
            }))
        });
    }

    fn ready(offline: &str) -> Fixture {
        let fixture = Fixture::new();
        fixture.install();
        assert_eq!(fixture.set(&format!("--offline-users={offline}")).exit, 0);
        lets_in(&fixture, &["bat"]);
        fixture
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
