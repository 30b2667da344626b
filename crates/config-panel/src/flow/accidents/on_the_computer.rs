//! Names and machines that change.

use super::{armed, cut_off, gets_in, is_told, set_anew, state, try_as};
use crate::testing::Fixture;
use agent::Sid;
use agent::config;
use agent::texts;

#[test]
fn offline_user_misspelt() {
    let fixture = Fixture::ready("bat");
    let ran = fixture.set("--offline-users bta --json");
    assert_eq!((ran.exit, ran.json()["code"].as_str()), (1, Some("offline_user_unresolved")), "{ran:?}");
    let users = config::load(&fixture.world.services).offline.users;
    assert_eq!(users.len(), 1, "nothing was saved: the list of before stands");
    // In a policy nobody reads it back, so the check does.
    let policies = &fixture.world.registry.policies;
    policies.lock().expect("lock").insert(agent::ports::PolicyName::OfflineUsers, "bta".to_owned());
    let ran = fixture.run("check");
    assert_eq!(ran.exit, 15, "{ran:?}");
    assert!(ran.out.contains("[X]  Offline user bta leads to no account"), "{ran:?}");
}

#[test]
fn offline_user_in_another_case() {
    for typed in ["BAT", "host\\Bat", ".\\bAt"] {
        let fixture = armed(typed);
        cut_off(&fixture);
        for user in ["bat", "BAT", "HOST\\Bat"] {
            gets_in(&fixture, user);
        }
        is_told(&fixture, "anna", "only offline users can sign in");
    }
}

/// Windows renamed the account; its SID stays, and with it who is meant.
#[test]
fn offline_user_renamed() {
    let fixture = armed("bat");
    let rename = |from: &str, to: &str| {
        let mut accounts = fixture.world.windows.accounts.lock().expect("lock");
        let account = accounts.iter_mut().find(|account| account.name == from).expect("an account");
        to.clone_into(&mut account.name);
    };
    rename("bat", "robin");
    cut_off(&fixture);
    gets_in(&fixture, "robin");
    is_told(&fixture, "bat", texts::stop(agent::password::Stop::Wrong));
    // Whoever takes the name of an offline user is no offline user.
    rename("anna", "bat");
    is_told(&fixture, "bat", "only offline users can sign in");
}

#[test]
fn host_renamed() {
    let fixture = armed("bat");
    "HOST2".clone_into(&mut fixture.world.windows.machine.lock().expect("lock").netbios_name);
    for account in fixture.world.windows.accounts.lock().expect("lock").iter_mut() {
        "HOST2".clone_into(&mut account.domain);
    }
    assert_eq!(state(&fixture), "armed", "the key stays");
    gets_in(&fixture, "anna");
    assert_eq!(fixture.run("report").exit, 0);
    {
        let requests = fixture.world.server.requests.lock().expect("lock");
        let (_, last) = requests.last().expect("a report");
        let body = String::from_utf8_lossy(&last.body);
        assert!(body.contains("\"name\":\"HOST2\"") && body.contains("host_renamed"), "{body}");
    }
    cut_off(&fixture);
    gets_in(&fixture, "bat");
    gets_in(&fixture, "HOST2\\bat");
}

/// The image of an armed machine on another computer: Windows gave it another SID, and its accounts with
/// it. The key of the image is not used; who was listed by number and name gets in.
#[test]
fn image_cloned() {
    let fixture = armed("bat");
    fixture.world.windows.machine.lock().expect("lock").machine_sid = Sid::parse("S-1-5-21-9-9-9").ok();
    for account in fixture.world.windows.accounts.lock().expect("lock").iter_mut() {
        let number = account.sid.as_str().rsplit('-').next().expect("a number").to_owned();
        account.sid = Sid::parse(&format!("S-1-5-21-9-9-9-{number}")).expect("a SID");
    }
    let before = fixture.world.server.count("/agent/v2/logons");
    assert_eq!(state(&fixture), "damaged");
    is_told(&fixture, "anna", texts::DAMAGED);
    gets_in(&fixture, "bat");
    assert_eq!(fixture.world.server.count("/agent/v2/logons"), before, "the image's key signs nothing");
    set_anew(&fixture, "bat");
    assert_eq!(try_as(&fixture, "anna"), Ok(()));
}
