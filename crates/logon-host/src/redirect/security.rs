//! Access control lists: kept beside the world, because Wine gives back other ones than were set.

use std::ffi::c_void;
use std::path::{Path, PathBuf};
use std::ptr::null_mut;

use super::acl_store::Store;
use super::memory::{Bool, TRUE, fail, get, put, units, wide};
use super::{stands, tokens};
use crate::world::acl::{Descriptor, List};

stands! {
    "GetNamedSecurityInfoW" => get_named_security_info,
    "SetNamedSecurityInfoW" => set_named_security_info,
    "CreateFileW" => create_file,
    "CreateDirectoryW" => create_directory,
    "DeleteFileW" => delete_file,
    "MoveFileExW" => move_file,
}

const SUCCESS: u32 = 0;
const ERROR_FILE_NOT_FOUND: u32 = 2;
const ERROR_ALREADY_EXISTS: u32 = 183;
const ERROR_INVALID_ACL: u32 = 1336;
const ERROR_CANNOT_SAVE: u32 = 29;

/// SE_OBJECT_TYPE.
const FILE: u32 = 1;
const REGISTRY_KEY: u32 = 4;
/// SECURITY_INFORMATION.
const OWNER: u32 = 1;
const GROUP: u32 = 2;
const DACL: u32 = 4;
const PROTECTED_DACL: u32 = 0x8000_0000;

type Handle = *mut c_void;

#[link(name = "advapi32")]
unsafe extern "system" {
    fn GetNamedSecurityInfoW(
        name: *const u16,
        kind: u32,
        which: u32,
        owner: *mut Handle,
        group: *mut Handle,
        dacl: *mut Handle,
        sacl: *mut Handle,
        descriptor: *mut Handle,
    ) -> u32;
    fn SetNamedSecurityInfoW(
        name: *const u16,
        kind: u32,
        which: u32,
        owner: Handle,
        group: Handle,
        dacl: Handle,
        sacl: Handle,
    ) -> u32;
    fn ConvertStringSecurityDescriptorToSecurityDescriptorW(
        text: *const u16,
        revision: u32,
        descriptor: *mut Handle,
        size: *mut u32,
    ) -> Bool;
    fn GetSecurityDescriptorOwner(descriptor: Handle, owner: *mut Handle, defaulted: *mut Bool) -> Bool;
    fn GetSecurityDescriptorGroup(descriptor: Handle, group: *mut Handle, defaulted: *mut Bool) -> Bool;
    fn GetSecurityDescriptorDacl(
        descriptor: Handle,
        present: *mut Bool,
        dacl: *mut Handle,
        defaulted: *mut Bool,
    ) -> Bool;
    fn GetSecurityDescriptorControl(descriptor: Handle, control: *mut u16, revision: *mut u32) -> Bool;
}
#[link(name = "kernel32")]
unsafe extern "system" {
    fn CreateFileW(
        name: *const u16,
        access: u32,
        share: u32,
        attributes: *const Attributes,
        disposition: u32,
        flags: u32,
        template: Handle,
    ) -> Handle;
    fn CreateDirectoryW(name: *const u16, attributes: *const Attributes) -> Bool;
    fn DeleteFileW(name: *const u16) -> Bool;
    fn MoveFileExW(from: *const u16, to: *const u16, flags: u32) -> Bool;
    fn LocalFree(memory: Handle) -> Handle;
    fn GetLastError() -> u32;
    fn SetLastError(code: u32);
}

/// SECURITY_ATTRIBUTES.
#[repr(C)]
#[derive(Clone, Copy)]
pub(super) struct Attributes {
    length: u32,
    descriptor: Handle,
    inherit: Bool,
}

/// What a name means to the store.
enum Named {
    File(PathBuf),
    Key(String),
}

fn named(name: &str, kind: u32) -> Option<Named> {
    match kind {
        FILE => Some(Named::File(PathBuf::from(name))),
        REGISTRY_KEY => Some(Named::Key(name.to_owned())),
        _ => None,
    }
}

impl Named {
    fn exists(&self) -> bool {
        match self {
            Self::File(path) => path.symlink_metadata().is_ok(),
            // Names begin with MACHINE or USERS; whether there is such a key, the caller knows who has just opened it.
            Self::Key(_) => true,
        }
    }

    fn get(&self, store: &Store) -> Descriptor {
        match self {
            Self::File(path) => store.of_file(path),
            Self::Key(path) => store.of_key(path),
        }
    }

    fn set(&self, store: &mut Store, descriptor: &Descriptor) -> std::io::Result<()> {
        match self {
            Self::File(path) => store.set_file(path, descriptor),
            Self::Key(path) => store.set_key(path, descriptor),
        }
    }
}

unsafe extern "system" fn get_named_security_info(
    name: *const u16,
    kind: u32,
    which: u32,
    owner: *mut Handle,
    group: *mut Handle,
    dacl: *mut Handle,
    sacl: *mut Handle,
    descriptor: *mut Handle,
) -> u32 {
    // SAFETY: the caller passes a zero-terminated name.
    let Some(object) = named(&unsafe { wide(name) }, kind) else {
        // SAFETY: the caller's own call, passed on.
        return unsafe { GetNamedSecurityInfoW(name, kind, which, owner, group, dacl, sacl, descriptor) };
    };
    if !object.exists() {
        return ERROR_FILE_NOT_FOUND;
    }
    let Ok(store) = Store::open() else {
        return ERROR_CANNOT_SAVE;
    };
    let mut found = object.get(&store);
    drop(store);
    found.owner.take_if(|_| which & OWNER == 0);
    found.group.take_if(|_| which & GROUP == 0);
    found.list.take_if(|_| which & DACL == 0);
    let Some(made) = make(&found) else {
        return ERROR_INVALID_ACL;
    };
    let mut parts = (null_mut(), null_mut(), null_mut());
    let mut ignored = 0;
    // SAFETY: the descriptor was just made; the places are ours.
    unsafe { GetSecurityDescriptorOwner(made, &raw mut parts.0, &raw mut ignored) };
    // SAFETY: as above.
    unsafe { GetSecurityDescriptorGroup(made, &raw mut parts.1, &raw mut ignored) };
    let mut present = 0;
    // SAFETY: as above.
    unsafe { GetSecurityDescriptorDacl(made, &raw mut present, &raw mut parts.2, &raw mut ignored) };
    for (place, part) in [(owner, parts.0), (group, parts.1), (dacl, parts.2), (sacl, null_mut())] {
        // SAFETY: the caller's places, or null.
        unsafe { put(place, part) };
    }
    // SAFETY: the caller frees the descriptor by LocalFree, which is how it was made.
    unsafe { put(descriptor, made) };
    SUCCESS
}

/// A descriptor in memory that LocalFree frees.
fn make(descriptor: &Descriptor) -> Option<Handle> {
    let text = units(&descriptor.to_string());
    let mut made = null_mut();
    // SAFETY: the text is zero-terminated and the place ours.
    let ok = unsafe {
        ConvertStringSecurityDescriptorToSecurityDescriptorW(text.as_ptr(), 1, &raw mut made, null_mut())
    };
    (ok != 0).then_some(made)
}

unsafe extern "system" fn set_named_security_info(
    name: *const u16,
    kind: u32,
    which: u32,
    owner: Handle,
    group: Handle,
    dacl: Handle,
    sacl: Handle,
) -> u32 {
    // SAFETY: the caller passes a zero-terminated name.
    let Some(object) = named(&unsafe { wide(name) }, kind) else {
        // SAFETY: the caller's own call, passed on.
        return unsafe { SetNamedSecurityInfoW(name, kind, which, owner, group, dacl, sacl) };
    };
    if !object.exists() {
        return ERROR_FILE_NOT_FOUND;
    }
    let Ok(mut store) = Store::open() else {
        return ERROR_CANNOT_SAVE;
    };
    let mut descriptor = object.get(&store);
    if which & OWNER != 0 {
        // SAFETY: with this flag the caller passes a SID.
        descriptor.owner = unsafe { sid_text(owner) };
    }
    if which & GROUP != 0 {
        // SAFETY: as above.
        descriptor.group = unsafe { sid_text(group) };
    }
    if which & DACL != 0 {
        // SAFETY: with this flag the caller passes a list, or null for none.
        match unsafe { read_list(dacl, which & PROTECTED_DACL != 0) } {
            Ok(list) => descriptor.list = list,
            Err(code) => return code,
        }
    }
    if object.set(&mut store, &descriptor).is_ok() { SUCCESS } else { ERROR_CANNOT_SAVE }
}

/// # Safety
/// `sid` is null or points at a SID.
unsafe fn sid_text(sid: Handle) -> Option<String> {
    if sid.is_null() {
        return None;
    }
    // SAFETY: the caller's promise.
    unsafe { tokens::read_sid(sid) }.map(|it| it.to_string())
}

/// # Safety
/// `acl` is null or points at an ACL, which says its own size.
unsafe fn read_list(acl: Handle, is_protected: bool) -> Result<Option<List>, u32> {
    let size_place: *const u16 = acl.cast_const().wrapping_byte_add(2).cast();
    if acl.is_null() {
        return Ok(None);
    }
    // SAFETY: an ACL's header has its size at this place.
    let size = unsafe { get(size_place) }.unwrap_or(0);
    // SAFETY: the caller's promise.
    let bytes = unsafe { std::slice::from_raw_parts(acl.cast::<u8>(), size.into()) };
    List::from_bytes(bytes, is_protected).map(Some).ok_or(ERROR_INVALID_ACL)
}

/// The descriptor of SECURITY_ATTRIBUTES.
///
/// # Safety
/// `attributes` is null, or its descriptor is null or valid.
pub(super) unsafe fn of_attributes(attributes: *const Attributes) -> Option<Descriptor> {
    // SAFETY: the caller's promise.
    let raw = unsafe { get(attributes) }?.descriptor;
    if raw.is_null() {
        return None;
    }
    let (mut owner, mut dacl) = (null_mut(), null_mut());
    let (mut present, mut ignored, mut control, mut revision) = (0, 0, 0u16, 0);
    // SAFETY: the descriptor is valid (the caller's promise) and the places are ours.
    unsafe { GetSecurityDescriptorOwner(raw, &raw mut owner, &raw mut ignored) };
    // SAFETY: as above.
    unsafe { GetSecurityDescriptorDacl(raw, &raw mut present, &raw mut dacl, &raw mut ignored) };
    // SAFETY: as above.
    unsafe { GetSecurityDescriptorControl(raw, &raw mut control, &raw mut revision) };
    const DACL_PROTECTED: u16 = 0x1000;
    // SAFETY: the list lies in the descriptor.
    let list = unsafe { read_list(dacl, control & DACL_PROTECTED != 0) }.ok()?;
    // SAFETY: the owner lies in the descriptor.
    let owner = unsafe { sid_text(owner) }.or_else(|| Some("BA".to_owned()));
    Some(Descriptor { owner, group: Some("SY".to_owned()), list })
}

/// What a new file or folder has: the descriptor that it was made with, or nothing of its own.
fn created(path: &str, descriptor: Option<&Descriptor>) {
    let path = Path::new(path);
    let kept = Store::open().and_then(|mut store| match descriptor {
        Some(descriptor) => store.set_file(path, descriptor),
        None => store.forget_file(path),
    });
    // The worst that follows is a list that reads as inherited.
    let _reads_as_inherited = kept;
}

unsafe extern "system" fn create_file(
    name: *const u16,
    access: u32,
    share: u32,
    attributes: *const Attributes,
    disposition: u32,
    flags: u32,
    template: Handle,
) -> Handle {
    const CREATE_NEW: u32 = 1;
    const CREATE_ALWAYS: u32 = 2;
    const OPEN_ALWAYS: u32 = 4;
    // SAFETY: the caller's own call, passed on.
    let handle = unsafe { CreateFileW(name, access, share, attributes, disposition, flags, template) };
    // SAFETY: no arguments.
    let code = unsafe { GetLastError() };
    let may_create = matches!(disposition, CREATE_NEW | CREATE_ALWAYS | OPEN_ALWAYS);
    if handle.addr() != usize::MAX && may_create && code != ERROR_ALREADY_EXISTS {
        // SAFETY: the caller passes a zero-terminated name.
        let path = unsafe { wide(name) };
        // Devices and pipes have no list here.
        if !path.starts_with(r"\\.\") {
            // SAFETY: the caller's attributes, or null.
            created(&path, unsafe { of_attributes(attributes) }.as_ref());
        }
    }
    // SAFETY: gives back what the call left.
    unsafe { SetLastError(code) };
    handle
}

unsafe extern "system" fn create_directory(name: *const u16, attributes: *const Attributes) -> Bool {
    // SAFETY: the caller's own call, passed on.
    let made = unsafe { CreateDirectoryW(name, attributes) };
    if made != 0 {
        // SAFETY: the caller passes a zero-terminated name.
        let path = unsafe { wide(name) };
        // SAFETY: the caller's attributes, or null.
        created(&path, unsafe { of_attributes(attributes) }.as_ref());
    }
    made
}

unsafe extern "system" fn delete_file(name: *const u16) -> Bool {
    // SAFETY: the caller's own call, passed on.
    let deleted = unsafe { DeleteFileW(name) };
    if deleted != 0 {
        // SAFETY: the caller passes a zero-terminated name.
        created(&unsafe { wide(name) }, None);
    }
    deleted
}

unsafe extern "system" fn move_file(from: *const u16, to: *const u16, flags: u32) -> Bool {
    // SAFETY: the caller's own call, passed on.
    let moved = unsafe { MoveFileExW(from, to, flags) };
    if moved == 0 || to.is_null() {
        return moved;
    }
    // SAFETY: the caller passes zero-terminated names.
    let from = PathBuf::from(unsafe { wide(from) });
    // SAFETY: as above.
    let to = PathBuf::from(unsafe { wide(to) });
    match Store::open().and_then(|mut store| store.rename_file(&from, &to)) {
        Ok(()) => TRUE,
        Err(_) => fail(ERROR_CANNOT_SAVE),
    }
}

/// Writes the access control list that the program will read for `path`; `none` forgets it. Registry keys begin with `key:`.
///
/// # Errors
/// When the text is no SDDL or the store cannot be written.
pub fn set_acl(path: &str, sddl: &str) -> Result<(), String> {
    let mut store = Store::open().map_err(|error| error.to_string())?;
    let key = path.strip_prefix("key:");
    let done = if sddl == "none" {
        match key {
            Some(key) => store.forget_key(key),
            None => store.forget_file(Path::new(path)),
        }
    } else {
        let descriptor = Descriptor::parse(sddl).ok_or(format!("{sddl} is no SDDL"))?;
        if make(&descriptor).map(free).is_none() {
            return Err(format!("{sddl} is no SDDL"));
        }
        match key {
            Some(key) => store.set_key(key, &descriptor),
            None => store.set_file(Path::new(path), &descriptor),
        }
    };
    done.map_err(|error| error.to_string())
}

fn free(descriptor: Handle) {
    // SAFETY: made by `make`, and not used again.
    unsafe { LocalFree(descriptor) };
}
