//! Registry keys: their access control lists, and those that a restart ends.

use std::ffi::c_void;

use super::acl_store::Store;
use super::memory::{put, units, wide};
use super::security::{Attributes, of_attributes};
use super::{active, stands};

stands! {
    "RegCreateKeyExW" => create_key,
    "RegDeleteTreeW" => delete_tree,
}

const LOCAL_MACHINE: usize = 0xFFFF_FFFF_8000_0002;
const LOCAL_MACHINE_SHORT: usize = 0x8000_0002;
const VOLATILE: u32 = 1;
const CREATED_NEW: u32 = 1;
/// Where the keys are listed that a restart ends, and the number of the start in which they were made.
const VOLATILE_LIST: &str = "volatile-keys.txt";
const BOOT: &str = "boot.txt";

type Key = *mut c_void;

#[link(name = "advapi32")]
unsafe extern "system" {
    fn RegCreateKeyExW(
        key: Key,
        path: *const u16,
        reserved: u32,
        class: *const u16,
        options: u32,
        rights: u32,
        attributes: *const Attributes,
        result: *mut Key,
        disposition: *mut u32,
    ) -> u32;
    fn RegDeleteTreeW(key: Key, path: *const u16) -> u32;
}

fn is_local_machine(key: Key) -> bool {
    matches!(key.addr(), LOCAL_MACHINE | LOCAL_MACHINE_SHORT)
}

unsafe extern "system" fn create_key(
    key: Key,
    path: *const u16,
    reserved: u32,
    class: *const u16,
    options: u32,
    rights: u32,
    attributes: *const Attributes,
    result: *mut Key,
    disposition: *mut u32,
) -> u32 {
    let mut ours = 0;
    // SAFETY: the caller's own call, passed on with a place of ours for what happened.
    let code = unsafe {
        RegCreateKeyExW(key, path, reserved, class, options, rights, attributes, result, &raw mut ours)
    };
    // SAFETY: the caller's place, or null.
    unsafe { put(disposition, ours) };
    if code != 0 || ours != CREATED_NEW || !is_local_machine(key) {
        return code;
    }
    // SAFETY: the caller passes a zero-terminated path.
    let path = unsafe { wide(path) };
    // SAFETY: the caller's attributes, or null.
    let descriptor = unsafe { of_attributes(attributes) };
    let name = format!(r"MACHINE\{path}");
    let kept = Store::open().and_then(|mut store| match &descriptor {
        Some(descriptor) => store.set_key(&name, descriptor),
        None => store.forget_key(&name),
    });
    // The worst that follows is a list that reads as inherited.
    let _reads_as_inherited = kept;
    if options & VOLATILE != 0 {
        let list = active().state_folder.join(VOLATILE_LIST);
        let known = std::fs::read_to_string(&list).unwrap_or_default();
        if !known.lines().any(|it| it == path) {
            let _lasts_at_worst = std::fs::write(&list, format!("{known}{path}\n"));
        }
    }
    code
}

unsafe extern "system" fn delete_tree(key: Key, path: *const u16) -> u32 {
    // SAFETY: the caller's own call, passed on.
    let code = unsafe { RegDeleteTreeW(key, path) };
    if code == 0 && is_local_machine(key) {
        // SAFETY: the caller passes a zero-terminated path.
        let name = format!(r"MACHINE\{}", unsafe { wide(path) });
        let _reads_as_it_did = Store::open().and_then(|mut store| store.forget_key(&name));
    }
    code
}

/// When the world's machine was started anew since the last time, what a restart ends is ended. Says
/// whether it was.
pub(super) fn notice_restart(boot_id: u32) -> bool {
    let folder = &active().state_folder;
    let boot = folder.join(BOOT);
    let now = boot_id.to_string();
    if std::fs::read_to_string(&boot).is_ok_and(|before| before == now) {
        return false;
    }
    let list = folder.join(VOLATILE_LIST);
    for path in std::fs::read_to_string(&list).unwrap_or_default().lines() {
        let path = units(path);
        // SAFETY: the path is zero-terminated; keys that are gone already are no matter.
        unsafe { RegDeleteTreeW(std::ptr::without_provenance_mut(LOCAL_MACHINE), path.as_ptr()) };
    }
    let _nothing_to_end = std::fs::remove_file(&list);
    let _next_time_again = std::fs::create_dir_all(folder).and_then(|()| std::fs::write(&boot, now));
    true
}
