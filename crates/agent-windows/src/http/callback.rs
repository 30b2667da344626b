//! What WinHTTP reports about an exchange, written where the waiting thread sees it.

use core::cell::UnsafeCell;
use core::ffi::c_void;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use windows::Win32::Networking::WinHttp::{
    WINHTTP_ASYNC_RESULT, WINHTTP_CALLBACK_STATUS_CONNECTED_TO_SERVER,
    WINHTTP_CALLBACK_STATUS_CONNECTING_TO_SERVER, WINHTTP_CALLBACK_STATUS_HANDLE_CLOSING,
    WINHTTP_CALLBACK_STATUS_HEADERS_AVAILABLE, WINHTTP_CALLBACK_STATUS_READ_COMPLETE,
    WINHTTP_CALLBACK_STATUS_REQUEST_ERROR, WINHTTP_CALLBACK_STATUS_SENDING_REQUEST,
    WINHTTP_CALLBACK_STATUS_SENDREQUEST_COMPLETE, WINHTTP_CALLBACK_STATUS_WRITE_COMPLETE, WinHttpCloseHandle,
};
use zeroize::Zeroizing;

use super::AcceptedKeys;
use super::certificate::ServerCertificate;
use protocol::encoding::Sha256;

/// Bytes that one read takes at most.
pub(super) const READ_CHUNK: usize = 8 * 1024;

/// The end of one asynchronous step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    Sent,
    Written,
    Headers,
    /// So many bytes are in the read buffer; zero is the end of the body.
    Read(usize),
    /// WinHTTP's error number.
    Failed(u32),
}

/// How far the exchange is, as far as WinHTTP has told.
#[derive(Debug, Default)]
pub(super) struct Progress {
    pub(super) step: Option<Step>,
    /// The name is resolved: WinHTTP began to connect.
    pub(super) connecting: bool,
    /// When the connection stood (at once for a reused one).
    pub(super) connected: Option<Instant>,
    /// A key that is not accepted, seen before the headers.
    pub(super) refused: Option<Sha256>,
}

/// A WinHTTP request handle, closed by whoever takes it out.
struct RequestHandle(*mut c_void);

// SAFETY: WinHTTP handles may be used from any thread; the mutex around it keeps a call and the closing apart.
unsafe impl Send for RequestHandle {}

/// Shared by the waiting thread and WinHTTP's callbacks; WinHTTP's share ends with HANDLE_CLOSING.
pub(super) struct Shared {
    handle: Mutex<Option<RequestHandle>>,
    /// A callback wanted to close while the waiting thread was inside a call.
    close_wanted: AtomicBool,
    progress: Mutex<Progress>,
    changed: Condvar,
    accepted: AcceptedKeys,
    /// Owned here because WinHTTP may read it until the handle is gone.
    body: Zeroizing<Vec<u8>>,
    read_buffer: UnsafeCell<[u8; READ_CHUNK]>,
}

// SAFETY: everything but `read_buffer` is Sync by itself. WinHTTP writes the buffer between a read's begin and its end
// (READ_COMPLETE, or the closing of the handle); the waiting thread touches it only after READ_COMPLETE, which it learns
// through the mutex around `progress`.
unsafe impl Sync for Shared {}

impl Shared {
    pub(super) fn new(accepted: AcceptedKeys, body: Zeroizing<Vec<u8>>) -> Arc<Self> {
        Arc::new(Self {
            handle: Mutex::new(None),
            close_wanted: AtomicBool::new(false),
            progress: Mutex::new(Progress::default()),
            changed: Condvar::new(),
            accepted,
            body,
            read_buffer: UnsafeCell::new([0; READ_CHUNK]),
        })
    }

    pub(super) fn accepted(&self) -> &AcceptedKeys {
        &self.accepted
    }

    /// Lives until HANDLE_CLOSING, as WinHTTP asks.
    pub(super) fn body(&self) -> &[u8] {
        &self.body
    }

    /// Where WinHTTP writes what it reads: `READ_CHUNK` bytes.
    pub(super) fn read_buffer(&self) -> *mut u8 {
        self.read_buffer.get().cast()
    }

    pub(super) fn progress(&self) -> MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn changed(&self) -> &Condvar {
        &self.changed
    }

    /// Takes over the handle that was just opened.
    pub(super) fn adopt(&self, request: *mut c_void) {
        *self.lock_handle() = Some(RequestHandle(request));
    }

    /// Runs `call` with the open handle; nothing once it is closed. The handle cannot be closed meanwhile.
    pub(super) fn with_handle<R>(&self, call: impl FnOnce(*mut c_void) -> R) -> Option<R> {
        let mut guard = self.lock_handle();
        let result = guard.as_ref().map(|handle| call(handle.0));
        if self.close_wanted.load(Ordering::Acquire) {
            close(guard.take());
            return None;
        }
        result
    }

    /// Ends the exchange; harmless when it has ended.
    pub(super) fn close(&self) {
        let handle = self.lock_handle().take();
        close(handle);
    }

    fn lock_handle(&self) -> MutexGuard<'_, Option<RequestHandle>> {
        self.handle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Closes from inside a callback, which may run on a thread that holds the lock: then that thread closes.
    fn close_from_callback(&self) {
        self.close_wanted.store(true, Ordering::Release);
        if let Ok(mut guard) = self.handle.try_lock() {
            close(guard.take());
        }
    }

    fn report(&self, change: impl FnOnce(&mut Progress)) {
        change(&mut self.progress());
        self.changed.notify_all();
    }

    /// The handshake is done and no header has left: a key that is not accepted ends it here.
    fn compare_key(&self, request: *mut c_void) {
        // SAFETY: WinHTTP calls back with a handle that is open for as long as the callback runs.
        let certificate = unsafe { ServerCertificate::of_request(request) };
        // None: a proxy's CONNECT comes before the handshake. The comparison before the body is the one that must see a key.
        let Some(key) = certificate.and_then(|certificate| certificate.key_hash()) else {
            return;
        };
        if !self.accepted.accepts(&key) {
            self.report(|progress| progress.refused = Some(key));
            self.close_from_callback();
        }
    }
}

fn close(handle: Option<RequestHandle>) {
    if let Some(handle) = handle {
        // SAFETY: the handle came from WinHttpOpenRequest, was taken out of its only place, and is not used again.
        let _only_fails_when_closed = unsafe { WinHttpCloseHandle(handle.0) };
    }
}

/// WinHTTP's status callback of every request handle.
///
/// # Safety
/// For WinHTTP only: `context` is zero or what `Arc::into_raw` gave for a `Shared`, until HANDLE_CLOSING gives it back.
pub(super) unsafe extern "system" fn on_status(
    request: *mut c_void,
    context: usize,
    status: u32,
    information: *mut c_void,
    length: u32,
) {
    let shared = core::ptr::with_exposed_provenance::<Shared>(context);
    if shared.is_null() {
        return;
    }
    if status == WINHTTP_CALLBACK_STATUS_HANDLE_CLOSING {
        // SAFETY: the last callback of this handle; it ends the share that was given away when the context was set.
        drop(unsafe { Arc::from_raw(shared) });
        return;
    }
    // SAFETY: before HANDLE_CLOSING the share of WinHTTP keeps the value alive.
    let shared = unsafe { &*shared };
    match status {
        WINHTTP_CALLBACK_STATUS_CONNECTING_TO_SERVER => shared.report(|progress| progress.connecting = true),
        WINHTTP_CALLBACK_STATUS_CONNECTED_TO_SERVER => {
            shared.report(|progress| progress.connected = Some(Instant::now()));
        }
        WINHTTP_CALLBACK_STATUS_SENDING_REQUEST => {
            shared.report(|progress| {
                progress.connected.get_or_insert_with(Instant::now);
            });
            shared.compare_key(request);
        }
        WINHTTP_CALLBACK_STATUS_SENDREQUEST_COMPLETE => {
            shared.report(|progress| progress.step = Some(Step::Sent))
        }
        WINHTTP_CALLBACK_STATUS_WRITE_COMPLETE => {
            shared.report(|progress| progress.step = Some(Step::Written))
        }
        WINHTTP_CALLBACK_STATUS_HEADERS_AVAILABLE => {
            shared.report(|progress| progress.step = Some(Step::Headers))
        }
        WINHTTP_CALLBACK_STATUS_READ_COMPLETE => {
            let read = usize::try_from(length).unwrap_or(0);
            shared.report(|progress| progress.step = Some(Step::Read(read)));
        }
        WINHTTP_CALLBACK_STATUS_REQUEST_ERROR => {
            // SAFETY: with this status WinHTTP passes a WINHTTP_ASYNC_RESULT that lives as long as the callback.
            let error =
                unsafe { information.cast::<WINHTTP_ASYNC_RESULT>().as_ref() }.map_or(0, |it| it.dwError);
            shared.report(|progress| progress.step = Some(Step::Failed(error)));
        }
        _ => {}
    }
}
