//! Time.

use core::time::Duration;

use agent::ports::{BootId, Clock, Random as _};
use windows::Win32::Foundation::FILETIME;
use windows::Win32::System::SystemInformation::{GetSystemTimeAsFileTime, GetTickCount64};
use windows::Win32::System::Threading::Sleep;

use crate::random::SystemRandom;
use crate::storage::Key;

/// Windows' clocks. Each function is imported by name, so that a test's host can play another time.
#[derive(Debug, Clone, Copy, Default)]
pub struct WindowsClock;

/// 1970 in FILETIME's units of 100 ns since 1601, and how many of these make a second.
const UNIX_EPOCH: i64 = 116_444_736_000_000_000;
const PER_SECOND: i64 = 10_000_000;

/// A key that Windows forgets when it shuts down, with a random text in it: no number that Windows offers is both
/// documented and certain to differ after a restart.
const BOOT_KEY: &str = r"SOFTWARE\TRASA\Boot";
const BOOT_KEY_ABOVE: &str = r"SOFTWARE\TRASA";
const BOOT_VALUE: &str = "Id";

impl Clock for WindowsClock {
    fn unix_seconds(&self) -> i64 {
        // SAFETY: no preconditions.
        unix_seconds(unsafe { GetSystemTimeAsFileTime() })
    }

    fn ticks(&self) -> Duration {
        // SAFETY: no preconditions.
        Duration::from_millis(unsafe { GetTickCount64() })
    }

    /// Empty for a process that may not write there and comes before the first one that may.
    fn boot_id(&self) -> BootId {
        let read = || Key::open(BOOT_KEY).and_then(|key| key.text(BOOT_VALUE)).ok();
        BootId(read().or_else(make_boot_id).unwrap_or_default())
    }

    fn sleep(&self, time: Duration) {
        let milliseconds = u32::try_from(time.as_millis()).unwrap_or(u32::MAX - 1);
        // SAFETY: no preconditions.
        unsafe { Sleep(milliseconds) };
    }
}

/// A FILETIME in Unix seconds.
pub(crate) fn unix_seconds(time: FILETIME) -> i64 {
    let units = (u64::from(time.dwHighDateTime) << 32) | u64::from(time.dwLowDateTime);
    i64::try_from(units).unwrap_or(i64::MAX).saturating_sub(UNIX_EPOCH).div_euclid(PER_SECOND)
}

fn make_boot_id() -> Option<String> {
    let mut bytes = [0; 16];
    SystemRandom.fill(&mut bytes).ok()?;
    let id = protocol::encoding::encode(&bytes);
    // Windows would make the key above volatile as well, and nothing lasting could be kept below it.
    drop(Key::create(BOOT_KEY_ABOVE).ok()?);
    let key = Key::create_volatile(BOOT_KEY).ok()?;
    // Another process may have been quicker: then its text is the one.
    if let Ok(there) = key.text(BOOT_VALUE) {
        return Some(there);
    }
    key.set_text(BOOT_VALUE, &id).ok()?;
    Some(id)
}
