//! The Windows event log.

use agent::ports::{Event, EventLog, Level};
use windows::Win32::Foundation::HANDLE;
use windows::Win32::System::EventLog::{
    DeregisterEventSource, EVENTLOG_ERROR_TYPE, EVENTLOG_INFORMATION_TYPE, EVENTLOG_WARNING_TYPE,
    RegisterEventSourceW, ReportEventW,
};
use windows::core::{PCWSTR, w};

use crate::wide::Wide;

/// Source `TRASA` of the application log.
#[derive(Debug, Clone, Copy, Default)]
pub struct WindowsEventLog;

impl EventLog for WindowsEventLog {
    fn write(&self, event: &Event) {
        let (Some(source), Some(text)) = (Source::open(), Wide::new(event.text())) else { return };
        let kind = match event.level() {
            Level::Information => EVENTLOG_INFORMATION_TYPE,
            Level::Warning => EVENTLOG_WARNING_TYPE,
            Level::Error => EVENTLOG_ERROR_TYPE,
        };
        // SAFETY: the source is open; the one string ends with a zero and lives through the call.
        let _an_entry_that_cannot_be_written_is_lost =
            unsafe { ReportEventW(source.0, kind, 0, event.id(), None, 0, Some(&[text.as_pcwstr()]), None) };
    }
}

/// Opened for each entry: they are rare, and a kept handle would go stale with the event log service.
struct Source(HANDLE);

impl Source {
    fn open() -> Option<Self> {
        // SAFETY: a null server is this machine; the name is a constant.
        unsafe { RegisterEventSourceW(PCWSTR::null(), w!("TRASA")) }.ok().map(Self)
    }
}

impl Drop for Source {
    fn drop(&mut self) {
        // SAFETY: ours, closed here only.
        let _only_fails_when_closed = unsafe { DeregisterEventSource(self.0) };
    }
}
