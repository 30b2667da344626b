//! Whole logons.

use super::ui::{FILTER, PROVIDER, Ui, create};
use crate::serialization::parse;
use agent::logon::Field;
use agent::ports::{PolicyName, TransportError};
use agent::testing::{FakeWindows, Reply, World};
use protocol::reason::Reason;
use windows::Win32::Foundation::E_NOTIMPL;
use windows::Win32::UI::Shell::*;
use windows::core::{BOOL, GUID};

fn world() -> World {
    let world = World::new();
    world.arm(&["anna"], true);
    world
}

fn step_1(ui: &Ui, user: &str, password: &str) {
    ui.type_in(Field::UserName, user);
    ui.type_in(Field::Password, password);
}

fn step_2(ui: &Ui, code: &str) {
    ui.type_in(Field::TrasaId, "bat@example.com");
    ui.type_in(Field::Code, code);
}

fn to_step_2(ui: &Ui) {
    step_1(ui, "bat", "right");
    assert_eq!(ui.submit().response, CPGSR_NO_CREDENTIAL_NOT_FINISHED);
    assert!(ui.shows(Field::Code) && !ui.shows(Field::Password));
}

#[test]
fn a_right_code_serializes_the_account_that_was_checked() {
    let world = world();
    let ui = Ui::at_tile(&world, CPUS_LOGON);
    to_step_2(&ui);
    assert_eq!(ui.text(Field::Who), "Signing in as HOST\\bat");
    step_2(&ui, "123456");
    let done = ui.submit();
    assert_eq!(done.response, CPGSR_RETURN_CREDENTIAL_FINISHED, "{}", done.status);
    assert_eq!((done.class, done.package), (PROVIDER, 11));
    assert_eq!(done.bytes[0], 2);
    let packed = parse(&done.bytes, 0).map_err(|_| "unreadable").unwrap();
    assert_eq!((packed.domain.as_str(), packed.user.as_str()), ("HOST", "bat"));
    assert_eq!(String::from_utf16_lossy(&packed.password), "right");
    // The proof is spent.
    assert_eq!(ui.serialize().response, CPGSR_NO_CREDENTIAL_NOT_FINISHED);
    assert_eq!(ui.report(0), "");
    assert!(ui.shows(Field::Password));
}

#[test]
fn a_wrong_password_is_never_told_to_the_server() {
    let world = world();
    let ui = Ui::at_tile(&world, CPUS_LOGON);
    let before = world.server.requests.lock().unwrap().len();
    step_1(&ui, "bat", "wrong");
    let refused = ui.submit();
    assert_eq!(refused.response, CPGSR_NO_CREDENTIAL_NOT_FINISHED);
    assert_eq!(refused.icon, CPSI_ERROR);
    assert!(!refused.status.is_empty());
    assert!(ui.shows(Field::Password));
    assert_eq!(ui.text(Field::Password), "", "the field is emptied on the screen");
    assert_eq!(world.server.requests.lock().unwrap().len(), before);
}

#[test]
fn a_wrong_code_stays_at_step_2_with_the_password_kept() {
    let world = world();
    let ui = Ui::at_tile(&world, CPUS_LOGON);
    to_step_2(&ui);
    world.server.script(|_, request, server| server.deny(request, Reason::CodeWrong));
    step_2(&ui, "000000");
    let refused = ui.submit();
    assert_eq!(refused.response, CPGSR_NO_CREDENTIAL_NOT_FINISHED);
    assert!(ui.shows(Field::Code) && ui.text(Field::Code).is_empty());
    assert_eq!(ui.text(Field::Status), refused.status);
    world.server.script(|_, request, server| server.allow(request));
    step_2(&ui, "123456");
    assert_eq!(ui.submit().response, CPGSR_RETURN_CREDENTIAL_FINISHED);
}

#[test]
fn without_a_server_only_offline_users_pass() {
    let world = world();
    world.server.script(|_, _, _| Reply::Fails(TransportError::Connect));
    for (user, response) in
        [("bat", CPGSR_NO_CREDENTIAL_NOT_FINISHED), ("anna", CPGSR_RETURN_CREDENTIAL_FINISHED)]
    {
        let ui = Ui::at_tile(&world, CPUS_LOGON);
        step_1(&ui, user, "right");
        assert_eq!(ui.submit().response, CPGSR_NO_CREDENTIAL_NOT_FINISHED);
        step_2(&ui, "123456");
        assert_eq!(ui.submit().response, response, "{user}");
    }
}

#[test]
fn leaving_the_tile_ends_the_logon() {
    let world = world();
    let ui = Ui::at_tile(&world, CPUS_LOGON);
    to_step_2(&ui);
    step_2(&ui, "123456");
    ui.connect(usize::MAX);
    // SAFETY: a tile that works.
    unsafe { ui.tile().SetDeselected() }.unwrap();
    assert_eq!(ui.serialize().response, CPGSR_NO_CREDENTIAL_NOT_FINISHED);
    assert!(ui.shows(Field::Password));
}

#[test]
fn start_over_goes_back_to_step_1() {
    let world = world();
    let ui = Ui::at_tile(&world, CPUS_LOGON);
    to_step_2(&ui);
    // SAFETY: a tile that works.
    unsafe { ui.tile().CommandLinkClicked(Field::StartOver.id()) }.unwrap();
    assert!(ui.shows(Field::Password) && !ui.shows(Field::Code));
    assert_eq!(ui.text(Field::Password), "");
}

#[test]
fn without_connect_the_exchange_starts_and_calls_back_once() {
    let world = world();
    let mut ui = Ui::at_tile(&world, CPUS_LOGON);
    step_1(&ui, "bat", "right");
    assert_eq!(ui.serialize().response, CPGSR_NO_CREDENTIAL_NOT_FINISHED);
    assert!(ui.pump_until(|ui| ui.shows(Field::Code)), "the timer draws what the worker changed");
    assert_eq!(ui.seen.rings.get(), 0);
    step_2(&ui, "123456");
    assert_eq!(ui.serialize().response, CPGSR_NO_CREDENTIAL_NOT_FINISHED);
    assert!(ui.pump_until(|ui| ui.seen.rings.get() == 1), "the decision calls LogonUI back");
    // SAFETY: a tile that works.
    unsafe { ui.tile().UnAdvise() }.unwrap();
    assert!(ui.enumerate(), "and the tile submits by itself");
    assert_eq!(ui.serialize().response, CPGSR_RETURN_CREDENTIAL_FINISHED);
    // SAFETY: a tile that works.
    unsafe { ui.tile().UnAdvise() }.unwrap();
    assert!(!ui.enumerate(), "once");
}

#[test]
fn a_cancel_while_the_server_is_silent_ends_the_wait() {
    let world = world();
    let ui = Ui::at_tile(&world, CPUS_LOGON);
    to_step_2(&ui);
    let (answer, wait) = std::sync::mpsc::channel::<()>();
    world.server.script(move |_, request, server| {
        let _ = wait.recv();
        server.allow(request)
    });
    step_2(&ui, "123456");
    ui.connect(2);
    assert!(ui.said.borrow().iter().any(|line| line == agent::texts::ASKING_SERVER));
    assert_eq!(ui.serialize().response, CPGSR_NO_CREDENTIAL_NOT_FINISHED);
    answer.send(()).unwrap();
    std::thread::sleep(core::time::Duration::from_millis(100));
    assert_eq!(ui.serialize().response, CPGSR_NO_CREDENTIAL_NOT_FINISHED, "a late allow changes nothing");
}

#[test]
fn an_unlock_shows_its_owner() {
    let world = world();
    let sid = agent::Sid::parse("S-1-5-21-1-2-3-1001").ok();
    let owner = agent::ports::SessionOwner { sid, domain: "HOST".into(), name: "bat".into() };
    world.windows.session.lock().unwrap().owner = Some(owner);
    let ui = Ui::at_tile(&world, CPUS_UNLOCK_WORKSTATION);
    assert_eq!(ui.text(Field::UserName), "HOST\\bat");
    ui.type_in(Field::Password, "right");
    ui.submit();
    step_2(&ui, "123456");
    let done = ui.submit();
    assert_eq!((done.response, done.bytes[0]), (CPGSR_RETURN_CREDENTIAL_FINISHED, 7));
}

fn remote(bytes: &mut [u8], class: GUID) -> CREDENTIAL_PROVIDER_CREDENTIAL_SERIALIZATION {
    CREDENTIAL_PROVIDER_CREDENTIAL_SERIALIZATION {
        ulAuthenticationPackage: 11,
        clsidCredentialProvider: class,
        cbSerialization: u32::try_from(bytes.len()).unwrap(),
        rgbSerialization: bytes.as_mut_ptr(),
    }
}

#[test]
fn a_remote_credential_opens_the_tile_at_step_2() {
    let world = world();
    let mut ui = Ui::new(&world);
    let wide = |text: &str| text.encode_utf16().collect::<Vec<u16>>();
    let purpose = crate::serialization::Purpose::Logon;
    let packed = crate::serialization::pack_logon(purpose, &wide("HOST"), &wide("bat"), &wide("right"));
    let mut bytes = packed.map_err(|_| "too long").unwrap().to_vec();
    let filter: ICredentialProviderFilter = create(FILTER);
    let mut outgoing = CREDENTIAL_PROVIDER_CREDENTIAL_SERIALIZATION::default();
    // Pointers in place of offsets, as some senders leave them.
    let address = bytes.as_ptr().addr();
    for head in [8, 24, 40] {
        let offset = usize::from_le_bytes(*bytes[head + 8..].first_chunk().unwrap());
        bytes[head + 8..head + 16].copy_from_slice(&(address + offset).to_le_bytes());
    }
    let incoming = remote(&mut bytes, GUID::zeroed());
    // SAFETY: both pointers are good.
    unsafe { filter.UpdateRemoteCredential(&raw const incoming, &raw mut outgoing) }.unwrap();
    assert_eq!(outgoing.clsidCredentialProvider, PROVIDER);
    bytes.fill(0xee);
    ui.set_up(CPUS_LOGON).unwrap();
    // SAFETY: as the filter gave it.
    unsafe { ui.provider.SetSerialization(&raw const outgoing) }.unwrap();
    ui.advise();
    assert!(ui.enumerate(), "auto-logon");
    assert_eq!(ui.submit().response, CPGSR_NO_CREDENTIAL_NOT_FINISHED);
    assert!(ui.shows(Field::Code) && !ui.shows(Field::Password));
    step_2(&ui, "123456");
    assert_eq!(ui.submit().response, CPGSR_RETURN_CREDENTIAL_FINISHED);
    assert!(!ui.enumerate(), "auto-logon comes once");
}

#[test]
fn other_remote_credentials_are_left_to_windows() {
    let world = world();
    let ui = Ui::new(&world);
    let filter: ICredentialProviderFilter = create(FILTER);
    let mut outgoing = CREDENTIAL_PROVIDER_CREDENTIAL_SERIALIZATION::default();
    let mut smart_card = [6; 64];
    for bytes in [&mut smart_card[..], &mut []] {
        let incoming = remote(bytes, PROVIDER);
        // SAFETY: both pointers are good.
        let refused = unsafe { filter.UpdateRemoteCredential(&raw const incoming, &raw mut outgoing) };
        assert_eq!(refused.unwrap_err().code(), E_NOTIMPL);
        // SAFETY: as above.
        let refused = unsafe { ui.provider.SetSerialization(&raw const incoming) };
        assert_eq!(refused.unwrap_err().code(), E_NOTIMPL);
    }
    assert!(outgoing.rgbSerialization.is_null());
}

fn filtered(usage: CREDENTIAL_PROVIDER_USAGE_SCENARIO, providers: &[GUID]) -> Vec<bool> {
    let filter: ICredentialProviderFilter = create(FILTER);
    let mut allow = vec![BOOL(1); providers.len()];
    let count = u32::try_from(providers.len()).unwrap();
    // SAFETY: both arrays have `count` entries.
    unsafe { filter.Filter(usage, 0, providers.as_ptr(), allow.as_mut_ptr(), count) }.unwrap();
    allow.into_iter().map(BOOL::as_bool).collect()
}

#[test]
fn other_providers_are_hidden_only_where_the_logon_is_guarded() {
    let world = world();
    let _ui = Ui::new(&world);
    let password = GUID::from_u128(0x60B78E88_EAD8_445C_9CFD_0B87F74EA6CD);
    let hello = GUID::from_u128(0x8AF662BF_65A0_4D0A_A540_A338A999D36F);
    let listed = [password, PROVIDER, hello];
    for (usage, expect) in [
        (CPUS_LOGON, [false, true, false]),
        (CPUS_UNLOCK_WORKSTATION, [false, true, false]),
        (CPUS_CREDUI, [true; 3]),
        (CPUS_CHANGE_PASSWORD, [true; 3]),
        (CPUS_PLAP, [true; 3]),
    ] {
        assert_eq!(filtered(usage, &listed), expect, "{usage:?}");
    }
    let policy = "{8AF662BF-65A0-4D0A-A540-A338A999D36F}".to_owned();
    world.registry.policies.lock().unwrap().insert(PolicyName::AllowedProviders, policy);
    assert_eq!(filtered(CPUS_LOGON, &listed), [false, true, true]);
    agent::config::disarm(&world.services, "a test").unwrap();
    assert_eq!(filtered(CPUS_LOGON, &listed), [true; 3]);
}

#[test]
fn an_inert_agent_shows_nothing() {
    let world = World::with(FakeWindows::joined());
    let ui = Ui::new(&world);
    for usage in [CPUS_LOGON, CPUS_UNLOCK_WORKSTATION] {
        assert_eq!(ui.set_up(usage).unwrap_err().code(), E_NOTIMPL);
    }
    world.arm(&[], true);
    ui.set_up(CPUS_LOGON).unwrap();
    for usage in [CPUS_CHANGE_PASSWORD, CPUS_PLAP, CPUS_CREDUI, CPUS_INVALID] {
        assert_eq!(ui.set_up(usage).unwrap_err().code(), E_NOTIMPL, "{usage:?}");
    }
}

#[test]
fn elevation_asks_by_default() {
    let world = world();
    super::IN_CONSENT.set(true);
    let mut ui = Ui::at_tile(&world, CPUS_CREDUI);
    assert_eq!(filtered(CPUS_CREDUI, &[FILTER, PROVIDER]), [false, true]);
    step_1(&ui, "bat", "right");
    assert_eq!(ui.serialize().response, CPGSR_NO_CREDENTIAL_NOT_FINISHED);
    assert!(ui.pump_until(|ui| ui.shows(Field::Code)));
    step_2(&ui, "123456");
    assert_eq!(ui.serialize().response, CPGSR_NO_CREDENTIAL_NOT_FINISHED);
    assert!(ui.pump_until(|ui| ui.seen.rings.get() == 1));
    // Without a new enumeration the next Submit works too.
    assert_eq!(ui.serialize().response, CPGSR_RETURN_CREDENTIAL_FINISHED);
    assert!(!ui.enumerate(), "and then nothing submits by itself");
    assert_eq!(ui.serialize().response, CPGSR_NO_CREDENTIAL_NOT_FINISHED);
}

#[test]
fn an_incoming_buffer_never_causes_auto_logon_in_an_elevation() {
    let world = world();
    super::IN_CONSENT.set(true);
    let mut ui = Ui::new(&world);
    ui.set_up(CPUS_CREDUI).unwrap();
    let wide = |text: &str| text.encode_utf16().collect::<Vec<u16>>();
    let purpose = crate::serialization::Purpose::Logon;
    let packed = crate::serialization::pack_logon(purpose, &wide("HOST"), &wide("bat"), &wide("right"));
    let mut bytes = packed.map_err(|_| "too long").unwrap();
    let incoming = remote(&mut bytes, PROVIDER);
    // SAFETY: the buffer lives over the call.
    unsafe { ui.provider.SetSerialization(&raw const incoming) }.unwrap();
    ui.advise();
    assert!(!ui.enumerate());
}

#[test]
fn an_expired_password_is_changed_in_the_same_tile() {
    let world = world();
    let mut ui = Ui::at_tile(&world, CPUS_LOGON);
    to_step_2(&ui);
    step_2(&ui, "123456");
    assert_eq!(ui.submit().response, CPGSR_RETURN_CREDENTIAL_FINISHED);
    assert_eq!(ui.report(0xC000_0224), agent::texts::CHOOSE_NEW_PASSWORD);
    assert!(ui.shows(Field::NewPassword));
    ui.type_in(Field::NewPassword, "newer");
    ui.type_in(Field::RepeatPassword, "newer");
    let change = ui.submit();
    assert_eq!((change.response, change.bytes[0]), (CPGSR_RETURN_CREDENTIAL_FINISHED, 7));
    ui.report(0);
    assert_eq!(ui.seen.rings.get(), 1);
    // SAFETY: a tile that works.
    unsafe { ui.tile().UnAdvise() }.unwrap();
    assert!(ui.enumerate());
    let done = ui.submit();
    assert_eq!(done.response, CPGSR_RETURN_CREDENTIAL_FINISHED);
    let packed = parse(&done.bytes, 0).map_err(|_| "unreadable").unwrap();
    assert_eq!(String::from_utf16_lossy(&packed.password), "newer");
}

#[test]
fn in_version_1_the_phone_is_asked_without_a_number_and_a_code_may_be_tried_again() {
    let world = World::new();
    world.arm_v1(&["anna"], true);
    let ui = Ui::at_tile(&world, CPUS_LOGON);
    step_1(&ui, "bat", "right");
    assert_eq!(ui.submit().response, CPGSR_NO_CREDENTIAL_NOT_FINISHED);
    // Push is the default, and the name is always asked.
    assert!(ui.shows(Field::TrasaId) && ui.shows(Field::Method) && !ui.shows(Field::Code));
    ui.type_in(Field::TrasaId, "bat@example.com");
    let refused = |reason: &'static str| {
        world.server.script(move |_, _, server| {
            let body = format!(r#"{{"status":"failed","reason":"{reason}","data":[null]}}"#);
            Reply::Raw(server.raw(200, body.as_bytes()))
        });
    };
    refused("U2F_FAILED");
    let done = ui.submit();
    assert_eq!(done.response, CPGSR_NO_CREDENTIAL_NOT_FINISHED);
    assert!(done.status.contains("not approved on the phone"), "{}", done.status);
    assert!(ui.shows(Field::Code) && !ui.shows(Field::Number));
    refused("INVALID_TOTP");
    ui.type_in(Field::Code, "123456");
    assert!(ui.submit().status.contains("not accepted"));
    assert!(ui.shows(Field::Code) && !ui.shows(Field::Password), "the password is kept");
    world.server.unscript();
    ui.type_in(Field::Code, "287082");
    let done = ui.submit();
    assert_eq!(done.response, CPGSR_RETURN_CREDENTIAL_FINISHED, "{}", done.status);
}
