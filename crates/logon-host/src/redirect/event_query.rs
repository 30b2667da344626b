//! What a program reads from Windows' event logs: the world's starts from `System`, and from `Application`
//! what was written through [`super::event_log`].
//!
//! A query is not worked out: of `System` there are the starts (event 12 of Microsoft-Windows-Kernel-General),
//! and the query only says whether ordinary ones count; of `Application` there are the entries of the source
//! that the query names.

use std::collections::HashMap;
use std::ffi::c_void;
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use super::memory::{Bool, TRUE, fail, put, units, wide};
use super::{active, clocks, stands};

stands! {
    "EvtQuery" => query,
    "EvtNext" => next,
    "EvtRender" => render,
    "EvtClose" => close,
}

const ERROR_INVALID_HANDLE: u32 = 6;
const ERROR_NOT_SUPPORTED: u32 = 50;
const ERROR_INSUFFICIENT_BUFFER: u32 = 122;
const ERROR_NO_MORE_ITEMS: u32 = 259;
const ERROR_EVT_CHANNEL_NOT_FOUND: u32 = 15007;
/// EvtRenderEventXml.
const XML: u32 = 1;
/// EvtQueryReverseDirection.
const REVERSE: u32 = 0x200;
const FIRST_HANDLE: usize = 0x7A5D_0001;
/// A line for each start of the world's machine, oldest first.
const BOOTS: &str = "boots.jsonl";

/// A start of the world's machine.
#[derive(Debug, Serialize, Deserialize)]
struct Boot {
    boot_id: u32,
    /// 0, or 1 for safe mode.
    mode: u32,
    /// FILETIME.
    time: u64,
}

/// What a handle stands for: entries not yet handed out, the next one last, or one entry.
enum Object {
    Found(Vec<String>),
    Entry(String),
}

static OBJECTS: Mutex<Option<HashMap<usize, Object>>> = Mutex::new(None);

fn with_objects<R>(work: impl FnOnce(&mut HashMap<usize, Object>) -> R) -> R {
    work(OBJECTS.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert_default())
}

fn add(objects: &mut HashMap<usize, Object>, object: Object) -> usize {
    let handle = (FIRST_HANDLE..).step_by(4).find(|it| !objects.contains_key(it)).unwrap_or(FIRST_HANDLE);
    objects.insert(handle, object);
    handle
}

/// The world's machine was started: notes how and when.
pub(super) fn note_start(boot_id: u32, safe_mode: bool) {
    let file = active().state_folder.join(BOOTS);
    let boot = Boot { boot_id, mode: safe_mode.into(), time: clocks::wall() };
    let Ok(line) = serde_json::to_string(&boot) else { return };
    let known = std::fs::read_to_string(&file).unwrap_or_default();
    let _nobody_hears_of_it = std::fs::write(&file, format!("{known}{line}\n"));
}

unsafe extern "system" fn query(
    _session: *mut c_void,
    path: *const u16,
    query: *const u16,
    flags: u32,
) -> *mut c_void {
    // SAFETY: the caller passes zero-terminated texts or null.
    let path = unsafe { wide(path) };
    // SAFETY: as above.
    let query = unsafe { wide(query) };
    let mut entries = match path.as_str() {
        "System" => starts(query.contains("BootMode")),
        "Application" => written(&query),
        _ => {
            fail(ERROR_EVT_CHANNEL_NOT_FOUND);
            return std::ptr::null_mut();
        }
    };
    if flags & REVERSE == 0 {
        entries.reverse();
    }
    std::ptr::without_provenance_mut(with_objects(|objects| add(objects, Object::Found(entries))))
}

fn starts(only_safe_mode: bool) -> Vec<String> {
    let lines = std::fs::read_to_string(active().state_folder.join(BOOTS)).unwrap_or_default();
    let boots = lines.lines().filter_map(|line| serde_json::from_str::<Boot>(line).ok());
    boots.filter(|boot| boot.mode != 0 || !only_safe_mode).map(|boot| start_entry(&boot)).collect()
}

fn start_entry(boot: &Boot) -> String {
    let time = clocks::iso(boot.time);
    format!(
        "<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System><Provider Name='Microsoft-Windows-Kernel-General'/><EventID>12</EventID><TimeCreated SystemTime='{time}'/></System><EventData><Data Name='BootMode'>{}</Data><Data Name='StartTime'>{time}</Data></EventData></Event>",
        boot.mode
    )
}

/// Entries of the event log's file whose source the query names.
fn written(query: &str) -> Vec<String> {
    let lines = std::fs::read_to_string(&active().events_file).unwrap_or_default();
    let entries = lines.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    let text = |value: &serde_json::Value| escaped(value.as_str().unwrap_or_default());
    entries
        .filter(|entry| entry["source"].as_str().is_some_and(|source| query.contains(&format!("'{source}'"))))
        .map(|entry| {
            let strings = entry["strings"].as_array().into_iter().flatten();
            let data: String = strings.map(|it| format!("<Data>{}</Data>", text(it))).collect();
            format!(
                "<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System><Provider Name='{}'/><EventID>{}</EventID></System><EventData>{data}</EventData></Event>",
                text(&entry["source"]),
                entry["id"]
            )
        })
        .collect()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

unsafe extern "system" fn next(
    found: *mut c_void,
    room: u32,
    events: *mut isize,
    _timeout: u32,
    _flags: u32,
    returned: *mut u32,
) -> Bool {
    let handed: Option<Vec<usize>> = with_objects(|objects| {
        let Some(Object::Found(entries)) = objects.get_mut(&found.addr()) else { return None };
        let count = entries.len().min(room as usize);
        let taken: Vec<_> = (0..count).filter_map(|_| entries.pop()).collect();
        Some(taken.into_iter().map(|entry| add(objects, Object::Entry(entry))).collect())
    });
    let Some(handed) = handed else { return fail(ERROR_INVALID_HANDLE) };
    for (index, handle) in handed.iter().enumerate() {
        // SAFETY: the caller gave room for `room` handles, and these are no more.
        unsafe { put(events.wrapping_add(index), handle.cast_signed()) };
    }
    // SAFETY: the caller gave room for the number.
    unsafe { put(returned, u32::try_from(handed.len()).unwrap_or(0)) };
    if handed.is_empty() { fail(ERROR_NO_MORE_ITEMS) } else { TRUE }
}

unsafe extern "system" fn render(
    _context: *mut c_void,
    event: *mut c_void,
    flags: u32,
    size: u32,
    buffer: *mut u16,
    used: *mut u32,
    properties: *mut u32,
) -> Bool {
    if flags != XML {
        return fail(ERROR_NOT_SUPPORTED);
    }
    let text = with_objects(|objects| match objects.get(&event.addr()) {
        Some(Object::Entry(text)) => Some(text.clone()),
        _ => None,
    });
    let Some(text) = text else { return fail(ERROR_INVALID_HANDLE) };
    let text = units(&text);
    let needed = u32::try_from(text.len() * 2).unwrap_or(u32::MAX);
    // SAFETY: the caller gave room for the number.
    unsafe { put(used, needed) };
    // SAFETY: as above.
    unsafe { put(properties, 0) };
    if buffer.is_null() || size < needed {
        return fail(ERROR_INSUFFICIENT_BUFFER);
    }
    for (index, unit) in text.iter().enumerate() {
        // SAFETY: the buffer has `size` bytes, and these are no more.
        unsafe { put(buffer.wrapping_add(index), *unit) };
    }
    TRUE
}

unsafe extern "system" fn close(handle: *mut c_void) -> Bool {
    if with_objects(|objects| objects.remove(&handle.addr())).is_some() {
        TRUE
    } else {
        fail(ERROR_INVALID_HANDLE)
    }
}
