//! Threads that hold the DLL.

use crate::com::{Fault, ModuleReference, guarded};
use core::ffi::c_void;
use windows::Win32::Foundation::CloseHandle;
use windows::Win32::System::Threading::{CreateThread, THREAD_CREATION_FLAGS};

type Body = Box<dyn FnOnce() + Send>;

/// What a thread is given.
struct Start {
    body: Body,
    module: ModuleReference,
}

/// Runs `body` on a thread of its own. Says whether it could be started.
///
/// CreateThread and not `std::thread`: such a thread has work to do after its closure, in code that may be gone then.
pub(crate) fn start(body: impl FnOnce() + Send + 'static) -> bool {
    let Some(module) = ModuleReference::take() else { return false };
    let start = Box::into_raw(Box::new(Start { body: Box::new(body), module }));
    // SAFETY: `run` takes the box over; it lives on the heap until then.
    let thread =
        unsafe { CreateThread(None, 0, Some(run), Some(start.cast()), THREAD_CREATION_FLAGS(0), None) };
    match thread {
        Ok(thread) => {
            // SAFETY: the handle is ours and not used again; the thread runs on without it.
            let _ = unsafe { CloseHandle(thread) };
            true
        }
        Err(_) => {
            // SAFETY: no thread was made, so the box is still ours alone.
            let start = unsafe { Box::from_raw(start) };
            start.module.give_back();
            false
        }
    }
}

/// First and last function of a worker thread.
unsafe extern "system" fn run(start: *mut c_void) -> u32 {
    // SAFETY: `start` is the box that `start()` made for this thread, and for it alone.
    let Start { body, module } = *unsafe { Box::from_raw(start.cast::<Start>()) };
    let _ = guarded("worker", || {
        body();
        Ok::<(), Fault>(())
    });
    module.exit_thread()
}
