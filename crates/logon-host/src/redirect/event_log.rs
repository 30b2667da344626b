//! The event log, as lines of a file.

use std::collections::HashMap;
use std::ffi::c_void;
use std::fs::OpenOptions;
use std::io::Write;
use std::sync::{Mutex, PoisonError};

use super::active;
use super::memory::{Bool, TRUE, fail, wide};
use super::stands;

stands! {
    "RegisterEventSourceW" => register,
    "DeregisterEventSource" => deregister,
    "ReportEventW" => report,
}

const ERROR_INVALID_HANDLE: u32 = 6;
const ERROR_WRITE_FAULT: u32 = 29;
const FIRST_HANDLE: usize = 0x7A5C_0001;

/// Open sources by handle.
static SOURCES: Mutex<Option<HashMap<usize, String>>> = Mutex::new(None);

unsafe extern "system" fn register(_server: *const u16, source: *const u16) -> *mut c_void {
    // SAFETY: the caller passes a zero-terminated name.
    let source = unsafe { wide(source) };
    let mut sources = SOURCES.lock().unwrap_or_else(PoisonError::into_inner);
    let sources = sources.get_or_insert_default();
    let handle = (FIRST_HANDLE..).step_by(4).find(|it| !sources.contains_key(it)).unwrap_or(FIRST_HANDLE);
    sources.insert(handle, source);
    std::ptr::without_provenance_mut(handle)
}

unsafe extern "system" fn deregister(handle: *mut c_void) -> Bool {
    let mut sources = SOURCES.lock().unwrap_or_else(PoisonError::into_inner);
    if sources.get_or_insert_default().remove(&handle.addr()).is_some() {
        TRUE
    } else {
        fail(ERROR_INVALID_HANDLE)
    }
}

unsafe extern "system" fn report(
    handle: *mut c_void,
    kind: u16,
    category: u16,
    id: u32,
    _user: *const c_void,
    count: u16,
    data_size: u32,
    strings: *const *const u16,
    data: *const u8,
) -> Bool {
    let source = {
        let mut sources = SOURCES.lock().unwrap_or_else(PoisonError::into_inner);
        sources.get_or_insert_default().get(&handle.addr()).cloned()
    };
    let Some(source) = source else {
        return fail(ERROR_INVALID_HANDLE);
    };
    let mut texts = Vec::new();
    if !strings.is_null() {
        for index in 0..usize::from(count) {
            // SAFETY: the caller says that the list has `count` texts.
            let text = unsafe { strings.wrapping_add(index).read_unaligned() };
            // SAFETY: each is zero-terminated.
            texts.push(unsafe { wide(text) });
        }
    }
    let data: String = if data.is_null() {
        String::new()
    } else {
        // SAFETY: the caller says that the data has so many bytes.
        unsafe { std::slice::from_raw_parts(data, data_size as usize) }
            .iter()
            .map(|it| format!("{it:02x}"))
            .collect()
    };
    let kind = match kind {
        1 => "error",
        2 => "warning",
        8 => "audit-success",
        16 => "audit-failure",
        _ => "information",
    };
    let line = serde_json::json!({
        "source": source, "type": kind, "id": id, "category": category, "strings": texts, "data": data,
    });
    if append(&line.to_string()).is_ok() { TRUE } else { fail(ERROR_WRITE_FAULT) }
}

fn append(line: &str) -> std::io::Result<()> {
    let path = &active().events_file;
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    // One write, so that lines of two processes do not mix.
    OpenOptions::new().create(true).append(true).open(path)?.write_all(format!("{line}\n").as_bytes())
}
