//! Set up without a person: by the installer with a token file, or by the report task with a token from a policy.

use super::arm::{self, Outcome, Wish};
use super::verify_and_save::{Input, Saved, verify_and_save};
use crate::console::Failure;
use crate::panel::Panel;
use crate::ports::NamedFile;
use crate::secret::{self, SecretText};
use agent::config::{self, State};
use agent::ports::{Event, Never, PolicyName};
use protocol::v2::AdmissionOrigin;
use std::path::{Path, PathBuf};

/// What is to be done.
#[derive(Debug, Clone, Default)]
pub struct Order {
    /// Ask for admission; without it a policy may say how.
    pub admission: Option<Admission>,
    /// Arm, now or as soon as nothing is in the way.
    pub arming: Option<Wish>,
}

/// How to ask for admission.
#[derive(Debug, Clone)]
pub struct Admission {
    /// ServiceID, addresses and the rest; wherever it says the token is from, it is from a file.
    pub input: Input,
    /// The file that holds the token, with its whole path. It is removed once the token has done its work.
    pub token_file: PathBuf,
}

/// What was done.
#[derive(Debug)]
pub struct Done {
    /// The new configuration; `None` where there was one, which stays.
    pub saved: Option<Saved>,
    /// The token file could not be removed.
    pub token_file_left: Option<PathBuf>,
    /// What came of the arming.
    pub arming: Option<Outcome>,
}

/// Does it. A failure also goes to the event log: nobody reads what an installer's action prints.
///
/// # Errors
/// [`Failure`]. Where a configuration was saved, it stays.
pub fn run(panel: &Panel, order: &Order) -> Result<Done, Failure> {
    panel.require_elevation()?;
    follow(panel, order).inspect_err(|failure| tell(panel, failure))
}

fn tell(panel: &Panel, failure: &Failure) {
    panel.services.events.write(&Event::set_up_failed(failure.message()));
}

fn follow(panel: &Panel, order: &Order) -> Result<Done, Failure> {
    let before = config::load(&panel.services);
    // An upgrade that is told once more what it was told the first time changes nothing.
    if before.usable.is_some() || before.state.guards() {
        return Ok(Done { saved: None, token_file_left: None, arming: arm_what_is_there(panel, order) });
    }
    let (saved, token_file_left) = match &order.admission {
        Some(admission) => by_file(panel, admission)?,
        None => (ask_by_policy(panel)?, None),
    };
    let arming = order.arming.map(|wish| arm::when_approved(panel, &wish)).transpose()?;
    Ok(Done { saved, token_file_left, arming })
}

/// A refusal does not fail the upgrade that asked for it: the machine goes on as it was.
fn arm_what_is_there(panel: &Panel, order: &Order) -> Option<Outcome> {
    match arm::when_approved(panel, &order.arming?) {
        Ok(outcome) => Some(outcome),
        Err(failure) => {
            tell(panel, &failure);
            None
        }
    }
}

fn by_file(panel: &Panel, admission: &Admission) -> Result<(Option<Saved>, Option<PathBuf>), Failure> {
    let file = &admission.token_file;
    if !is_whole(file) {
        return Err(Failure::usage("The token file is written with its whole path."));
    }
    let input = Input { origin: Some(AdmissionOrigin::File), ..admission.input.clone() };
    let mut opened = None;
    let mut token = || {
        let (token, file) = read_token(panel, file)?;
        opened = Some(file);
        Ok(Some(token))
    };
    let saved = verify_and_save(panel, &input, &mut token, &Never)?;
    // The very file that was read, whatever stands in its place by now.
    let left = opened.and_then(|opened| opened.remove().err()).map(|_| file.clone());
    Ok((Some(saved), left))
}

/// The installer's action has another current folder than the administrator who wrote the path.
fn is_whole(path: &Path) -> bool {
    let text = path.to_string_lossy();
    matches!(text.as_bytes(), [_, b':', b'\\' | b'/', ..] | [b'\\', b'\\', ..])
}

fn read_token(panel: &Panel, file: &Path) -> Result<(SecretText, Box<dyn NamedFile>), Failure> {
    let mut open = panel.program.open(file).map_err(|error| {
        Failure::refused(
            "token_file_unreadable",
            format!("The token file {} cannot be read: {error}. Nothing was saved.", file.display()),
        )
    })?;
    // An empty file is no token, and not the wish to keep what is there.
    let token = secret::read(&mut open)?.ok_or_else(|| {
        Failure::refused(
            "token_file_empty",
            format!("The token file {} is empty. Nothing was saved.", file.display()),
        )
    })?;
    Ok((token, open))
}

/// Asks for admission with the token that a policy holds; `None` where the policies do not say how.
/// Who comes with it waits for approval, for every user of the domain can read it.
///
/// # Errors
/// [`Failure`], which is in the event log too; nothing was changed.
pub fn by_policy(panel: &Panel) -> Result<Option<Saved>, Failure> {
    ask_by_policy(panel).inspect_err(|failure| tell(panel, failure))
}

fn ask_by_policy(panel: &Panel) -> Result<Option<Saved>, Failure> {
    let services = &panel.services;
    let policy = |name| services.policies.policy(name).filter(|value| !value.trim().is_empty());
    let (Some(service_id), Some(server), Some(token)) =
        (policy(PolicyName::ServiceId), policy(PolicyName::Server), policy(PolicyName::Token))
    else {
        return Ok(None);
    };
    if config::load(services).state != State::Absent {
        return Ok(None);
    }
    let skip = policy(PolicyName::SkipTlsVerification).is_some_and(|value| value.trim() == "1");
    // The policy's list of offline users goes before any that is saved.
    let input = Input {
        service_id: Some(service_id),
        server: Some(server),
        skip_tls_verification: Some(skip),
        origin: Some(AdmissionOrigin::Policy),
        ..Input::default()
    };
    verify_and_save(panel, &input, &mut || Ok(SecretText::optional(&token)), &Never).map(Some)
}

#[cfg(test)]
mod tests {
    use super::by_policy;
    use crate::testing::{Fixture, lets_in};
    use agent::config::{self, State};
    use agent::pending;
    use agent::ports::PolicyName;
    use protocol::v2::{AdmissionOrigin, AdmissionRequest};

    const FILE: &str = r"C:\deploy\token.txt";

    /// What the installer's action runs.
    fn line(fixture: &Fixture, more: &str) -> String {
        let service = fixture.world.server.service;
        format!(
            "unattended --json --service-id={service} --server=one.example.com --token-file={FILE} --skip-tls= --probation= {more}"
        )
    }

    fn fixture() -> Fixture {
        let fixture = Fixture::new();
        fixture.install();
        fixture.add_text_file(FILE, &fixture.world.server.service_key().to_text());
        fixture
    }

    fn origin(fixture: &Fixture) -> AdmissionOrigin {
        let requests = fixture.world.server.requests.lock().expect("lock");
        let body = &requests.first().expect("a request").1.body;
        serde_json::from_slice::<AdmissionRequest>(body).expect("an admission").origin
    }

    #[test]
    fn a_token_file_admits_once_and_is_gone() {
        let fixture = fixture();
        let ran = fixture.run(&line(&fixture, "--offline-users=bat --arm= --without-offline-user="));
        assert_eq!(ran.exit, 0, "{ran:?}");
        assert_eq!((&ran.json()["state"], &ran.json()["admitted"]), (&"verified".into(), &true.into()));
        assert!(!fixture.has_file(FILE), "the token has done its work");
        assert_eq!(origin(&fixture), AdmissionOrigin::File);
        // Once more, as an upgrade does it: there is no token any more, and none is needed.
        let ran = fixture.run(&line(&fixture, "--offline-users="));
        assert_eq!((ran.exit, &ran.json()["admitted"]), (0, &false.into()), "{ran:?}");
        assert_eq!(config::load(&fixture.world.services).offline.users.len(), 1, "the list stays");
    }

    #[test]
    fn what_did_not_admit_keeps_the_token_and_is_told() {
        let fixture = fixture();
        *fixture.world.server.trusted.lock().expect("lock") = false;
        let ran = fixture.run(&line(&fixture, "--offline-users=bat"));
        assert_eq!((ran.exit, ran.json()["code"].as_str()), (3, Some("server_unreachable")));
        assert!(fixture.has_file(FILE), "for the next try");
        assert!(fixture.world.log().iter().any(|line| line.contains("could not be set up")));
        *fixture.world.server.trusted.lock().expect("lock") = true;
        fixture.add_text_file(FILE, "secret-canary");
        let ran = fixture.run(&line(&fixture, ""));
        assert_eq!((ran.exit, ran.json()["code"].as_str()), (1, Some("service_key_malformed")));
        let said = format!("{ran:?}{:?}", fixture.world.log());
        assert!(!said.contains("canary"), "{said}");
        for (more, code) in
            [("", "token_file_unreadable"), ("--offline-users=nobdoy", "offline_user_unresolved")]
        {
            fixture.remove_file(FILE);
            let ran = fixture.run(&line(&fixture, more));
            assert_eq!(ran.json()["code"].as_str(), Some(code), "{ran:?}");
        }
    }

    #[test]
    fn the_three_that_belong_together_and_whole_paths() {
        let fixture = fixture();
        let service = fixture.world.server.service;
        for line in [
            format!("unattended --json --service-id={service} --server=one.example.com"),
            format!("unattended --json --service-id={service} --token-file={FILE}"),
            format!("unattended --json --server=one.example.com --token-file={FILE}"),
            format!(
                "unattended --json --service-id={service} --server=one.example.com --token-file=token.txt"
            ),
            line(&fixture, "--arm=1"),
            line(&fixture, "--arm=yes"),
        ] {
            let ran = fixture.run(&line);
            assert_eq!(ran.exit, 2, "{line} {ran:?}");
            assert_eq!(config::load(&fixture.world.services).state, State::Absent);
            assert!(fixture.has_file(FILE));
        }
    }

    #[test]
    fn armed_at_once_where_nothing_is_in_the_way() {
        let fixture = fixture();
        let ran = fixture.run(&line(&fixture, "--offline-users=bat"));
        assert_eq!(ran.exit, 0, "{ran:?}");
        lets_in(&fixture, &["bat"]);
        let ran = fixture.run(&line(&fixture, "--offline-users=bat --arm=1"));
        assert_eq!((ran.exit, &ran.json()["state"]), (0, &"armed".into()), "{ran:?}");
        assert_eq!(fixture.run("show --json").json()["probation_until"], serde_json::Value::Null);
    }

    #[test]
    fn armed_by_the_report_task_once_the_computer_is_approved() {
        let fixture = fixture();
        fixture.world.server.settings.lock().expect("lock").approved = false;
        let ran = fixture.run(&line(&fixture, "--offline-users=bat --arm=1"));
        assert_eq!((ran.exit, &ran.json()["arming"]), (0, &"waits".into()), "{ran:?}");
        assert!(pending::read(&fixture.world.services).is_some());
        lets_in(&fixture, &["bat"]);
        assert_eq!(fixture.run("report --json").json()["pending"], true);
        fixture.world.server.settings.lock().expect("lock").approved = true;
        assert_eq!(fixture.run("report --json").json()["state"], "armed");
        assert_eq!(pending::read(&fixture.world.services), None);
    }

    #[test]
    fn a_token_from_a_policy_says_that_it_is_from_one() {
        let fixture = fixture();
        assert!(matches!(by_policy(&fixture.panel()), Ok(None)));
        let policy = |name, value: &str| {
            fixture.world.registry.policies.lock().expect("lock").insert(name, value.to_owned());
        };
        policy(PolicyName::ServiceId, &fixture.world.server.service.to_string());
        policy(PolicyName::Server, "one.example.com");
        assert!(matches!(by_policy(&fixture.panel()), Ok(None)), "no token");
        policy(PolicyName::Token, &fixture.world.server.service_key().to_text());
        let ran = fixture.run("report --json");
        assert_eq!((ran.exit, &ran.json()["state"]), (0, &"verified".into()), "{ran:?}");
        assert_eq!(origin(&fixture), AdmissionOrigin::Policy);
        assert!(matches!(by_policy(&fixture.panel()), Ok(None)), "once");
    }
}
