//! A provider's DLL: found, loaded, redirected, unloaded.

use std::ffi::c_void;
use std::path::{Path, PathBuf};
use std::ptr::null_mut;

use windows::Win32::Foundation::{FreeLibrary, HMODULE};
use windows::Win32::System::Com::IClassFactory;
use windows::Win32::System::LibraryLoader::{
    GetModuleHandleW, GetProcAddress, LOAD_WITH_ALTERED_SEARCH_PATH, LoadLibraryExW,
};
use windows::Win32::System::Registry::{
    HKEY, HKEY_CLASSES_ROOT, HKEY_LOCAL_MACHINE, RRF_RT_REG_SZ, RegCloseKey, RegEnumKeyW, RegGetValueW,
    RegOpenKeyW,
};
use windows::core::{GUID, HSTRING, Interface, PCSTR, PCWSTR, s};

use super::com::Answer;
use crate::redirect;

const AUTHENTICATION: &str = r"SOFTWARE\Microsoft\Windows\CurrentVersion\Authentication";

type GetClassObject = unsafe extern "system" fn(*const GUID, *const GUID, *mut *mut c_void) -> i32;
type CanUnloadNow = unsafe extern "system" fn() -> i32;

/// A loaded DLL whose imports are redirected.
pub(super) struct Library {
    module: HMODULE,
    path: PathBuf,
    get_class_object: GetClassObject,
    can_unload_now: Option<CanUnloadNow>,
    /// How many imports were redirected.
    pub(super) redirected: usize,
}

impl Library {
    /// Loads a DLL, and redirects it and what came with it.
    pub(super) fn load(path: &Path) -> Result<Self, String> {
        let path = std::path::absolute(path).map_err(|error| format!("{}: {error}", path.display()))?;
        let name = HSTRING::from(path.as_os_str());
        // SAFETY: loads a DLL, whose initialisation runs; that is what this program is for.
        let module = unsafe { LoadLibraryExW(&name, None, LOAD_WITH_ALTERED_SEARCH_PATH) }
            .map_err(|error| format!("{} cannot be loaded: {error}", path.display()))?;
        // The module itself even if it lies in the system's folder, as installed providers do.
        let redirected = redirect::redirect_module(module) + redirect::redirect_program();
        let Some(get_class_object) = export(module, s!("DllGetClassObject")) else {
            return Err(format!("{} has no DllGetClassObject", path.display()));
        };
        // SAFETY: the export of that name has that signature, by the rules of COM.
        let get_class_object = unsafe { std::mem::transmute::<Export, GetClassObject>(get_class_object) };
        // SAFETY: as above.
        let can_unload_now = export(module, s!("DllCanUnloadNow"))
            .map(|it| unsafe { std::mem::transmute::<Export, CanUnloadNow>(it) });
        Ok(Self { module, path, get_class_object, can_unload_now, redirected })
    }

    /// DllGetClassObject.
    pub(super) fn class_object(&self, clsid: &GUID, iid: &GUID, null: bool) -> Answer<*mut c_void> {
        let mut object = null_mut();
        let place = if null { null_mut() } else { &raw mut object };
        // SAFETY: the function lies in the module, which is loaded; the places are ours, or null on purpose.
        let code = unsafe { (self.get_class_object)(clsid, iid, place) };
        (code, object)
    }

    /// DllGetClassObject and IClassFactory::CreateInstance.
    pub(super) fn create<T: Interface>(&self, clsid: &GUID) -> Result<T, i32> {
        let (code, raw) = self.class_object(clsid, &IClassFactory::IID, false);
        if raw.is_null() {
            return Err(code);
        }
        // SAFETY: not null, so a class factory whose reference is ours.
        let factory = unsafe { IClassFactory::from_raw(raw) };
        // SAFETY: asks for no aggregation.
        unsafe { factory.CreateInstance(None) }.map_err(|error| error.code().0)
    }

    /// DllCanUnloadNow; a DLL without it is never unloaded.
    pub(super) fn can_unload_now(&self) -> i32 {
        // SAFETY: the function lies in the module, which is loaded.
        self.can_unload_now.map_or(1, |it| unsafe { it() })
    }

    /// FreeLibrary; says whether the module is gone.
    pub(super) fn unload(self) -> bool {
        // SAFETY: the handle is ours, and no object of the DLL is held any more by the host.
        let _gone_when_last = unsafe { FreeLibrary(self.module) };
        let name = HSTRING::from(self.path.as_os_str());
        // SAFETY: asks by name.
        unsafe { GetModuleHandleW(&name) }.is_err()
    }
}

type Export = unsafe extern "system" fn() -> isize;

fn export(module: HMODULE, name: PCSTR) -> Option<Export> {
    // SAFETY: the module is loaded and the name is zero-terminated.
    unsafe { GetProcAddress(module, name) }
}

/// A CLSID in braces, in capitals.
pub(super) fn braces(guid: &GUID) -> String {
    format!("{{{guid:?}}}")
}

/// Reads `{…}`, or the same without braces.
pub(super) fn parse_guid(text: &str) -> Option<GUID> {
    let inner = text.strip_prefix('{').and_then(|it| it.strip_suffix('}')).unwrap_or(text);
    GUID::try_from(inner).ok()
}

/// Where Windows would find the DLL of a registered provider or filter.
pub(super) fn registered(clsid: &GUID, list: &str) -> Result<PathBuf, String> {
    let clsid = braces(clsid);
    let key = format!(r"{AUTHENTICATION}\{list}\{clsid}");
    if !key_exists(HKEY_LOCAL_MACHINE, &key) {
        return Err(format!(r"{clsid} is not registered: there is no HKLM\{key}"));
    }
    let key = format!(r"CLSID\{clsid}\InprocServer32");
    read_text(HKEY_CLASSES_ROOT, &key).map(PathBuf::from).ok_or(format!(r"there is no HKCR\{key}"))
}

/// CLSIDs of the registered filters.
pub(super) fn registered_filters() -> Vec<GUID> {
    let name = HSTRING::from(format!(r"{AUTHENTICATION}\Credential Provider Filters"));
    let mut key = HKEY::default();
    // SAFETY: the name is zero-terminated and the place is ours.
    if unsafe { RegOpenKeyW(HKEY_LOCAL_MACHINE, &name, &raw mut key) }.is_err() {
        return Vec::new();
    }
    let mut found = Vec::new();
    let mut name = [0; 64];
    // SAFETY: the key is open and the buffer ours.
    while unsafe { RegEnumKeyW(key, u32::try_from(found.len()).unwrap_or(0), Some(&mut name)) }.is_ok() {
        let end = name.iter().position(|it| *it == 0).unwrap_or(name.len());
        found.push(String::from_utf16_lossy(&name[..end]));
    }
    // SAFETY: the key is ours and not used again.
    let _closed = unsafe { RegCloseKey(key) };
    found.iter().filter_map(|it| parse_guid(it)).collect()
}

fn key_exists(root: HKEY, key: &str) -> bool {
    let mut opened = HKEY::default();
    let key = HSTRING::from(key);
    // SAFETY: the name is zero-terminated and the place is ours.
    let exists = unsafe { RegOpenKeyW(root, &key, &raw mut opened) }.is_ok();
    if exists {
        // SAFETY: the key is ours and not used again.
        let _closed = unsafe { RegCloseKey(opened) };
    }
    exists
}

fn read_text(root: HKEY, key: &str) -> Option<String> {
    let key = HSTRING::from(key);
    let mut text = [0u16; 1024];
    let mut size = u32::try_from(size_of_val(&text)).ok()?;
    let place = Some(text.as_mut_ptr().cast());
    // SAFETY: the names are zero-terminated and the buffer has `size` bytes.
    unsafe { RegGetValueW(root, &key, PCWSTR::null(), RRF_RT_REG_SZ, None, place, Some(&raw mut size)) }
        .ok()
        .ok()?;
    let end = text.iter().position(|it| *it == 0)?;
    Some(String::from_utf16_lossy(&text[..end]))
}
