//! Any order of calls.

use super::*;
use crate::exchange::v1;
use proptest::prelude::*;

#[derive(Debug, Clone)]
enum Step {
    Name(u8),
    Password(u8),
    TrasaId,
    Code,
    NewPassword(u8, u8),
    Submit,
    Serialize,
    PasswordRight,
    PasswordUnknown,
    PasswordStop,
    Deny,
    DenyV1,
    NoDecision,
    WorkerFails,
    ForeignProof,
    Cancel,
    StartOver,
    Deselect,
    Unadvise,
    Tick(u64),
    Report(u32),
    Incoming,
    Choose(bool),
    Phone(bool),
    SetUp(bool),
    /// Everything up to a question to the server, so that the deep states are reached often.
    Walk,
    /// Windows wants a new password and gets one.
    Change,
}

fn steps() -> impl Strategy<Value = Step> {
    prop_oneof![
        1 => (0..3u8).prop_map(Step::Name),
        1 => (0..3u8).prop_map(Step::Password),
        1 => Just(Step::TrasaId),
        1 => Just(Step::Code),
        1 => (0..3u8, 0..3u8).prop_map(|(a, b)| Step::NewPassword(a, b)),
        3 => Just(Step::Submit),
        3 => Just(Step::Serialize),
        3 => Just(Step::PasswordRight),
        1 => Just(Step::PasswordUnknown),
        1 => Just(Step::PasswordStop),
        2 => Just(Step::Deny),
        1 => Just(Step::DenyV1),
        1 => Just(Step::NoDecision),
        1 => Just(Step::WorkerFails),
        2 => Just(Step::ForeignProof),
        1 => Just(Step::Cancel),
        1 => Just(Step::StartOver),
        1 => Just(Step::Deselect),
        1 => Just(Step::Unadvise),
        1 => (0..200u64).prop_map(Step::Tick),
        1 => prop_oneof![Just(0u32), Just(0xC000_0224), Just(0xC000_006D)].prop_map(Step::Report),
        1 => Just(Step::Incoming),
        1 => any::<bool>().prop_map(Step::Choose),
        1 => any::<bool>().prop_map(Step::Phone),
        1 => any::<bool>().prop_map(Step::SetUp),
        3 => Just(Step::Walk),
        2 => Just(Step::Change),
    ]
}

fn perform(bench: &mut Bench, step: &Step) -> Option<Permit> {
    let word = |n: u8| ["", "one", "two"][usize::from(n)];
    let ticket = bench.jobs.last().map(Job::ticket);
    let password = |outcome| PasswordAnswered { outcome, ..right("one") };
    match step {
        Step::Name(n) => bench.event(Event::Typed(Field::UserName, word(*n).into())),
        Step::Password(n) => bench.event(Event::TypedSecret(Field::Password, text(word(*n)))),
        Step::TrasaId => bench.event(Event::Typed(Field::TrasaId, "id".into())),
        Step::Code => bench.event(Event::Typed(Field::Code, "287082".into())),
        Step::NewPassword(a, b) => {
            bench.event(Event::TypedSecret(Field::NewPassword, text(word(*a))));
            bench.event(Event::TypedSecret(Field::RepeatPassword, text(word(*b))));
        }
        Step::Submit => bench.event(Event::Submit),
        Step::Serialize => return bench.serialize(),
        Step::PasswordRight | Step::PasswordUnknown | Step::PasswordStop => {
            let outcome = match step {
                Step::PasswordRight => PasswordOutcome::Verified(Verified::Right),
                Step::PasswordUnknown => PasswordOutcome::Unknown,
                _ => PasswordOutcome::Stop(Stop::Wrong),
            };
            if let Some(ticket) = ticket {
                bench.event(Event::PasswordAnswered(ticket, password(outcome)));
            }
        }
        Step::Deny | Step::DenyV1 | Step::NoDecision => {
            let refusal = match step {
                Step::Deny => denied(),
                Step::DenyV1 => Answer::Refused(Refusal::V1(v1::Refusal::PhoneUnanswered)),
                _ => Answer::Refused(Refusal::NoDecision { why: "x".into(), reached: false }),
            };
            if let Some(ticket) = ticket {
                bench.event(Event::Answered(ticket, refusal));
            }
        }
        Step::WorkerFails => {
            if let Some(ticket) = ticket {
                bench.event(Event::WorkerFailed(ticket));
            }
        }
        // An allow about another session, as a replay between machines of one process would be.
        Step::ForeignProof => {
            if let Some(Job::AskServer(question)) = bench.jobs.last() {
                let mut binding = question.binding.clone();
                binding.session = 77;
                let (ticket, proof) = (question.ticket, bench.proof(binding));
                bench.event(Event::Answered(ticket, Answer::Allowed(proof)));
            }
        }
        Step::Cancel => bench.event(Event::Cancel),
        Step::StartOver => bench.event(Event::StartOver),
        Step::Deselect => bench.event(Event::Deselected),
        Step::Unadvise => bench.event(Event::Unadvised),
        Step::Tick(seconds) => {
            bench.now += Duration::from_secs(*seconds);
            bench.event(Event::Tick);
        }
        Step::Report(status) => bench.event(Event::Reported { status: *status, substatus: 0 }),
        Step::Incoming => {
            bench.event(Event::Incoming { user: "one".into(), domain: String::new(), password: text("one") });
        }
        Step::Choose(push) => {
            bench.event(Event::Chose(if *push { MethodChoice::Push } else { MethodChoice::Code }));
        }
        Step::Phone(with_number) => {
            if let Some(ticket) = ticket {
                let until = bench.now + Duration::from_secs(60);
                let number = with_number.then(|| "42".into());
                bench.event(Event::Progress(ticket, Progress::Phone { number, until }));
            }
        }
        Step::Walk => {
            bench.event(Event::Typed(Field::UserName, "one".into()));
            bench.event(Event::TypedSecret(Field::Password, text("one")));
            for step in [Step::Submit, Step::PasswordRight, Step::TrasaId, Step::Code, Step::Submit] {
                perform(bench, &step);
            }
        }
        Step::Change => {
            for step in [Step::Report(0xC000_0224), Step::NewPassword(2, 2), Step::Submit] {
                perform(bench, &step);
            }
        }
        Step::SetUp(unlock) => {
            let scenario = if *unlock { Scenario::Unlock } else { Scenario::Logon };
            bench.event(Event::SetUp(Box::new(setup(scenario))));
        }
    }
    None
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    /// Whatever the order of calls: without an allow that fits, no credential.
    #[test]
    fn no_event_sequence_serializes_without_an_allow(
        damaged in any::<bool>(),
        watching in any::<bool>(),
        push in any::<bool>(),
        sequence in prop::collection::vec(steps(), 1..60),
    ) {
        let mut bench = Bench::new(Setup { damaged, watching, push, ..setup(Scenario::Logon) });
        for step in &sequence {
            let permit = perform(&mut bench, step);
            prop_assert!(permit.is_none(), "{step:?}");
            let view = bench.logon.view();
            prop_assert!(view.field(view.focus).shown || view.focus == Field::Status);
        }
    }

    /// With allows among the calls: each credential is the account's that was allowed last, with
    /// the very password that was checked, and each allow gives at most one logon.
    #[test]
    fn what_is_serialized_was_allowed(
        sequence in prop::collection::vec(prop_oneof![3 => steps().prop_map(Some), 1 => Just(Some(Step::Serialize)), 2 => Just(None)], 1..60),
    ) {
        let mut bench = Bench::new(setup(Scenario::Logon));
        let mut allows = 0usize;
        let mut logons = 0usize;
        let mut checked = None;
        for step in &sequence {
            let permit = match step {
                Some(step) => perform(&mut bench, step),
                None => {
                    if let Some(Job::AskServer(question)) = bench.jobs.last() {
                        let (ticket, binding) = (question.ticket, question.binding.clone());
                        let proof = bench.proof(binding);
                        if bench.logon.step() == "asking" {
                            checked = Some(bench.logon.inputs.password.duplicate());
                        }
                        bench.event(Event::Answered(ticket, Answer::Allowed(proof)));
                        allows += usize::from(bench.logon.step() == "allowed");
                    }
                    None
                }
            };
            if let Some(permit) = permit {
                match permit.credential() {
                    Credential::Logon { name, password } => {
                        logons += 1;
                        prop_assert_eq!(name.domain.as_deref(), Some("HOST"));
                        if bench.logon.step() == "serialized" {
                            prop_assert!(checked.as_ref().is_some_and(|p| p.same_as(password)));
                        }
                    }
                    Credential::ChangePassword { old, .. } => {
                        prop_assert!(checked.as_ref().is_some_and(|p| p.same_as(old)));
                    }
                }
                // One allow: one logon, and after a change of password one more.
                prop_assert!(logons <= 2 * allows);
            }
        }
    }
}
