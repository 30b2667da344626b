//! The original's faults that concern a server, each by its number; and what version 1 must not open.

use crate::client::now;
use crate::v1::{ALLOWED, DAY, NO_SERVICE, NO_USER, Original, PASSED, refused};
use crate::world::{ORGANISATION, Service, Totp, World, console};
use decision::account::Pattern;
use protocol::v1::path;
use serde_json::Value;
use server::names::Name;
use server::store::accesses::{Grant, Where, Whom};
use server::store::groups::Kind;
use server::store::policies::PolicyText;
use server::store::{AccessId, GroupId};

const WRONG: &str = r#"{"status":"failed","reason":"INVALID_TOTP","intent":"agent-login","data":[null]}"#;

async fn world() -> (World, Service, Original, Totp) {
    let world = World::new().await;
    let service = world.service("Workstations").await;
    let totp = world.person("anna", &service).await;
    let agent = world.allow_v1(&service, false).await;
    (world, service, agent, totp)
}

fn from(agent: &Original, address: &str) -> Original {
    Original { from: address.to_owned(), ..agent.clone() }
}

/// Runs all at once and answers how many were this answer.
async fn at_once(attempts: Vec<impl Future<Output = String>>, answer: &str) -> usize {
    let mut pinned: Vec<_> = attempts.into_iter().map(Box::pin).collect();
    let mut done = vec![None; pinned.len()];
    std::future::poll_fn(|context| {
        for (future, slot) in pinned.iter_mut().zip(&mut done) {
            if slot.is_none()
                && let std::task::Poll::Ready(answer) = future.as_mut().poll(context)
            {
                *slot = Some(answer);
            }
        }
        if done.iter().all(Option::is_some) { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    })
    .await;
    done.into_iter().flatten().filter(|given| given == answer).count()
}

/// Fault 6: a code counts once, at whatever path, machine, address and generation.
#[tokio::test]
async fn a_code_counts_once_in_v1() {
    let (world, service, agent, totp) = world().await;
    let code = totp.code(0);
    assert_eq!(agent.login(&world, "ACME\\anna", "anna", &code).await, ALLOWED);
    for again in [agent.clone(), from(&agent, "198.51.100.9")] {
        for path in path::LOGONS {
            let body = again.body("ACME\\anna", "anna", &code);
            assert_eq!(again.post(&world, path, body).await, WRONG, "{path}");
        }
    }
    // An earlier step than the used one is used as well.
    assert_eq!(agent.login(&world, "ACME\\anna", "anna", &totp.code(-30)).await, WRONG);
    let machine = world.machine(&service, "PC-08").await;
    let in_v2 = crate::client::with_code(crate::client::domain_account("anna"), Some("anna"), &code);
    let decision = machine.decide(&world.router, &in_v2).await;
    assert_eq!(decision.reason, protocol::reason::Reason::CodeUsed);
    // All at once: one of them.
    let next = totp.code(30);
    let attempts = (0..8).map(|n| {
        let agent = from(&agent, &format!("198.51.100.{n}"));
        let (world, next) = (&world, &next);
        async move { agent.login(world, "ACME\\anna", "anna", next).await }
    });
    assert_eq!(at_once(attempts.collect(), ALLOWED).await, 1);
}

/// Fault 6 and B34: guesses from one address are limited, whatever the machine calls itself, and
/// reach nobody elsewhere.
#[tokio::test]
async fn guesses_are_limited_by_the_address_seen() {
    let (world, _, agent, totp) = world().await;
    for n in 0..9 {
        let claims = Original { workstation: format!("PC-{n}"), ..agent.clone() };
        let body = claims
            .body("ACME\\anna", ["anna", "ANNA", "anna@acme.example"][n % 3], &totp.wrong())
            .replace(r#""userIP":"""#, &format!(r#""userIP":"10.0.0.{n}""#));
        assert_eq!(claims.post(&world, path::LOGON_WINDOWS, body).await, WRONG);
    }
    let counted = world.count("SELECT failures FROM address_guesses");
    assert_eq!(counted, 5, "the fifth begins the first delay; what came during it was not looked at");
    assert_eq!(agent.login(&world, "ACME\\anna", "anna", &totp.code(0)).await, WRONG, "locked here");
    // The user's counter at machines has heard nothing of it.
    assert_eq!(world.count("SELECT count(*) FROM guess_counters WHERE scope = 'user'"), 0);
    let elsewhere = from(&agent, "198.51.100.9");
    assert_eq!(elsewhere.login(&world, "ACME\\anna", "anna", &totp.code(0)).await, ALLOWED);
}

/// Whoever has one IPv6 network has one guesser's chances, and IPv4 written in IPv6 is IPv4.
#[tokio::test]
async fn addresses_of_one_network_are_one_guesser() {
    let (world, _, agent, totp) = world().await;
    for n in 0..8 {
        let hop = from(&agent, &format!("2001:db8:7:8::{n:x}"));
        assert_eq!(hop.login(&world, "ACME\\anna", "anna", &totp.wrong()).await, WRONG);
    }
    assert_eq!(world.count("SELECT count(*) FROM address_guesses WHERE failures = 5"), 1);
    let other = from(&agent, "2001:db8:7:9::1");
    assert_eq!(other.login(&world, "ACME\\anna", "anna", &totp.code(0)).await, ALLOWED);
}

/// A whole network of addresses has 50 guesses and then waits like everybody; who is at home does
/// not.
#[tokio::test]
async fn many_addresses_are_bounded_over_all() {
    let (world, _, agent, totp) = world().await;
    assert_eq!(agent.login(&world, "ACME\\anna", "anna", &totp.code(-30)).await, ALLOWED);
    for n in 0..70 {
        let hop = from(&agent, &format!("198.51.100.{n}"));
        assert_eq!(hop.login(&world, "ACME\\anna", "anna", &totp.wrong()).await, WRONG);
    }
    assert_eq!(world.count("SELECT failures FROM guess_counters WHERE scope = 'unknown'"), 50);
    assert_eq!(world.count("SELECT count(*) FROM logons WHERE reason = 'code_wrong'"), 50);
    assert_eq!(world.count("SELECT count(*) FROM logons WHERE reason = 'locked'"), 20);
    let stranger = from(&agent, "203.0.113.5");
    assert_eq!(stranger.login(&world, "ACME\\anna", "anna", &totp.code(0)).await, WRONG);
    assert_eq!(agent.login(&world, "ACME\\anna", "anna", &totp.code(0)).await, ALLOWED, "at home");
}

/// B33 and fault 10: guesses at once are counted one by one, and nothing crashes.
#[tokio::test(flavor = "multi_thread")]
async fn parallel_v1_guesses_are_all_counted() {
    let (world, _, agent, totp) = world().await;
    let wrong = totp.wrong();
    let attempts = (0..40).map(|_| agent.login(&world, "ACME\\anna", "anna", &wrong));
    assert_eq!(at_once(attempts.collect(), WRONG).await, 40);
    assert_eq!(world.count("SELECT count(*) FROM logons WHERE reason = 'code_wrong'"), 5);
    assert_eq!(world.count("SELECT count(*) FROM logons WHERE reason = 'locked'"), 35);
}

/// B17: to a locked user a right code, a wrong one, a used one and nonsense are one answer.
#[tokio::test]
async fn locked_user_learns_nothing_over_v1() {
    let (world, _, agent, totp) = world().await;
    for _ in 0..5 {
        assert_eq!(agent.login(&world, "ACME\\anna", "anna", &totp.wrong()).await, WRONG);
    }
    for code in [totp.code(0), totp.wrong(), totp.code(300), "x".to_owned(), "0".repeat(7)] {
        assert_eq!(agent.login(&world, "ACME\\anna", "anna", &code).await, WRONG);
        assert_eq!(world.newest_logon().await.reason, "locked");
    }
}

/// Fault 7, as far as it goes without phones: asking for the phone is no way in, whatever is sent
/// along.
#[tokio::test]
async fn asking_for_the_phone_never_lets_in() {
    let (world, _, agent, totp) = world().await;
    let base = agent.body("ACME\\anna", "anna", "");
    for (from, to) in [
        (r#""tfaMethod":"U2F""#, r#""tfaMethod":"totp""#),
        (r#""tfaMethod":"U2F""#, r#""tfaMethod":"U2F","answer":"YES","challenge":"abcde","deviceID":"x""#),
        (r#""userIP":"""#, r#""userIP":"","password":"pw","sessionID":"1","publicKey":"AA==""#),
    ] {
        let body = base.replace(from, to);
        assert_ne!(body, base);
        assert_eq!(agent.post(&world, path::LOGON_WINDOWS, body).await, refused("DEVICE_NOT_FOUND"));
    }
    // A method that the code contradicts is no method: the code is judged.
    let coded = agent.body("ACME\\anna", "anna", &totp.wrong()).replace("\"totp\"", "\"U2F\"");
    assert_eq!(agent.post(&world, path::LOGON_WINDOWS, coded).await, WRONG);
}

/// Fault 8: of several hours any one counts, in the policy's zone.
#[tokio::test]
async fn several_hours_count_in_v1_and_in_one_zone() {
    let (world, service, agent, totp) = world().await;
    let zone = jiff::tz::TimeZoneDatabase::bundled().get("Asia/Tokyo").unwrap();
    let hour = zone.to_datetime(jiff::Timestamp::from_second(now()).unwrap()).hour();
    let span = |from: i8| format!("daily {:02}:00-{:02}:00", from.rem_euclid(24), (from + 2).rem_euclid(24));
    let text =
        |when: Vec<String>| PolicyText { when, zone: Some("Asia/Tokyo".to_owned()), ..PolicyText::default() };
    world.policy("first-fits", text(vec![span(hour), span(hour + 12)])).await;
    world.policy("none-fits", text(vec![span(hour + 9), span(hour + 12)])).await;
    world.sql("UPDATE accesses SET deleted = 1").await;
    world.access("anna", &service, "ACME\\anna", Some("none-fits")).await;
    let answer = agent.login(&world, "ACME\\anna", "anna", &totp.code(0)).await;
    assert_eq!(answer, refused("TIME_POLICY_FAILED"));
    world.sql("UPDATE accesses SET deleted = 1").await;
    world.access("anna", &service, "ACME\\anna", Some("first-fits")).await;
    assert_eq!(agent.login(&world, "ACME\\anna", "anna", &totp.code(0)).await, ALLOWED);
}

/// Fault 9: networks are compared with the address that the server sees; what the agent claims is
/// written down as a claim.
#[tokio::test]
async fn a_claimed_address_opens_no_network_in_v1() {
    let (world, service, agent, totp) = world().await;
    world
        .policy("office", PolicyText { networks: vec!["10.0.0.0/8".to_owned()], ..PolicyText::default() })
        .await;
    world.sql("UPDATE accesses SET deleted = 1").await;
    world.access("anna", &service, "ACME\\anna", Some("office")).await;
    let claims = |code: &str| {
        agent
            .body("ACME\\anna", "anna", code)
            .replace(r#""userIP":"""#, r#""userIP":"10.1.2.3","serviceType":"rdp""#)
    };
    let answer = agent.post(&world, path::LOGON_WINDOWS, claims(&totp.code(0))).await;
    assert_eq!(answer, refused("IP_POLICY_FAILED"));
    let logon = world.newest_logon().await;
    assert_eq!(logon.facts["claimed_client"], "10.1.2.3");
    assert_eq!(logon.facts["source"], "192.0.2.7");
    assert_eq!(logon.facts["policy_line"], "network 10.0.0.0/8: 192.0.2.7");
    let inside = from(&agent, "10.9.9.9");
    assert_eq!(inside.login(&world, "ACME\\anna", "anna", &totp.code(0)).await, ALLOWED);
}

/// Fault 12, at the server: spelling makes no other account and no other user, and no letter that
/// looks alike makes the same.
#[tokio::test]
async fn spelling_makes_no_other_account_in_v1() {
    let (world, _, agent, totp) = world().await;
    for (user, trasa_id, offset) in
        [("acme\\ANNA", "ANNA", -30), ("\\Acme\\Anna", " Anna@acme.EXAMPLE ", 0), ("anna@ACME", "anna", 30)]
    {
        assert_eq!(agent.login(&world, user, trasa_id, &totp.code(offset)).await, ALLOWED, "{user}");
    }
    for user in ["ACME\\\u{430}nna", "ACME\\anna ", "ACME\\an\u{200b}na", "ACME\\ａnna"] {
        let answer = agent.login(&world, user, "anna", &totp.code(0)).await;
        assert_eq!(answer, refused("policy not assigned"), "{user}");
    }
}

/// B48: what passes through is in the log and in the audit, with account, machine and address, and
/// spends nothing of anybody's.
#[tokio::test]
async fn passthrough_is_audited() {
    let (world, service, _, _) = world().await;
    let agent = world.allow_v1(&service, true).await;
    let before = world.audit("logon").len();
    assert_eq!(agent.login(&world, "PC-07\\eve", "typed-secret", "123456").await, PASSED);
    let logon = world.newest_logon().await;
    assert_eq!((logon.result.as_str(), logon.reason.as_str()), ("allow", "pass_through"));
    assert_eq!((logon.account.as_str(), logon.machine.as_str()), ("PC-07\\eve", "PC-07"));
    assert_eq!((logon.protocol, logon.machine_id, logon.user.as_deref()), ("v1", None, None));
    let rows = world.audit("logon");
    assert_eq!(rows.len(), before + 1);
    let row = rows.last().unwrap();
    assert_eq!(row.actor, format!("service:{}", service.id));
    let details: Value = serde_json::from_str(&row.details).unwrap();
    for (name, value) in [
        ("reason", "pass_through"),
        ("account", "PC-07\\eve"),
        ("claimed_machine", "PC-07"),
        ("source", "192.0.2.7"),
        ("protocol", "v1"),
        ("short_code", &logon.short_code),
    ] {
        assert_eq!(details[name], value, "{details}");
    }
    assert!(!row.details.contains("typed-secret") && !row.details.contains("123456"));
    assert_eq!(world.count("SELECT count(*) FROM address_guesses"), 0);
}

/// Pass-through is for accounts that no access names: neither another spelling of the domain, nor a
/// user who was disabled or deleted, nor a name that cannot be read gets past an access.
#[tokio::test]
async fn pass_through_passes_nobody_whom_an_access_names() {
    let (world, service, _, _) = world().await;
    let agent = world.allow_v1(&service, true).await;
    world.access("anna", &service, ".\\boss", None).await;
    for user in [
        "ACME\\anna",
        "anna",
        "\\anna",
        "acme.example\\ANNA",
        "ELSEWHERE\\anna",
        "anna@x.example",
        "PC-07\\boss",
        "boss",
    ] {
        assert_eq!(agent.login(&world, user, "", "").await, NO_USER, "{user}");
    }
    for user in ["", "\\", "ACME\\anna.", "ACME\\ anna", "an\u{7}na", "S-1-5-21-1-2-3-500", &"a".repeat(300)]
    {
        assert_eq!(agent.login(&world, user, "", "").await, NO_USER, "{user}");
        assert_eq!(world.newest_logon().await.account, "(not readable)");
    }
    for change in ["UPDATE users SET enabled = 0", "UPDATE users SET deleted = 1"] {
        world.sql(change).await;
        let answer = agent.login(&world, "ACME\\anna", "", "").await;
        assert_eq!(answer, NO_USER, "{change}");
    }
    assert_eq!(agent.login(&world, "ACME\\eve", "", "").await, PASSED);
    // Another service's access names nobody here.
    let other = world.service("Other").await;
    world.user("eve").await;
    world.access("eve", &other, "ACME\\eve", None).await;
    assert_eq!(agent.login(&world, "ACME\\eve", "", "").await, PASSED);
}

/// Pass-through again: a directory compares names without accents and widths, and knows people by a
/// second name with an `@`. Neither is a way past an access.
#[tokio::test]
async fn pass_through_passes_no_spelling_that_windows_may_take_for_a_named_account() {
    let (world, service, _, _) = world().await;
    let agent = world.allow_v1(&service, true).await;
    world.access("anna", &service, "ACME\\müller", None).await;
    for user in [
        "ACME\\ánna",
        "ACME\\an\u{303}na",
        "\u{ff41}\u{ff4e}\u{ff4e}\u{ff41}",
        "ACME\\muller",
        "ACME\\mu\u{308}ller",
        "acme.example\\anna@acme.example",
        // Who that is, only the directory knows.
        "a.smith@acme.example",
        "acme.example\\a.smith@acme.example",
    ] {
        assert_eq!(agent.login(&world, user, "", "").await, NO_USER, "{user}");
    }
    for user in ["ACME\\maier", "ACME\\schäfer", "ACME\\björn"] {
        assert_eq!(agent.login(&world, user, "", "").await, PASSED, "{user}");
    }
}

/// Pass-through again: an account that only a group's access names is named, also while one of the
/// groups is deleted; a deletion that can be undone opens nothing.
#[tokio::test]
async fn pass_through_passes_nobody_whom_a_groups_access_names() {
    let (world, service, _, _) = world().await;
    let agent = world.allow_v1(&service, true).await;
    let store = world.store();
    let groups = [(Kind::User, "admins", "anna"), (Kind::Service, "servers", service.name.as_str())];
    for (kind, name, member) in groups {
        let group = (GroupId::random().unwrap(), kind, Name::parse("name", name).unwrap());
        store.add_group(ORGANISATION, group, console(), now()).await.unwrap();
        let whose = (kind, name.to_owned(), member.to_owned());
        store.set_member(ORGANISATION, whose, true, (console(), now())).await.unwrap();
    }
    let grant = Grant {
        id: AccessId::random().unwrap(),
        user: Whom::Group("admins".to_owned()),
        service: Where::Group("servers".to_owned()),
        account: Pattern::parse("ACME\\chief").unwrap(),
        shown: "ACME\\chief".to_owned(),
        policy: None,
        until: Some(now() + 60),
    };
    store.grant_access(ORGANISATION, grant, console(), now()).await.unwrap();
    assert_eq!(agent.login(&world, "ACME\\chief", "", "").await, NO_USER);
    assert_eq!(agent.login(&world, "ACME\\eve", "", "").await, PASSED);
    for change in [
        "UPDATE groups SET deleted = 1 WHERE kind = 'user'",
        "UPDATE groups SET deleted = 1 WHERE kind = 'service'",
        "UPDATE accesses SET until = 1",
    ] {
        world.sql(change).await;
        assert_eq!(agent.login(&world, "ACME\\chief", "", "").await, NO_USER, "{change}");
    }
}

/// B67: whoever does not show the key reaches no user, no counter, no log but one row an hour.
#[tokio::test]
async fn a_stranger_locks_and_rings_nobody_over_v1() {
    let (world, service, agent, totp) = world().await;
    let before = world.v1_traces();
    let stranger = Original { key: "guess".to_owned(), ..agent.clone() };
    let lost = Original { service_id: "another".to_owned(), ..agent.clone() };
    for _ in 0..30 {
        assert_eq!(stranger.login(&world, "ACME\\anna", "anna", &totp.wrong()).await, NO_SERVICE);
        assert_eq!(lost.login(&world, "ACME\\anna", "anna", &totp.wrong()).await, NO_SERVICE);
        stranger.check_config(&world).await;
    }
    assert_eq!(world.v1_traces(), before);
    let noted = world.audit("v1.wrong_key");
    assert_eq!(noted.len(), 1, "{noted:?}");
    assert_eq!(noted[0].subject, service.id.to_string());
    assert!(noted[0].details.contains("192.0.2.7"));
    world.sql("UPDATE v1_doors SET wrong_key_noted = wrong_key_noted - 3601").await;
    stranger.check_config(&world).await;
    assert_eq!(world.audit("v1.wrong_key").len(), 2);
    assert_eq!(agent.login(&world, "ACME\\anna", "anna", &totp.code(0)).await, ALLOWED);
}

/// Fault 4, as far as a server goes: the key of one service opens nothing at another, and what is
/// allowed for one end is over for all at the end.
#[tokio::test]
async fn a_key_opens_version_1_of_its_own_service_until_its_end() {
    let (world, service, agent, totp) = world().await;
    let other = world.service("Other").await;
    let elsewhere = world.allow_v1(&other, true).await;
    let mixed = Original { key: agent.key.clone(), ..elsewhere.clone() };
    assert_eq!(mixed.login(&world, "ACME\\eve", "", "").await, NO_SERVICE);
    let mixed = Original { service_id: agent.service_id.clone(), ..elsewhere.clone() };
    assert_eq!(mixed.login(&world, "ACME\\anna", "anna", &totp.code(0)).await, NO_SERVICE);
    // The access of one service is none at the other.
    world.sql("UPDATE v1_doors SET pass_through = 0").await;
    let answer = elsewhere.login(&world, "ACME\\anna", "anna", &totp.code(0)).await;
    assert_eq!(answer, refused("policy not assigned"));
    // To the second, pass-through and watching included.
    world.sql("UPDATE services SET mode = 'watch', mode_until = 99999999999").await;
    world.sql("UPDATE v1_doors SET pass_through = 1").await;
    let set_end = async |end: i64| {
        let set = move |write: &server::store::Write<'_>| {
            Ok(write.execute("UPDATE v1_doors SET until = ?1", [end])?)
        };
        world.store().write(set).await.unwrap();
    };
    set_end(now() + DAY).await;
    assert_eq!(agent.login(&world, "ACME\\eve", "", "").await, PASSED);
    set_end(now()).await;
    assert_eq!(agent.login(&world, "ACME\\eve", "", "").await, NO_SERVICE);
    assert_eq!(agent.login(&world, "ACME\\anna", "anna", &totp.code(0)).await, NO_SERVICE);
    let logon = world.newest_logon().await;
    assert_eq!((logon.result.as_str(), logon.reason.as_str()), ("deny", "v1_closed"));
    assert_eq!(logon.service, service.name);
}
