#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
//! From the tile to a server that the test plays, and back.

use crate::Password;
use crate::logon::{Credential, Event, Field, Permit};
use crate::ports::{ProtectedFile, TransportError};
use crate::testing::{FakeWindows, Reply, Tile, World};
use core::sync::atomic::Ordering;
use core::time::Duration;
use protocol::encoding::Bytes;
use protocol::reason::Reason;
use protocol::v2::{LogonRequest, Mode, PasswordState, Settings};

mod answers;

fn right(tile: &mut Tile, user: &str) -> Option<Permit> {
    tile.log_on(user, "right", "bat@example.com", "287082")
}

fn armed(offline: &[&str]) -> World {
    let world = World::new();
    world.arm(offline, false);
    world
}

fn logons(world: &World) -> usize {
    world.server.count("/agent/v2/logons/")
}

#[test]
fn right_code_serializes_the_checked_strings() {
    let world = armed(&[]);
    let mut tile = Tile::open(&world);
    let permit = right(&mut tile, "bat").expect("allowed");
    match permit.credential() {
        Credential::Logon { name, password } => {
            assert_eq!((name.user.as_str(), name.domain.as_deref()), ("bat", Some("HOST")));
            assert!(password.same_as(&Password::from_text("right").unwrap()));
        }
        Credential::ChangePassword { .. } => panic!("a logon was expected"),
    }
    assert!(tile.serialize().is_none(), "spent by the first serialization");
    let (_, request) = world.server.requests.lock().unwrap().last().unwrap().clone();
    assert!(world.server.is_signed(&request));
    let body: LogonRequest = serde_json::from_slice(&request.body).unwrap();
    assert_eq!(body.account.sid.as_deref(), Some("S-1-5-21-1-2-3-1001"));
    assert_eq!(body.password, PasswordState::Verified);
    // The trasa id that worked is there next time.
    let mut next = Tile::open(&world);
    next.type_credentials("BAT", "right");
    next.submit();
    assert_eq!(next.logon.view().field(Field::TrasaId).text, "bat@example.com");
}

#[test]
fn wrong_password_and_the_server_hears_nothing() {
    let world = armed(&["bat"]);
    for code in [1326, 1909, 1331, 1793, 1328, 1329] {
        world.windows.answer_with(code);
        let mut tile = Tile::open(&world);
        let before = world.server.requests.lock().unwrap().len();
        assert!(right(&mut tile, "bat").is_none(), "{code}");
        assert_eq!(tile.logon.step(), "credentials", "{code}");
        assert_eq!(world.server.requests.lock().unwrap().len(), before, "{code}");
    }
}

#[test]
fn every_other_windows_error_still_needs_a_decision() {
    let world = armed(&[]);
    for code in [1327, 1311, 1355, 1789, 1722, 1460, 1907, 1330, 1385, 8] {
        world.windows.answer_with(code);
        world.server.script(|_, request, server| server.deny(request, Reason::CodeWrong));
        let mut tile = Tile::open(&world);
        let before = logons(&world);
        assert!(right(&mut tile, "bat").is_none(), "{code}");
        assert_eq!(logons(&world), before + 1, "{code}");
        let (_, request) = world.server.requests.lock().unwrap().last().unwrap().clone();
        let body: LogonRequest = serde_json::from_slice(&request.body).unwrap();
        let verified = matches!(code, 1907 | 1330 | 1385);
        let expect = if verified { PasswordState::Verified } else { PasswordState::Unknown };
        assert_eq!(body.password, expect, "{code}");
        assert_eq!(tile.logon.view().field(Field::Method).shown, verified, "never a push (B37): {code}");
    }
}

#[test]
fn wrong_code_stays_at_step_2_with_the_password() {
    let world = armed(&["bat"]);
    world.server.script(|_, request, server| {
        let body: Option<LogonRequest> = serde_json::from_slice(&request.body).ok();
        match body.and_then(|b| b.code).as_deref().map(String::as_str) {
            Some("287082") => server.allow(request),
            _ => server.deny(request, Reason::CodeWrong),
        }
    });
    let mut tile = Tile::open(&world);
    assert!(tile.log_on("bat", "right", "bat@example.com", "000000").is_none());
    assert_eq!(tile.logon.step(), "second-factor");
    assert!(tile.status().contains("wrong"), "{}", tile.status());
    let checks = world.windows.password_checks.load(Ordering::SeqCst);
    assert!(tile.second_factor("bat@example.com", "287 082").is_some());
    assert_eq!(
        world.windows.password_checks.load(Ordering::SeqCst),
        checks,
        "nothing is re-submitted by itself"
    );
}

#[test]
fn other_user_after_failure_asks_again() {
    let world = armed(&[]);
    world.server.script(|_, request, server| server.deny(request, Reason::CodeWrong));
    let mut tile = Tile::open(&world);
    assert!(right(&mut tile, "bat").is_none());
    tile.event(Event::Typed(Field::UserName, "anna".into()));
    assert_eq!(tile.logon.step(), "credentials");
    assert!(tile.serialize().is_none());
    tile.event(Event::Deselected);
    tile.submit();
    assert!(tile.serialize().is_none());
    assert!(world.log().iter().all(|line| !line.contains("allowed")));
    // And an allow for one account is nothing for another.
    world.server.script(|_, request, server| server.allow(request));
    tile.type_credentials("bat", "right");
    tile.submit();
    tile.event(Event::Typed(Field::TrasaId, "bat@example.com".into()));
    tile.event(Event::Typed(Field::Code, "287082".into()));
    tile.submit();
    assert_eq!(tile.logon.step(), "allowed");
    tile.event(Event::Typed(Field::UserName, "anna".into()));
    assert!(tile.serialize().is_none());
}

#[test]
fn blocked_server_admits_nobody_unlisted() {
    let world = armed(&["bat"]);
    for error in [
        TransportError::NameResolution,
        TransportError::Connect,
        TransportError::Tls { code: 0x8007_2f8f },
        TransportError::Timeout,
        TransportError::Malformed,
        TransportError::TooLarge,
        TransportError::UnexpectedKey(Bytes([1; 32])),
    ] {
        let fails = error.clone();
        world.server.script(move |_, _, _| Reply::Fails(fails.clone()));
        let records = world.files.text(ProtectedFile::OfflineLog).lines().count();
        let mut tile = Tile::open(&world);
        assert!(right(&mut tile, "anna").is_none(), "{error}");
        assert!(tile.status().contains("could not be reached"), "{}", tile.status());
        assert!(!tile.status().contains("wrong"));
        assert_eq!(world.files.text(ProtectedFile::OfflineLog).lines().count(), records);
        let mut tile = Tile::open(&world);
        assert!(right(&mut tile, "HOST\\BAT").is_some(), "{error}");
        assert_eq!(world.files.text(ProtectedFile::OfflineLog).lines().count(), records + 1);
    }
}

#[test]
fn what_is_not_authentic_admits_listed_accounts_only() {
    let world = armed(&["bat"]);
    let pages: [(u16, &[u8]); 8] = [
        (200, b"<html>Log in to the hotel's network</html>"),
        (500, b""),
        (502, b"{\"kind\":\"decision\"}"),
        (429, b"slow down"),
        (413, b""),
        (302, b""),
        (200, b"{\"status\":\"success\"}"),
        (503, b"{\"kind\":\"unavailable\"}"),
    ];
    for (status, body) in pages {
        world.server.script(move |_, _, server| Reply::Raw(server.raw(status, body)));
        assert!(right(&mut Tile::open(&world), "anna").is_none(), "{status}");
        assert!(
            right(&mut Tile::open(&world), "bat").is_some(),
            "{status}: who injects this can cut the line too"
        );
    }
}

#[test]
fn network_error_never_skips_offline_check() {
    let world = armed(&["bat"]);
    // An earlier, successful logon of anna and a network error after it.
    assert!(right(&mut Tile::open(&world), "anna").is_some());
    world.server.script(|_, _, _| Reply::Fails(TransportError::Connect));
    let mut tile = Tile::open(&world);
    for _ in 0..5 {
        assert!(right(&mut tile, "anna").is_none());
        tile.event(Event::StartOver);
    }
    // And a record that cannot be written lets nobody pass, listed or not.
    world.files.fail_writes.store(true, Ordering::SeqCst);
    assert!(right(&mut Tile::open(&world), "bat").is_none());
}

#[test]
fn blocked_v2_never_falls_back_to_v1() {
    let world = armed(&[]);
    world.server.script(|_, _, _| Reply::Fails(TransportError::Connect));
    assert!(right(&mut Tile::open(&world), "bat").is_none());
    let requests = world.server.requests.lock().unwrap();
    assert!(requests.iter().all(|(_, r)| r.path_and_query.starts_with("/agent/v2/")));
}

#[test]
fn damaged_refuses_everyone_but_offline_users() {
    let world = World::with(FakeWindows::joined());
    world.arm(&["HOST\\bat"], false);
    world.files.files.lock().unwrap().remove(&ProtectedFile::Agent);
    let mut tile = Tile::open(&world);
    assert!(tile.status().contains("damaged"));
    let sent = world.server.requests.lock().unwrap().len();
    for (user, passes) in
        [("anna", false), ("CORP\\bat", false), ("bat", false), ("HOST\\bat", true), (".\\bat", true)]
    {
        tile.event(Event::StartOver);
        tile.type_credentials(user, "right");
        tile.submit();
        assert_eq!(tile.serialize().is_some(), passes, "{user}");
    }
    tile.event(Event::StartOver);
    tile.type_credentials("HOST\\bat", "wrong");
    tile.submit();
    assert!(tile.serialize().is_none(), "the password counts all the same");
    assert_eq!(world.server.requests.lock().unwrap().len(), sent);
    // Without an account look-up the names that were written down lead to the account.
    *world.windows.lookup_fails.lock().unwrap() = true;
    world.windows.answer_with(1311);
    let mut tile = Tile::open(&world);
    tile.type_credentials("HOST\\bat", "right");
    tile.submit();
    assert!(tile.serialize().is_some());
    tile.event(Event::StartOver);
    tile.type_credentials("anna", "right");
    tile.submit();
    assert!(tile.serialize().is_none());
}

#[test]
fn watch_mode_lets_pass_until_its_end() {
    let world = World::new();
    let end = world.services.clock.unix_seconds() + 1_000;
    *world.server.settings.lock().unwrap() =
        Settings { mode: Mode::Watch, mode_until: Some(end), approved: true };
    world.arm(&[], false);
    world.server.script(|_, _, _| Reply::Fails(TransportError::Connect));
    let mut tile = Tile::open(&world);
    assert!(
        tile.log_on("anna", "right", "", "").is_some(),
        "no decision passes too, and nothing need be typed"
    );
    assert!(world.files.text(ProtectedFile::OfflineLog).contains("\"rule\":\"watch\""));
    world.clock.advance(Duration::from_secs(1_001));
    assert!(right(&mut Tile::open(&world), "anna").is_none(), "guarding begins without news");
    // A clock that was set back does not prolong it: the server's time counts.
    world.server.script(|_, request, server| server.allow(request));
    assert!(right(&mut Tile::open(&world), "anna").is_some());
    *world.clock.unix.lock().unwrap() = end - 500;
    world.server.script(|_, _, _| Reply::Fails(TransportError::Connect));
    assert!(right(&mut Tile::open(&world), "anna").is_none());
}

#[test]
fn a_network_that_comes_late_is_waited_for_once() {
    let world = armed(&[]);
    world.network.store(false, Ordering::SeqCst);
    world.server.script(|_, _, _| Reply::Fails(TransportError::Connect));
    let mut tile = Tile::open(&world);
    tile.type_credentials("bat", "right");
    tile.submit();
    tile.event(Event::Typed(Field::TrasaId, "b".into()));
    tile.event(Event::Typed(Field::Code, "287082".into()));
    let before = world.services.clock.ticks();
    tile.submit();
    assert!(tile.progress.contains(&crate::logon::Progress::WaitingForNetwork));
    assert_eq!(world.services.clock.ticks() - before, Duration::from_secs(20));
    assert!(tile.status().contains("no network"), "{}", tile.status());
    tile.event(Event::Typed(Field::Code, "287082".into()));
    let before = world.services.clock.ticks();
    tile.submit();
    assert_eq!(world.services.clock.ticks(), before, "at most once a logon");
}

#[test]
fn names_that_do_not_resolve_yet_are_asked_again() {
    let world = armed(&[]);
    let mut times = 0;
    world.server.script(move |_, request, server| {
        times += 1;
        if times < 10 { Reply::Fails(TransportError::NameResolution) } else { server.allow(request) }
    });
    assert!(right(&mut Tile::open(&world), "bat").is_some());
}

#[test]
fn a_tile_that_stands_for_days_undoes_no_news() {
    let world = armed(&[]);
    let mut old = Tile::open(&world);
    // Meanwhile the report task learns of watch mode and of a recovered server.
    world.server.rotate([31; 32], true);
    let end = world.services.clock.unix_seconds() + 100_000;
    let settings = Settings { mode: Mode::Watch, mode_until: Some(end), approved: true };
    *world.server.settings.lock().unwrap() = settings.clone();
    crate::report::report(&world.services, &crate::report::Facts::default(), &crate::ports::Never).unwrap();
    assert!(right(&mut old, "bat").is_some());
    let learned = crate::config::load(&world.services).usable.unwrap().learned;
    assert_eq!(learned.settings, Some(settings));
    assert_eq!(learned.key_list.map(|list| list.epoch), Some(1));
    assert_eq!(learned.trasa_ids.len(), 1);
    // And the old tile knows of watch mode at its next job.
    world.server.script(|_, _, _| Reply::Fails(TransportError::Connect));
    assert!(right(&mut old, "anna").is_some());
}

#[test]
fn no_secret_reaches_the_event_log_or_a_debug_output() {
    let world = armed(&["bat"]);
    world.server.script(|_, request, server| server.deny(request, Reason::CodeWrong));
    let mut tile = Tile::open(&world);
    assert!(tile.log_on("bat", "right", "canary-id", "135790").is_none());
    let shown = format!("{:?} {:?} {:?}", tile.logon, tile.agent, world.log());
    for secret in ["135790", "canary-id", "\"right\""] {
        assert!(!shown.contains(secret), "{secret}");
    }
}

#[test]
fn an_offline_user_without_a_trasa_id_submits_step_2_empty() {
    let world = armed(&["bat"]);
    world.server.script(|_, _, _| Reply::Fails(TransportError::Connect));
    assert!(Tile::open(&world).log_on("bat", "right", "", "").is_some());
    // Half a code is a mistake, also of an offline user.
    let mut tile = Tile::open(&world);
    assert!(tile.log_on("bat", "right", "", "123").is_none());
    // Whoever is not listed is told what is missing.
    let mut tile = Tile::open(&armed(&[]));
    assert!(tile.log_on("bat", "right", "", "").is_none());
    assert_eq!(tile.status(), crate::texts::TRASA_ID_MISSING);
}

/// B22: names travel in a structured request; nothing of them is ever read as anything else.
#[test]
fn quotes_and_spaces_change_no_request() {
    for name in ["o'brien", "a b", "-x", "%PATH%", "a&b", "$(x)", "`x`", "\u{e9}\u{4e2d}"] {
        let windows = FakeWindows::workgroup();
        windows.add("HOST", name, "S-1-5-21-1-2-3-1077");
        let world = World::with(windows);
        world.arm(&[], false);
        let mut tile = Tile::open(&world);
        assert!(tile.log_on(name, "right", "x\" \"y", "287082").is_some(), "{name}");
        let (_, request) = world.server.requests.lock().unwrap().last().unwrap().clone();
        let body: LogonRequest = serde_json::from_slice(&request.body).unwrap();
        assert_eq!((body.account.name.as_str(), body.trasa_id.as_deref()), (name, Some("x\" \"y")));
    }
}
