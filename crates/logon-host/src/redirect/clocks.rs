//! Clocks and waits.

use std::ffi::c_void;
use std::time::Duration;

use super::active;
use super::memory::{Bool, TRUE, put};
use super::stands;

stands! {
    "GetTickCount64" => get_tick_count_64,
    "GetTickCount" => get_tick_count,
    "QueryUnbiasedInterruptTime" => query_unbiased_interrupt_time,
    "QueryInterruptTime" => query_interrupt_time,
    "QueryPerformanceCounter" => query_performance_counter,
    "GetSystemTimeAsFileTime" => get_system_time,
    "GetSystemTimePreciseAsFileTime" => get_system_time,
    "GetSystemTime" => get_system_time_parts,
    "Sleep" => sleep,
    "SleepEx" => sleep_ex,
    "WaitForSingleObject" => wait_for_single_object,
    "WaitForSingleObjectEx" => wait_for_single_object_ex,
    "SleepConditionVariableSRW" => sleep_condition_variable,
    "NtQuerySystemInformation" => query_system_information,
}

#[link(name = "kernel32")]
unsafe extern "system" {
    fn GetTickCount64() -> u64;
    fn QueryPerformanceCounter(count: *mut i64) -> Bool;
    fn QueryPerformanceFrequency(frequency: *mut i64) -> Bool;
    fn GetSystemTimeAsFileTime(time: *mut u64);
    fn FileTimeToSystemTime(time: *const u64, parts: *mut c_void) -> Bool;
    fn Sleep(milliseconds: u32);
    fn SleepEx(milliseconds: u32, alertable: Bool) -> u32;
    fn WaitForSingleObjectEx(handle: *mut c_void, milliseconds: u32, alertable: Bool) -> u32;
    fn SleepConditionVariableSRW(
        condition: *mut c_void,
        lock: *mut c_void,
        milliseconds: u32,
        flags: u32,
    ) -> Bool;
}
#[link(name = "ntdll")]
unsafe extern "system" {
    fn NtQuerySystemInformation(class: u32, place: *mut c_void, size: u32, needed: *mut u32) -> i32;
}

const INFINITE: u32 = u32::MAX;
const WAIT_TIMEOUT: u32 = 258;
const TICKS_PER_MILLISECOND: i64 = 10_000;

/// What must be added to the machine's own uptime so that it is `seconds` now.
pub(super) fn uptime_offset(seconds: u64) -> i64 {
    let wanted = i64::try_from(seconds).unwrap_or(i64::MAX / 20_000_000).saturating_mul(10_000_000);
    wanted.saturating_sub(uptime())
}

/// The machine's own uptime in ticks.
fn uptime() -> i64 {
    // SAFETY: no arguments.
    i64::try_from(unsafe { GetTickCount64() }).unwrap_or(0).saturating_mul(TICKS_PER_MILLISECOND)
}

/// A FILETIME as Windows writes times into XML.
pub(super) fn iso(time: u64) -> String {
    // SYSTEMTIME: year, month, day of the week, day, hour, minute, second, milliseconds.
    let mut parts = [0u16; 8];
    // SAFETY: reads our number and writes eight parts into a place of ours.
    unsafe { FileTimeToSystemTime(&raw const time, parts.as_mut_ptr().cast()) };
    let [year, month, _, day, hour, minute, second, _] = parts;
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{:07}Z", time % 10_000_000)
}

/// The world's time, as a FILETIME.
pub(super) fn wall() -> u64 {
    let mut time = 0;
    // SAFETY: writes one FILETIME, which is eight bytes, into our own variable.
    unsafe { GetSystemTimeAsFileTime(&raw mut time) };
    time.saturating_add_signed(active().clock.wall())
}

/// Lets time pass: by waiting, or virtually.
pub(super) fn pass(time: Duration) {
    if active().clock.is_virtual() {
        active().clock.advance(time);
    } else {
        std::thread::sleep(time);
    }
}

unsafe extern "system" fn get_tick_count_64() -> u64 {
    u64::try_from(uptime().saturating_add(active().clock.uptime()) / TICKS_PER_MILLISECOND).unwrap_or(0)
}

unsafe extern "system" fn get_tick_count() -> u32 {
    // SAFETY: no arguments.
    let ticks = unsafe { get_tick_count_64() };
    // Wraps every 49.7 days, as the original does.
    u32::try_from(ticks & u64::from(u32::MAX)).unwrap_or(0)
}

unsafe extern "system" fn query_unbiased_interrupt_time(place: *mut u64) -> Bool {
    let time = u64::try_from(uptime().saturating_add(active().clock.awake())).unwrap_or(0);
    // SAFETY: the caller gave room for the time.
    unsafe { put(place, time) };
    TRUE
}

unsafe extern "system" fn query_interrupt_time(place: *mut u64) {
    let time = u64::try_from(uptime().saturating_add(active().clock.uptime())).unwrap_or(0);
    // SAFETY: the caller gave room for the time.
    unsafe { put(place, time) };
}

unsafe extern "system" fn query_performance_counter(place: *mut i64) -> Bool {
    let mut count = 0;
    // SAFETY: writes into our own variable.
    unsafe { QueryPerformanceCounter(&raw mut count) };
    let mut frequency = 0;
    // SAFETY: as above.
    unsafe { QueryPerformanceFrequency(&raw mut frequency) };
    let offset = i128::from(active().clock.uptime()) * i128::from(frequency) / 10_000_000;
    let count = i64::try_from(i128::from(count) + offset).unwrap_or(i64::MAX);
    // SAFETY: the caller gave room for the count.
    unsafe { put(place, count) };
    TRUE
}

unsafe extern "system" fn get_system_time(place: *mut u64) {
    // SAFETY: the caller gave room for a FILETIME; `put` does not mind its alignment.
    unsafe { put(place, wall()) };
}

unsafe extern "system" fn get_system_time_parts(place: *mut c_void) {
    let time = wall();
    // SAFETY: reads our variable; the caller gave room for a SYSTEMTIME.
    unsafe { FileTimeToSystemTime(&raw const time, place) };
}

/// Whether this wait is to be skipped; then the clocks have gone on.
fn skip(milliseconds: u32) -> bool {
    let clock = &active().clock;
    if milliseconds == 0 || milliseconds == INFINITE || !clock.is_virtual() {
        return false;
    }
    clock.advance(Duration::from_millis(milliseconds.into()));
    true
}

unsafe extern "system" fn sleep(milliseconds: u32) {
    let real = if skip(milliseconds) { 1 } else { milliseconds };
    // SAFETY: a number.
    unsafe { Sleep(real) };
}

unsafe extern "system" fn sleep_ex(milliseconds: u32, alertable: Bool) -> u32 {
    let real = if skip(milliseconds) { 1 } else { milliseconds };
    // SAFETY: numbers.
    unsafe { SleepEx(real, alertable) }
}

unsafe extern "system" fn wait_for_single_object(handle: *mut c_void, milliseconds: u32) -> u32 {
    // SAFETY: the caller's own call, passed on.
    unsafe { wait_for_single_object_ex(handle, milliseconds, 0) }
}

/// What is signalled soon still counts: a virtual wait gives the others one millisecond before time goes on.
unsafe extern "system" fn wait_for_single_object_ex(
    handle: *mut c_void,
    milliseconds: u32,
    alertable: Bool,
) -> u32 {
    let is_virtual = active().clock.is_virtual() && milliseconds != INFINITE;
    let real = if is_virtual { milliseconds.min(1) } else { milliseconds };
    // SAFETY: the caller's own call with a shorter time.
    let result = unsafe { WaitForSingleObjectEx(handle, real, alertable) };
    if result == WAIT_TIMEOUT {
        skip(milliseconds);
    }
    result
}

unsafe extern "system" fn sleep_condition_variable(
    condition: *mut c_void,
    lock: *mut c_void,
    milliseconds: u32,
    flags: u32,
) -> Bool {
    let is_virtual = active().clock.is_virtual() && milliseconds != INFINITE;
    let real = if is_virtual { milliseconds.min(1) } else { milliseconds };
    // SAFETY: the caller's own call with a shorter time.
    let result = unsafe { SleepConditionVariableSRW(condition, lock, real, flags) };
    if result == 0 {
        skip(milliseconds);
    }
    result
}

/// SystemTimeOfDayInformation holds the time of the start, from which programs tell one start from another.
unsafe extern "system" fn query_system_information(
    class: u32,
    place: *mut c_void,
    size: u32,
    needed: *mut u32,
) -> i32 {
    const TIME_OF_DAY: u32 = 3;
    // SAFETY: the caller's own call, passed on.
    let status = unsafe { NtQuerySystemInformation(class, place, size, needed) };
    if class == TIME_OF_DAY && status >= 0 && size >= 16 {
        let now = i64::try_from(wall()).unwrap_or(0);
        let boot = now - uptime() - active().clock.uptime() + i64::from(active().world().boot_id);
        let times: *mut i64 = place.cast();
        // SAFETY: the structure begins with the times of start and of now, and was just filled in.
        unsafe { put(times, boot) };
        // SAFETY: as above.
        unsafe { put(times.wrapping_add(1), now) };
    }
    status
}
