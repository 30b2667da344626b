//! What the DLL exports. There is no DllMain: nothing has to happen when the DLL comes or goes, and nothing that could
//! wait or fail may happen then.

use super::{Fault, factory, guard, install_panic_hook, lifetime, out};
use core::ffi::c_void;
use windows::Win32::Foundation::{S_FALSE, S_OK};
use windows_core::{GUID, HRESULT};

/// The class factory of provider or filter.
///
/// # Safety
/// As COM's contract says: each pointer is null or good for its type.
#[unsafe(no_mangle)]
unsafe extern "system" fn DllGetClassObject(
    class: *const GUID,
    iid: *const GUID,
    object: *mut *mut c_void,
) -> HRESULT {
    install_panic_hook();
    guard("DllGetClassObject", || {
        out(object, core::ptr::null_mut())?;
        // SAFETY: null or a GUID of the caller's.
        let class = unsafe { class.as_ref() }.ok_or(Fault::NullPointer)?;
        let factory = factory::factory_of(class)?;
        // SAFETY: null or the caller's.
        unsafe { factory::query(&factory, iid, object) }
    })
}

/// `S_OK` once no object, lock or worker is left.
#[unsafe(no_mangle)]
extern "system" fn DllCanUnloadNow() -> HRESULT {
    if lifetime::is_idle() { S_OK } else { S_FALSE }
}
