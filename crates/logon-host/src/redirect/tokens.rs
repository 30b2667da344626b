//! Access tokens that are none of the system's.

use std::collections::HashMap;
use std::ffi::c_void;
use std::sync::{Mutex, PoisonError};

use super::active;
use super::memory::{Bool, FALSE, TRUE, fail, put, put_bytes};
use super::stands;
use crate::world::{AccountRef, Sid, World};

const ERROR_INVALID_PARAMETER: u32 = 87;
const ERROR_INSUFFICIENT_BUFFER: u32 = 122;

stands! {
    "OpenProcessToken" => open_process_token,
    "OpenThreadToken" => open_thread_token,
    "GetTokenInformation" => get_token_information,
    "CheckTokenMembership" => check_token_membership,
    "IsUserAnAdmin" => is_user_an_admin,
    "CloseHandle" => close_handle,
}

#[link(name = "kernel32")]
unsafe extern "system" {
    fn CloseHandle(handle: *mut c_void) -> Bool;
    fn GetProcessId(process: *mut c_void) -> u32;
    fn GetCurrentProcessId() -> u32;
}
#[link(name = "advapi32")]
unsafe extern "system" {
    fn OpenProcessToken(process: *mut c_void, access: u32, token: *mut *mut c_void) -> Bool;
    fn GetTokenInformation(
        token: *mut c_void,
        class: u32,
        information: *mut c_void,
        size: u32,
        needed: *mut u32,
    ) -> Bool;
}

/// What stands in a token of ours.
#[derive(Debug, Clone)]
struct Token {
    user: Sid,
    groups: Vec<Sid>,
    elevated: bool,
    is_system: bool,
}

/// Handles of ours lie where the system's, which are small and multiples of four, never do.
const FIRST_HANDLE: usize = 0x7A5A_0001;

struct Tokens {
    next: usize,
    open: Option<HashMap<usize, Token>>,
}

static TOKENS: Mutex<Tokens> = Mutex::new(Tokens { next: FIRST_HANDLE, open: None });

fn open(token: Token) -> *mut c_void {
    let mut tokens = TOKENS.lock().unwrap_or_else(PoisonError::into_inner);
    let handle = tokens.next;
    tokens.next += 4;
    tokens.open.get_or_insert_default().insert(handle, token);
    std::ptr::without_provenance_mut(handle)
}

fn find(handle: *const c_void) -> Option<Token> {
    let tokens = TOKENS.lock().unwrap_or_else(PoisonError::into_inner);
    tokens.open.as_ref()?.get(&handle.addr()).cloned()
}

/// A token as LogonUserW gives it.
pub(super) fn of_account(world: &World, account: AccountRef) -> *mut c_void {
    let account = &world.accounts[account];
    let mut groups = vec![Sid::everyone(), Sid::nt(&[11]), Sid::nt(&[32, 545])];
    if account.administrator {
        groups.push(Sid::nt(&[32, 544]));
    }
    open(Token { user: account.sid(), groups, elevated: account.administrator, is_system: false })
}

/// The token of the process itself, as the world has it.
fn of_process() -> Token {
    let world = active();
    let elevated = world.is_elevated();
    let mut groups = vec![Sid::everyone(), Sid::nt(&[11]), Sid::nt(&[32, 545])];
    if elevated {
        groups.push(Sid::nt(&[32, 544]));
    }
    let is_system = world.is_system();
    let machine = world.world().machine_sid.clone();
    let user = if is_system { Sid::nt(&[18]) } else { machine.with_rid(500) };
    Token { user, groups, elevated, is_system }
}

/// Reads a SID from a program's memory.
///
/// # Safety
/// `sid` points at a valid SID.
pub(super) unsafe fn read_sid(sid: *const c_void) -> Option<Sid> {
    // SAFETY: every SID has at least these two bytes.
    let head = unsafe { std::slice::from_raw_parts(sid.cast::<u8>(), 2) };
    let size = 8 + usize::from(head[1]) * 4;
    // SAFETY: a SID has 8 bytes and 4 for each of its parts.
    let bytes = unsafe { std::slice::from_raw_parts(sid.cast::<u8>(), size) };
    Sid::from_bytes(bytes).ok()
}

unsafe extern "system" fn open_process_token(
    process: *mut c_void,
    access: u32,
    token: *mut *mut c_void,
) -> Bool {
    // SAFETY: any handle may be asked for its process; zero for what is none.
    let id = unsafe { GetProcessId(process) };
    // SAFETY: no arguments.
    if id != unsafe { GetCurrentProcessId() } {
        // SAFETY: the caller's own call, passed on.
        return unsafe { OpenProcessToken(process, access, token) };
    }
    // SAFETY: the caller gave room for a handle.
    unsafe { put(token, open(of_process())) };
    TRUE
}

/// No thread impersonates anybody here.
unsafe extern "system" fn open_thread_token(
    _thread: *mut c_void,
    _access: u32,
    _as_self: Bool,
    token: *mut *mut c_void,
) -> Bool {
    const ERROR_NO_TOKEN: u32 = 1008;
    // SAFETY: the caller gave room for a handle.
    unsafe { put(token, std::ptr::null_mut()) };
    fail(ERROR_NO_TOKEN)
}

unsafe extern "system" fn get_token_information(
    token: *mut c_void,
    class: u32,
    information: *mut c_void,
    size: u32,
    needed: *mut u32,
) -> Bool {
    let Some(ours) = find(token) else {
        // SAFETY: the caller's own call, passed on.
        return unsafe { GetTokenInformation(token, class, information, size, needed) };
    };
    let Some(bytes) = ours.information(class, information.expose_provenance() as u64) else {
        return fail(ERROR_INVALID_PARAMETER);
    };
    // SAFETY: the caller gave a place for the size or null.
    unsafe { put(needed, u32::try_from(bytes.len()).unwrap_or(u32::MAX)) };
    // SAFETY: the caller says that its buffer has `size` bytes.
    if unsafe { put_bytes(information, size as usize, &bytes) } {
        TRUE
    } else {
        fail(ERROR_INSUFFICIENT_BUFFER)
    }
}

impl Token {
    /// TOKEN_INFORMATION_CLASS to bytes; `base` is where they will lie, because pointers in them point behind themselves.
    fn information(&self, class: u32, base: u64) -> Option<Vec<u8>> {
        const SE_GROUP_ENABLED: u32 = 0x7;
        let flag = |set: bool| u32::from(set).to_le_bytes().to_vec();
        Some(match class {
            // TOKEN_USER, TOKEN_MANDATORY_LABEL: SID_AND_ATTRIBUTES.
            1 => sids(&[(&self.user, 0)], 0, base),
            25 => {
                let level = if self.is_system {
                    0x4000
                } else if self.elevated {
                    0x3000
                } else {
                    0x2000
                };
                sids(&[(&Sid::integrity(level), 0x60)], 0, base)
            }
            // TOKEN_GROUPS.
            2 => {
                let groups: Vec<(&Sid, u32)> = self.groups.iter().map(|it| (it, SE_GROUP_ENABLED)).collect();
                let mut bytes = u64::try_from(groups.len()).ok()?.to_le_bytes().to_vec();
                bytes.extend(sids(&groups, 8, base));
                bytes
            }
            // TOKEN_OWNER, TOKEN_PRIMARY_GROUP: a pointer.
            4 | 5 => {
                let sid = if class == 4 { self.user.clone() } else { Sid::nt(&[32, 545]) };
                let mut bytes = (base + 8).to_le_bytes().to_vec();
                bytes.extend(sid.to_bytes());
                bytes
            }
            // TokenType: primary. TokenSessionId. TokenElevationType: default, or full. TokenElevation.
            8 => flag(true),
            12 => active().world().session.id.to_le_bytes().to_vec(),
            18 => (if self.elevated && !self.is_system { 2u32 } else { 1 }).to_le_bytes().to_vec(),
            20 => flag(self.elevated),
            _ => return None,
        })
    }
}

fn sids(list: &[(&Sid, u32)], before: u64, base: u64) -> Vec<u8> {
    let mut fixed = Vec::new();
    let mut behind = Vec::new();
    let start = base + before + list.len() as u64 * 16;
    for (sid, attributes) in list {
        fixed.extend((start + behind.len() as u64).to_le_bytes());
        fixed.extend(attributes.to_le_bytes());
        fixed.extend([0; 4]);
        behind.extend(sid.to_bytes());
    }
    fixed.extend(behind);
    fixed
}

unsafe extern "system" fn check_token_membership(
    token: *mut c_void,
    sid: *const c_void,
    is_member: *mut Bool,
) -> Bool {
    let token = find(token).unwrap_or_else(of_process);
    // SAFETY: CheckTokenMembership's caller passes a valid SID.
    let Some(sid) = (unsafe { read_sid(sid) }) else {
        return fail(ERROR_INVALID_PARAMETER);
    };
    // SAFETY: the caller gave room for the answer.
    unsafe { put(is_member, Bool::from(token.user == sid || token.groups.contains(&sid))) };
    TRUE
}

unsafe extern "system" fn is_user_an_admin() -> Bool {
    Bool::from(active().is_elevated())
}

unsafe extern "system" fn close_handle(handle: *mut c_void) -> Bool {
    let ours = {
        let mut tokens = TOKENS.lock().unwrap_or_else(PoisonError::into_inner);
        tokens.open.as_mut().and_then(|it| it.remove(&handle.addr())).is_some()
    };
    if ours {
        return TRUE;
    }
    if handle.addr() >= FIRST_HANDLE && handle.addr() < FIRST_HANDLE + 0x100_0000 && handle.addr() % 4 == 1 {
        return FALSE;
    }
    // SAFETY: the caller's own call, passed on.
    unsafe { CloseHandle(handle) }
}
