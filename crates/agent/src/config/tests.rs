#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use super::{Damage, Generation, Link, Notice, State, UsableLink, load};
use crate::Sid;
use crate::ports::{PolicyName, ProtectedFile, StateValue};
use crate::testing::{FakeWindows, World};
use core::sync::atomic::Ordering;

#[test]
fn the_four_states() {
    let world = World::new();
    assert_eq!(load(&world.services).state, State::Absent);
    world.configure(&[], false).expect("admitted");
    assert_eq!(load(&world.services).state, State::Verified);
    assert!(!load(&world.services).state.guards());
    super::arm(&world.services).unwrap();
    assert_eq!(load(&world.services).state, State::Armed);
    world.files.files.lock().unwrap().remove(&ProtectedFile::Agent);
    assert_eq!(load(&world.services).state, State::Damaged(Damage::Missing));
    assert!(load(&world.services).state.guards());
    super::disarm(&world.services, "test").unwrap();
    assert_eq!(load(&world.services).state, State::Absent);
}

#[test]
fn truncated_config_stays_armed() {
    let world = World::new();
    world.arm(&["bat"], false);
    let whole = world.files.files.lock().unwrap()[&ProtectedFile::Agent].clone();
    for end in (0..whole.len()).step_by(7).chain([whole.len() - 1]) {
        world.files.files.lock().unwrap().insert(ProtectedFile::Agent, whole[..end].to_vec());
        let loaded = load(&world.services);
        assert_eq!(loaded.state, State::Damaged(Damage::Malformed), "{end}");
        assert!(loaded.usable.is_none());
        assert_eq!(loaded.offline.users.len(), 1, "the offline record stands apart");
    }
}

#[test]
fn loose_acl_counts_as_damaged() {
    let world = World::new();
    world.arm(&["bat"], false);
    world.files.loose.lock().unwrap().insert(ProtectedFile::Agent);
    let loaded = load(&world.services);
    assert_eq!(loaded.state, State::Damaged(Damage::Loose));
    assert_eq!(loaded.offline.users.len(), 1);
}

#[test]
fn a_changed_key_or_a_cloned_image_is_damage() {
    let world = World::new();
    world.arm(&[], false);
    world.windows.machine.lock().unwrap().machine_sid = Sid::parse("S-1-5-21-4-5-6").ok();
    assert_eq!(load(&world.services).state, State::Damaged(Damage::AnotherMachine));
    world.windows.machine.lock().unwrap().machine_sid = Sid::parse("S-1-5-21-1-2-3").ok();
    world.windows.machine.lock().unwrap().netbios_name = "RENAMED".into();
    let loaded = load(&world.services);
    assert_eq!(loaded.state, State::Armed, "a new name alone keeps the key");
    assert!(loaded.notices.contains(&Notice::HostRenamed));

    let mut configuration = loaded.usable.unwrap().configuration;
    let Link::V2(admission) = &mut configuration.link else { panic!() };
    admission.sealed_key = protocol::encoding::encode(&[1; 32]);
    super::save(&world.services, &configuration, &loaded.offline).unwrap();
    assert_eq!(load(&world.services).state, State::Damaged(Damage::Key));
}

/// The image's offline users are the clone's, under the number and the name that they had.
#[test]
fn offline_users_of_an_image_are_those_of_its_clone() {
    let world = World::with(FakeWindows::joined());
    world.arm(&["HOST\\bat", "CORP\\anna"], false);
    let clone = |name: &str, sid: &str| {
        world.windows.machine.lock().unwrap().machine_sid = Sid::parse("S-1-5-21-4-5-6").ok();
        world.windows.machine.lock().unwrap().netbios_name = "CLONE".into();
        let mut accounts = world.windows.accounts.lock().unwrap();
        accounts.retain(|account| account.domain == "CORP");
        drop(accounts);
        world.windows.add("CLONE", name, sid);
        let machine = world.services.machine.facts();
        let account =
            crate::account::resolve_listed(&format!("CLONE\\{name}"), &machine, &*world.services.lookup);
        let loaded = load(&world.services);
        assert_eq!(loaded.state, State::Damaged(Damage::AnotherMachine));
        assert!(
            loaded.offline.users.iter().any(|user| user.typed == "CORP\\anna"),
            "domains stay as they are"
        );
        loaded.offline.lists(&account.unwrap().account)
    };
    assert!(clone("bat", "S-1-5-21-4-5-6-1001"));
    assert!(!clone("other", "S-1-5-21-4-5-6-1001"), "somebody else under the number");
    assert!(!clone("bat", "S-1-5-21-4-5-6-1077"), "somebody else under the name");
    *world.windows.lookup_fails.lock().unwrap() = true;
    assert!(load(&world.services).offline.users.iter().all(|user| {
        user.account.sid.as_ref().is_none_or(|sid| !sid.as_str().starts_with("S-1-5-21-4-5-6"))
    }));
}

#[test]
fn either_copy_of_the_offline_users_is_enough() {
    let world = World::new();
    world.arm(&["bat"], false);
    let file = || world.files.files.lock().unwrap().get(&ProtectedFile::Offline).cloned();
    let whole = file().unwrap();
    let listed = || load(&world.services).offline.users.len();

    world.files.files.lock().unwrap().remove(&ProtectedFile::Offline);
    assert_eq!(listed(), 1);
    assert_eq!(file().as_ref(), Some(&whole), "rewritten from the other");

    world.files.files.lock().unwrap().insert(ProtectedFile::Offline, whole[..40].to_vec());
    assert_eq!(listed(), 1);
    world.registry.values.lock().unwrap().clear();
    assert_eq!(listed(), 1);
    assert!(world.registry.values.lock().unwrap().contains_key(&StateValue::OfflineCopy));

    // A copy that stood open is not believed, and the administrator hears of it.
    world.files.loose.lock().unwrap().insert(ProtectedFile::Offline);
    let loaded = load(&world.services);
    assert_eq!((loaded.offline.users.len(), loaded.notices.contains(&Notice::OfflineCopyLoose)), (1, true));

    world.files.files.lock().unwrap().insert(ProtectedFile::Offline, b"{}".to_vec());
    world.registry.values.lock().unwrap().clear();
    let loaded = load(&world.services);
    assert_eq!(loaded.offline.users.len(), 0);
    assert!(loaded.notices.contains(&Notice::OfflineListLost));
}

#[test]
fn the_higher_intact_serial_wins() {
    let world = World::new();
    world.arm(&["bat"], false);
    let old = world.files.files.lock().unwrap()[&ProtectedFile::Offline].clone();
    let loaded = load(&world.services);
    let configuration = loaded.usable.unwrap().configuration;
    super::save(&world.services, &configuration, &super::OfflineList::default()).unwrap();
    assert!(load(&world.services).offline.users.is_empty());
    // An old copy put back does not bring anybody back.
    world.files.files.lock().unwrap().insert(ProtectedFile::Offline, old);
    assert!(load(&world.services).offline.users.is_empty());
}

#[test]
fn a_failed_write_changes_nothing() {
    let world = World::new();
    world.arm(&["bat"], false);
    let before = world.files.files.lock().unwrap().clone();
    let loaded = load(&world.services);
    world.files.fail_writes.store(true, Ordering::SeqCst);
    let configuration = loaded.usable.unwrap().configuration;
    assert!(super::save(&world.services, &configuration, &loaded.offline).is_err());
    assert_eq!(*world.files.files.lock().unwrap(), before);
    assert_eq!(load(&world.services).state, State::Armed);
}

#[test]
fn policies_override_the_rest() {
    let world = World::with(FakeWindows::joined());
    world.arm(&["HOST\\bat"], false);
    let policy = |name, value: &str| world.registry.policies.lock().unwrap().insert(name, value.to_owned());
    policy(PolicyName::Server, "three.example.com:8443");
    policy(PolicyName::SkipTlsVerification, "1");
    policy(PolicyName::OfflineUsers, "anna, host\\BAT, \"odd\"");
    let loaded = load(&world.services);
    let usable = loaded.usable.unwrap();
    assert_eq!(usable.servers[0].to_string(), "three.example.com:8443");
    assert!(usable.skip_tls_verification);
    let users: Vec<_> =
        loaded.offline.users.iter().map(|u| (u.account.to_string(), u.account.sid.is_some())).collect();
    assert_eq!(users, [("CORP\\anna".to_owned(), false), ("HOST\\bat".to_owned(), true)]);
}

#[test]
fn offline_names_mean_what_the_manual_says() {
    let check = |joined: bool, typed: &str, expect: Option<&str>| {
        let windows = if joined { FakeWindows::joined() } else { FakeWindows::workgroup() };
        let world = World::with(windows);
        let machine = world.services.machine.facts();
        let known = crate::account::resolve_listed(typed, &machine, &*world.services.lookup);
        assert_eq!(known.ok().map(|k| k.account.to_string()).as_deref(), expect, "{typed} joined={joined}");
    };
    check(false, "bat", Some("HOST\\bat"));
    check(false, "BAT", Some("HOST\\bat"));
    check(true, "bat", Some("CORP\\bat"));
    check(true, "HOST\\bat", Some("HOST\\bat"));
    check(true, ".\\bat", Some("HOST\\bat"));
    check(true, "bat@corp.example.com", Some("CORP\\bat"));
    check(true, "corp.example.com\\bat", Some("CORP\\bat"));
    check(true, "nobody", None);
    check(false, "CORP\\bat", None);
    check(true, "a\"b", None);
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig { cases: 64, ..Default::default() })]
    #[test]
    fn no_bytes_make_loading_panic(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..200)) {
        let world = World::new();
        world.registry.armed.store(true, Ordering::SeqCst);
        for file in [ProtectedFile::Agent, ProtectedFile::Offline, ProtectedFile::OfflineLog] {
            world.files.files.lock().unwrap().insert(file, bytes.clone());
        }
        for value in [StateValue::OfflineCopy, StateValue::Learned] {
            world.registry.values.lock().unwrap().insert(value, bytes.clone());
        }
        let loaded = load(&world.services);
        proptest::prop_assert_eq!(loaded.state, State::Damaged(Damage::Malformed));
        proptest::prop_assert!(crate::offline::unreported(&world.services).is_empty());
    }
}

/// What the first release wrote, byte for byte.
const WRITTEN_BEFORE: &[u8] = include_bytes!("agent-v2.json");

#[test]
fn a_file_written_before_there_were_two_generations_still_loads() {
    let world = World::with(FakeWindows::joined());
    world.arm(&["HOST\\bat"], true);
    world.files.files.lock().unwrap().insert(ProtectedFile::Agent, WRITTEN_BEFORE.to_vec());
    let loaded = load(&world.services);
    assert_eq!(loaded.state, State::Armed);
    let usable = loaded.usable.unwrap();
    assert!(matches!(usable.link(), UsableLink::V2(_)));
    let configuration = &usable.configuration;
    assert_eq!((configuration.protocol(), configuration.saved), (Generation::V2, 1_790_000_000));
    assert_eq!(configuration.servers, ["one.example.com", "two.example.com"]);
    assert!(configuration.skip_tls_verification);
    assert_eq!(configuration.admission().map(|admission| admission.service.name.as_str()), Some("Fleet"));
    // What is written now says the same.
    let again = super::envelope::wrap(configuration).unwrap();
    let (before, after): (serde_json::Value, serde_json::Value) =
        (super::envelope::open(WRITTEN_BEFORE).unwrap(), super::envelope::open(&again).unwrap());
    assert_eq!(before, after);
}

#[test]
fn a_file_of_one_generation_is_not_read_as_the_other() {
    let world = World::new();
    let body: serde_json::Value = super::envelope::open(WRITTEN_BEFORE).unwrap();
    for protocol in [serde_json::json!("v1"), serde_json::json!("v3"), serde_json::json!(null)] {
        let mut body = body.clone();
        body["protocol"] = protocol;
        let bytes = super::envelope::wrap(&body).unwrap();
        world.files.files.lock().unwrap().insert(ProtectedFile::Agent, bytes);
        world.registry.armed.store(true, Ordering::SeqCst);
        assert_eq!(load(&world.services).state, State::Damaged(Damage::Malformed));
    }
}
