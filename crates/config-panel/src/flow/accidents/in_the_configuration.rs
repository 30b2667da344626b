//! What happened to files and registry.

use super::{armed, cut_off, gets_in, is_told, set_anew, state};
use crate::testing::Fixture;
use agent::config;
use agent::ports::{ProtectedFile, StateValue};
use agent::texts;

#[test]
fn configuration_half_written_at_power_loss() {
    let whole = armed("bat").world.files.text(ProtectedFile::Agent);
    for length in [0, 1, whole.len() / 2, whole.len() - 1] {
        let fixture = armed("bat");
        let half = whole.as_bytes()[..length].to_vec();
        fixture.world.files.files.lock().expect("lock").insert(ProtectedFile::Agent, half);
        assert_eq!(state(&fixture), "damaged", "{length}: still guarding");
        is_told(&fixture, "anna", texts::DAMAGED);
        gets_in(&fixture, "bat");
        assert_eq!(fixture.run("verify").exit, 14);
        set_anew(&fixture, "bat");
        gets_in(&fixture, "anna");
    }
}

#[test]
fn configuration_deleted() {
    let fixture = armed("bat");
    fixture.world.files.files.lock().expect("lock").remove(&ProtectedFile::Agent);
    assert_eq!(state(&fixture), "damaged", "absence is no freedom");
    is_told(&fixture, "anna", texts::DAMAGED);
    gets_in(&fixture, "bat");
    set_anew(&fixture, "bat");
    gets_in(&fixture, "anna");
}

#[test]
fn offline_users_half_written_at_power_loss() {
    let fixture = armed("bat");
    let files = &fixture.world.files.files;
    let half = fixture.world.files.text(ProtectedFile::Offline).as_bytes()[..40].to_vec();
    files.lock().expect("lock").insert(ProtectedFile::Offline, half);
    cut_off(&fixture);
    gets_in(&fixture, "bat");
    is_told(&fixture, "anna", "only offline users can sign in");
    assert!(fixture.world.log().iter().any(|line| line.contains("in the file was rewritten from its copy")));
    let [file, registry] = config::offline_copies(&fixture.world.services);
    assert_eq!(file, registry, "healed by reading");
}

#[test]
fn acl_reset() {
    // Somebody "mended" the permissions of ProgramData: everything stands open.
    let fixture = armed("bat");
    for file in [ProtectedFile::Agent, ProtectedFile::Offline] {
        fixture.world.files.loose.lock().expect("lock").insert(file);
    }
    assert_eq!(state(&fixture), "damaged");
    is_told(&fixture, "anna", texts::DAMAGED);
    gets_in(&fixture, "bat");
    set_anew(&fixture, "bat");
    gets_in(&fixture, "anna");
}

#[test]
fn acl_of_one_copy_reset() {
    let fixture = armed("bat");
    fixture.world.files.loose.lock().expect("lock").insert(ProtectedFile::Offline);
    assert_eq!(state(&fixture), "armed");
    gets_in(&fixture, "anna");
    cut_off(&fixture);
    gets_in(&fixture, "bat");
    // What stood open is worth nothing, was rewritten from the other copy, and is told.
    crate::testing::lets_in(&fixture, &["bat"]);
    assert_eq!(fixture.run("report").exit, 0);
    let requests = fixture.world.server.requests.lock().expect("lock");
    let told =
        requests.iter().any(|(_, it)| String::from_utf8_lossy(&it.body).contains("offline_copy_loose"));
    assert!(told);
}

#[test]
fn every_copy_of_the_offline_users_lost() {
    let fixture = armed("bat");
    fixture.world.files.files.lock().expect("lock").remove(&ProtectedFile::Offline);
    fixture.world.registry.values.lock().expect("lock").remove(&StateValue::OfflineCopy);
    gets_in(&fixture, "anna");
    cut_off(&fixture);
    is_told(&fixture, "bat", "only offline users can sign in");
    fixture.world.server.unscript();
    assert_eq!(fixture.set("--while-armed --offline-users bat").exit, 0, "heals: named again");
    cut_off(&fixture);
    gets_in(&fixture, "bat");
}

/// A full disk while the configuration is replaced: what stood before stands.
#[test]
fn disk_full_while_saving() {
    let fixture = Fixture::ready("bat");
    fixture.world.files.fail_writes.store(true, core::sync::atomic::Ordering::SeqCst);
    assert_eq!(fixture.set("--offline-users anna").exit, 1);
    fixture.world.files.fail_writes.store(false, core::sync::atomic::Ordering::SeqCst);
    assert_eq!(state(&fixture), "verified");
    let users = config::load(&fixture.world.services).offline.users;
    assert_eq!(users.iter().map(|user| user.typed.as_str()).collect::<Vec<_>>(), ["bat"]);
}
