//! The local security authority: packages and policy.

use std::ffi::c_void;

use super::active;
use super::buffers::{Structure, take_back};
use super::memory::put;
use super::stands;

const STATUS_SUCCESS: i32 = 0;
const STATUS_NO_SUCH_PACKAGE: i32 = i32::from_ne_bytes(0xC000_00FE_u32.to_ne_bytes());
const STATUS_INVALID_PARAMETER: i32 = i32::from_ne_bytes(0xC000_000D_u32.to_ne_bytes());
/// What our LSA handles are; nothing lies behind it.
const HANDLE: usize = 0x7A5B_0001;

stands! {
    "LsaConnectUntrusted" => connect,
    "LsaRegisterLogonProcess" => register,
    "LsaDeregisterLogonProcess" => deregister,
    "LsaLookupAuthenticationPackage" => look_up_package,
    "LsaFreeReturnBuffer" => free,
    "LsaOpenPolicy" => open_policy,
    "LsaClose" => deregister,
    "LsaFreeMemory" => free,
    "LsaQueryInformationPolicy" => query_policy,
}

#[link(name = "secur32")]
unsafe extern "system" {
    fn LsaFreeReturnBuffer(buffer: *mut c_void) -> i32;
}

fn handle() -> *mut c_void {
    std::ptr::without_provenance_mut(HANDLE)
}

unsafe extern "system" fn connect(place: *mut *mut c_void) -> i32 {
    // SAFETY: the caller gave room for a handle.
    unsafe { put(place, handle()) };
    STATUS_SUCCESS
}

unsafe extern "system" fn register(_name: *const c_void, place: *mut *mut c_void, mode: *mut u32) -> i32 {
    // SAFETY: the caller gave room for the mode or null.
    unsafe { put(mode, 0) };
    // SAFETY: the caller gave room for a handle.
    unsafe { connect(place) }
}

unsafe extern "system" fn deregister(_handle: *mut c_void) -> i32 {
    STATUS_SUCCESS
}

/// LSA_STRING.
#[repr(C)]
struct AnsiString {
    length: u16,
    maximum: u16,
    buffer: *const u8,
}

unsafe extern "system" fn look_up_package(
    _lsa: *mut c_void,
    name: *const AnsiString,
    package: *mut u32,
) -> i32 {
    if name.is_null() {
        return STATUS_INVALID_PARAMETER;
    }
    // SAFETY: not null; the caller passes an LSA_STRING.
    let name = unsafe { &*name };
    if name.buffer.is_null() {
        return STATUS_INVALID_PARAMETER;
    }
    // SAFETY: an LSA_STRING's buffer has the length that it says.
    let text = unsafe { std::slice::from_raw_parts(name.buffer, name.length.into()) };
    let negotiate = active().world().authentication_package;
    let number = match text.to_ascii_lowercase().as_slice() {
        b"negotiate" => negotiate,
        b"kerberos" => negotiate + 1,
        b"microsoft_authentication_package_v1_0" => negotiate + 2,
        _ => return STATUS_NO_SUCH_PACKAGE,
    };
    // SAFETY: the caller gave room for the number.
    unsafe { put(package, number) };
    STATUS_SUCCESS
}

unsafe extern "system" fn free(buffer: *mut c_void) -> i32 {
    if take_back(buffer) {
        return STATUS_SUCCESS;
    }
    // SAFETY: the caller's own call, passed on; both functions free the same kind of memory.
    unsafe { LsaFreeReturnBuffer(buffer) }
}

unsafe extern "system" fn open_policy(
    _system: *const c_void,
    _attributes: *const c_void,
    _access: u32,
    place: *mut *mut c_void,
) -> i32 {
    // SAFETY: the caller gave room for a handle.
    unsafe { put(place, handle()) };
    STATUS_SUCCESS
}

/// POLICY_INFORMATION_CLASS 3 (primary domain), 5 (account domain), 12 (DNS domain).
unsafe extern "system" fn query_policy(_policy: *mut c_void, class: u32, place: *mut *mut c_void) -> i32 {
    let active = active();
    let world = active.world();
    let domain = world.domain.as_ref();
    let mut answer;
    match class {
        3 => {
            answer = Structure::new(24);
            answer.unicode_string(0, domain.map_or(&world.workgroup, |it| &it.netbios));
            if let Some(domain) = domain {
                answer.pointer(16, &domain.sid.to_bytes());
            }
        }
        5 => {
            answer = Structure::new(24);
            answer.unicode_string(0, &world.host).pointer(16, &world.machine_sid.to_bytes());
        }
        12 => {
            // POLICY_DNS_DOMAIN_INFO: name, DNS name, forest name, GUID, SID.
            answer = Structure::new(72);
            answer.unicode_string(0, domain.map_or(&world.workgroup, |it| &it.netbios));
            if let Some(domain) = domain {
                answer.unicode_string(16, &domain.dns).unicode_string(32, &domain.dns);
                answer.number(48, &[0x11; 16]).pointer(64, &domain.sid.to_bytes());
            }
        }
        _ => return STATUS_INVALID_PARAMETER,
    }
    // SAFETY: the caller gave room for a pointer.
    unsafe { put(place, answer.hand_out()) };
    STATUS_SUCCESS
}
