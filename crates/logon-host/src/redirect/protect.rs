//! Packed and protected credentials.

use std::ffi::c_void;

use super::active;
use super::memory::{Bool, FALSE, TRUE, fail, get, length, put, put_bytes, put_text, wide};
use super::stands;
use crate::kerb::pack;
use zeroize::Zeroizing;

const ERROR_INSUFFICIENT_BUFFER: u32 = 122;
const ERROR_INVALID_PARAMETER: u32 = 87;

stands! {
    "CredPackAuthenticationBufferW" => pack_authentication_buffer,
    "CredProtectW" => cred_protect,
    "CredUnprotectW" => cred_unprotect,
    "CredIsProtectedW" => cred_is_protected,
}

/// Windows' own protected texts begin so too.
const PREFIX: &str = "@@D";

/// The text as CredProtectW gives it: not a secret kept, a form that must be undone.
pub fn protect(clear: &str) -> Zeroizing<String> {
    let mut text = Zeroizing::new(PREFIX.to_owned());
    for unit in clear.encode_utf16() {
        text.push_str(&format!("{:04x}", unit ^ 0x5a5a));
    }
    text
}

/// The opposite of [`protect`]; `None` for a text that is not protected.
fn unprotect(text: &str) -> Option<Zeroizing<String>> {
    let digits = text.strip_prefix(PREFIX).filter(|it| it.len() % 4 == 0 && it.is_ascii())?;
    let units: Option<Vec<u16>> = (0..digits.len())
        .step_by(4)
        .map(|at| u16::from_str_radix(&digits[at..at + 4], 16).ok().map(|unit| unit ^ 0x5a5a))
        .collect();
    Some(Zeroizing::new(String::from_utf16_lossy(&Zeroizing::new(units?))))
}

unsafe extern "system" fn pack_authentication_buffer(
    _flags: u32,
    user: *const u16,
    password: *const u16,
    buffer: *mut c_void,
    size: *mut u32,
) -> Bool {
    if size.is_null() || user.is_null() {
        return fail(ERROR_INVALID_PARAMETER);
    }
    // SAFETY: the caller passes zero-terminated texts.
    let user = unsafe { wide(user) };
    // SAFETY: as above.
    let password = Zeroizing::new(unsafe { wide(password) });
    let (domain, user) = user.split_once('\\').unwrap_or(("", &user));
    let bytes = pack(domain, user, &password);
    // SAFETY: compared with null above.
    let room = unsafe { get(size) }.unwrap_or(0);
    // SAFETY: as above.
    unsafe { put(size, u32::try_from(bytes.len()).unwrap_or(u32::MAX)) };
    // SAFETY: the caller says that its buffer has `room` bytes.
    if unsafe { put_bytes(buffer, room as usize, &bytes) } { TRUE } else { fail(ERROR_INSUFFICIENT_BUFFER) }
}

/// Reads `size` units at most, as these functions count them.
///
/// # Safety
/// `text` is null or has `size` readable units.
unsafe fn counted(text: *const u16, size: u32) -> Zeroizing<String> {
    if text.is_null() {
        return Zeroizing::new(String::new());
    }
    // SAFETY: the caller's promise.
    let units = unsafe { std::slice::from_raw_parts(text, size as usize) };
    let end = units.iter().position(|it| *it == 0).unwrap_or(units.len());
    Zeroizing::new(String::from_utf16_lossy(&units[..end]))
}

/// # Safety
/// `place` is null or has as many units as `size` says; `size` may be read and written.
unsafe fn answer(text: &str, place: *mut u16, size: *mut u32) -> Bool {
    // SAFETY: the caller's promise.
    let room = unsafe { get(size) }.unwrap_or(0);
    // SAFETY: as above.
    unsafe { put(size, length(text) + 1) };
    // SAFETY: as above.
    if unsafe { put_text(place, room, text) } { TRUE } else { fail(ERROR_INSUFFICIENT_BUFFER) }
}

unsafe extern "system" fn cred_protect(
    _as_self: Bool,
    clear: *const u16,
    clear_size: u32,
    place: *mut u16,
    size: *mut u32,
    kind: *mut u32,
) -> Bool {
    // SAFETY: CredProtectW's caller says that its text has so many units.
    let clear = unsafe { counted(clear, clear_size) };
    // SAFETY: the caller gave a place for the kind or null.
    unsafe { put(kind, 1) };
    // SAFETY: the caller's words about its buffer.
    unsafe { answer(&protect(&clear), place, size) }
}

unsafe extern "system" fn cred_unprotect(
    _as_self: Bool,
    text: *const u16,
    text_size: u32,
    place: *mut u16,
    size: *mut u32,
) -> Bool {
    // SAFETY: CredUnprotectW's caller says that its text has so many units.
    let text = unsafe { counted(text, text_size) };
    match unprotect(&text) {
        // SAFETY: the caller's words about its buffer.
        Some(clear) => unsafe { answer(&clear, place, size) },
        None => fail(ERROR_INVALID_PARAMETER),
    }
}

unsafe extern "system" fn cred_is_protected(text: *const u16, kind: *mut u32) -> Bool {
    const USER: u32 = 1;
    if text.is_null() || kind.is_null() {
        fail(ERROR_INVALID_PARAMETER);
        return FALSE;
    }
    // SAFETY: the caller passes a zero-terminated text.
    let text = Zeroizing::new(unsafe { wide(text) });
    // SAFETY: compared with null above.
    unsafe { put(kind, if unprotect(&text).is_some() { USER } else { 0 }) };
    TRUE
}

/// Whether NLA's passwords come protected in this world.
pub fn is_protected() -> bool {
    active().world().protected_password
}
