//! The DLL, loaded as Windows loads it, whether this machine is armed or not.

use core::ffi::c_void;
use core::ptr::{null, null_mut};
use std::os::windows::ffi::OsStrExt as _;
use windows::Win32::Foundation::{E_NOTIMPL, E_POINTER, FreeLibrary, HMODULE, S_FALSE, S_OK};
use windows::Win32::System::Com::IClassFactory;
use windows::Win32::System::LibraryLoader::{GetModuleHandleW, GetProcAddress, LoadLibraryW};
use windows::Win32::UI::Shell::*;
use windows::core::{GUID, HRESULT, Interface, PCSTR, PCWSTR, s, w};

const PROVIDER: GUID = GUID::from_u128(0x7B1F3C52_5E0B_4C7E_9A36_2D64D1A5C0E1);
const FILTER: GUID = GUID::from_u128(0x7B1F3C52_5E0B_4C7E_9A36_2D64D1A5C0E2);

type GetClassObject = unsafe extern "system" fn(*const GUID, *const GUID, *mut *mut c_void) -> HRESULT;
type CanUnloadNow = unsafe extern "system" fn() -> HRESULT;

struct Library {
    module: HMODULE,
    get_class_object: GetClassObject,
    can_unload_now: CanUnloadNow,
}

impl Library {
    fn load() -> Self {
        let path: Vec<u16> = super::dll().as_os_str().encode_wide().chain([0]).collect();
        // SAFETY: zero-terminated; the DLL's start does nothing.
        let module = unsafe { LoadLibraryW(PCWSTR(path.as_ptr())) }.expect("the DLL loads");
        let find = |name: PCSTR| {
            // SAFETY: the module is loaded and the name is zero-terminated.
            unsafe { GetProcAddress(module, name) }.expect("exported")
        };
        // SAFETY: the signature that COM gives this export.
        let get_class_object = unsafe {
            core::mem::transmute::<unsafe extern "system" fn() -> isize, GetClassObject>(find(s!(
                "DllGetClassObject"
            )))
        };
        // SAFETY: as above.
        let can_unload_now = unsafe {
            core::mem::transmute::<unsafe extern "system" fn() -> isize, CanUnloadNow>(find(s!(
                "DllCanUnloadNow"
            )))
        };
        Self { module, get_class_object, can_unload_now }
    }

    fn factory(&self, class: GUID) -> IClassFactory {
        let mut factory = null_mut();
        // SAFETY: all pointers are good.
        unsafe { (self.get_class_object)(&raw const class, &IClassFactory::IID, &raw mut factory) }.unwrap();
        // SAFETY: given to us, with a reference.
        unsafe { IClassFactory::from_raw(factory) }
    }

    fn create<T: Interface>(&self, class: GUID) -> T {
        // SAFETY: a class factory that works.
        unsafe { self.factory(class).CreateInstance(None) }.unwrap()
    }

    fn can_unload(&self) -> HRESULT {
        // SAFETY: it takes nothing.
        unsafe { (self.can_unload_now)() }
    }
}

/// One test, since there is one module and its counts in the process.
#[test]
fn it_is_loaded_used_and_unloaded() {
    for _ in 0..3 {
        let library = Library::load();
        assert_eq!(library.can_unload(), S_OK);
        exports_take_nulls(&library);
        a_provider_is_inert_where_windows_is_at_home(&library);
        a_filter_changes_nothing_there(&library);
        objects_and_locks_keep_it_loaded(&library);
        assert_eq!(library.can_unload(), S_OK);
        // SAFETY: nothing of it is used any more.
        unsafe { FreeLibrary(library.module) }.unwrap();
        // SAFETY: the name is zero-terminated.
        assert!(unsafe { GetModuleHandleW(w!("TrasaCP.dll")) }.is_err(), "it is gone");
    }
}

fn exports_take_nulls(library: &Library) {
    let mut object = null_mut();
    // SAFETY: null or good, each of them.
    let answers = unsafe {
        [
            (library.get_class_object)(null(), &IClassFactory::IID, &raw mut object),
            (library.get_class_object)(&PROVIDER, null(), &raw mut object),
            (library.get_class_object)(&PROVIDER, &IClassFactory::IID, null_mut()),
        ]
    };
    assert_eq!(answers, [E_POINTER; 3]);
}

fn a_provider_is_inert_where_windows_is_at_home(library: &Library) {
    let provider: ICredentialProvider = library.create(PROVIDER);
    for usage in [CPUS_INVALID, CPUS_CHANGE_PASSWORD, CPUS_CREDUI, CPUS_PLAP] {
        // SAFETY: a provider that works.
        let refused = unsafe { provider.SetUsageScenario(usage, 0) };
        assert_eq!(refused.unwrap_err().code(), E_NOTIMPL, "{usage:?}");
    }
    // SAFETY: a provider that works.
    assert!(unsafe { provider.GetCredentialAt(0) }.is_err());
}

fn a_filter_changes_nothing_there(library: &Library) {
    let filter: ICredentialProviderFilter = library.create(FILTER);
    let mut allow = [windows::core::BOOL(1); 2];
    // SAFETY: both arrays have two entries.
    unsafe { filter.Filter(CPUS_PLAP, 0, [PROVIDER, FILTER].as_ptr(), allow.as_mut_ptr(), 2) }.unwrap();
    assert!(allow.iter().all(|allowed| allowed.as_bool()));
    // SAFETY: a filter that works.
    let refused = unsafe { (filter.vtable().UpdateRemoteCredential)(filter.as_raw(), null(), null_mut()) };
    assert_eq!(refused, E_NOTIMPL);
}

fn objects_and_locks_keep_it_loaded(library: &Library) {
    let factory = library.factory(PROVIDER);
    assert_eq!(library.can_unload(), S_FALSE, "a factory");
    // SAFETY: a class factory that works.
    unsafe { factory.LockServer(true) }.unwrap();
    drop(factory);
    assert_eq!(library.can_unload(), S_FALSE, "a lock");
    let factory = library.factory(FILTER);
    // SAFETY: a class factory that works.
    unsafe { factory.LockServer(false) }.unwrap();
    // SAFETY: as above; once too often, which changes nothing.
    unsafe { factory.LockServer(false) }.unwrap();
    drop(factory);
    assert_eq!(library.can_unload(), S_OK);
    let filter: ICredentialProviderFilter = library.create(FILTER);
    assert_eq!(library.can_unload(), S_FALSE, "an object");
    drop(filter);
}
