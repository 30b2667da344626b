#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
//! The state machine alone: orders of calls, ends of time, new passwords.

use super::*;
use crate::account::{Account, AccountKind, LogonName};
use crate::password::{PasswordOutcome, Stop, Verified};
use crate::ports::{MachineFacts, SessionFacts, SessionOwner};
use crate::proof::{Basis, Binding, Proof, Scenario};
use crate::{Password, Sid};
use core::time::Duration;
use protocol::reason::Reason;
use protocol::v2::Params;

mod properties;

const START: Duration = Duration::from_secs(1_000);

fn setup(scenario: Scenario) -> Setup {
    Setup {
        scenario,
        session: SessionFacts { id: 1, remote: false, owner: None },
        machine: MachineFacts {
            netbios_name: "HOST".into(),
            dns_host_name: "host".into(),
            joined: false,
            netbios_domain: None,
            dns_domain: None,
            machine_sid: Sid::parse("S-1-5-21-1-2-3").ok(),
            domain_sid: None,
            windows_version: "10.0.19045".into(),
        },
        damaged: false,
        watching: false,
        push: false,
        network: true,
        trasa_ids: Default::default(),
    }
}

fn account(name: &str) -> Account {
    Account {
        sid: Sid::parse("S-1-5-21-1-2-3-1001").ok(),
        domain: "HOST".into(),
        dns_domain: None,
        name: name.into(),
        kind: AccountKind::Local,
    }
}

fn right(name: &str) -> PasswordAnswered {
    PasswordAnswered {
        outcome: PasswordOutcome::Verified(Verified::Right),
        account: Ok(account(name)),
        ask_trasa_id: true,
        offline_user: false,
    }
}

fn text(text: &str) -> Password {
    Password::from_text(text).unwrap()
}

/// A machine whose jobs the test answers.
struct Bench {
    logon: Logon,
    now: Duration,
    jobs: Vec<Job>,
    blanks: Vec<Field>,
    given_up: Vec<Ticket>,
    call_backs: usize,
}

impl Bench {
    fn new(setup: Setup) -> Self {
        Self {
            logon: Logon::new(setup),
            now: START,
            jobs: Vec::new(),
            blanks: Vec::new(),
            given_up: Vec::new(),
            call_backs: 0,
        }
    }

    fn take(&mut self, actions: Vec<Action>) {
        for action in actions {
            match action {
                Action::Start(job) => self.jobs.push(job),
                Action::Blank(field) => self.blanks.push(field),
                Action::GiveUp(ticket) => self.given_up.push(ticket),
                Action::CredentialsChanged => self.call_backs += 1,
                Action::Show | Action::Remember(..) => {}
            }
        }
    }

    fn event(&mut self, event: Event) {
        let actions = self.logon.handle(event, self.now);
        self.take(actions);
    }

    fn serialize(&mut self) -> Option<Permit> {
        let (serialization, actions) = self.logon.ask_serialization(self.now);
        self.take(actions);
        match serialization {
            Serialization::Credential(permit) => Some(permit),
            Serialization::NotFinished(_) => None,
        }
    }

    fn credentials(&mut self) {
        self.event(Event::Typed(Field::UserName, "bat".into()));
        self.event(Event::TypedSecret(Field::Password, text("right")));
    }

    fn second_factor(&mut self) {
        self.event(Event::Typed(Field::TrasaId, "bat".into()));
        self.event(Event::Typed(Field::Code, "287082".into()));
    }

    fn answer_password(&mut self) {
        let ticket = self.jobs.pop().expect("a job").ticket();
        self.event(Event::PasswordAnswered(ticket, right("bat")));
    }

    fn question(&mut self) -> Box<LogonQuestion> {
        match self.jobs.pop() {
            Some(Job::AskServer(question)) => question,
            other => panic!("{other:?}"),
        }
    }

    fn answer(&mut self, allow: bool) {
        let question = self.question();
        let answer = if allow { Answer::Allowed(self.proof(question.binding)) } else { denied() };
        self.event(Event::Answered(question.ticket, answer));
    }

    fn proof(&self, binding: Binding) -> Proof {
        Proof::new(
            binding,
            Basis::Decision { reason: Reason::CodeAccepted, short_code: "K7Q2MX".into() },
            self.now,
        )
    }

    /// Up to an allow that waits, with Connect.
    fn allowed(setup: Setup) -> Self {
        let mut bench = Self::new(setup);
        bench.credentials();
        bench.event(Event::Submit);
        bench.answer_password();
        assert!(bench.serialize().is_none());
        bench.second_factor();
        bench.event(Event::Submit);
        bench.answer(true);
        assert_eq!(bench.logon.step(), "allowed");
        bench
    }
}

fn denied() -> Answer {
    Answer::Refused(Refusal::Denied {
        reason: Reason::CodeWrong,
        parameters: Params::new(),
        short_code: "K7Q2MX".into(),
    })
}

#[test]
fn fields_are_numbered_for_good() {
    for (index, field) in Field::ALL.into_iter().enumerate() {
        assert_eq!(field.id() as usize, index);
        assert_eq!(Field::from_id(field.id()), Some(field));
        assert!(!field.label().is_empty());
    }
    assert_eq!(Field::from_id(15), None);
    assert_eq!(MethodChoice::from_index(0), Some(MethodChoice::Push));
    assert_eq!(MethodChoice::from_index(2), None);
}

#[test]
fn step_1_and_step_2_show_what_the_manual_says() {
    let shown = |logon: &Logon| {
        logon.view().fields().filter(|(_, view)| view.shown).map(|(field, _)| field).collect::<Vec<_>>()
    };
    let mut bench = Bench::new(setup(Scenario::Logon));
    use Field as F;
    assert_eq!(shown(&bench.logon), [F::Image, F::Banner, F::UserName, F::Password, F::Submit]);
    assert_eq!(
        bench.logon.view().field(F::Banner).text,
        "This system is protected with TRASA. Use your local or domain account for authentication."
    );
    bench.credentials();
    bench.event(Event::Submit);
    bench.answer_password();
    let step2 = [F::Image, F::Banner, F::Who, F::TrasaId, F::Method, F::Code, F::Submit, F::StartOver];
    assert_eq!(shown(&bench.logon), step2);
    assert_eq!(bench.logon.view().field(F::Who).text, "Signing in as HOST\\bat");
    assert_eq!(F::TrasaId.label(), "TRASA username or email address");
    assert_eq!(F::Method.label(), "2FA method");
    for (_, view) in bench.logon.view().fields() {
        assert!(!view.text.contains("right"));
    }
    bench.event(Event::Chose(MethodChoice::Push));
    assert!(!bench.logon.view().field(F::Code).shown);
    // Nothing is asked without a trasa id.
    bench.event(Event::Submit);
    assert!(bench.jobs.is_empty());
    assert!(bench.logon.view().status.as_ref().unwrap().text.contains("TRASA username"));
}

#[test]
fn unlock_fills_in_the_owner_and_lets_another_sign_in() {
    let mut setup = setup(Scenario::Unlock);
    setup.session.owner = Some(SessionOwner { sid: None, domain: "HOST".into(), name: "anna".into() });
    let mut bench = Bench::new(setup);
    assert_eq!(bench.logon.view().field(Field::UserName).text, "HOST\\anna");
    assert_eq!(bench.logon.view().focus, Field::Password);
    bench.event(Event::Typed(Field::UserName, "bat".into()));
    bench.event(Event::Deselected);
    assert_eq!(bench.logon.view().field(Field::UserName).text, "HOST\\anna");
}

#[test]
fn no_network_is_said_at_step_1() {
    let mut bench = Bench::new(Setup { network: false, ..setup(Scenario::Logon) });
    assert!(bench.logon.view().status.as_ref().unwrap().text.contains("no network"));
    bench.event(Event::Network(true));
    assert!(bench.logon.view().status.is_none());
}

#[test]
fn an_allow_is_spent_by_the_first_serialization() {
    let mut bench = Bench::allowed(setup(Scenario::Logon));
    assert!(bench.serialize().is_some());
    for _ in 0..3 {
        assert!(bench.serialize().is_none());
        bench.event(Event::Submit);
    }
    assert!(bench.jobs.is_empty());
}

#[test]
fn an_allow_is_wiped_by_whatever_ends_the_logon() {
    type End = fn(&mut Bench);
    let ends: [(&str, End); 9] = [
        ("unadvise", |b| b.event(Event::Unadvised)),
        ("deselect", |b| b.event(Event::Deselected)),
        ("another account", |b| b.event(Event::Typed(Field::UserName, "anna".into()))),
        ("another password", |b| b.event(Event::TypedSecret(Field::Password, text("other")))),
        ("start over", |b| b.event(Event::StartOver)),
        ("another scenario", |b| b.event(Event::SetUp(Box::new(setup(Scenario::Uac))))),
        ("incoming", |b| {
            b.event(Event::Incoming { user: "x".into(), domain: String::new(), password: text("y") });
        }),
        ("two minutes", |b| b.now += Proof::LIFETIME),
        ("a report of something else", |b| b.event(Event::Reported { status: 0, substatus: 0 })),
    ];
    for (what, end) in ends {
        let mut bench = Bench::allowed(setup(Scenario::Logon));
        bench.blanks.clear();
        end(&mut bench);
        assert!(bench.serialize().is_none(), "{what}");
        assert!(bench.blanks.contains(&Field::Password), "{what}");
        assert!(bench.logon.inputs.code.is_empty(), "{what}");
    }
    // Just in time, and the blanked password field's echo.
    let mut bench = Bench::allowed(setup(Scenario::Logon));
    bench.now += Proof::LIFETIME - Duration::from_millis(1);
    bench.event(Event::TypedSecret(Field::Password, Password::empty()));
    assert!(bench.serialize().is_some());
}

#[test]
fn a_tick_ends_an_allow_and_says_so() {
    let mut bench = Bench::allowed(setup(Scenario::Logon));
    let due = bench.logon.next_tick(bench.now).expect("a tick");
    assert_eq!(due, START + Proof::LIFETIME);
    bench.now = due;
    bench.event(Event::Tick);
    assert_eq!(bench.logon.step(), "credentials");
    assert!(bench.logon.view().status.as_ref().unwrap().text.contains("took too long"));
}

#[test]
fn a_proof_for_anything_else_is_no_proof() {
    type Change = fn(&mut Binding);
    let changes: [(&str, Change); 5] = [
        ("sid", |b| b.account.sid = None),
        ("name", |b| b.account.name = "anna".into()),
        ("typed", |b| b.name = LogonName { user: "bat".into(), domain: None }),
        ("session", |b| b.session = 2),
        ("scenario", |b| b.scenario = Scenario::Unlock),
    ];
    for (what, change) in changes {
        let mut bench = Bench::new(setup(Scenario::Logon));
        bench.credentials();
        bench.event(Event::Submit);
        bench.answer_password();
        bench.second_factor();
        bench.event(Event::Submit);
        let mut question = bench.question();
        change(&mut question.binding);
        let proof = bench.proof(question.binding);
        bench.event(Event::Answered(question.ticket, Answer::Allowed(proof)));
        assert!(bench.serialize().is_none(), "{what}");
    }
}

#[test]
fn allow_needs_the_proof_value() {
    // Two calls in a row without looking at the first one's answer end in nothing.
    let mut bench = Bench::new(setup(Scenario::Logon));
    bench.credentials();
    for _ in 0..3 {
        bench.event(Event::Submit);
        assert!(bench.serialize().is_none());
        assert!(bench.serialize().is_none());
    }
    bench.answer_password();
    bench.second_factor();
    bench.event(Event::Submit);
    bench.answer(false);
    for _ in 0..3 {
        assert!(bench.serialize().is_none());
        bench.event(Event::Reported { status: 0, substatus: 0 });
        bench.event(Event::Submit);
    }
}

#[test]
fn a_proof_is_good_for_two_minutes_by_a_clock_that_never_went_back() {
    let mut bench = Bench::new(setup(Scenario::Logon));
    bench.credentials();
    bench.event(Event::Submit);
    bench.answer_password();
    bench.second_factor();
    bench.event(Event::Submit);
    let binding = bench.question().binding;
    let proof = bench.proof(binding.clone());
    for (seconds, good) in [(0, true), (119, true), (120, false), (10_000, false)] {
        assert_eq!(proof.is_good(&binding, START + Duration::from_secs(seconds)), good, "{seconds}");
    }
    assert!(!proof.is_good(&binding, START - Duration::from_millis(1)));
}

#[test]
fn stale_answers_are_ignored() {
    let mut bench = Bench::new(setup(Scenario::Logon));
    bench.credentials();
    bench.event(Event::Submit);
    let first = bench.jobs.pop().unwrap().ticket();
    bench.event(Event::Cancel);
    assert_eq!(bench.given_up, [first]);
    bench.event(Event::PasswordAnswered(first, right("bat")));
    assert_eq!(bench.logon.step(), "credentials");
    bench.event(Event::Submit);
    bench.event(Event::PasswordAnswered(first, right("bat")));
    assert_eq!(bench.logon.step(), "checking");
    bench.answer_password();
    bench.second_factor();
    bench.event(Event::Submit);
    let question = bench.question();
    bench.event(Event::Cancel);
    assert_eq!(bench.logon.view().focus, Field::Code, "lands on the code field");
    let proof = bench.proof(question.binding);
    bench.event(Event::Answered(question.ticket, Answer::Allowed(proof)));
    assert!(bench.serialize().is_none());
}

#[test]
fn get_serialization_alone_is_enough_and_calls_back_once() {
    let mut bench = Bench::new(setup(Scenario::Uac));
    bench.credentials();
    assert!(bench.serialize().is_none());
    bench.answer_password();
    assert_eq!((bench.logon.step(), bench.call_backs), ("second-factor", 0));
    bench.second_factor();
    assert!(bench.serialize().is_none());
    assert!(!bench.logon.take_auto_logon());
    bench.answer(true);
    assert_eq!(bench.call_backs, 1);
    // The re-enumeration that we asked for lets go of the tile once.
    bench.event(Event::Unadvised);
    bench.event(Event::Deselected);
    assert!(bench.logon.take_auto_logon());
    assert!(!bench.logon.take_auto_logon(), "exactly once");
    assert!(bench.serialize().is_some());
}

#[test]
fn the_next_submit_works_too_and_a_second_leave_does_not() {
    for leaves in [1, 2] {
        let mut bench = Bench::new(setup(Scenario::Uac));
        bench.credentials();
        bench.serialize();
        bench.answer_password();
        bench.second_factor();
        bench.serialize();
        bench.answer(true);
        for _ in 0..leaves {
            bench.event(Event::Unadvised);
        }
        bench.event(Event::Submit);
        assert_eq!(bench.serialize().is_some(), leaves == 1);
    }
}

#[test]
fn an_incoming_credential_opens_at_step_2() {
    let incoming = |password: &str| Event::Incoming {
        user: "bat".into(),
        domain: "HOST".into(),
        password: text(password),
    };
    let mut bench = Bench::new(setup(Scenario::Logon));
    bench.event(incoming("right"));
    bench.event(Event::Unadvised);
    assert!(bench.logon.take_auto_logon());
    assert!(!bench.logon.take_auto_logon());
    bench.event(Event::Submit);
    match bench.jobs.last() {
        Some(Job::CheckPassword(question)) => assert_eq!(question.name.to_lookup(), "HOST\\bat"),
        other => panic!("{other:?}"),
    }
    bench.answer_password();
    assert!(bench.serialize().is_none());
    assert_eq!(bench.logon.step(), "second-factor");

    let mut bench = Bench::new(setup(Scenario::Logon));
    bench.event(incoming(""));
    assert!(!bench.logon.take_auto_logon(), "only the name came along");
    let mut bench = Bench::new(setup(Scenario::Uac));
    bench.event(incoming("right"));
    assert!(!bench.logon.take_auto_logon(), "never under UAC");
}

#[test]
fn windows_message_after_a_stop() {
    let mut bench = Bench::new(setup(Scenario::Logon));
    bench.credentials();
    bench.event(Event::Submit);
    let ticket = bench.jobs.pop().unwrap().ticket();
    let answered = PasswordAnswered { outcome: PasswordOutcome::Stop(Stop::LockedOut), ..right("bat") };
    bench.event(Event::PasswordAnswered(ticket, answered));
    assert_eq!(bench.logon.view().status.as_ref().unwrap().text, crate::texts::stop(Stop::LockedOut));
    assert!(bench.logon.inputs.password.is_empty());
    assert_eq!(bench.logon.view().focus, Field::Password);
    // GetSerialization follows Connect: it says the same and checks nothing again.
    assert!(bench.serialize().is_none());
    assert!(bench.jobs.is_empty());
    assert_eq!(bench.logon.view().status.as_ref().unwrap().text, crate::texts::stop(Stop::LockedOut));
}

#[test]
fn step_2_is_not_kept_for_ever() {
    let mut bench = Bench::new(setup(Scenario::Logon));
    bench.credentials();
    bench.event(Event::Submit);
    bench.answer_password();
    bench.now += Duration::from_secs(300);
    bench.event(Event::Tick);
    assert_eq!(bench.logon.step(), "credentials");
    assert!(bench.logon.inputs.password.is_empty());
}

#[test]
fn seconds_left_are_counted_in_a_label() {
    let mut bench = Bench::new(Setup { push: true, ..setup(Scenario::Logon) });
    bench.credentials();
    bench.event(Event::Submit);
    bench.answer_password();
    bench.event(Event::Typed(Field::TrasaId, "bat".into()));
    bench.event(Event::Submit);
    let question = bench.question();
    assert_eq!(question.method, protocol::v2::Method::Push);
    let until = bench.now + Duration::from_secs(60);
    bench.event(Event::Progress(question.ticket, Progress::Phone { number: Some("42".into()), until }));
    assert_eq!(bench.logon.view().field(Field::Number).text, "42");
    assert!(bench.logon.view().field(Field::Status).text.contains("60 seconds"));
    bench.now += Duration::from_millis(2_500);
    bench.event(Event::Tick);
    assert!(bench.logon.view().field(Field::Status).text.contains("58 seconds"));
    assert_eq!(bench.logon.next_tick(bench.now), Some(bench.now + Duration::from_millis(500)));
}

const MUST_CHANGE: Event = Event::Reported { status: 0xC000_0224, substatus: 0 };

fn new_passwords(bench: &mut Bench, one: &str, two: &str) {
    bench.event(Event::TypedSecret(Field::NewPassword, text(one)));
    bench.event(Event::TypedSecret(Field::RepeatPassword, text(two)));
    bench.event(Event::Submit);
}

#[test]
fn an_expired_password_is_changed_in_the_same_tile() {
    let mut bench = Bench::allowed(setup(Scenario::Logon));
    assert!(bench.serialize().is_some());
    bench.event(MUST_CHANGE);
    // The re-selection that follows.
    bench.event(Event::Deselected);
    assert_eq!(bench.logon.step(), "new-password");
    assert_eq!(bench.logon.view().focus, Field::NewPassword);
    for (one, two) in [("", ""), ("new", "other"), ("right", "right")] {
        new_passwords(&mut bench, one, two);
        assert!(bench.serialize().is_none());
        assert_eq!(bench.logon.step(), "new-password");
    }
    bench.now += Duration::from_secs(500);
    new_passwords(&mut bench, "new", "new");
    let permit = bench.serialize().expect("the change");
    match permit.credential() {
        Credential::ChangePassword { domain, user, old, new } => {
            assert_eq!((domain.as_str(), user.as_str()), ("HOST", "bat"));
            assert!(old.same_as(&text("right")) && new.same_as(&text("new")));
        }
        Credential::Logon { .. } => panic!("a change was expected"),
    }
    bench.event(Event::Reported { status: 0xC000_006C, substatus: 0 });
    assert!(bench.logon.view().status.as_ref().unwrap().text.contains("did not accept"));
    new_passwords(&mut bench, "newer", "newer");
    assert!(bench.serialize().is_some());
    bench.event(Event::Reported { status: 0, substatus: 0 });
    assert_eq!(bench.call_backs, 1);
    assert!(bench.logon.take_auto_logon());
    let permit = bench.serialize().expect("the logon with the new one");
    match permit.credential() {
        Credential::Logon { password, .. } => assert!(password.same_as(&text("newer"))),
        Credential::ChangePassword { .. } => panic!("a logon was expected"),
    }
    assert!(bench.serialize().is_none());
}

#[test]
fn choosing_a_new_password_ends_after_ten_minutes_and_with_the_tile() {
    for end in [0, 1] {
        let mut bench = Bench::allowed(setup(Scenario::Logon));
        bench.serialize();
        bench.event(MUST_CHANGE);
        if end == 0 {
            bench.now += Duration::from_secs(600);
        } else {
            bench.event(Event::Deselected);
            bench.event(Event::Deselected);
        }
        new_passwords(&mut bench, "new", "new");
        assert!(bench.serialize().is_none());
    }
    // Without a serialization before it, a report opens nothing.
    let mut bench = Bench::allowed(setup(Scenario::Logon));
    bench.event(MUST_CHANGE);
    assert_eq!(bench.logon.step(), "credentials");
}
