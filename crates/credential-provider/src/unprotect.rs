//! CredUnprotectW: remote desktop hands passwords over protected.

use windows::Win32::System::LibraryLoader::{GetModuleHandleW, GetProcAddress};
use windows_core::{BOOL, PCSTR, s, w};
use zeroize::Zeroizing;

/// CredIsProtectedW. Both are looked up at run time: not every system has them.
type IsProtected = unsafe extern "system" fn(text: *const u16, kind: *mut u32) -> BOOL;
/// CredUnprotectW; the size counts characters, with the terminating zero.
type Unprotect = unsafe extern "system" fn(
    as_self: BOOL,
    protected: *const u16,
    protected_size: u32,
    clear: *mut u16,
    clear_size: *mut u32,
) -> BOOL;

/// CredUnprotected of CRED_PROTECTION_TYPE.
const NOT_PROTECTED: u32 = 0;

/// The password in clear. What is not protected, or cannot be opened, comes back as it is; Windows will say that it is
/// wrong, and the person types it.
pub(crate) fn unprotected(password: &[u16]) -> Zeroizing<Vec<u16>> {
    let mut terminated = Zeroizing::new(Vec::with_capacity(password.len() + 1));
    terminated.extend_from_slice(password);
    terminated.push(0);
    open(&terminated).unwrap_or_else(|| Zeroizing::new(password.to_vec()))
}

fn open(terminated: &[u16]) -> Option<Zeroizing<Vec<u16>>> {
    // SAFETY: these are the signatures of wincred.h.
    let is_protected: IsProtected = unsafe { core::mem::transmute(advapi32(s!("CredIsProtectedW"))?) };
    // SAFETY: as above.
    let unprotect: Unprotect = unsafe { core::mem::transmute(advapi32(s!("CredUnprotectW"))?) };
    let mut kind = NOT_PROTECTED;
    // SAFETY: the text is zero-terminated and both live over the call.
    let known = unsafe { is_protected(terminated.as_ptr(), &raw mut kind) };
    if !known.as_bool() || kind == NOT_PROTECTED {
        return None;
    }
    let size = u32::try_from(terminated.len()).ok()?;
    // What is protected is longer than what is in it.
    let mut clear = Zeroizing::new(vec![0u16; terminated.len()]);
    let mut clear_size = size;
    // SAFETY: both buffers live over the call, and their sizes in characters go with them.
    let opened =
        unsafe { unprotect(BOOL(0), terminated.as_ptr(), size, clear.as_mut_ptr(), &raw mut clear_size) };
    if !opened.as_bool() {
        return None;
    }
    let end = clear.iter().position(|unit| *unit == 0)?;
    clear.truncate(end);
    Some(clear)
}

fn advapi32(name: PCSTR) -> Option<unsafe extern "system" fn() -> isize> {
    // SAFETY: this DLL imports from advapi32 itself, so the module is loaded and stays. No file is searched for.
    let module = unsafe { GetModuleHandleW(w!("advapi32.dll")) }.ok()?;
    // SAFETY: the module is loaded and the name is zero-terminated.
    unsafe { GetProcAddress(module, name) }
}
