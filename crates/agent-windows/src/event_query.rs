//! Entries of Windows' event logs, newest first, as the XML that Windows renders.

use windows::Win32::System::EventLog::{
    EVT_HANDLE, EvtClose, EvtNext, EvtQuery, EvtQueryChannelPath, EvtQueryReverseDirection, EvtRender,
    EvtRenderEventXml,
};

use crate::wide::{Wide, text_until_zero};

/// Longest rendered entry that is taken, in bytes.
const MAX_ENTRY_BYTES: u32 = 64 * 1024;
/// How long one entry may take.
const PATIENCE_MS: u32 = 2_000;

/// Up to `most` entries of a log (`System`, `Application`) that an XPath query selects. Nothing where
/// Windows does not say.
#[must_use]
pub fn newest_events(log: &str, query: &str, most: usize) -> Option<Vec<String>> {
    let (log, query) = (Wide::new(log)?, Wide::new(query)?);
    let flags = EvtQueryChannelPath.0 | EvtQueryReverseDirection.0;
    // SAFETY: no session is this machine; both texts end with a zero and live through the call.
    let found = unsafe { EvtQuery(None, log.as_pcwstr(), query.as_pcwstr(), flags) }.ok().map(Handle)?;
    let mut entries = Vec::new();
    while entries.len() < most {
        let Some(event) = next(&found) else { break };
        entries.extend(render(&event));
    }
    Some(entries)
}

/// A handle of the event log's, closed on drop.
struct Handle(EVT_HANDLE);

impl Drop for Handle {
    fn drop(&mut self) {
        // SAFETY: ours, closed here only.
        let _only_fails_when_closed = unsafe { EvtClose(self.0) };
    }
}

fn next(found: &Handle) -> Option<Handle> {
    let mut events = [0isize; 1];
    let mut count = 0;
    // SAFETY: the result set is open; the list has the one place that its length says.
    unsafe { EvtNext(found.0, &mut events, PATIENCE_MS, 0, &raw mut count) }.ok()?;
    let [event] = events;
    (count == 1 && event != 0).then_some(Handle(EVT_HANDLE(event)))
}

fn render(event: &Handle) -> Option<String> {
    let (mut used, mut properties) = (0u32, 0u32);
    let mut units = vec![0u16; MAX_ENTRY_BYTES as usize / 2];
    // SAFETY: the event is open; the buffer has so many bytes.
    unsafe {
        EvtRender(
            None,
            event.0,
            EvtRenderEventXml.0,
            MAX_ENTRY_BYTES,
            Some(units.as_mut_ptr().cast()),
            &raw mut used,
            &raw mut properties,
        )
    }
    .ok()?;
    Some(text_until_zero(&units))
}
