//! When the DLL may go.
//!
//! Objects, locks and workers are counted apart: a worker outlives the object that started it when LogonUI drops the
//! tile while a server is asked, and it must not outlive the code that it runs.

use core::sync::atomic::{AtomicUsize, Ordering};
use windows::Win32::Foundation::{FreeLibrary, HMODULE};
use windows::Win32::System::LibraryLoader::{
    FreeLibraryAndExitThread, GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS, GetModuleHandleExW,
};
use windows::core::PCWSTR;

static OBJECTS: AtomicUsize = AtomicUsize::new(0);
static LOCKS: AtomicUsize = AtomicUsize::new(0);
static WORKERS: AtomicUsize = AtomicUsize::new(0);

/// Whether nothing of this DLL is in use.
pub(super) fn is_idle() -> bool {
    [&OBJECTS, &LOCKS, &WORKERS].iter().all(|count| count.load(Ordering::Acquire) == 0)
}

/// IClassFactory::LockServer. An unlock without a lock changes nothing.
pub(super) fn lock(locked: bool) {
    let step = |count: usize| if locked { count.checked_add(1) } else { count.checked_sub(1) };
    let _ = LOCKS.fetch_update(Ordering::AcqRel, Ordering::Acquire, step);
}

/// Held by every COM object of this DLL.
#[derive(Debug)]
pub(crate) struct ObjectCount(());

impl ObjectCount {
    pub(crate) fn new() -> Self {
        OBJECTS.fetch_add(1, Ordering::AcqRel);
        Self(())
    }
}

impl Drop for ObjectCount {
    fn drop(&mut self) {
        OBJECTS.fetch_sub(1, Ordering::AcqRel);
    }
}

/// Held by a worker thread: a reference of its own to this DLL, and a place in the count.
#[derive(Debug)]
pub(crate) struct ModuleReference {
    module: HMODULE,
}

// SAFETY: a module handle is an address that is good in every thread of the process.
unsafe impl Send for ModuleReference {}

impl ModuleReference {
    /// Takes one. `None` if Windows does not give it; no worker may be started then.
    pub(crate) fn take() -> Option<Self> {
        let here: fn() -> bool = is_idle;
        let mut module = HMODULE::default();
        // SAFETY: with FROM_ADDRESS the name is taken as an address, and this one lies in the DLL's own code.
        unsafe {
            GetModuleHandleExW(
                GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS,
                PCWSTR(here as *const u16),
                &raw mut module,
            )
        }
        .ok()?;
        WORKERS.fetch_add(1, Ordering::AcqRel);
        Some(Self { module })
    }

    /// Gives the reference back on a thread that goes on, in code that somebody else keeps loaded.
    pub(crate) fn give_back(self) {
        WORKERS.fetch_sub(1, Ordering::AcqRel);
        // SAFETY: taken by `take`, given back once. The caller's own code stays: LogonUI is calling into it.
        let _ = unsafe { FreeLibrary(self.module) };
    }

    /// Gives the reference back and ends the calling thread. It must own nothing any more: its destructors do not run.
    pub(crate) fn exit_thread(self) -> ! {
        WORKERS.fetch_sub(1, Ordering::AcqRel);
        // SAFETY: the reference was taken by `take` and is given back once; this very call is made from kernel32's
        // code on, so that the DLL may be gone when the thread ends.
        unsafe { FreeLibraryAndExitThread(self.module, 0) }
    }
}
