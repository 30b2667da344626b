//! Starts a program suspended, loads a DLL copy of this very program into it, and lets it go on.

use std::ffi::c_void;
use std::io;
use std::os::windows::ffi::OsStrExt;
use std::os::windows::io::AsRawHandle;
use std::os::windows::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use windows::Win32::Foundation::{CloseHandle, HANDLE, WAIT_OBJECT_0};
use windows::Win32::System::Diagnostics::Debug::WriteProcessMemory;
use windows::Win32::System::LibraryLoader::{GetModuleHandleW, GetProcAddress};
use windows::Win32::System::Memory::{
    MEM_COMMIT, MEM_RELEASE, MEM_RESERVE, PAGE_READWRITE, VirtualAllocEx, VirtualFreeEx,
};
use windows::Win32::System::Threading::{
    CREATE_SUSPENDED, CreateRemoteThread, GetExitCodeThread, WaitForSingleObject,
};
use windows::core::{s, w};

use crate::redirect;
use crate::world::World;

/// How long the loader of a new process may take.
const LOADER_MS: u32 = 60_000;
/// The names inside the temporary folder.
const DLL: &str = "logon-world.dll";
const WORLD: &str = "world.txt";

#[link(name = "ntdll")]
unsafe extern "system" {
    fn NtResumeProcess(process: HANDLE) -> i32;
}
unsafe extern "C" {
    /// Applies what the linker left for the start-up code of a program.
    fn _pei386_runtime_relocator();
    /// Runs the constructors, once.
    fn __main();
}

/// Runs `program` under the world of the file `world`; returns its exit code.
///
/// # Errors
/// When the program is not found, cannot be started, or cannot be brought under the world.
pub fn run(world: Option<&Path>, program: &str, arguments: &[String]) -> io::Result<i32> {
    let folder = TemporaryFolder::new()?;
    let world = world.map(std::path::absolute).transpose()?;
    std::fs::write(folder.0.join(WORLD), world.unwrap_or_default().as_os_str().as_encoded_bytes())?;
    let dll = folder.0.join(DLL);
    std::fs::write(&dll, own_image_as_dll()?)?;
    let mut child = Command::new(program).args(arguments).creation_flags(CREATE_SUSPENDED.0).spawn()?;
    let process = HANDLE(child.as_raw_handle());
    if let Err(error) = inject(process, &dll) {
        child.kill()?;
        return Err(error);
    }
    // SAFETY: the handle is the child's, which is ours and suspended.
    if unsafe { NtResumeProcess(process) } < 0 {
        child.kill()?;
        return Err(io::Error::other("the program could not be resumed"));
    }
    Ok(child.wait()?.code().unwrap_or(-1))
}

struct TemporaryFolder(PathBuf);

impl TemporaryFolder {
    fn new() -> io::Result<Self> {
        let clock = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        let name = format!("logon-host-{}-{}", std::process::id(), clock.subsec_nanos());
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir(&path)?;
        Ok(Self(path))
    }
}

impl Drop for TemporaryFolder {
    fn drop(&mut self) {
        // A child that still runs keeps the DLL open; then the folder stays in the temporary folder.
        let _stays_at_worst = std::fs::remove_dir_all(&self.0);
    }
}

fn own_image_as_dll() -> io::Result<Vec<u8>> {
    let mut image = std::fs::read(std::env::current_exe()?)?;
    // SAFETY: no name means the program, which is always loaded.
    let base = unsafe { GetModuleHandleW(None) }?.0.addr();
    let entry = (entry as *const c_void).addr() - base;
    let entry = u32::try_from(entry).map_err(io::Error::other)?;
    super::image::make_dll(&mut image, entry).map_err(io::Error::other)?;
    Ok(image)
}

/// Lets the process, whose first thread has not run yet, load the DLL; its loader binds the program's imports first.
fn inject(process: HANDLE, dll: &Path) -> io::Result<()> {
    let path: Vec<u16> = dll.as_os_str().encode_wide().chain([0]).collect();
    let size = path.len() * 2;
    // SAFETY: asks for fresh memory in the child.
    let remote = unsafe { VirtualAllocEx(process, None, size, MEM_COMMIT | MEM_RESERVE, PAGE_READWRITE) };
    if remote.is_null() {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: `path` has `size` bytes and so has the memory.
    unsafe { WriteProcessMemory(process, remote, path.as_ptr().cast(), size, None) }?;
    let loaded = remote_load(process, remote);
    // SAFETY: the memory was allocated above, and the thread that read it has ended.
    let _child_may_be_gone = unsafe { VirtualFreeEx(process, remote, 0, MEM_RELEASE) };
    loaded
}

fn remote_load(process: HANDLE, path: *mut c_void) -> io::Result<()> {
    // SAFETY: kernel32 is loaded in every process, at the same address.
    let kernel = unsafe { GetModuleHandleW(w!("kernel32.dll")) }?;
    // SAFETY: the module is loaded.
    let load = unsafe { GetProcAddress(kernel, s!("LoadLibraryW")) }
        .ok_or_else(|| io::Error::other("kernel32 has no LoadLibraryW"))?;
    // SAFETY: LoadLibraryW takes one pointer and returns a pointer-sized value, as a thread's start does.
    let start = unsafe {
        std::mem::transmute::<
            unsafe extern "system" fn() -> isize,
            unsafe extern "system" fn(*mut c_void) -> u32,
        >(load)
    };
    // SAFETY: the start address is valid in the child, as kernel32 lies at the same address there; the argument lives until the end.
    let thread = unsafe { CreateRemoteThread(process, None, 0, Some(start), Some(path), 0, None) }?;
    // SAFETY: the thread's handle is ours.
    let waited = unsafe { WaitForSingleObject(thread, LOADER_MS) };
    let mut module = 0;
    // SAFETY: as above.
    let asked = unsafe { GetExitCodeThread(thread, &raw mut module) };
    // SAFETY: as above, and not used again.
    let _closed = unsafe { CloseHandle(thread) };
    asked?;
    if waited != WAIT_OBJECT_0 || module == 0 {
        return Err(io::Error::other("the program could not be brought under the world"));
    }
    Ok(())
}

/// Where the DLL lies that children of this process load.
static OWN_DLL: OnceLock<PathBuf> = OnceLock::new();

fn inject_child(process: *mut c_void) -> bool {
    let process = HANDLE(process);
    OWN_DLL.get().is_some_and(|dll| inject(process, dll).is_ok())
}

/// The entry point of the DLL copy, inside a program that was started.
unsafe extern "system" fn entry(_module: *mut c_void, reason: u32, _reserved: *mut c_void) -> i32 {
    const PROCESS_ATTACH: u32 = 1;
    if reason != PROCESS_ATTACH {
        return 1;
    }
    // SAFETY: what the start-up code of the program would have done; here the loader calls this entry instead of it.
    unsafe { _pei386_runtime_relocator() };
    // SAFETY: as above.
    unsafe { __main() };
    let begun = std::panic::catch_unwind(begin);
    i32::from(matches!(begun, Ok(Ok(()))))
}

fn begin() -> io::Result<()> {
    let dll = redirect::own_path();
    let named = dll.with_file_name(WORLD);
    let path = String::from_utf8(std::fs::read(named)?).map_err(io::Error::other)?;
    let world = if path.is_empty() {
        World::default()
    } else {
        World::read(Path::new(&path)).map_err(io::Error::other)?
    };
    redirect::activate(world, true);
    let _only_here = OWN_DLL.set(dll);
    redirect::set_injector(inject_child);
    redirect::redirect_program();
    Ok(())
}
