//! Keeps this module in the process once code of ours may run that nobody waits for.

use std::sync::Once;

use windows::Win32::Foundation::HMODULE;
use windows::Win32::System::LibraryLoader::{
    GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS, GET_MODULE_HANDLE_EX_FLAG_PIN, GetModuleHandleExW,
};
use windows::core::PCWSTR;

/// WinHTTP may call back while a closed handle is taken down, after the exchange has returned, and a look-up thread may
/// still wait for a domain controller. A DLL that was unloaded by then would run where nothing is mapped any more.
pub(crate) fn pin() {
    static PINNED: Once = Once::new();
    PINNED.call_once(|| {
        let mut module = HMODULE::default();
        let here: fn() = pin;
        let address = PCWSTR(here as *const u16);
        // SAFETY: with FROM_ADDRESS the "name" is only taken as an address, and it is one inside this module.
        let pinned = unsafe {
            GetModuleHandleExW(
                GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS | GET_MODULE_HANDLE_EX_FLAG_PIN,
                address,
                &raw mut module,
            )
        };
        debug_assert!(pinned.is_ok(), "the module of this very code is loaded");
    });
}
