//! One-time codes: right, wrong, again, too often.

use crate::client::{Machine, domain_account, new_logon, with_code};
use crate::world::World;
use protocol::reason::Reason;
use protocol::v2::{Answer, DecisionResult, Method, PasswordState};

/// A machine of a service and a person who may log on there.
async fn one_of_each(world: &World) -> (Machine, crate::world::Service, crate::world::Totp) {
    let service = world.service("Workstations").await;
    let totp = world.person("anna", &service).await;
    let machine = world.machine(&service, "PC-07").await;
    (machine, service, totp)
}

#[tokio::test]
async fn a_right_code_lets_in_and_a_wrong_one_does_not() {
    let world = World::new().await;
    let (machine, service, totp) = one_of_each(&world).await;
    let attempt = |code: String| with_code(domain_account("anna"), Some("anna"), &code);

    let wrong = machine.decide(&world.router, &attempt(totp.wrong())).await;
    assert_eq!((wrong.result, wrong.reason), (DecisionResult::Deny, Reason::CodeWrong));

    let request = attempt(totp.code(0));
    let id = new_logon();
    let Answer::Decision(allowed) = machine.logon(&world.router, id, &request).await else {
        panic!("no decision")
    };
    assert_eq!((allowed.result, allowed.reason), (DecisionResult::Allow, Reason::CodeAccepted));
    assert_eq!((allowed.logon, allowed.machine, allowed.service), (id, machine.id, service.id));
    assert_eq!(allowed.account, request.account);
    assert_eq!(allowed.short_code.len(), 6);

    let again = machine.decide(&world.router, &request).await;
    assert_eq!((again.result, again.reason), (DecisionResult::Deny, Reason::CodeUsed));

    let rows = world.audit("logon");
    assert_eq!(rows.len(), 3);
    let details: serde_json::Value = serde_json::from_str(&rows[1].details).unwrap();
    assert_eq!(details["short_code"], allowed.short_code);
    assert_eq!(
        (details["result"].as_str(), details["account"].as_str()),
        (Some("allow"), Some("ACME\\anna"))
    );
}

#[tokio::test]
async fn email_address_and_sole_user_find_the_person_too() {
    let world = World::new().await;
    let (machine, _, totp) = one_of_each(&world).await;
    let by_email = with_code(domain_account("anna"), Some(" Anna@ACME.example "), &totp.code(-30));
    assert_eq!(machine.decide(&world.router, &by_email).await.reason, Reason::CodeAccepted);
    let unasked = with_code(domain_account("ANNA"), None, &totp.code(0));
    assert_eq!(machine.decide(&world.router, &unasked).await.reason, Reason::CodeAccepted);
}

#[tokio::test]
async fn the_tile_learns_one_thing_of_unknown_disabled_and_no_access() {
    let world = World::new().await;
    let (machine, _, totp) = one_of_each(&world).await;
    world.user("bob").await;
    world.person("carl", &world.service("Other").await).await;
    world.person("dora", &crate::world::Service { ..world_service(&world).await }).await;
    world
        .store()
        .set_user_enabled(crate::world::ORGANISATION, ("dora".to_owned(), false), crate::world::console(), 1)
        .await
        .unwrap();
    for (trasa_id, account, exact) in [
        ("nobody", "anna", "user_unknown"),
        ("\u{202e}", "anna", "user_unknown"),
        ("bob", "bob", "no_access"),
        ("carl", "carl", "no_access"),
        ("dora", "dora", "user_disabled"),
    ] {
        let request = with_code(domain_account(account), Some(trasa_id), &totp.code(0));
        let decision = machine.decide(&world.router, &request).await;
        assert_eq!((decision.reason, decision.parameters.len()), (Reason::NotPermitted, 0), "{trasa_id}");
        let row = world.audit("logon").pop().unwrap();
        assert!(row.details.contains(&format!("\"reason\":\"{exact}\"")), "{}", row.details);
        assert!(!row.details.contains("nobody\"") && !row.details.contains('\u{202e}'), "{}", row.details);
    }
}

async fn world_service(world: &World) -> crate::world::Service {
    let found = world.store().services(crate::world::ORGANISATION).await.unwrap();
    let service = found.iter().find(|service| service.name == "Workstations").unwrap();
    crate::world::Service { id: service.id, name: service.name.clone(), key: String::new() }
}

#[tokio::test]
async fn push_is_answered_with_the_methods_there_are() {
    let world = World::new().await;
    let (machine, _, _) = one_of_each(&world).await;
    let mut request = with_code(domain_account("anna"), Some("anna"), "");
    request.method = Method::Push;
    request.code = None;
    let decision = machine.decide(&world.router, &request).await;
    assert_eq!(decision.reason, Reason::PushNotAvailable);
    assert_eq!(decision.parameters["methods"], serde_json::json!(["totp"]));
    request.method = Method::Auto;
    assert_eq!(machine.decide(&world.router, &request).await.reason, Reason::CodeRequired);
    request.password = PasswordState::Unknown;
    request.method = Method::Push;
    assert_eq!(machine.decide(&world.router, &request).await.reason, Reason::PushNeedsPassword);
}

#[tokio::test(flavor = "multi_thread")]
async fn parallel_guesses_are_all_counted() {
    let world = World::new().await;
    let (machine, _, totp) = one_of_each(&world).await;
    let wrong = with_code(domain_account("anna"), Some("anna"), &totp.wrong());
    let mut guesses = Vec::new();
    for _ in 0..40 {
        guesses.push(machine.decide(&world.router, &wrong));
    }
    let reasons = futures_join(guesses).await;
    let wrong_codes = reasons.iter().filter(|reason| **reason == Reason::CodeWrong).count();
    assert_eq!((wrong_codes, reasons.len()), (5, 40), "{reasons:?}");
    assert!(reasons.iter().all(|reason| matches!(reason, Reason::CodeWrong | Reason::Locked)));

    // The same right code from two places at once is accepted once.
    let (ben, other) = (world.person("ben", &world_service(&world).await).await, &world);
    let right = with_code(domain_account("ben"), Some("ben"), &ben.code(0));
    let mut attempts = Vec::new();
    for _ in 0..8 {
        attempts.push(machine.decide(&other.router, &right));
    }
    let reasons = futures_join(attempts).await;
    assert_eq!(reasons.iter().filter(|reason| **reason == Reason::CodeAccepted).count(), 1, "{reasons:?}");
}

/// Runs all at once and answers the reasons.
async fn futures_join<F: Future<Output = protocol::v2::Decision>>(futures: Vec<F>) -> Vec<Reason> {
    let mut pinned: Vec<_> = futures.into_iter().map(Box::pin).collect();
    let mut done = vec![None; pinned.len()];
    std::future::poll_fn(|context| {
        for (future, slot) in pinned.iter_mut().zip(&mut done) {
            if slot.is_none()
                && let std::task::Poll::Ready(decision) = future.as_mut().poll(context)
            {
                *slot = Some(decision.reason);
            }
        }
        if done.iter().all(Option::is_some) { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    })
    .await;
    done.into_iter().flatten().collect()
}

#[tokio::test]
async fn a_locked_user_learns_nothing_over_http() {
    let world = World::new().await;
    let (machine, _, totp) = one_of_each(&world).await;
    let attempt = |code: &str| with_code(domain_account("anna"), Some("anna"), code);
    for _ in 0..5 {
        assert_eq!(machine.decide(&world.router, &attempt(&totp.wrong())).await.reason, Reason::CodeWrong);
    }
    let mut answers = Vec::new();
    for code in [totp.code(0), totp.wrong(), "x".to_owned(), String::new()] {
        let locked = machine.decide(&world.router, &attempt(&code)).await;
        let wait = locked.parameters["wait_secs"].as_i64().unwrap();
        assert!((8..=10).contains(&wait), "{wait}");
        answers.push((locked.result, locked.reason, locked.parameters.len()));
    }
    answers.dedup();
    assert_eq!(answers, [(DecisionResult::Deny, Reason::Locked, 1)]);
}

#[tokio::test]
async fn limits_follow_the_user_whatever_the_spelling() {
    let world = World::new().await;
    let (machine, _, totp) = one_of_each(&world).await;
    for (account, trasa_id) in [
        ("anna", "anna"),
        ("ANNA", "ANNA"),
        ("Anna", "anna@acme.example"),
        ("anna", " Anna@Acme.Example"),
        ("aNNa", "aNNA"),
    ] {
        let request = with_code(domain_account(account), Some(trasa_id), &totp.wrong());
        assert_eq!(machine.decide(&world.router, &request).await.reason, Reason::CodeWrong, "{trasa_id}");
    }
    let request = with_code(domain_account("anna"), Some("annA"), &totp.wrong());
    assert_eq!(machine.decide(&world.router, &request).await.reason, Reason::Locked);
}

#[tokio::test]
async fn who_knows_no_password_locks_nobody_out_elsewhere() {
    let world = World::new().await;
    let (stranger, service, totp) = one_of_each(&world).await;
    let home = world.machine(&service, "PC-08").await;
    let mut guess = with_code(domain_account("anna"), Some("anna"), &totp.wrong());
    guess.password = PasswordState::Unknown;
    for _ in 0..7 {
        assert_eq!(stranger.decide(&world.router, &guess).await.reason, Reason::CodeRefused);
    }
    let right = with_code(domain_account("anna"), Some("anna"), &totp.code(0));
    assert_eq!(home.decide(&world.router, &right).await.reason, Reason::CodeAccepted);
}

#[tokio::test]
async fn many_wrong_codes_in_a_service_raise_an_alarm() {
    let world = World::new().await;
    let (machine, service, _) = one_of_each(&world).await;
    for n in 0..20 {
        let name = format!("user{n}");
        let totp = world.person(&name, &service).await;
        for _ in 0..5 {
            let wrong = with_code(domain_account(&name), Some(&name), &totp.wrong());
            assert_eq!(machine.decide(&world.router, &wrong).await.reason, Reason::CodeWrong);
        }
    }
    assert_eq!(world.alarms(), ["wrong_codes"]);
}
