//! The thread that works while the window stays alive.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};
use windows::Win32::Foundation::{HWND, LPARAM, WPARAM};
use windows::Win32::UI::WindowsAndMessaging::{PostMessageW, WM_APP};

/// Something came from the worker.
pub(super) const WM_WORKER: u32 = WM_APP;

/// Where a worker sends to, with the window to wake.
pub(super) struct Wire<T> {
    send: Sender<T>,
    window: isize,
}

impl<T> Wire<T> {
    /// Sends and wakes the window.
    pub(super) fn send(&self, what: T) {
        // Without a receiver the window is gone, and nobody waits.
        let _gone = self.send.send(what);
        self.wake();
    }

    fn wake(&self) {
        let window = HWND(core::ptr::without_provenance_mut(self.window.cast_unsigned()));
        // SAFETY: a message may be posted to any window from any thread; a window that is gone refuses it.
        let _gone = unsafe { PostMessageW(Some(window), WM_WORKER, WPARAM(0), LPARAM(0)) };
    }
}

impl<T> Drop for Wire<T> {
    /// Also where the worker panicked: the window must not wait for ever.
    fn drop(&mut self) {
        self.wake();
    }
}

/// A worker as the window sees it.
pub(super) struct Worker<T> {
    receive: Receiver<T>,
    cancelled: Arc<AtomicBool>,
}

/// What the window finds when it was woken.
pub(super) enum Heard<T> {
    /// This.
    Message(T),
    /// Nothing more for now.
    Nothing,
    /// The worker is gone.
    Gone,
}

impl<T: Send + 'static> Worker<T> {
    /// Starts `work` on a thread of its own.
    pub(super) fn start(window: HWND, work: impl FnOnce(&Wire<T>, &AtomicBool) + Send + 'static) -> Self {
        let (send, receive) = channel();
        let cancelled = Arc::new(AtomicBool::new(false));
        let wire = Wire { send, window: window.0.addr().cast_signed() };
        let flag = cancelled.clone();
        std::thread::spawn(move || work(&wire, &flag));
        Self { receive, cancelled }
    }

    /// Nobody waits any more.
    pub(super) fn cancel(&self) {
        self.cancelled.store(true, Ordering::Relaxed);
    }

    /// What came.
    pub(super) fn hear(&self) -> Heard<T> {
        match self.receive.try_recv() {
            Ok(message) => Heard::Message(message),
            Err(TryRecvError::Empty) => Heard::Nothing,
            Err(TryRecvError::Disconnected) => Heard::Gone,
        }
    }
}
