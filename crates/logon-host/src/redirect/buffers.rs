//! Buffers that a function hands out and another takes back.

use std::collections::HashMap;
use std::ffi::c_void;
use std::sync::{Mutex, PoisonError};

/// Ours that are still out, by address. Eight-byte units, so that every structure lies right.
static OUT: Mutex<Option<HashMap<usize, Box<[u64]>>>> = Mutex::new(None);

/// Hands out a copy of `bytes`; [`take_back`] frees it.
pub(super) fn hand_out(bytes: &[u8]) -> *mut c_void {
    let mut buffer: Vec<u64> = Vec::with_capacity(bytes.len() / 8 + 1);
    for chunk in bytes.chunks(8) {
        let mut unit = [0; 8];
        unit[..chunk.len()].copy_from_slice(chunk);
        buffer.push(u64::from_le_bytes(unit));
    }
    buffer.push(0);
    let mut buffer = buffer.into_boxed_slice();
    let address = buffer.as_mut_ptr();
    let mut out = OUT.lock().unwrap_or_else(PoisonError::into_inner);
    out.get_or_insert_default().insert(address.expose_provenance(), buffer);
    address.cast()
}

/// Frees a buffer of ours; false: it is not ours.
pub(super) fn take_back(buffer: *const c_void) -> bool {
    let mut out = OUT.lock().unwrap_or_else(PoisonError::into_inner);
    out.get_or_insert_default().remove(&buffer.addr()).is_some()
}

/// A structure with texts behind it: build the fixed part, add texts, hand it out with their addresses filled in.
pub(super) struct Structure {
    bytes: Vec<u8>,
    /// Where an address belongs, and what it points at.
    addresses: Vec<(usize, usize)>,
}

impl Structure {
    /// A fixed part of that many zero bytes.
    pub(super) fn new(fixed: usize) -> Self {
        Self { bytes: vec![0; fixed], addresses: Vec::new() }
    }

    /// Writes a number into the fixed part.
    pub(super) fn number(&mut self, at: usize, bytes: &[u8]) -> &mut Self {
        self.bytes[at..at + bytes.len()].copy_from_slice(bytes);
        self
    }

    /// Appends bytes and lets the pointer at `at` point to them.
    pub(super) fn pointer(&mut self, at: usize, bytes: &[u8]) -> &mut Self {
        self.bytes.resize(self.bytes.len().next_multiple_of(8), 0);
        self.addresses.push((at, self.bytes.len()));
        self.bytes.extend_from_slice(bytes);
        self
    }

    /// A zero-terminated text behind the pointer at `at`.
    pub(super) fn text(&mut self, at: usize, text: &str) -> &mut Self {
        let bytes: Vec<u8> = super::memory::units(text).iter().flat_map(|it| it.to_le_bytes()).collect();
        self.pointer(at, &bytes)
    }

    /// A UNICODE_STRING at `at`.
    pub(super) fn unicode_string(&mut self, at: usize, text: &str) -> &mut Self {
        let length = u16::try_from(text.encode_utf16().count() * 2).unwrap_or(0);
        self.number(at, &length.to_le_bytes()).number(at + 2, &(length + 2).to_le_bytes()).text(at + 8, text)
    }

    /// Hands it out.
    pub(super) fn hand_out(&self) -> *mut c_void {
        let buffer = hand_out(&self.bytes);
        for (at, target) in &self.addresses {
            let address = (buffer.expose_provenance() + target) as u64;
            // SAFETY: the buffer is ours and has the length of `bytes`, in which `at` and the eight bytes behind it lie.
            let place = unsafe { buffer.byte_add(*at) };
            // SAFETY: as above.
            unsafe { place.cast::<u64>().write_unaligned(address) };
        }
        buffer
    }
}
