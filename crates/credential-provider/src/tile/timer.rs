//! A timer on the tile's own thread.
//!
//! What a worker changed has to be drawn by the thread that the tile belongs to. LogonUI's threads run message loops,
//! so a timer without a window reaches it; nothing is shown for it and no other process can send to it.

use super::Stage;
use crate::com::{Fault, ObjectCount, guarded};
use std::cell::RefCell;
use std::sync::{Arc, Weak};
use windows::Win32::Foundation::HWND;
use windows::Win32::UI::WindowsAndMessaging::{KillTimer, SetTimer};

/// How often a tile looks whether something changed.
const PERIOD_MS: u32 = 100;

struct Entry {
    id: usize,
    stage: Weak<Stage>,
    /// Windows knows a function of this DLL while the timer runs.
    _count: ObjectCount,
}

thread_local! {
    #[allow(clippy::missing_const_for_thread_local, reason = "it is const; the lint does not see that on this target")]
    static ENTRIES: RefCell<Vec<Entry>> = const { RefCell::new(Vec::new()) };
}

/// Runs until it is dropped.
#[derive(Debug)]
pub(super) struct Timer {
    id: usize,
}

impl Timer {
    /// Starts one on this thread. `None` if Windows has none left: the tile then draws when it is called.
    pub(super) fn start(stage: &Arc<Stage>) -> Option<Self> {
        // SAFETY: no window is needed for a timer with a function, and `on_timer` has the right signature.
        let id = unsafe { SetTimer(None, 0, PERIOD_MS, Some(on_timer)) };
        if id == 0 {
            return None;
        }
        let entry = Entry { id, stage: Arc::downgrade(stage), _count: ObjectCount::new() };
        ENTRIES.with_borrow_mut(|entries| entries.push(entry));
        Some(Self { id })
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        stop(self.id);
    }
}

fn stop(id: usize) {
    // SAFETY: a timer without a window is named by its id, on the thread that made it; elsewhere the call fails.
    let stopped = unsafe { KillTimer(None, id) }.is_ok();
    if stopped {
        // The thread may be ending; its list is gone then, and with it the entry.
        let _ = ENTRIES.try_with(|entries| {
            if let Ok(mut entries) = entries.try_borrow_mut() {
                entries.retain(|entry| entry.id != id);
            }
        });
    }
}

unsafe extern "system" fn on_timer(_window: HWND, _message: u32, id: usize, _time: u32) {
    let _ = guarded("timer", || {
        let stage =
            ENTRIES.with_borrow(|entries| entries.iter().find(|e| e.id == id).map(|e| e.stage.clone()));
        match stage.as_ref().and_then(Weak::upgrade) {
            Some(stage) => stage.tick(),
            // The tile was let go on another thread, where this timer could not be stopped.
            None => stop(id),
        }
        Ok::<(), Fault>(())
    });
}
