//! What can be read of the machine that the tests run on.

use std::time::{Duration, Instant};

use agent::Password;
use agent::ports::{
    AccountLookup as _, Clock as _, Event, EventLog as _, LookupError, Machine as _, Network as _,
    PasswordCheck as _, Random as _, Seal as _, Session as _,
};
use agent_windows::{
    Key, MachineSeal, SystemRandom, WindowsAccounts, WindowsClock, WindowsEventLog, WindowsMachine,
    WindowsNetwork, WindowsPasswords, WindowsSession,
};

const LIMIT: Duration = Duration::from_secs(3);

#[test]
fn the_machine_has_a_name_and_a_version() {
    let facts = WindowsMachine.facts();
    assert!(!facts.netbios_name.is_empty() && facts.netbios_name.len() <= 15, "{facts:?}");
    assert!(!facts.dns_host_name.is_empty(), "{facts:?}");
    assert_eq!(facts.joined, facts.netbios_domain.is_some(), "{facts:?}");
    assert!(facts.machine_sid.as_ref().is_some_and(|sid| sid.as_str().starts_with("S-1-5-21-")), "{facts:?}");
    assert_eq!(facts.windows_version.split('.').count(), 3, "{facts:?}");
}

#[test]
fn the_own_account_is_found_by_name_and_by_sid() {
    let owner = WindowsSession.facts().owner;
    let name = owner.map_or_else(|| std::env::var("USERNAME").unwrap(), |it| it.name);
    let by_name = WindowsAccounts.by_name(&name, LIMIT).unwrap();
    assert!(by_name.is_user, "{by_name:?}");
    assert_eq!(by_name.name.to_lowercase(), name.to_lowercase());
    let by_sid = WindowsAccounts.by_sid(&by_name.sid, LIMIT).unwrap();
    assert_eq!(by_sid, by_name);
    let qualified = WindowsAccounts.by_name(&format!("{}\\{name}", by_name.domain), LIMIT).unwrap();
    assert_eq!(qualified.sid, by_name.sid);
}

#[test]
fn a_group_is_no_user_and_nobody_is_nobody() {
    let administrators = agent::Sid::parse("S-1-5-32-544").unwrap();
    let group = WindowsAccounts.by_sid(&administrators, LIMIT).unwrap();
    assert!(!group.is_user, "{group:?}");
    let begun = Instant::now();
    for name in ["no-such-account-7193", "no\0such", ""] {
        let found = WindowsAccounts.by_name(name, LIMIT);
        // An empty name is the machine's own domain to Windows.
        assert!(found.is_err() || name.is_empty(), "{name:?} {found:?}");
    }
    assert!(matches!(
        WindowsAccounts.by_name("no-such-account-7193", Duration::ZERO),
        Err(LookupError::Unavailable)
    ));
    assert!(begun.elapsed() < 2 * LIMIT);
}

#[test]
fn texts_that_windows_would_cut_are_never_checked() {
    let password = Password::from_utf16(&[0x61, 0, 0x62]).unwrap();
    assert_eq!(WindowsPasswords.check("anna", Some("HOST"), &password).code, 87);
    let password = Password::from_text("x").unwrap();
    assert_eq!(WindowsPasswords.check("an\0na", None, &password).code, 87);
}

#[test]
fn the_session_is_readable() {
    let facts = WindowsSession.facts();
    assert!(facts.owner.is_none_or(|owner| !owner.name.is_empty()));
}

#[test]
fn clocks_go_forward_and_the_boot_stays() {
    let (ticks, wall) = (WindowsClock.ticks(), WindowsClock.unix_seconds());
    assert!(wall > 1_700_000_000, "{wall}");
    WindowsClock.sleep(Duration::from_millis(60));
    assert!(WindowsClock.ticks() > ticks);
    assert!((0..5).contains(&(WindowsClock.unix_seconds() - wall)));
    let boot = WindowsClock.boot_id();
    assert_eq!(boot.0.len(), 22, "{boot:?}");
    assert_eq!(WindowsClock.boot_id(), boot);
    // The key above outlives the boot: what lasts can be kept beside the boot's.
    let beside = Key::create(r"SOFTWARE\TRASA\Lasting").unwrap();
    beside.set_number("x", 1).unwrap();
    Key::open_to_write(r"SOFTWARE\TRASA").unwrap().remove_tree("Lasting").unwrap();
}

#[test]
fn random_bytes_differ() {
    let (mut one, mut two) = ([0; 32], [0; 32]);
    SystemRandom.fill(&mut one).unwrap();
    SystemRandom.fill(&mut two).unwrap();
    assert_ne!(one, two);
    assert_ne!(one, [0; 32]);
}

#[test]
fn what_is_sealed_opens_again() {
    for clear in [b"".as_slice(), b"secret", &[7; 5000]] {
        let sealed = MachineSeal.seal(clear).unwrap();
        assert!(clear.is_empty() || !sealed.windows(clear.len()).any(|part| part == clear));
        assert_eq!(MachineSeal.open(&sealed).unwrap().as_slice(), clear);
    }
    assert!(MachineSeal.open(b"no such seal").is_err());
    assert!(MachineSeal.open(b"").is_err());
}

#[test]
fn an_event_is_written_or_lost_in_silence() {
    WindowsEventLog.write(&Event::configuration_saved());
}

#[test]
fn the_network_is_asked() {
    // Which answer is right depends on the machine; that there is one, within the blink of an eye, does not.
    let begun = Instant::now();
    let _either = WindowsNetwork.is_up();
    assert!(begun.elapsed() < Duration::from_secs(2));
}

#[test]
fn administrators_and_elevation_can_be_asked() {
    // Wine knows no accounts but one's own, and names it as the only member.
    let members = agent_windows::local_administrators().unwrap();
    assert!(members.iter().all(|member| !member.name.is_empty()), "{members:?}");
    let _either = agent_windows::is_elevated();
}
