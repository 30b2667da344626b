//! Reading and writing what a program hands over.

use std::ffi::c_void;

use windows::Win32::Foundation::{SetLastError, WIN32_ERROR};

/// Windows' BOOL.
pub(super) type Bool = i32;
/// Success.
pub(super) const TRUE: Bool = 1;
/// Failure; the code is the thread's last error.
pub(super) const FALSE: Bool = 0;

/// Longest text that is read, in UTF-16 units; longer ones are cut.
const LONGEST: usize = 32 * 1024;

/// A failure with its code.
pub(super) fn fail(code: u32) -> Bool {
    // SAFETY: sets a number of this thread.
    unsafe { SetLastError(WIN32_ERROR(code)) };
    FALSE
}

/// Reads a zero-terminated text; null is the empty text.
///
/// # Safety
/// `text` is null or points at a zero-terminated text.
pub(super) unsafe fn wide(text: *const u16) -> String {
    if text.is_null() {
        return String::new();
    }
    let mut length = 0;
    // SAFETY: every unit up to the terminating zero is readable (the caller's promise).
    while length < LONGEST && unsafe { text.wrapping_add(length).read_unaligned() } != 0 {
        length += 1;
    }
    // SAFETY: these units were just read.
    let units = unsafe { std::slice::from_raw_parts(text, length) };
    String::from_utf16_lossy(units)
}

/// Writes through a pointer unless it is null.
///
/// # Safety
/// `place` is null or may be written to.
pub(super) unsafe fn put<T>(place: *mut T, value: T) {
    if !place.is_null() {
        // SAFETY: the caller's promise.
        unsafe { place.write_unaligned(value) };
    }
}

/// Reads through a pointer; null gives `None`.
///
/// # Safety
/// `place` is null or may be read.
pub(super) unsafe fn get<T: Copy>(place: *const T) -> Option<T> {
    if place.is_null() {
        return None;
    }
    // SAFETY: the caller's promise.
    Some(unsafe { place.read_unaligned() })
}

/// UTF-16 with the terminating zero.
pub(super) fn units(text: &str) -> Vec<u16> {
    text.encode_utf16().chain([0]).collect()
}

/// Copies `bytes` to `place`, if it is there and `room` suffices.
///
/// # Safety
/// `place` is null or has `room` writable bytes.
pub(super) unsafe fn put_bytes(place: *mut c_void, room: usize, bytes: &[u8]) -> bool {
    if place.is_null() || room < bytes.len() {
        return false;
    }
    // SAFETY: the room was just compared; our bytes do not lie in the program's buffer.
    unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), place.cast(), bytes.len()) };
    true
}

/// Copies a text with its zero to a buffer of `room` units.
///
/// # Safety
/// `place` is null or has `room` writable units.
pub(super) unsafe fn put_text(place: *mut u16, room: u32, text: &str) -> bool {
    let bytes: Vec<u8> = units(text).iter().flat_map(|unit| unit.to_le_bytes()).collect();
    // SAFETY: as the caller promised, in bytes.
    unsafe { put_bytes(place.cast(), room as usize * 2, &bytes) }
}

/// The length in UTF-16 units, without the zero.
pub(super) fn length(text: &str) -> u32 {
    u32::try_from(text.encode_utf16().count()).unwrap_or(u32::MAX)
}
