//! Program files: which version they say they are, and whether a credential provider's DLL loads.

use core::ffi::c_void;
use std::path::Path;

use windows::Win32::Foundation::{FreeLibrary, HMODULE};
use windows::Win32::Storage::FileSystem::{
    GetFileVersionInfoSizeW, GetFileVersionInfoW, VS_FIXEDFILEINFO, VerQueryValueW,
};
use windows::Win32::System::Com::IClassFactory;
use windows::Win32::System::LibraryLoader::{
    GetProcAddress, LOAD_LIBRARY_SEARCH_DLL_LOAD_DIR, LOAD_LIBRARY_SEARCH_SYSTEM32,
    LOAD_WITH_ALTERED_SEARCH_PATH, LoadLibraryExW,
};
use windows::core::{GUID, HRESULT, Interface as _, s, w};

use crate::wide::Wide;
use crate::win_error;

/// The version in a file's resources, as `major.minor.build`; nothing where it has none.
#[must_use]
pub fn file_version(path: &Path) -> Option<String> {
    let path = Wide::new(path.to_str()?)?;
    // SAFETY: the path ends with a zero.
    let size = unsafe { GetFileVersionInfoSizeW(path.as_pcwstr(), None) };
    if size == 0 {
        return None;
    }
    // In words of four bytes, so that what lies in it is aligned.
    let mut block = vec![0u32; usize::try_from(size).ok()?.div_ceil(4)];
    // SAFETY: the block has at least `size` bytes.
    unsafe { GetFileVersionInfoW(path.as_pcwstr(), None, size, block.as_mut_ptr().cast()) }.ok()?;
    let (mut found, mut length) = (core::ptr::null_mut::<c_void>(), 0u32);
    // SAFETY: the block is what GetFileVersionInfoW filled; the name is a constant.
    let there = unsafe { VerQueryValueW(block.as_ptr().cast(), w!("\\"), &raw mut found, &raw mut length) };
    if !there.as_bool() || found.is_null() || usize::try_from(length).ok()? < size_of::<VS_FIXEDFILEINFO>() {
        return None;
    }
    // SAFETY: `found` points at so many bytes inside the block, at a four-byte boundary, as the format says; read
    // unaligned so that no more than that has to hold.
    let info = unsafe { found.cast::<VS_FIXEDFILEINFO>().read_unaligned() };
    let (ms, ls) = (info.dwFileVersionMS, info.dwFileVersionLS);
    Some(format!("{}.{}.{}", ms >> 16, ms & 0xffff, ls >> 16))
}

/// Why a DLL is no class's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LoadFault {
    /// Windows does not load it; the Win32 code says why.
    NotLoaded(u32),
    /// It does not export what a COM server must.
    NoExport,
    /// It has no such class; the HRESULT says why.
    NoClass(i32),
}

type GetClassObject = unsafe extern "system" fn(*const GUID, *const GUID, *mut *mut c_void) -> HRESULT;

/// Loads a DLL as LogonUI does, asks it for a class, and lets go of both.
///
/// # Errors
/// [`LoadFault`].
pub fn load_class(path: &Path, clsid: u128) -> Result<(), LoadFault> {
    let library = Library::load(path)?;
    // SAFETY: the module is loaded; the name is a constant.
    let export = unsafe { GetProcAddress(library.0, s!("DllGetClassObject")) };
    let export = export.ok_or(LoadFault::NoExport)?;
    // SAFETY: COM fixes what a function of this name takes and returns.
    let get = unsafe { core::mem::transmute::<unsafe extern "system" fn() -> isize, GetClassObject>(export) };
    let mut factory = core::ptr::null_mut();
    // SAFETY: both ids and the place for the pointer live through the call.
    let result = unsafe { get(&GUID::from_u128(clsid), &IClassFactory::IID, &raw mut factory) };
    if result.is_err() || factory.is_null() {
        return Err(LoadFault::NoClass(result.0));
    }
    // SAFETY: on success this is a class factory whose reference is ours; it is released before the DLL goes.
    drop(unsafe { IClassFactory::from_raw(factory) });
    Ok(())
}

/// A loaded DLL, let go of on drop.
struct Library(HMODULE);

impl Library {
    fn load(path: &Path) -> Result<Self, LoadFault> {
        let path = path.to_str().and_then(Wide::new).ok_or(LoadFault::NotLoaded(0))?;
        let load = |flags| {
            // SAFETY: the path ends with a zero. What the DLL runs when it is loaded is what LogonUI would run.
            unsafe { LoadLibraryExW(path.as_pcwstr(), None, flags) }
        };
        // Windows 7 without its update of 2011 knows the second way only.
        load(LOAD_LIBRARY_SEARCH_DLL_LOAD_DIR | LOAD_LIBRARY_SEARCH_SYSTEM32)
            .or_else(|_| load(LOAD_WITH_ALTERED_SEARCH_PATH))
            .map(Self)
            .map_err(|error| LoadFault::NotLoaded(win_error::code_of(&error)))
    }
}

impl Drop for Library {
    fn drop(&mut self) {
        // SAFETY: loaded by us, let go of here only.
        let _stays_loaded_at_worst = unsafe { FreeLibrary(self.0) };
    }
}
