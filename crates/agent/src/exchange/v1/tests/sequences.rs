//! Any order of what a person does and a server of version 1 answers, through the state machine, the
//! worker and the exchange.

use super::*;
use crate::Password;
use proptest::prelude::*;
use std::sync::Mutex;

/// What a server, or whoever stands in its place, sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Says {
    Allow,
    PassThrough,
    Refuse(FailedReason),
    OtherCall,
    Garbage,
    Status(u16),
    Silence,
    Hang,
}

#[derive(Debug, Clone)]
enum Step {
    User(&'static str),
    Password(&'static str),
    TrasaId(&'static str),
    Code(&'static str),
    Choose(MethodChoice),
    Submit,
    Serialize,
    Cancel,
    StartOver,
    Deselect,
    Reported,
    Windows(u32),
    Server(Says),
    Wait(u64),
}

fn says() -> impl Strategy<Value = Says> {
    prop_oneof![
        2 => Just(Says::Allow),
        1 => Just(Says::PassThrough),
        2 => prop::sample::select(FailedReason::ALL).prop_map(Says::Refuse),
        1 => Just(Says::OtherCall),
        1 => Just(Says::Garbage),
        1 => prop::sample::select(&[302u16, 404, 500, 502, 503][..]).prop_map(Says::Status),
        1 => Just(Says::Silence),
        1 => Just(Says::Hang),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        2 => prop::sample::select(&["bat", "anna", ".\\bat", "nobody", ""][..]).prop_map(Step::User),
        2 => prop::sample::select(&["right", "right", "wrong", ""][..]).prop_map(Step::Password),
        2 => prop::sample::select(&["anna@example.com", ""][..]).prop_map(Step::TrasaId),
        2 => prop::sample::select(&["287082", "28708", ""][..]).prop_map(Step::Code),
        1 => prop::sample::select(&MethodChoice::ALL[..]).prop_map(Step::Choose),
        5 => Just(Step::Submit),
        4 => Just(Step::Serialize),
        1 => Just(Step::Cancel),
        1 => Just(Step::StartOver),
        1 => Just(Step::Deselect),
        1 => Just(Step::Reported),
        1 => prop::sample::select(&[0u32, 0, 0, 1327, 1326, 1907][..]).prop_map(Step::Windows),
        3 => says().prop_map(Step::Server),
        1 => (0..200u64).prop_map(Step::Wait),
    ]
}

/// Everything up to a question to the server, so that the deep states are reached often.
fn walk() -> Vec<Step> {
    vec![
        Step::User("bat"),
        Step::Password("right"),
        Step::Submit,
        Step::TrasaId("anna@example.com"),
        Step::Code("287082"),
        Step::Submit,
    ]
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let parts = prop_oneof![5 => step().prop_map(|step| vec![step]), 1 => Just(walk())];
    prop::collection::vec(parts, 1..40).prop_map(|parts| parts.concat())
}

fn reply(says: Says, server: &FakeServer) -> Reply {
    let text = |body: &str| Reply::Raw(server.raw(200, body.as_bytes()));
    match says {
        Says::Allow => text(ALLOW),
        Says::PassThrough => text(&LogonAnswer::PassedThrough.to_envelope().to_json()),
        Says::Refuse(reason) => text(&LogonAnswer::Refused(reason).to_envelope().to_json()),
        Says::OtherCall => text(&protocol::v1::ConfigAnswer::Valid.to_envelope().to_json()),
        Says::Garbage => text("<html>sign in first</html>"),
        Says::Status(status) => Reply::Raw(server.raw(status, ALLOW.as_bytes())),
        Says::Silence => Reply::Fails(TransportError::Connect),
        Says::Hang => Reply::After(Duration::from_secs(600), TransportError::Timeout),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    /// A credential leaves only after an allow of the server's, or for the listed account after silence;
    /// and no phone rings without a verified password.
    #[test]
    fn nothing_passes_without_an_allow_or_the_offline_rule(steps in steps()) {
        let world = armed(&["bat"]);
        let (now, sent) = (Arc::new(Mutex::new(Says::Allow)), Arc::new(Mutex::new(None)));
        let (said, heard) = (now.clone(), sent.clone());
        world.server.script(move |_, request, server| {
            let says = *said.lock().unwrap();
            if request.path_and_query == path::LOGON_WINDOWS {
                *heard.lock().unwrap() = LogonRequest::read(&request.body);
            }
            reply(says, server)
        });
        let mut tile = Tile::open(&world);
        let (mut windows, mut verified) = (0, false);
        // Who may pass, and is used up by passing.
        let mut way = None;
        for step in steps {
            let checks = world.windows.password_checks.load(Ordering::SeqCst);
            let offline = world.files.text(ProtectedFile::OfflineLog).len();
            match &step {
                Step::User(name) => tile.event(Event::Typed(Field::UserName, (*name).into())),
                Step::Password(text) => {
                    tile.event(Event::TypedSecret(Field::Password, Password::from_text(text).unwrap()));
                }
                Step::TrasaId(text) => tile.event(Event::Typed(Field::TrasaId, (*text).into())),
                Step::Code(text) => tile.event(Event::Typed(Field::Code, (*text).into())),
                Step::Choose(choice) => tile.event(Event::Chose(*choice)),
                Step::Submit => tile.submit(),
                Step::Cancel => tile.event(Event::Cancel),
                Step::StartOver => tile.event(Event::StartOver),
                Step::Deselect => tile.event(Event::Deselected),
                Step::Reported => tile.event(Event::Reported { status: 0xC000_006D, substatus: 0 }),
                Step::Windows(code) => {
                    windows = *code;
                    world.windows.answer_with(windows);
                }
                Step::Server(says) => *now.lock().unwrap() = *says,
                Step::Wait(seconds) => {
                    world.clock.advance(Duration::from_secs(*seconds));
                    tile.event(Event::Tick);
                }
                Step::Serialize => {}
            }
            let permit = if matches!(step, Step::Serialize) { tile.serialize() } else { None };
            if world.windows.password_checks.load(Ordering::SeqCst) != checks {
                verified = matches!(windows, 0 | 1907);
            }
            let says = *now.lock().unwrap();
            if let Some(asked) = sent.lock().unwrap().take() {
                prop_assert!(verified || !asked.totp_code.is_empty(), "rung without a verified password");
                way = matches!(says, Says::Allow | Says::PassThrough).then(|| asked.user.clone());
            }
            if world.files.text(ProtectedFile::OfflineLog).len() != offline {
                prop_assert!(matches!(says, Says::Silence | Says::Hang), "{says:?}");
                way = Some("HOST\\bat".to_owned());
            }
            if let Some(permit) = permit {
                let crate::logon::Credential::Logon { name, .. } = permit.credential() else {
                    return Err(TestCaseError::fail("nobody changed a password"));
                };
                let who = format!("HOST\\{}", name.user);
                prop_assert!(way.take().is_some_and(|user| user.eq_ignore_ascii_case(&who)), "{who}");
            }
            let status = tile.status();
            prop_assert!(!status.contains("canary") && status.is_ascii(), "{status}");
        }
    }
}
