//! Memory that LogonUI frees.
//!
//! `CoTaskMemAlloc` and `CoTaskMemFree` are declared here and not taken from the `windows` crate, which finds them in
//! combase.dll; Windows 7 has no such file. With this declaration in the DLL the linker takes all of them from ole32.

use super::Fault;
use core::ffi::c_void;
use core::ptr::NonNull;
use windows_core::PWSTR;
use zeroize::Zeroize;

#[link(name = "ole32")]
unsafe extern "system" {
    fn CoTaskMemAlloc(bytes: usize) -> *mut c_void;
    fn CoTaskMemFree(memory: *mut c_void);
}

/// One value in COM's task memory, freed on drop unless it was handed over.
#[derive(Debug)]
pub(crate) struct TaskMemory<T: Copy> {
    pointer: NonNull<T>,
}

impl<T: Copy> TaskMemory<T> {
    /// Moves `value` there.
    pub(crate) fn new(value: T) -> Result<Self, Fault> {
        let pointer = allocate::<T>(1)?;
        // SAFETY: the block was just allocated for one T and nobody else knows it.
        unsafe { pointer.write(value) };
        Ok(Self { pointer })
    }

    /// Hands the value over; the receiver frees it.
    pub(crate) fn into_raw(self) -> *mut T {
        let pointer = self.pointer.as_ptr();
        core::mem::forget(self);
        pointer
    }
}

impl<T: Copy> Drop for TaskMemory<T> {
    fn drop(&mut self) {
        // SAFETY: allocated by `allocate`, not handed over (that forgets `self`).
        unsafe { CoTaskMemFree(self.pointer.as_ptr().cast()) };
    }
}

/// A zero-terminated UTF-16 text in COM's task memory, freed on drop unless it was handed over.
#[derive(Debug)]
pub(crate) struct CoTaskMemString {
    pointer: NonNull<u16>,
}

impl CoTaskMemString {
    /// Copies `text`. A zero in it would end it early for the reader, so it is left out.
    pub(crate) fn new(text: &str) -> Result<Self, Fault> {
        let units: Vec<u16> = text.encode_utf16().filter(|unit| *unit != 0).chain([0]).collect();
        let pointer = allocate::<u16>(units.len())?;
        // SAFETY: the block was just allocated for as many units, and cannot overlap with the vector.
        unsafe { core::ptr::copy_nonoverlapping(units.as_ptr(), pointer.as_ptr(), units.len()) };
        Ok(Self { pointer })
    }

    /// Hands the text over; the receiver frees it.
    pub(crate) fn into_raw(self) -> PWSTR {
        let pointer = self.pointer.as_ptr();
        core::mem::forget(self);
        PWSTR(pointer)
    }
}

impl Drop for CoTaskMemString {
    fn drop(&mut self) {
        // SAFETY: allocated by `allocate`, not handed over (that forgets `self`).
        unsafe { CoTaskMemFree(self.pointer.as_ptr().cast()) };
    }
}

/// Bytes in COM's task memory that hold a secret: overwritten and freed on drop unless they were handed over.
#[derive(Debug)]
pub(crate) struct SecretTaskMemory {
    pointer: NonNull<u8>,
    length: u32,
}

impl SecretTaskMemory {
    /// Copies `bytes`.
    pub(crate) fn copy_of(bytes: &[u8]) -> Result<Self, Fault> {
        let length = u32::try_from(bytes.len()).map_err(|_| Fault::BadArgument)?;
        let pointer = allocate::<u8>(bytes.len())?;
        // SAFETY: the block was just allocated for as many bytes, and cannot overlap with the slice.
        unsafe { core::ptr::copy_nonoverlapping(bytes.as_ptr(), pointer.as_ptr(), bytes.len()) };
        Ok(Self { pointer, length })
    }

    /// Hands the bytes over, with their number; the receiver frees them.
    pub(crate) fn into_raw(self) -> (*mut u8, u32) {
        let raw = (self.pointer.as_ptr(), self.length);
        core::mem::forget(self);
        raw
    }
}

impl Drop for SecretTaskMemory {
    fn drop(&mut self) {
        // SAFETY: the block has `length` bytes, all written by `copy_of`, and nobody else knows it.
        let bytes = unsafe { core::slice::from_raw_parts_mut(self.pointer.as_ptr(), self.length as usize) };
        bytes.zeroize();
        // SAFETY: allocated by `allocate`, not handed over (that forgets `self`); the slice above is not used again.
        unsafe { CoTaskMemFree(self.pointer.as_ptr().cast()) };
    }
}

/// Uninitialized memory for `count` values.
fn allocate<T>(count: usize) -> Result<NonNull<T>, Fault> {
    let bytes = count.checked_mul(size_of::<T>()).ok_or(Fault::OutOfMemory)?;
    // SAFETY: CoTaskMemAlloc takes any size; its blocks are aligned for every type.
    let pointer = unsafe { CoTaskMemAlloc(bytes) };
    NonNull::new(pointer.cast()).ok_or(Fault::OutOfMemory)
}

#[cfg(test)]
mod tests {
    use super::{CoTaskMemFree, CoTaskMemString, SecretTaskMemory};

    #[test]
    fn a_text_arrives_whole_and_without_zeros_inside() {
        let raw = CoTaskMemString::new("Gr\u{fc}\u{df}e\0 \u{1f511}").expect("memory").into_raw();
        // SAFETY: just made, zero-terminated, not yet freed.
        assert_eq!(unsafe { raw.to_string() }.expect("UTF-16"), "Gr\u{fc}\u{df}e \u{1f511}");
        // SAFETY: handed over above, so it is ours to free.
        unsafe { CoTaskMemFree(raw.0.cast()) };
    }

    #[test]
    fn bytes_are_handed_over_with_their_length() {
        let (pointer, length) = SecretTaskMemory::copy_of(&[1, 2, 3]).expect("memory").into_raw();
        // SAFETY: just made with `length` bytes, not yet freed.
        assert_eq!(unsafe { core::slice::from_raw_parts(pointer, length as usize) }, [1, 2, 3]);
        // SAFETY: handed over above, so it is ours to free.
        unsafe { CoTaskMemFree(pointer.cast()) };
    }
}
