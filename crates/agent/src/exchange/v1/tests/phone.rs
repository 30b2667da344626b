//! The wait for the phone, and giving up.

use super::*;

fn after(
    seconds: u64,
    body: &'static str,
) -> impl FnMut(&Address, &HttpRequest, &FakeServer) -> Reply + Send {
    move |_, _, server| Reply::Late(Duration::from_secs(seconds), server.raw(200, body.as_bytes()))
}

fn at_remote(offline: &[&str]) -> World {
    let world = World::new();
    world.windows.session.lock().unwrap().remote = true;
    world.arm_v1(offline, false);
    world
}

#[test]
fn the_phone_is_awaited_without_a_number() {
    let world = armed(&[]);
    world.server.script(after(59, ALLOW));
    let (tile, passed) = with_push(&world, "bat");
    assert!(passed);
    let now = world.services.clock.ticks();
    let told = tile.progress.iter().find_map(|progress| match progress {
        Progress::Phone { number, until } => Some((number.clone(), *until)),
        _ => None,
    });
    assert_eq!(told, Some((None, now + Duration::from_secs(3))), "62 s from the beginning");

    // What the tile shows meanwhile.
    let mut tile = at_step_2(&world, "bat");
    let actions = tile.logon.handle(Event::Submit, now);
    let Some(crate::logon::Action::Start(job)) =
        actions.into_iter().find(|action| matches!(action, crate::logon::Action::Start(_)))
    else {
        panic!("a job")
    };
    let until = now + Duration::from_secs(62);
    tile.logon.handle(Event::Progress(job.ticket(), Progress::Phone { number: None, until }), now);
    let view = tile.logon.view();
    assert!(!view.field(Field::Number).shown && view.field(Field::Cancel).shown);
    let status = view.status.as_ref().unwrap().text.clone();
    assert!(status.contains("62 seconds left") && !status.contains("number"), "{status}");
}

/// The server was there and waited: an unanswered phone must not become the offline rule.
#[test]
fn an_unanswered_phone_is_no_way_round_for_offline_users() {
    let check = |world: &World, seconds: u64, expect: u64| {
        let begun = world.services.clock.ticks();
        world.server.script(after(seconds, ALLOW));
        let before = logons(world);
        let (tile, passed) = with_push(world, "bat");
        assert!(!passed);
        assert_eq!(logons(world), before + 1, "and the phone rings once");
        assert!(tile.status().contains("Nobody answered on the phone"), "{}", tile.status());
        assert_eq!(tile.logon.view().method, MethodChoice::Code, "the other way is offered");
        assert_eq!(world.services.clock.ticks() - begun, Duration::from_secs(expect));
        assert_eq!(world.files.text(ProtectedFile::OfflineLog), "");
    };
    check(&armed(&["bat"]), 63, 62);
    check(&at_remote(&["bat"]), 46, 45);
}

#[test]
fn a_phone_that_said_no_offers_the_code() {
    let world = armed(&["bat"]);
    for reason in ["U2F_FAILED", "DEVICE_NOT_FOUND"] {
        says(&world, 200, &format!(r#"{{"status":"failed","reason":"{reason}","data":[null]}}"#));
        let (tile, passed) = with_push(&world, "bat");
        assert!(!passed);
        assert_eq!(tile.logon.view().method, MethodChoice::Code, "{reason}");
    }
}

#[test]
fn a_code_is_answered_within_12_seconds_or_not_at_all() {
    let world = armed(&[]);
    let begun = world.services.clock.ticks();
    world.server.script(after(30, ALLOW));
    let (tile, passed) = with_code(&world, "bat");
    assert!(!passed);
    assert!(tile.status().contains("could not be reached"), "{}", tile.status());
    assert_eq!(world.services.clock.ticks() - begun, Duration::from_secs(12));
}

#[test]
fn a_dead_address_takes_no_time_from_the_phone() {
    let world = armed(&[]);
    world.server.script(|address, _, server| match address.host() {
        "one.example.com" => Reply::After(Duration::from_secs(3), TransportError::Timeout),
        _ => Reply::Late(Duration::from_secs(55), server.raw(200, ALLOW.as_bytes())),
    });
    assert!(with_push(&world, "bat").1);
}

/// An empty code means a push to servers of version 1.
#[test]
fn an_empty_code_never_rings_the_phone() {
    for state in [0, 1327] {
        let world = armed(&["bat"]);
        world.windows.answer_with(state);
        let submit = |id: &str| {
            let mut tile = Tile::open(&world);
            tile.type_credentials("bat", "right");
            tile.submit();
            tile.event(Event::Typed(Field::TrasaId, id.into()));
            tile.event(Event::Chose(MethodChoice::Code));
            tile.submit();
            let passed = tile.serialize().is_some();
            (tile.status(), passed)
        };
        for id in ["", "anna"] {
            let (status, passed) = submit(id);
            assert!(!passed && status.contains("Enter a one-time code"), "{status}");
        }
        assert_eq!(logons(&world), 0);
        // The server is not there: an offline user needs neither.
        world.server.script(|_, _, _| Reply::Fails(TransportError::Connect));
        assert!(submit("").1);
        assert_eq!(logons(&world), 0);
    }
}

fn question(world: &World) -> (Agent, Box<LogonQuestion>) {
    let mut tile = at_step_2(world, "bat");
    let now = world.services.clock.ticks();
    let actions = tile.logon.handle(Event::Submit, now);
    let question = actions.into_iter().find_map(|action| match action {
        crate::logon::Action::Start(Job::AskServer(question)) => Some(question),
        _ => None,
    });
    (tile.agent, question.expect("asks"))
}

#[test]
fn an_answer_after_giving_up_is_dropped() {
    let world = armed(&["bat"]);
    let gone = Arc::new(AtomicBool::new(false));
    let flag = gone.clone();
    world.server.script(move |_, _, server| {
        // The person gives up while the phone rings, and then it is approved.
        flag.store(true, Ordering::SeqCst);
        Reply::Late(Duration::from_secs(20), server.raw(200, ALLOW.as_bytes()))
    });
    let (agent, asked) = question(&world);
    let event = worker::run(Job::AskServer(asked), &agent, &*gone, &mut |_| {});
    let Event::Answered(_, answer) = event else { panic!("{event:?}") };
    assert!(matches!(answer, Answer::Refused(crate::logon::Refusal::Cancelled)), "{answer:?}");
    assert_eq!(world.files.text(ProtectedFile::OfflineLog), "");
}

#[test]
fn an_answer_to_an_earlier_question_is_no_answer_to_this_one() {
    let world = armed(&[]);
    let mut tile = at_step_2(&world, "bat");
    let now = world.services.clock.ticks();
    let start = |tile: &mut Tile| {
        let actions = tile.logon.handle(Event::Submit, now);
        actions.into_iter().find_map(|action| match action {
            crate::logon::Action::Start(job) => Some(job),
            _ => None,
        })
    };
    let first = start(&mut tile).expect("asks");
    tile.logon.handle(Event::Cancel, now);
    let allowed = worker::run(first, &tile.agent, &Never, &mut |_| {});
    assert!(matches!(&allowed, Event::Answered(_, Answer::Allowed(_))));
    tile.logon.handle(allowed, now);
    assert_eq!(tile.logon.step(), "second-factor", "late: dropped");
    assert!(tile.serialize().is_none());
}

#[test]
fn nobody_is_rung_for_a_password_that_was_not_verified() {
    let world = armed(&["bat"]);
    let (agent, mut asked) = question(&world);
    assert_eq!(asked.method, protocol::v2::Method::Push);
    asked.password = protocol::v2::PasswordState::Unknown;
    let event = worker::run(Job::AskServer(asked), &agent, &Never, &mut |_| {});
    let Event::Answered(_, Answer::Refused(refusal)) = event else { panic!("{event:?}") };
    assert_eq!(refusal, crate::logon::Refusal::V1(Refusal::PushNeedsPassword));
    assert_eq!(logons(&world), 0);
}

#[test]
fn the_event_log_says_what_was_allowed_and_that_nothing_was_signed() {
    let world = armed(&[]);
    assert!(with_push(&world, "bat").1);
    let log = world.log().pop().unwrap();
    assert!(log.contains(Reason::PushApproved.code()) && log.contains("protocol version 1"), "{log}");
}
