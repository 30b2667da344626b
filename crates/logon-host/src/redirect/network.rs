//! The network while it is not up.

use std::collections::HashMap;
use std::ffi::c_void;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::active;
use super::memory::{Bool, FALSE, TRUE, fail, put};
use super::stands;
use crate::world::Network;

stands! {
    "WinHttpSetTimeouts" => set_timeouts,
    "WinHttpSendRequest" => send_request,
    "WinHttpCloseHandle" => close_handle,
    "IsNetworkAlive" => is_network_alive,
    "InternetGetConnectedState" => get_connected_state,
    "GetAdaptersAddresses" => get_adapters_addresses,
    "GetIfTable2" => get_interface_table,
    "GetBestInterface" => get_best_interface,
}

const ERROR_WINHTTP_TIMEOUT: u32 = 12002;
const ERROR_WINHTTP_NAME_NOT_RESOLVED: u32 = 12007;
const ERROR_WINHTTP_CANNOT_CONNECT: u32 = 12029;
const ERROR_NO_NETWORK: u32 = 1222;
const ERROR_NO_DATA: u32 = 232;
/// WinHTTP's own connection time-out.
const DEFAULT_CONNECT_MS: u32 = 60_000;

#[link(name = "winhttp")]
unsafe extern "system" {
    fn WinHttpSetTimeouts(handle: *mut c_void, resolve: i32, connect: i32, send: i32, receive: i32) -> Bool;
    fn WinHttpSendRequest(
        request: *mut c_void,
        headers: *const u16,
        headers_length: u32,
        optional: *const c_void,
        optional_length: u32,
        total: u32,
        context: usize,
    ) -> Bool;
    fn WinHttpCloseHandle(handle: *mut c_void) -> Bool;
}
#[link(name = "wininet")]
unsafe extern "system" {
    fn InternetGetConnectedState(flags: *mut u32, reserved: u32) -> Bool;
}
#[link(name = "iphlpapi")]
unsafe extern "system" {
    fn GetAdaptersAddresses(
        family: u32,
        flags: u32,
        reserved: *mut c_void,
        addresses: *mut c_void,
        size: *mut u32,
    ) -> u32;
    fn GetBestInterface(address: u32, index: *mut u32) -> u32;
    fn GetIfTable2(table: *mut *mut c_void) -> u32;
}

/// Connection time-outs by request handle.
static TIMEOUTS: Mutex<Option<HashMap<usize, u32>>> = Mutex::new(None);

unsafe extern "system" fn set_timeouts(
    handle: *mut c_void,
    resolve: i32,
    connect: i32,
    send: i32,
    receive: i32,
) -> Bool {
    let milliseconds = u32::try_from(connect).ok().filter(|it| *it > 0).unwrap_or(DEFAULT_CONNECT_MS);
    TIMEOUTS
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .get_or_insert_default()
        .insert(handle.addr(), milliseconds);
    // SAFETY: the caller's own call, passed on.
    unsafe { WinHttpSetTimeouts(handle, resolve, connect, send, receive) }
}

unsafe extern "system" fn close_handle(handle: *mut c_void) -> Bool {
    TIMEOUTS.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert_default().remove(&handle.addr());
    // SAFETY: the caller's own call, passed on.
    unsafe { WinHttpCloseHandle(handle) }
}

/// A silent network fails at once, and the clocks go on by the time that the program was ready to wait.
unsafe extern "system" fn send_request(
    request: *mut c_void,
    headers: *const u16,
    headers_length: u32,
    optional: *const c_void,
    optional_length: u32,
    total: u32,
    context: usize,
) -> Bool {
    match active().network() {
        Network::Up => {
            // SAFETY: the caller's own call, passed on.
            unsafe {
                WinHttpSendRequest(
                    request,
                    headers,
                    headers_length,
                    optional,
                    optional_length,
                    total,
                    context,
                )
            }
        }
        Network::Down => fail(ERROR_WINHTTP_CANNOT_CONNECT),
        Network::NoDns => fail(ERROR_WINHTTP_NAME_NOT_RESOLVED),
        Network::Silent => {
            let mut timeouts = TIMEOUTS.lock().unwrap_or_else(PoisonError::into_inner);
            let wait =
                timeouts.get_or_insert_default().get(&request.addr()).copied().unwrap_or(DEFAULT_CONNECT_MS);
            active().clock.advance(Duration::from_millis(wait.into()));
            fail(ERROR_WINHTTP_TIMEOUT)
        }
    }
}

unsafe extern "system" fn is_network_alive(flags: *mut u32) -> Bool {
    const LAN: u32 = 1;
    if active().network() == Network::Down {
        return fail(ERROR_NO_NETWORK);
    }
    // SAFETY: the caller gave room for the flags.
    unsafe { put(flags, LAN) };
    TRUE
}

unsafe extern "system" fn get_connected_state(flags: *mut u32, reserved: u32) -> Bool {
    if active().network() == Network::Down {
        // SAFETY: the caller gave room for the flags or null.
        unsafe { put(flags, 0) };
        return FALSE;
    }
    // SAFETY: the caller's own call, passed on.
    unsafe { InternetGetConnectedState(flags, reserved) }
}

unsafe extern "system" fn get_adapters_addresses(
    family: u32,
    flags: u32,
    reserved: *mut c_void,
    addresses: *mut c_void,
    size: *mut u32,
) -> u32 {
    if active().network() == Network::Down {
        return ERROR_NO_DATA;
    }
    // SAFETY: the caller's own call, passed on.
    unsafe { GetAdaptersAddresses(family, flags, reserved, addresses, size) }
}

unsafe extern "system" fn get_interface_table(table: *mut *mut c_void) -> u32 {
    if active().network() == Network::Down {
        return ERROR_NO_DATA;
    }
    // SAFETY: the caller's own call, passed on.
    unsafe { GetIfTable2(table) }
}

unsafe extern "system" fn get_best_interface(address: u32, index: *mut u32) -> u32 {
    const ERROR_NETWORK_UNREACHABLE: u32 = 1231;
    if active().network() == Network::Down {
        return ERROR_NETWORK_UNREACHABLE;
    }
    // SAFETY: the caller's own call, passed on.
    unsafe { GetBestInterface(address, index) }
}
