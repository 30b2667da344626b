//! Child processes come under the same world.

use std::ffi::c_void;
use std::sync::OnceLock;

use super::memory::{Bool, TRUE, fail};
use super::stands;

stands! {
    "CreateProcessW" => create_process_w,
    "CreateProcessA" => create_process_a,
}

/// Brings a suspended process under the world; false: it could not.
pub type Injector = fn(process: *mut c_void) -> bool;

static INJECTOR: OnceLock<Injector> = OnceLock::new();

/// Says how children are brought under the world; without it they are left alone, as inside the host.
pub fn set_injector(injector: Injector) {
    let _first_one_stays = INJECTOR.set(injector);
}

const CREATE_SUSPENDED: u32 = 4;
const ERROR_BAD_EXE_FORMAT: u32 = 193;

/// PROCESS_INFORMATION.
#[repr(C)]
struct Information {
    process: *mut c_void,
    thread: *mut c_void,
    process_id: u32,
    thread_id: u32,
}

#[link(name = "kernel32")]
unsafe extern "system" {
    fn CreateProcessW(
        program: *const u16,
        line: *mut u16,
        process: *const c_void,
        thread: *const c_void,
        inherit: Bool,
        flags: u32,
        environment: *const c_void,
        folder: *const u16,
        startup: *const c_void,
        information: *mut Information,
    ) -> Bool;
    fn CreateProcessA(
        program: *const u8,
        line: *mut u8,
        process: *const c_void,
        thread: *const c_void,
        inherit: Bool,
        flags: u32,
        environment: *const c_void,
        folder: *const u8,
        startup: *const c_void,
        information: *mut Information,
    ) -> Bool;
    fn ResumeThread(thread: *mut c_void) -> u32;
    fn TerminateProcess(process: *mut c_void, code: u32) -> Bool;
    fn CloseHandle(handle: *mut c_void) -> Bool;
}

unsafe extern "system" fn create_process_w(
    program: *const u16,
    line: *mut u16,
    process: *const c_void,
    thread: *const c_void,
    inherit: Bool,
    flags: u32,
    environment: *const c_void,
    folder: *const u16,
    startup: *const c_void,
    information: *mut Information,
) -> Bool {
    // SAFETY: the caller's own call, passed on with one flag more.
    let created = unsafe {
        CreateProcessW(
            program,
            line,
            process,
            thread,
            inherit,
            flags | CREATE_SUSPENDED,
            environment,
            folder,
            startup,
            information,
        )
    };
    // SAFETY: a successful call filled the caller's structure.
    if created == 0 { created } else { unsafe { adopt(information, flags) } }
}

unsafe extern "system" fn create_process_a(
    program: *const u8,
    line: *mut u8,
    process: *const c_void,
    thread: *const c_void,
    inherit: Bool,
    flags: u32,
    environment: *const c_void,
    folder: *const u8,
    startup: *const c_void,
    information: *mut Information,
) -> Bool {
    // SAFETY: the caller's own call, passed on with one flag more.
    let created = unsafe {
        CreateProcessA(
            program,
            line,
            process,
            thread,
            inherit,
            flags | CREATE_SUSPENDED,
            environment,
            folder,
            startup,
            information,
        )
    };
    // SAFETY: a successful call filled the caller's structure.
    if created == 0 { created } else { unsafe { adopt(information, flags) } }
}

/// # Safety
/// `information` was filled by a successful CreateProcess.
unsafe fn adopt(information: *const Information, flags: u32) -> Bool {
    // SAFETY: the caller's promise.
    let child = unsafe { &*information };
    if INJECTOR.get().is_some_and(|inject| !inject(child.process)) {
        // A program outside the world would see other accounts than its parent: better none.
        // SAFETY: a process that was just created for us and has not run yet.
        unsafe { TerminateProcess(child.process, 126) };
        // SAFETY: the caller learns that there is no process, so the handles are ours to close.
        unsafe { CloseHandle(child.thread) };
        // SAFETY: as above.
        unsafe { CloseHandle(child.process) };
        return fail(ERROR_BAD_EXE_FORMAT);
    }
    if flags & CREATE_SUSPENDED == 0 {
        // SAFETY: the thread was created suspended by us.
        unsafe { ResumeThread(child.thread) };
    }
    TRUE
}
