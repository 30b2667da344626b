#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use super::{Check, Facts, LastSignIn, Report, Subject, Surroundings, Verdict, Waived, check};
use crate::Sid;
use crate::account::{Account, AccountKind, KnownAccount, ResolveError};
use crate::config::{Generation, OfflineList, State};
use crate::exchange::CallFailed;
use crate::trial::Passed;
use protocol::error_code::ErrorCode;
use protocol::reason::Reason;
use protocol::v2::{CheckAnswer, CheckedAccount, Method, Params, Registration};

fn account(name: &str, rid: u32) -> Account {
    Account {
        sid: Sid::parse(&format!("S-1-5-21-1-2-3-{rid}")).ok(),
        domain: "HOST".into(),
        dns_domain: None,
        name: name.into(),
        kind: AccountKind::Local,
    }
}

fn subjects() -> Vec<Subject> {
    [("admin", 500, true), ("bat", 1001, false)]
        .map(|(name, rid, is_local_administrator)| Subject {
            account: account(name, rid),
            is_local_administrator,
            has_recent_profile: true,
            last_sign_in: if rid == 1001 { LastSignIn::Pin } else { LastSignIn::Password },
        })
        .to_vec()
}

fn answer(gets_in: bool) -> Result<CheckAnswer, CallFailed> {
    let line = |name, rid, would_get_in: bool| CheckedAccount {
        account: account(name, rid).to_wire(),
        would_get_in,
        methods: vec![Method::Totp],
        reason: (!would_get_in).then_some(Reason::NoDevice),
        parameters: Params::new(),
    };
    Ok(CheckAnswer {
        accounts: vec![line("admin", 500, gets_in), line("bat", 1001, false)],
        ask_trasa_id: true,
        time: 0,
    })
}

fn run(change: impl FnOnce(&mut Facts), waived: Waived) -> Report {
    let offline =
        OfflineList { serial: 1, users: vec![KnownAccount::new("admin".into(), account("admin", 500))] };
    let mut facts = Facts {
        state: State::Verified,
        protocol: Some(Generation::V2),
        watching: false,
        approved: true,
        subjects: subjects(),
        answer: answer(true),
        offline,
        unresolved: Vec::new(),
        registration: Registration { provider: true, filter: true },
        dll: Some(Ok(())),
        other_filters: Vec::new(),
        surroundings: Surroundings::default(),
        clock_offset: None,
        proxy: None,
        certificate_days: None,
        trial: Some(Passed { account: r"HOST\bat".into(), at: 0, short_code: "K7Q2MX".into() }),
    };
    change(&mut facts);
    check(&facts, waived)
}

fn refusals(report: &Report) -> Vec<Check> {
    report.refusals().map(|line| line.check).collect()
}

#[test]
fn numbers_begin_at_ten_and_are_unique() {
    for (index, check) in Check::ALL.into_iter().enumerate() {
        assert_eq!(usize::from(check.number()), 10 + index);
        assert!(!check.text().is_empty());
    }
}

#[test]
fn who_would_get_in_is_said_line_by_line() {
    let report = run(|_| {}, Waived::default());
    assert_eq!(report.exit_code(), 0, "{report:?}");
    let texts: Vec<_> = report.lines.iter().map(|line| line.text.as_str()).collect();
    for expect in [
        "HOST\\admin (local administrator, offline user) would get in by one-time code.",
        "HOST\\bat would not get in: who has an access for it has no device yet (`trasa-server device add-totp`).",
        "Offline user admin -> HOST\\admin (S-1-5-21-1-2-3-500).",
        "HOST\\bat signed in with a PIN last; while armed it needs its password.",
    ] {
        assert!(texts.contains(&expect), "{expect}\n{texts:#?}");
    }
}

#[test]
fn hours_that_would_refuse_now_are_said() {
    let mut checked = answer(true).unwrap();
    checked.accounts[0].parameters = Params::from([("now".to_owned(), false.into())]);
    let report = run(|f| f.answer = Ok(checked), Waived::default());
    let expect = "HOST\\admin (local administrator, offline user) would get in by one-time code, but not at this hour.";
    assert!(
        report.lines.iter().any(|line| line.text == expect && line.verdict == Verdict::Good),
        "{report:?}"
    );
}

#[test]
fn arming_is_refused_for_each_of_these() {
    let none = Waived::default();
    let check = |report: Report, expect: &[Check]| {
        assert_eq!(refusals(&report), expect, "{report:#?}");
        assert_eq!(report.exit_code(), expect[0].number());
    };
    check(run(|f| f.state = State::Absent, none), &[Check::Configuration]);
    check(run(|f| f.approved = false, none), &[Check::Approval]);
    check(
        run(|f| f.answer = Err(CallFailed::Refused(ErrorCode::CheckRefused, Params::new())), none),
        &[Check::Server, Check::Somebody],
    );
    check(
        run(|f| f.answer = Err(CallFailed::Unreachable(Vec::new())), none),
        &[Check::Server, Check::Somebody],
    );
    check(run(|f| f.answer = answer(false), none), &[Check::Somebody]);
    check(
        run(|f| f.unresolved = vec![("nobdoy".to_owned(), ResolveError::NotFound)], none),
        &[Check::OfflineUser],
    );
    check(run(|f| f.offline = OfflineList::default(), none), &[Check::OfflineAdministrator]);
    check(run(|f| f.trial = None, none), &[Check::Trial]);
    check(run(|f| f.registration.provider = false, none), &[Check::Registration]);
    check(run(|f| f.registration.filter = false, none), &[Check::Filter]);
    check(run(|f| f.other_filters = vec!["{1} (C:\\other.dll)".into()], none), &[Check::OtherFilter]);
    check(run(|f| f.dll = Some(Err("error 126".into())), none), &[Check::Dll]);
    check(run(|f| f.surroundings.excluded_by_policy = true, none), &[Check::Policy]);
}

#[test]
fn what_is_waived_is_still_said() {
    let waived = Waived { offline_user: true, trial: true };
    let report = run(
        |f| {
            f.offline = OfflineList::default();
            f.trial = None;
        },
        waived,
    );
    assert_eq!(report.exit_code(), 0);
    let warned = |check| report.lines.iter().any(|l| l.check == check && l.verdict == Verdict::Warns);
    assert!(warned(Check::OfflineAdministrator) && warned(Check::Trial));
}

#[test]
fn in_watch_mode_nobody_need_get_in_yet() {
    let report = run(
        |f| {
            f.answer = answer(false);
            f.watching = true;
        },
        Waived::default(),
    );
    assert_eq!(report.exit_code(), 0);
}

/// What stands around the tile never refuses: it was there before, and it is the administrator's to
/// decide. It is said each time.
fn warned(change: impl FnOnce(&mut Facts)) -> Vec<(Check, String)> {
    let report = run(change, Waived::default());
    assert_eq!(report.exit_code(), 0, "they warn");
    assert!(report.lines.iter().all(|line| !line.text.contains('\n')));
    let usual = Check::OtherSignIn;
    let warnings = report.lines.into_iter().filter(|l| l.verdict == Verdict::Warns && l.check != usual);
    warnings.filter(|l| l.check != Check::Account).map(|l| (l.check, l.text)).collect()
}

#[test]
fn arso_is_reported_by_verify() {
    assert_eq!(warned(|_| {}), []);
    let found = warned(|f| f.surroundings.automatic_restart_sign_on = true);
    assert!(matches!(&found[..], [(Check::AutomaticSignIn, text)] if text.contains("ARSO")), "{found:?}");
    let found = warned(|f| f.surroundings.auto_admin_logon = true);
    assert!(matches!(&found[..], [(Check::AutomaticSignIn, _)]), "{found:?}");
}

#[test]
fn ways_around_the_tile_are_said() {
    let found = warned(|f| {
        f.surroundings.restricted_admin = true;
        f.surroundings.reconnects = true;
    });
    assert!(matches!(&found[..], [(Check::RestrictedAdmin, _), (Check::Reconnection, _)]), "{found:?}");
}

#[test]
fn allowed_provider_shows_in_verify() {
    let face = "{8af662bf-65a0-4d0a-a540-a338a999d36f}";
    let found = warned(|f| f.surroundings.allowed_providers = vec![face.into(), "{1}\r\n".into()]);
    let [(Check::AllowedProvider, known), (Check::AllowedProvider, other)] = &found[..] else {
        panic!("{found:?}")
    };
    assert!(known.starts_with("Windows Hello face") && known.contains("without a second factor"), "{known}");
    assert!(other.starts_with("{1}"), "{other}");
}

#[test]
fn verify_warns_on_debugger_hooks() {
    let found = warned(|f| f.surroundings.debugger_hooks = vec!["utilman.exe".into()]);
    assert!(
        matches!(&found[..], [(Check::DebuggerHook, text)] if text.starts_with("utilman.exe")),
        "{found:?}"
    );
}

#[test]
fn the_way_to_the_server_is_said() {
    let found = warned(|f| {
        f.clock_offset = Some(-90);
        f.proxy = Some("proxy\r\n:8080".into());
        f.certificate_days = Some(7);
    });
    assert!(
        matches!(&found[..], [(Check::Clock, _), (Check::Proxy, _), (Check::Certificate, _)]),
        "{found:?}"
    );
    for (days, says) in [(-1, "has ended"), (0, "ends today"), (1, "ends tomorrow"), (30, "ends in 30 days")]
    {
        let found = warned(|f| f.certificate_days = Some(days));
        assert!(found[0].1.contains(says), "{found:?}");
    }
    assert_eq!(warned(|f| f.certificate_days = Some(31)), []);
    assert_eq!(warned(|f| f.clock_offset = Some(30)), []);
}

/// Nobody can be asked who would get in, so what arms is the trial; and what is not protected is said.
#[test]
fn version_1_says_what_it_cannot_protect() {
    let v1 = |facts: &mut Facts| {
        facts.protocol = Some(Generation::V1);
        facts.answer = Ok(CheckAnswer { accounts: Vec::new(), ask_trasa_id: true, time: 0 });
    };
    let report = run(v1, Waived::default());
    assert_eq!(report.exit_code(), 0, "{report:#?}");
    assert!(report.lines.iter().all(|line| line.check != Check::Somebody));
    let told = report.lines.iter().filter(|line| line.check == Check::Protocol).count();
    assert_eq!(told, crate::texts::v1::LIMITS.len());
    let report = run(|f| (v1(f), f.trial = None).1, Waived::default());
    assert_eq!(refusals(&report), [Check::Trial]);
}

/// B24: whoever arms has provider and filter registered, so the filter cannot be forgotten.
#[test]
fn armed_implies_filter_registered() {
    for waived in [Waived { offline_user: true, trial: true }, Waived { offline_user: false, trial: true }] {
        let report = run(|facts| facts.registration.filter = false, waived);
        assert!(refusals(&report).contains(&Check::Filter));
    }
}
