//! Sessions: console or remote, and whose.

use std::ffi::c_void;

use super::active;
use super::buffers::{hand_out, take_back};
use super::memory::{Bool, TRUE, fail, put, units};
use super::stands;
use crate::world::SessionKind;

const ERROR_INVALID_PARAMETER: u32 = 87;

stands! {
    "WTSQuerySessionInformationW" => query_session,
    "WTSFreeMemory" => free,
    "WTSQueryUserToken" => query_user_token,
    "WTSGetActiveConsoleSessionId" => console_session,
    "ProcessIdToSessionId" => session_of_process,
    "GetSystemMetrics" => get_system_metrics,
}

#[link(name = "wtsapi32")]
unsafe extern "system" {
    fn WTSFreeMemory(buffer: *mut c_void);
}
#[link(name = "user32")]
unsafe extern "system" {
    fn GetSystemMetrics(index: i32) -> i32;
}

/// WTS_INFO_CLASS: the ones that a logon screen asks.
unsafe extern "system" fn query_session(
    _server: *mut c_void,
    _session: u32,
    class: u32,
    place: *mut *mut c_void,
    size: *mut u32,
) -> Bool {
    let world = active().world();
    let (domain, name) =
        world.session.owner.as_deref().and_then(|it| it.split_once('\\')).unwrap_or(("", ""));
    let remote = world.session.kind == SessionKind::Remote;
    let text = |text: &str| units(text).iter().flat_map(|it| it.to_le_bytes()).collect::<Vec<u8>>();
    let bytes = match class {
        4 => world.session.id.to_le_bytes().to_vec(),
        5 => text(name),
        6 => text(if remote { "RDP-Tcp#0" } else { "Console" }),
        7 => text(domain),
        // Connect state: active. Client protocol: 0 console, 2 RDP.
        8 => 0u32.to_le_bytes().to_vec(),
        16 => (if remote { 2u16 } else { 0 }).to_le_bytes().to_vec(),
        10 => text(if remote { "CLIENT01" } else { "" }),
        _ => return fail(ERROR_INVALID_PARAMETER),
    };
    // SAFETY: the caller gave room for the size.
    unsafe { put(size, u32::try_from(bytes.len()).unwrap_or(0)) };
    // SAFETY: the caller gave room for a pointer.
    unsafe { put(place, hand_out(&bytes)) };
    TRUE
}

unsafe extern "system" fn free(buffer: *mut c_void) {
    if !take_back(buffer) {
        // SAFETY: the caller's own call, passed on.
        unsafe { WTSFreeMemory(buffer) };
    }
}

/// The owner's token, for SYSTEM only.
unsafe extern "system" fn query_user_token(_session: u32, token: *mut *mut c_void) -> Bool {
    const ERROR_PRIVILEGE_NOT_HELD: u32 = 1314;
    const ERROR_NO_TOKEN: u32 = 1008;
    if !active().is_system() {
        return fail(ERROR_PRIVILEGE_NOT_HELD);
    }
    let world = active().world();
    let owner = world.session.owner.as_deref().and_then(|it| world.find_account("", it));
    let Some(owner) = owner else {
        return fail(ERROR_NO_TOKEN);
    };
    // SAFETY: the caller gave room for a handle.
    unsafe { put(token, super::tokens::of_account(&world, owner)) };
    TRUE
}

/// A remote session is not the one at the console.
unsafe extern "system" fn console_session() -> u32 {
    let world = active().world();
    if world.session.kind == SessionKind::Console { world.session.id } else { world.session.id + 1 }
}

unsafe extern "system" fn session_of_process(_process: u32, session: *mut u32) -> Bool {
    // SAFETY: the caller gave room for the number.
    unsafe { put(session, active().world().session.id) };
    TRUE
}

unsafe extern "system" fn get_system_metrics(index: i32) -> i32 {
    const SM_REMOTESESSION: i32 = 0x1000;
    const SM_CLEANBOOT: i32 = 67;
    match index {
        SM_REMOTESESSION => i32::from(active().world().session.kind == SessionKind::Remote),
        SM_CLEANBOOT => i32::from(active().world().safe_mode),
        // SAFETY: a number.
        _ => unsafe { GetSystemMetrics(index) },
    }
}
