//! The panel by tables: what happened, what is done then, what is shown.

use crate::console::{Failure, Field};
use crate::dialog::diagnosis::Finding;
use crate::dialog::form::Form;
use crate::dialog::ids;
use crate::dialog::job::{Done, Job, Outcome, Problem, perform};
use crate::dialog::model::{Action, Event, Model};
use crate::dialog::question::Question;
use crate::dialog::standing::{self, Standing};
use crate::dialog::view::View;
use crate::flow::verify_and_save::Saved;
use crate::secret::SecretText;
use crate::testing::Fixture;
use agent::check::{Check, Line, Verdict, Waived};
use agent::config::{Damage, Generation, State};
use agent::ports::{Address, Never, TransportError};
use protocol::encoding::Bytes;
use protocol::v2::Mode;

fn standing(state: State) -> Standing {
    let form = match state {
        State::Absent | State::Damaged(_) => Form::default(),
        _ => good(),
    };
    let service = (!form.service_id.is_empty()).then(|| "Head office".to_owned());
    Standing { state, form, service, now: 1_000_000, ..Standing::unknown() }
}

fn good() -> Form {
    Form {
        service_id: protocol::id::ServiceId(Bytes([7; 16])).to_string(),
        server: "trasa.example.com".to_owned(),
        ..Form::default()
    }
}

/// A panel after its first look.
fn panel(state: State) -> Model {
    let (mut model, first) = Model::new();
    assert!(matches!(first[..], [Action::Start(Job::Look)]));
    finish_with(&mut model, standing(state), Done::Looked);
    model
}

fn finish_with(model: &mut Model, standing: Standing, done: Done) -> Vec<Action> {
    model.handle(Event::Finished(Box::new(Outcome { standing, done })))
}

fn finish(model: &mut Model, done: Done) -> Vec<Action> {
    let standing = model.standing().clone();
    finish_with(model, standing, done)
}

fn type_all(model: &mut Model) {
    let form = good();
    model.handle(Event::Typed(Field::ServiceId, form.service_id));
    model.handle(Event::Typed(Field::Server, form.server));
    model.handle(Event::KeyTyped(true));
}

fn failed(code: &str, field: Option<Field>) -> Problem {
    let failure = Failure::refused(code, "What happened. What to do.");
    field.map_or(failure.clone(), |field| failure.at(field)).into()
}

fn enabled(view: &View) -> Vec<u16> {
    view.enabled.iter().filter(|(_, is)| *is).map(|(id, _)| *id).collect()
}

fn started(actions: &[Action]) -> Option<&Job> {
    actions.iter().find_map(|action| if let Action::Start(job) = action { Some(job) } else { None })
}

fn focused(actions: &[Action]) -> Option<u16> {
    actions.iter().find_map(|action| if let Action::Focus(id) = action { Some(*id) } else { None })
}

fn asked(actions: &[Action]) -> Option<Question> {
    actions.iter().find_map(|action| if let Action::Ask(question) = action { Some(*question) } else { None })
}

#[test]
fn each_state_has_its_words_and_its_buttons() {
    for (state, icon, headline, arm, usable) in [
        (State::Absent, ids::ICON_ABSENT, "Not configured", "&Arm", &[][..]),
        (State::Verified, ids::ICON_VERIFIED, "Verified", "&Arm", &[ids::CHECK, ids::TRY, ids::ARM][..]),
        (State::Armed, ids::ICON_ARMED, "Armed", "&Disarm", &[ids::CHECK, ids::ARM][..]),
        (
            State::Damaged(Damage::Missing),
            ids::ICON_DAMAGED,
            "Damaged",
            "&Disarm",
            &[ids::CHECK, ids::ARM][..],
        ),
    ] {
        let view = panel(state).view();
        assert_eq!((view.icon, view.arm, view.close), (icon, arm, "Close"));
        assert!(view.headline.starts_with(headline), "{}", view.headline);
        assert!(!view.explanation.is_empty());
        let buttons: Vec<_> =
            enabled(&view).into_iter().filter(|id| [ids::CHECK, ids::TRY, ids::ARM].contains(id)).collect();
        assert_eq!(buttons, usable, "{state:?}");
        assert!(enabled(&view).contains(&ids::SAVE), "{state:?}");
    }
    let damaged = panel(State::Damaged(Damage::Loose)).view();
    assert!(damaged.explanation.contains("others than SYSTEM"), "{}", damaged.explanation);
}

#[test]
fn what_is_wrong_with_the_form_is_said_before_anybody_is_asked() {
    let mut model = panel(State::Absent);
    let actions = model.handle(Event::Pressed(ids::SAVE));
    assert_eq!((started(&actions), focused(&actions)), (None, Some(ids::SERVICE_ID)));
    let wrong = |model: &Model| {
        let view = model.view();
        view.notes.into_iter().filter(|(_, note)| note.is_problem).map(|(field, _)| field).collect::<Vec<_>>()
    };
    assert_eq!(wrong(&model), [Field::ServiceId, Field::ServiceKey, Field::Server]);
    model.handle(Event::KeyTyped(true));
    assert_eq!(wrong(&model), [Field::ServiceId, Field::Server], "a fault goes with the next key");
    type_all(&mut model);
    assert_eq!(wrong(&model), []);
    let actions = model.handle(Event::Pressed(ids::SAVE));
    assert!(matches!(started(&actions), Some(Job::Save { while_armed: false, .. })));
}

#[test]
fn a_failure_stands_beside_its_field_and_has_the_focus() {
    let address = Address::parse("trasa.example.com").unwrap();
    let certificate =
        Finding::Certificate { address: address.clone(), key: Some(Bytes([9; 32])), ended_days: Some(3) };
    let unknown = Finding::Nothing { address, why: TransportError::NameResolution };
    let fingerprint = Bytes([9; 32]).to_string();
    let unreachable =
        |finding| Problem { findings: vec![finding], ..failed("server_unreachable", Some(Field::Server)) };
    for (problem, control, beside, told) in [
        (
            failed("service_key_malformed", Some(Field::ServiceKey)),
            ids::SERVICE_KEY,
            "no ServiceKey",
            "Copy it again",
        ),
        (failed("wrong_server", Some(Field::ServiceKey)), ids::SERVICE_KEY, "Not the key", "What happened"),
        (
            failed("service_refused", Some(Field::ServiceKey)),
            ids::SERVICE_KEY,
            "Does not belong",
            "check your configurations",
        ),
        (failed("service_deleted", Some(Field::ServiceId)), ids::SERVICE_ID, "deleted", "What happened"),
        (
            failed("offline_user_unresolved", Some(Field::OfflineUsers)),
            ids::OFFLINE,
            "What happened.",
            "What to do.",
        ),
        (unreachable(unknown), ids::SERVER, "could not be resolved", "TRASA host value is invalid"),
        (unreachable(certificate.clone()), ids::SERVER, &fingerprint, "Skip TLS verification"),
        (unreachable(certificate), ids::SERVER, &fingerprint, "ended 3 days ago"),
    ] {
        let mut model = panel(State::Absent);
        type_all(&mut model);
        model.handle(Event::Pressed(ids::SAVE));
        let actions = finish(&mut model, Done::Failed(problem));
        assert_eq!(focused(&actions), Some(control));
        assert!(
            !actions.iter().any(|action| matches!(action, Action::ForgetKey)),
            "nobody types a key twice"
        );
        let view = model.view();
        let notes: Vec<_> = view.notes.iter().filter(|(_, note)| note.is_problem).collect();
        assert_eq!(notes.len(), 1);
        assert!(notes[0].1.text.contains(beside), "{:?}", notes[0]);
        assert!(view.news.contains(told), "{}", view.news);
    }
}

#[test]
fn a_saved_configuration_is_said_as_the_manual_promises() {
    let fixture = Fixture::new();
    let (mut model, _) = Model::new();
    let look = perform(Job::Look, None, &fixture.panel(), &Never);
    model.handle(Event::Finished(Box::new(look)));
    for (field, text) in [
        (Field::ServiceId, fixture.world.server.service.to_string()),
        (Field::Server, "one.example.com".to_owned()),
        (Field::OfflineUsers, "bat".to_owned()),
    ] {
        model.handle(Event::Typed(field, text));
    }
    model.handle(Event::KeyTyped(true));
    let mut actions = model.handle(Event::Pressed(ids::SAVE));
    let Some(Action::Start(job)) = actions.pop() else { panic!("{actions:?}") };
    assert_eq!((model.view().waiting, model.view().close), ("Verifying...", "Cancel"));
    let key = SecretText::optional(&fixture.world.server.service_key().to_text());
    let outcome = perform(job, key, &fixture.panel(), &Never);
    let actions = model.handle(Event::Finished(Box::new(outcome)));
    assert!(matches!(actions[0], Action::ForgetKey), "the key is wiped after use: {actions:?}");
    assert_eq!(focused(&actions), Some(ids::NEWS));
    let view = model.view();
    assert!(view.news.starts_with("Successfully verified and saved config data."), "{}", view.news);
    assert!(view.news.contains("bat -> HOST\\bat"), "{}", view.news);
    assert!(view.news.contains("Next: Check"), "{}", view.news);
    assert!(view.headline.starts_with("Verified"));
    assert_eq!(standing::read(&fixture.panel()).state, State::Verified);
    // Closing is not held up by what is saved.
    assert!(matches!(model.handle(Event::Pressed(ids::CANCEL))[..], [Action::ForgetKey, Action::Close]));
}

#[test]
fn while_something_is_awaited_nothing_else_begins() {
    let mut model = panel(State::Verified);
    model.handle(Event::Pressed(ids::CHECK));
    assert_eq!(enabled(&model.view()), [ids::CANCEL]);
    for button in [ids::SAVE, ids::IMPORT, ids::CHECK, ids::TRY, ids::ARM] {
        assert!(model.handle(Event::Pressed(button)).is_empty());
    }
    assert!(matches!(model.handle(Event::Pressed(ids::CANCEL))[..], [Action::Cancel]));
    assert!(model.handle(Event::Pressed(ids::CANCEL)).is_empty(), "once is enough");
    assert_eq!((enabled(&model.view()), model.view().waiting), (vec![], "Cancelling..."));
    finish(&mut model, Done::Failed(failed("cancelled", None)));
    let view = model.view();
    assert_eq!((view.waiting, view.close, &*view.news), ("", "Close", "Cancelled. Nothing was changed."));
}

#[test]
fn what_is_in_the_way_comes_first() {
    let mut model = panel(State::Verified);
    model.handle(Event::Pressed(ids::CHECK));
    let line = |verdict, text: &str| Line { check: Check::Account, verdict, text: text.to_owned() };
    let lines = vec![
        line(Verdict::Good, "one"),
        line(Verdict::Refuses, "two"),
        line(Verdict::Warns, "three"),
        line(Verdict::Good, "four"),
    ];
    finish(&mut model, Done::Checked { lines, passed: false });
    let news = model.view().news;
    assert_eq!(
        news.split("\r\n").collect::<Vec<_>>(),
        ["Something is in the way:", "In the way: two", "Note: three", "OK: one", "OK: four"]
    );
}

#[test]
fn arming_asks_for_each_thing_that_is_left_out() {
    let mut model = panel(State::Verified);
    let actions = model.handle(Event::Pressed(ids::ARM));
    assert_eq!(asked(&actions), Some(Question::Arm));
    assert!(started(&actions).is_none());
    let mut question = Question::Arm;
    let mut waived = Waived::default();
    for (code, next) in [
        ("no_offline_administrator", Question::ArmWithoutOfflineUser(waived)),
        ("no_trial", Question::ArmWithoutTrial(Waived { offline_user: true, trial: false })),
    ] {
        let actions = model.handle(Event::Answered(question, true));
        assert_eq!(started(&actions), Some(&Job::Arm(waived)));
        let actions = finish(&mut model, Done::Failed(failed(code, None)));
        assert_eq!(asked(&actions), Some(next));
        question = next;
        match next {
            Question::ArmWithoutOfflineUser(_) => waived.offline_user = true,
            _ => waived.trial = true,
        }
    }
    let actions = model.handle(Event::Answered(question, false));
    assert_eq!((started(&actions), focused(&actions)), (None, Some(ids::ARM)), "no changes nothing");
    let actions = model.handle(Event::Answered(question, true));
    assert_eq!(started(&actions), Some(&Job::Arm(Waived { offline_user: true, trial: true })));
    let armed = Standing { probation_until: Some(1_000_000 + 7_200), ..standing(State::Armed) };
    finish_with(&mut model, armed, Done::Armed { warnings: vec!["Mind this.".to_owned()], probation: true });
    let view = model.view();
    assert!(view.news.contains("guarded from now on") && view.news.contains("Note: Mind this."));
    let probation = &view.rows.iter().find(|(id, _)| *id == ids::PROBATION).unwrap().1;
    assert_eq!(probation, "2 hours left, or until the first logon");
}

#[test]
fn another_refusal_of_arming_is_told_and_not_asked() {
    let mut model = panel(State::Verified);
    model.handle(Event::Pressed(ids::ARM));
    model.handle(Event::Answered(Question::Arm, true));
    let actions = finish(&mut model, Done::Failed(failed("nobody_would_get_in", None)));
    assert_eq!((asked(&actions), focused(&actions)), (None, Some(ids::NEWS)));
    assert!(model.view().news.contains("What happened."));
}

#[test]
fn disarming_and_replacing_while_guarding_ask_first() {
    let mut model = panel(State::Armed);
    assert_eq!(asked(&model.handle(Event::Pressed(ids::ARM))), Some(Question::Disarm));
    assert_eq!(started(&model.handle(Event::Answered(Question::Disarm, true))), Some(&Job::Disarm));
    let told = finish_with(&mut model, standing(State::Verified), Done::Disarmed { told: false });
    assert_eq!(focused(&told), Some(ids::NEWS));
    assert!(model.view().news.contains("could not be told"));

    let mut model = panel(State::Armed);
    type_all(&mut model);
    let actions = model.handle(Event::Pressed(ids::SAVE));
    assert_eq!((asked(&actions), started(&actions)), (Some(Question::ReplaceWhileGuarding), None));
    let actions = model.handle(Event::Answered(Question::ReplaceWhileGuarding, true));
    assert!(matches!(started(&actions), Some(Job::Save { while_armed: true, .. })));
}

#[test]
fn what_was_typed_is_not_lost_by_escape() {
    let mut model = panel(State::Absent);
    model.handle(Event::Typed(Field::Server, "a".to_owned()));
    assert_eq!(asked(&model.handle(Event::Pressed(ids::CANCEL))), Some(Question::CloseWithoutSaving));
    let actions = model.handle(Event::Answered(Question::CloseWithoutSaving, true));
    assert!(matches!(actions[..], [Action::ForgetKey, Action::Close]));
    let mut untouched = panel(State::Verified);
    // What is saved changed, and nobody typed anything.
    finish_with(&mut untouched, standing(State::Absent), Done::Disarmed { told: true });
    assert!(matches!(untouched.handle(Event::Pressed(ids::CANCEL))[..], [Action::ForgetKey, Action::Close]));
}

#[test]
fn an_imported_file_fills_the_fields_and_saves_nothing() {
    let mut model = panel(State::Absent);
    assert!(matches!(model.handle(Event::Pressed(ids::IMPORT))[..], [Action::ChooseFile]));
    let actions = model.handle(Event::Chosen(Some("config.trasa".into())));
    assert!(matches!(started(&actions), Some(Job::Import(_))));
    let form = Form { original: true, service_id: "an original id".to_owned(), ..good() };
    let key = SecretText::optional("canary").unwrap();
    let actions = finish(&mut model, Done::Imported { form: form.clone(), key, path: "config.trasa".into() });
    assert!(matches!(&actions[0], Action::Fill(filled) if *filled == form));
    assert!(matches!(&actions[1], Action::PutKey(_)));
    assert!(!format!("{actions:?}{model:?}").contains("canary"));
    assert!(model.view().news.contains("nothing is saved yet"));
    let actions = model.handle(Event::Pressed(ids::SAVE));
    assert!(matches!(started(&actions), Some(Job::Save { .. })), "an original's id has no form of ours");
    let saved = Saved {
        protocol: Generation::V1,
        machine_id: None,
        service_id: "an original id".to_owned(),
        service_name: None,
        servers: vec!["trasa.example.com".to_owned()],
        tls_key: None,
        approved: true,
        mode: Mode::Guard,
        clock_offset_secs: Some(-200),
        offline_users: Vec::new(),
    };
    let actions = finish(&mut model, Done::Saved(saved));
    assert_eq!(asked(&actions), Some(Question::RemoveImported), "it holds the ServiceKey in clear text");
    let news = model.view().news;
    assert!(news.contains("4 minutes ahead of the server's"), "{news}");
    let actions = model.handle(Event::Answered(Question::RemoveImported, true));
    assert_eq!(started(&actions), Some(&Job::Remove("config.trasa".into())));
    finish(&mut model, Done::Removed);
    assert!(model.view().news.starts_with(&news), "what was said before stays");
    assert!(model.handle(Event::Chosen(None)).is_empty());
}

#[test]
fn texts_fit_their_places() {
    // Two lines of about 58 letters below a field.
    const TWO_LINES: usize = 112;
    const ONE_LINE: usize = 60;
    let view = panel(State::Absent).view();
    for (field, note) in &view.notes {
        let most = if matches!(field, Field::ServiceId | Field::ServiceKey) { ONE_LINE } else { TWO_LINES };
        assert!(note.text.len() <= most, "{}", note.text);
    }
    for state in [State::Absent, State::Verified, State::Armed, State::Damaged(Damage::AnotherMachine)] {
        for approved in [true, false] {
            let mut model = panel(state);
            finish_with(&mut model, Standing { approved, ..standing(state) }, Done::Looked);
            let explanation = model.view().explanation;
            assert!(explanation.len() <= 215, "{} {explanation}", explanation.len());
        }
    }
}
