//! Names of the computer and its domain, and lists of accounts.

use std::ffi::c_void;

use super::active;
use super::buffers::{Structure, take_back};
use super::memory::{Bool, TRUE, fail, get, length, put, put_text, wide};
use super::stands;

const ERROR_MORE_DATA: u32 = 234;
const ERROR_BUFFER_OVERFLOW: u32 = 111;
const ERROR_INVALID_LEVEL: u32 = 124;
const ERROR_NO_SUCH_ALIAS: u32 = 2220;

stands! {
    "GetComputerNameW" => get_computer_name_w,
    "GetComputerNameExW" => get_computer_name_ex_w,
    "NetGetJoinInformation" => get_join_information,
    "NetApiBufferFree" => free,
    "DsRoleGetPrimaryDomainInformation" => get_primary_domain,
    "DsRoleFreeMemory" => free_role,
    "NetUserEnum" => enumerate_users,
    "NetUserGetInfo" => get_user_info,
    "NetLocalGroupGetMembers" => get_members,
}

#[link(name = "netapi32")]
unsafe extern "system" {
    fn NetApiBufferFree(buffer: *mut c_void) -> u32;
}

/// # Safety
/// `place` is null or has as many units as `size` says.
unsafe fn name(text: &str, place: *mut u16, size: *mut u32, too_small: u32) -> Bool {
    // SAFETY: the caller's promise.
    let room = unsafe { get(size) }.unwrap_or(0);
    // SAFETY: the caller's promise.
    let fits = unsafe { put_text(place, room, text) };
    // SAFETY: the caller's promise.
    unsafe { put(size, length(text) + u32::from(!fits)) };
    if fits { TRUE } else { fail(too_small) }
}

unsafe extern "system" fn get_computer_name_w(place: *mut u16, size: *mut u32) -> Bool {
    let host = active().world().host.clone();
    // SAFETY: the caller's words about its buffer.
    unsafe { name(&host, place, size, ERROR_BUFFER_OVERFLOW) }
}

/// COMPUTER_NAME_FORMAT, the physical ones counting like the others.
unsafe extern "system" fn get_computer_name_ex_w(format: u32, place: *mut u16, size: *mut u32) -> Bool {
    const ERROR_INVALID_PARAMETER: u32 = 87;
    let text = {
        let world = active().world();
        let (host, domain) = (world.host.clone(), world.dns_domain().to_owned());
        let lower = host.to_lowercase();
        match format % 4 {
            0 => host,
            1 => lower,
            2 => domain,
            _ if domain.is_empty() => lower,
            _ => format!("{lower}.{domain}"),
        }
    };
    if format > 7 {
        return fail(ERROR_INVALID_PARAMETER);
    }
    // SAFETY: the caller's words about its buffer.
    unsafe { name(&text, place, size, ERROR_MORE_DATA) }
}

unsafe extern "system" fn get_join_information(
    _server: *const u16,
    place: *mut *mut c_void,
    status: *mut u32,
) -> u32 {
    const WORKGROUP: u32 = 2;
    const DOMAIN: u32 = 3;
    let world = active().world();
    let (text, joined) =
        world.domain.as_ref().map_or((&world.workgroup, WORKGROUP), |domain| (&domain.netbios, DOMAIN));
    let bytes: Vec<u8> = super::memory::units(text).iter().flat_map(|it| it.to_le_bytes()).collect();
    // SAFETY: the caller gave room for a pointer.
    unsafe { put(place, super::buffers::hand_out(&bytes)) };
    // SAFETY: the caller gave room for the status.
    unsafe { put(status, joined) };
    0
}

unsafe extern "system" fn free(buffer: *mut c_void) -> u32 {
    if take_back(buffer) {
        return 0;
    }
    // SAFETY: the caller's own call, passed on.
    unsafe { NetApiBufferFree(buffer) }
}

unsafe extern "system" fn free_role(buffer: *mut c_void) {
    // Only ours are ever handed out, because the function that hands them out is redirected too.
    take_back(buffer);
}

/// Level 1: DSROLE_PRIMARY_DOMAIN_INFO_BASIC {role, flags, flat name, DNS name, forest name, GUID}.
unsafe extern "system" fn get_primary_domain(
    _server: *const u16,
    level: u32,
    place: *mut *mut c_void,
) -> u32 {
    const BASIC: u32 = 1;
    const MEMBER_WORKSTATION: u32 = 1;
    if level != BASIC {
        return ERROR_INVALID_LEVEL;
    }
    let world = active().world();
    let mut answer = Structure::new(48);
    match &world.domain {
        None => {
            answer.text(8, &world.workgroup);
        }
        Some(domain) => {
            answer.number(0, &MEMBER_WORKSTATION.to_le_bytes());
            answer
                .text(8, &domain.netbios)
                .text(16, &domain.dns)
                .text(24, &domain.dns)
                .number(32, &[0x11; 16]);
        }
    }
    // SAFETY: the caller gave room for a pointer.
    unsafe { put(place, answer.hand_out()) };
    0
}

/// # Safety
/// The pointers may be written or are null.
unsafe fn list(
    answer: &Structure,
    count: usize,
    place: *mut *mut c_void,
    read: *mut u32,
    total: *mut u32,
) -> u32 {
    let count = u32::try_from(count).unwrap_or(0);
    // SAFETY: the caller's promise.
    unsafe { put(place, answer.hand_out()) };
    // SAFETY: the caller's promise.
    unsafe { put(read, count) };
    // SAFETY: the caller's promise.
    unsafe { put(total, count) };
    0
}

/// Levels 0 (name) and 3 are what callers use; only 0, 1, 2, 3 begin with the name, and 0 has nothing else.
unsafe extern "system" fn enumerate_users(
    _server: *const u16,
    level: u32,
    _filter: u32,
    place: *mut *mut c_void,
    _most: u32,
    read: *mut u32,
    total: *mut u32,
    _resume: *mut u32,
) -> u32 {
    if level != 0 {
        return ERROR_INVALID_LEVEL;
    }
    let world = active().world();
    let local: Vec<&str> =
        world.accounts.iter().filter(|it| it.domain == world.host).map(|it| it.name.as_str()).collect();
    let mut answer = Structure::new(local.len() * 8);
    for (index, name) in local.iter().enumerate() {
        answer.text(index * 8, name);
    }
    // SAFETY: the caller's words about its places.
    unsafe { list(&answer, local.len(), place, read, total) }
}

/// Levels 0 (name) and 1 (USER_INFO_1: name, password, age, privilege, home, comment, flags, script).
unsafe extern "system" fn get_user_info(
    _server: *const u16,
    name: *const u16,
    level: u32,
    place: *mut *mut c_void,
) -> u32 {
    const NO_SUCH_USER: u32 = 2221;
    const NORMAL_ACCOUNT: u32 = 0x200;
    const ACCOUNT_DISABLED: u32 = 2;
    const USER: u32 = 1;
    const ADMINISTRATOR: u32 = 2;
    // SAFETY: the caller passes a zero-terminated name.
    let name = unsafe { wide(name) };
    let world = active().world();
    let Some(account) = world.find_account(".", &name).map(|it| &world.accounts[it]) else {
        return NO_SUCH_USER;
    };
    let mut answer;
    match level {
        0 => {
            answer = Structure::new(8);
            answer.text(0, &account.name);
        }
        1 => {
            let disabled = account.outcome == Some(crate::codes::ERROR_ACCOUNT_DISABLED);
            let flags = NORMAL_ACCOUNT | if disabled { ACCOUNT_DISABLED } else { 0 };
            let privilege = if account.administrator { ADMINISTRATOR } else { USER };
            answer = Structure::new(56);
            answer.text(0, &account.name).number(20, &privilege.to_le_bytes());
            answer.text(24, "").text(32, "").number(40, &flags.to_le_bytes()).text(48, "");
        }
        _ => return ERROR_INVALID_LEVEL,
    }
    // SAFETY: the caller gave room for a pointer.
    unsafe { put(place, answer.hand_out()) };
    0
}

/// Levels 0 {sid}, 1 {sid, use, name}, 2 {sid, use, domain and name}, 3 {domain and name}.
unsafe extern "system" fn get_members(
    _server: *const u16,
    group: *const u16,
    level: u32,
    place: *mut *mut c_void,
    _most: u32,
    read: *mut u32,
    total: *mut u32,
    _resume: *mut usize,
) -> u32 {
    const USER: u32 = 1;
    // SAFETY: the caller passes a zero-terminated name.
    let group = unsafe { wide(group) };
    if level > 3 {
        return ERROR_INVALID_LEVEL;
    }
    if !group.eq_ignore_ascii_case("Administrators") {
        return ERROR_NO_SUCH_ALIAS;
    }
    let world = active().world();
    let members: Vec<_> = world.accounts.iter().filter(|it| it.administrator).collect();
    let entry = match level {
        1 | 2 => 24,
        _ => 8,
    };
    let mut answer = Structure::new(members.len() * entry);
    for (index, member) in members.iter().enumerate() {
        let at = index * entry;
        if level < 3 {
            answer.pointer(at, &member.sid().to_bytes());
        }
        match level {
            1 => answer.number(at + 8, &USER.to_le_bytes()).text(at + 16, &member.name),
            2 => answer.number(at + 8, &USER.to_le_bytes()).text(at + 16, &member.qualified()),
            3 => answer.text(at, &member.qualified()),
            _ => &mut answer,
        };
    }
    // SAFETY: the caller's words about its places.
    unsafe { list(&answer, members.len(), place, read, total) }
}
