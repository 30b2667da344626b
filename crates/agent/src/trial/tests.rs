#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use super::{Failed, GOOD_FOR_SECS, Passed, Person, Typed, passed, run};
use crate::Password;
use crate::config::{self, State};
use crate::logon::{Field, MethodChoice, View};
use crate::ports::{Never, PolicyName, ProtectedFile, TransportError};
use crate::probation::{self, Standing};
use crate::testing::{Reply, World};
use protocol::reason::Reason;
use protocol::v2::{Answer, Challenge, DecisionResult, Feature, path};
use zeroize::Zeroizing;

/// Types from a list and stops at its end.
struct Script {
    lines: Vec<(Field, &'static str)>,
    seen: Vec<String>,
}

impl Person for Script {
    fn fill(&mut self, field: Field, _: &View) -> Option<Typed> {
        if self.lines.is_empty() {
            return None;
        }
        let (expected, text) = self.lines.remove(0);
        assert_eq!(expected, field);
        Some(match field {
            Field::Password => Typed::Secret(Password::from_text(text).unwrap()),
            Field::Method if text == "push" => Typed::Method(MethodChoice::Push),
            Field::Method => Typed::Method(MethodChoice::Code),
            _ => Typed::Text(Zeroizing::new(text.to_owned())),
        })
    }
    fn look(&mut self, view: &View) {
        self.seen.extend(view.status.as_ref().map(|status| status.text.clone()));
        self.seen.push(view.field(Field::Number).text.clone());
    }
}

const STEP_1: [(Field, &str); 2] = [(Field::UserName, "bat"), (Field::Password, "right")];
const STEP_2: [(Field, &str); 3] = [(Field::TrasaId, "b"), (Field::Method, "code"), (Field::Code, "287082")];

fn try_with(world: &World, lines: &[(Field, &'static str)]) -> Result<Passed, Failed> {
    let mut script = Script { lines: lines.to_vec(), seen: Vec::new() };
    run(&world.services, &mut script, &Never)
}

fn try_it(world: &World) -> Result<Passed, Failed> {
    try_with(world, &[&STEP_1[..], &STEP_2].concat())
}

fn counts(world: &World) -> bool {
    let loaded = config::load(&world.services);
    passed(&world.services, &loaded.usable.unwrap()).is_some()
}

fn verified(offline: &[&str]) -> World {
    let world = World::new();
    world.configure(offline, false).expect("admission");
    world
}

#[test]
fn a_trial_is_the_real_logon_and_changes_nothing_of_windows() {
    let world = verified(&["bat"]);
    assert!(!counts(&world));
    let done = try_it(&world).expect("passes");
    assert_eq!((done.account.as_str(), done.short_code.as_str()), (r"HOST\bat", "K7Q2MX"));
    assert!(counts(&world));
    assert_eq!(world.server.count(path::LOGONS), 1, "the real exchange");
    assert_eq!(config::load(&world.services).state, State::Verified);
    assert!(world.log().iter().any(|line| line.contains("trial logon of HOST\\bat passed")));
    assert!(!world.log().iter().any(|line| line.starts_with("Logon of")), "nobody signed in");
}

#[test]
fn a_mistyped_code_may_be_typed_again() {
    let world = verified(&[]);
    world.server.script(|_, request, server| {
        let code = String::from_utf8_lossy(&request.body).contains("287082");
        if code { server.allow(request) } else { server.deny(request, Reason::CodeRefused) }
    });
    let wrong = [(Field::TrasaId, "b"), (Field::Method, "code"), (Field::Code, "111111")];
    assert!(try_with(&world, &[&STEP_1[..], &wrong, &STEP_2].concat()).is_ok());
    let Err(Failed::Refused(text)) = try_with(&world, &[&STEP_1[..], &wrong].concat()) else { panic!() };
    assert!(text.contains("code"), "{text}");
}

#[test]
fn a_phone_is_rung_and_its_number_shown() {
    let world = World::new();
    *world.server.features.lock().unwrap() = vec![Feature::Push];
    world.configure(&[], false).expect("admission");
    let mut first = None;
    world.server.script(move |_, request, server| {
        let Some(rung) = &first else {
            first = Some(request.clone());
            return Reply::Signed(Answer::Challenge(Challenge {
                logon: server.decision(request, DecisionResult::Deny, Reason::PushExpired).logon,
                number: "42".into(),
                expires: server.now() + 60,
                short_code: "K7Q2MX".into(),
                time: server.now(),
            }));
        };
        server.allow(rung)
    });
    let lines = [&STEP_1[..], &[(Field::TrasaId, "b"), (Field::Method, "push")]].concat();
    let mut script = Script { lines, seen: Vec::new() };
    assert!(run(&world.services, &mut script, &Never).is_ok());
    assert!(script.seen.iter().any(|seen| seen == "42"), "{:?}", script.seen);
    assert!(counts(&world));
}

#[test]
fn a_wrong_password_reaches_no_server() {
    let world = verified(&[]);
    let before = world.server.count("/");
    let Err(Failed::Refused(text)) =
        try_with(&world, &[(Field::UserName, "bat"), (Field::Password, "wrong")])
    else {
        panic!()
    };
    assert!(text.contains("incorrect"), "{text}");
    assert_eq!(world.server.count("/"), before);
    assert_eq!(try_with(&world, &[]), Err(Failed::GivenUp));
}

#[test]
fn a_trial_without_a_server_is_none_and_leaves_no_offline_logon() {
    let world = verified(&["bat"]);
    world.server.script(|_, _, _| Reply::Fails(TransportError::Connect));
    assert!(matches!(try_it(&world), Err(Failed::Refused(_))));
    assert_eq!(world.files.text(ProtectedFile::OfflineLog), "");
    assert!(!counts(&world));
}

#[test]
fn a_trial_in_watch_mode_is_none() {
    let world = verified(&[]);
    {
        let mut settings = world.server.settings.lock().unwrap();
        settings.mode = protocol::v2::Mode::Watch;
        settings.mode_until = Some(world.server.now() + 1000);
    }
    world.configure(&[], false).expect("admission");
    world.server.script(|_, request, server| {
        Reply::Signed(Answer::Decision(server.decision(request, DecisionResult::Allow, Reason::Watch)))
    });
    assert_eq!(try_it(&world), Err(Failed::NoSecondFactor));
    world.server.script(|_, _, _| Reply::Fails(TransportError::Connect));
    assert!(matches!(try_it(&world), Err(Failed::Refused(_))));
    assert!(!counts(&world));
    assert_eq!(world.files.text(ProtectedFile::OfflineLog), "");
}

#[test]
fn it_counts_until_the_configuration_changes_or_a_week_is_over() {
    let world = verified(&[]);
    try_it(&world).expect("passes");
    world.registry.policies.lock().unwrap().insert(PolicyName::Server, "other.example.com".to_owned());
    assert!(!counts(&world), "a policy names another server");
    world.registry.policies.lock().unwrap().clear();
    assert!(counts(&world));
    *world.clock.unix.lock().unwrap() -= 10;
    assert!(!counts(&world), "a trial of the future");
    *world.clock.unix.lock().unwrap() += 10 + GOOD_FOR_SECS - 1;
    assert!(counts(&world));
    *world.clock.unix.lock().unwrap() += 1;
    assert!(!counts(&world), "a week is over");
    try_it(&world).expect("passes");
    world.configure(&["anna"], false).expect("admission");
    assert!(!counts(&world), "another admission");
}

#[test]
fn nothing_is_tried_without_a_configuration() {
    let world = World::new();
    assert_eq!(try_it(&world), Err(Failed::NotConfigured(State::Absent)));
}

#[test]
fn a_trial_while_armed_neither_ends_nor_feeds_probation() {
    let world = verified(&[]);
    config::arm(&world.services).unwrap();
    probation::begin(&world.services).unwrap();
    try_it(&world).expect("passes");
    assert!(matches!(probation::standing(&world.services), Standing::Until(_)), "the tile has to show it");
    world.server.script(|_, request, server| server.deny(request, Reason::NotPermitted));
    for start in ["second", "third"] {
        world.clock.restart(start);
        assert!(matches!(try_it(&world), Err(Failed::Refused(_))));
    }
    assert!(matches!(probation::standing(&world.services), Standing::Until(_)), "nobody was locked out");
}
