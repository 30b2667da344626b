//! Modules and their import tables.

use std::ffi::c_void;
use std::path::{Path, PathBuf};

use windows::Win32::Foundation::HMODULE;
use windows::Win32::System::LibraryLoader::{GetModuleFileNameW, GetModuleHandleW};
use windows::Win32::System::Memory::{PAGE_PROTECTION_FLAGS, PAGE_READWRITE, VirtualProtect};

use super::memory::{Bool, put_text};
use super::{stand_in, stands};

stands! {
    "GetProcAddress" => get_proc_address,
    "LoadLibraryW" => load_library_w,
    "LoadLibraryExW" => load_library_ex_w,
    "LoadLibraryA" => load_library_a,
    "LoadLibraryExA" => load_library_ex_a,
    "GetModuleFileNameW" => get_module_file_name_w,
}

#[link(name = "kernel32")]
unsafe extern "system" {
    fn GetProcAddress(module: *mut c_void, name: *const u8) -> *const c_void;
    fn LoadLibraryExW(name: *const u16, file: *mut c_void, flags: u32) -> *mut c_void;
    fn LoadLibraryExA(name: *const u8, file: *mut c_void, flags: u32) -> *mut c_void;
    #[link_name = "GetModuleFileNameW"]
    fn GetModuleFileNameRaw(module: *mut c_void, name: *mut u16, size: u32) -> u32;
    #[link_name = "K32EnumProcessModules"]
    fn EnumProcessModules(
        process: *mut c_void,
        modules: *mut *mut c_void,
        size: u32,
        needed: *mut u32,
    ) -> Bool;
    fn GetCurrentProcess() -> *mut c_void;
}

/// Redirects the imports of one loaded module; returns how many.
pub fn redirect_module(module: HMODULE) -> usize {
    let Some(image) = image_of(module) else {
        return 0;
    };
    // The table is read as a whole first: the slots that are written lie in the same memory.
    let slots: Vec<(usize, *const c_void)> = crate::pe::imports(image)
        .into_iter()
        .filter_map(|import| stand_in(&import.name).map(|function| (import.slot, function)))
        .collect();
    slots.into_iter().filter(|(slot, function)| write_slot(module, *slot, *function)).count()
}

/// The module as it lies in memory.
fn image_of(module: HMODULE) -> Option<&'static [u8]> {
    let base: *const u8 = module.0.cast_const().cast();
    if base.is_null() {
        return None;
    }
    // SAFETY: a module handle is the address of the module's first page, at least as long as its headers.
    let head = unsafe { std::slice::from_raw_parts(base, 0x400) };
    let nt = head.get(0x3c..).and_then(|it| it.first_chunk()).map(|it| u32::from_le_bytes(*it) as usize)?;
    // SizeOfImage lies 56 bytes into the optional header.
    let size = head
        .get(nt + 24 + 56..)
        .and_then(|it| it.first_chunk())
        .map(|it| u32::from_le_bytes(*it) as usize)?;
    // SAFETY: the loader mapped so many bytes. The module stays loaded while its imports are redirected, and only slots of the
    // import table are written, after the slice was read.
    Some(unsafe { std::slice::from_raw_parts(base, size) })
}

fn write_slot(module: HMODULE, slot: usize, function: *const c_void) -> bool {
    let place: *mut *const c_void = module.0.wrapping_byte_add(slot).cast();
    let mut before = PAGE_PROTECTION_FLAGS(0);
    // SAFETY: the slot lies in the module, whose bounds were checked when its table was read.
    if unsafe { VirtualProtect(place.cast(), 8, PAGE_READWRITE, &raw mut before) }.is_err() {
        return false;
    }
    // SAFETY: the page is writable now; slots are aligned to their size.
    unsafe { place.write_volatile(function) };
    // SAFETY: gives the page its old protection back.
    let _stays_writable_at_worst = unsafe { VirtualProtect(place.cast(), 8, before, &raw mut before) };
    true
}

/// Redirects the program itself and each module that lies outside the system's folder, except the one that holds this code.
pub fn redirect_program() -> usize {
    // SAFETY: no name means the program.
    let program = unsafe { GetModuleHandleW(None) }.unwrap_or_default();
    let own = own_module();
    let mut count = if program == own { 0 } else { redirect_module(program) };
    for module in loaded_modules() {
        if module != own && module != program && !is_of_system(module) {
            count += redirect_module(module);
        }
    }
    count
}

/// The module that this code lies in.
pub(super) fn own_module() -> HMODULE {
    use windows::Win32::System::LibraryLoader::{
        GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS, GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT,
        GetModuleHandleExW,
    };
    let mut module = HMODULE::default();
    let flags = GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS | GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT;
    let address = windows::core::PCWSTR((own_module as *const c_void).cast());
    // SAFETY: with this flag the name is an address inside a module, and a function of ours is one.
    let _null_at_worst = unsafe { GetModuleHandleExW(flags, address, &raw mut module) };
    module
}

fn loaded_modules() -> Vec<HMODULE> {
    let mut modules = vec![std::ptr::null_mut::<c_void>(); 1024];
    let mut needed = 0;
    let size = u32::try_from(modules.len() * size_of::<*mut c_void>()).unwrap_or(0);
    // SAFETY: no arguments; a constant.
    let process = unsafe { GetCurrentProcess() };
    // SAFETY: the list has `size` bytes.
    if unsafe { EnumProcessModules(process, modules.as_mut_ptr(), size, &raw mut needed) } == 0 {
        return Vec::new();
    }
    modules.truncate(needed as usize / size_of::<*mut c_void>());
    modules.into_iter().map(HMODULE).collect()
}

fn is_of_system(module: HMODULE) -> bool {
    let system = std::env::var_os("SystemRoot").map_or_else(|| PathBuf::from(r"C:\windows"), PathBuf::from);
    let lower = |path: &Path| path.to_string_lossy().to_lowercase();
    lower(&path_of(module)).starts_with(&lower(&system))
}

/// The file of a module.
pub(super) fn path_of(module: HMODULE) -> PathBuf {
    let mut path = [0; 1024];
    // SAFETY: writes into our own buffer.
    let length = unsafe { GetModuleFileNameW(Some(module), &mut path) };
    PathBuf::from(String::from_utf16_lossy(path.get(..length as usize).unwrap_or(&[])))
}

unsafe extern "system" fn get_proc_address(module: *mut c_void, name: *const u8) -> *const c_void {
    // SAFETY: the caller's own call, passed on.
    let real = unsafe { GetProcAddress(module, name) };
    // An ordinal is a small number in place of a name.
    if name.addr() < 0x1_0000 {
        return real;
    }
    // SAFETY: not an ordinal, so a zero-terminated name.
    let name = unsafe { std::ffi::CStr::from_ptr(name.cast()) };
    // Also for functions that this system lacks: supplying them is what the world is for. Not for a library of the program's own.
    let supplied = name.to_str().ok().and_then(stand_in).filter(|_| is_of_system(HMODULE(module)));
    supplied.unwrap_or(real)
}

/// After a library was loaded, whatever came with it is redirected.
fn loaded(module: *mut c_void) -> *mut c_void {
    if !module.is_null() && !is_of_system(HMODULE(module)) {
        redirect_program();
    }
    module
}

unsafe extern "system" fn load_library_w(name: *const u16) -> *mut c_void {
    // SAFETY: the caller's own call, passed on.
    loaded(unsafe { LoadLibraryExW(name, std::ptr::null_mut(), 0) })
}

unsafe extern "system" fn load_library_ex_w(name: *const u16, file: *mut c_void, flags: u32) -> *mut c_void {
    const AS_DATA: u32 = 0x02 | 0x20 | 0x40;
    // SAFETY: the caller's own call, passed on.
    let module = unsafe { LoadLibraryExW(name, file, flags) };
    if flags & AS_DATA == 0 { loaded(module) } else { module }
}

unsafe extern "system" fn load_library_a(name: *const u8) -> *mut c_void {
    // SAFETY: the caller's own call, passed on.
    loaded(unsafe { LoadLibraryExA(name, std::ptr::null_mut(), 0) })
}

unsafe extern "system" fn load_library_ex_a(name: *const u8, file: *mut c_void, flags: u32) -> *mut c_void {
    const AS_DATA: u32 = 0x02 | 0x20 | 0x40;
    // SAFETY: the caller's own call, passed on.
    let module = unsafe { LoadLibraryExA(name, file, flags) };
    if flags & AS_DATA == 0 { loaded(module) } else { module }
}

/// The program may be made to look like consent.exe.
unsafe extern "system" fn get_module_file_name_w(module: *mut c_void, name: *mut u16, size: u32) -> u32 {
    const ERROR_INSUFFICIENT_BUFFER: u32 = 122;
    if !module.is_null() || !super::active().world().process.consent {
        // SAFETY: the caller's own call, passed on.
        return unsafe { GetModuleFileNameRaw(module, name, size) };
    }
    let root = std::env::var("SystemRoot").unwrap_or_else(|_| r"C:\windows".to_owned());
    let path = format!(r"{root}\System32\consent.exe");
    // SAFETY: the caller says that its buffer has `size` units.
    if unsafe { put_text(name, size, &path) } {
        return super::memory::length(&path);
    }
    super::memory::fail(ERROR_INSUFFICIENT_BUFFER);
    size
}

/// The file that this code was loaded from.
pub fn own_path() -> PathBuf {
    path_of(own_module())
}
