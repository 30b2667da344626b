//! The accounts of this computer itself.

use agent::ports::LookupError;
use windows::Win32::NetworkManagement::NetManagement::{
    FILTER_NORMAL_ACCOUNT, MAX_PREFERRED_LENGTH, NERR_Success, NetApiBufferFree, NetUserEnum, NetUserGetInfo,
    UF_ACCOUNTDISABLE, USER_INFO_0, USER_INFO_1,
};
use windows::core::{PCWSTR, PWSTR};

use crate::wide::{Wide, text_until_zero};

/// An account of this computer's own database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalAccount {
    /// Its name, without the computer's.
    pub name: String,
    /// Nobody can sign in with it until it is enabled.
    pub is_disabled: bool,
}

/// The accounts of people in this computer's own database.
///
/// # Errors
/// [`LookupError::Unavailable`] where Windows does not say.
pub fn local_accounts() -> Result<Vec<LocalAccount>, LookupError> {
    let mut buffer: *mut u8 = core::ptr::null_mut();
    let (mut read, mut total) = (0, 0);
    // SAFETY: a null server is this machine; on success the buffer is ours to free. With this preferred length all
    // accounts come at once.
    let code = unsafe {
        NetUserEnum(
            PCWSTR::null(),
            0,
            FILTER_NORMAL_ACCOUNT,
            &raw mut buffer,
            MAX_PREFERRED_LENGTH,
            &raw mut read,
            &raw mut total,
            None,
        )
    };
    if code != NERR_Success || buffer.is_null() {
        return Err(LookupError::Unavailable);
    }
    let count = usize::try_from(read).unwrap_or(0);
    // SAFETY: level 0 answers with `read` of these structures at the beginning of the buffer.
    let entries = unsafe { core::slice::from_raw_parts(buffer.cast::<USER_INFO_0>().cast_const(), count) };
    let names: Vec<String> = entries.iter().filter_map(|entry| text(entry.usri0_name)).collect();
    // SAFETY: allocated by NetUserEnum, which says to free it so; `entries` is not used any more.
    let _zero = unsafe { NetApiBufferFree(Some(buffer.cast_const().cast())) };
    Ok(names.into_iter().map(|name| LocalAccount { is_disabled: is_disabled(&name), name }).collect())
}

/// False also where Windows does not say.
fn is_disabled(name: &str) -> bool {
    let Some(name) = Wide::new(name) else { return false };
    let mut buffer: *mut u8 = core::ptr::null_mut();
    // SAFETY: a null server is this machine, the name ends with a zero; on success the buffer is ours to free.
    let code = unsafe { NetUserGetInfo(PCWSTR::null(), name.as_pcwstr(), 1, &raw mut buffer) };
    if code != NERR_Success || buffer.is_null() {
        return false;
    }
    // SAFETY: level 1 answers with one of these structures.
    let flags = unsafe { (*buffer.cast::<USER_INFO_1>()).usri1_flags };
    // SAFETY: allocated by NetUserGetInfo, which says to free it so.
    let _zero = unsafe { NetApiBufferFree(Some(buffer.cast_const().cast())) };
    flags.contains(UF_ACCOUNTDISABLE)
}

fn text(text: PWSTR) -> Option<String> {
    if text.is_null() {
        return None;
    }
    // SAFETY: the text lies in the list's buffer, which still lives, and ends with a zero.
    Some(text_until_zero(unsafe { text.as_wide() }))
}
