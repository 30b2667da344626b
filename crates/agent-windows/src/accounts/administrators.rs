//! Who administers this computer.

use core::time::Duration;

use agent::Sid;
use agent::ports::{AccountLookup as _, LookupError, ResolvedAccount};
use windows::Win32::NetworkManagement::NetManagement::{
    LOCALGROUP_MEMBERS_INFO_3, MAX_PREFERRED_LENGTH, NERR_Success, NetApiBufferFree, NetLocalGroupGetMembers,
};
use windows::core::PCWSTR;

use super::WindowsAccounts;
use crate::wide::{Wide, text_until_zero};

/// For each name; a domain that does not answer costs this once a member.
const LIMIT: Duration = Duration::from_secs(3);

/// Members of the local group of administrators, whatever the group is called here; groups among them as such. A
/// member whose domain cannot be asked is left out.
///
/// # Errors
/// [`LookupError`] where the group cannot be read.
pub fn local_administrators() -> Result<Vec<ResolvedAccount>, LookupError> {
    let group = Sid::parse("S-1-5-32-544").map_err(|_| LookupError::NotFound)?;
    let name = WindowsAccounts.by_sid(&group, LIMIT)?.name;
    Ok(members(&name)?.iter().filter_map(|member| WindowsAccounts.by_name(member, LIMIT).ok()).collect())
}

/// As `DOMAIN\name`.
fn members(group: &str) -> Result<Vec<String>, LookupError> {
    let group = Wide::new(group).ok_or(LookupError::NotFound)?;
    let mut buffer: *mut u8 = core::ptr::null_mut();
    let (mut read, mut total) = (0, 0);
    // SAFETY: a null server is this machine; the name ends with a zero; on success the buffer is ours to free. With this
    // preferred length all members come at once.
    let code = unsafe {
        NetLocalGroupGetMembers(
            PCWSTR::null(),
            group.as_pcwstr(),
            3,
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
    // SAFETY: level 3 answers with `read` of these structures at the beginning of the buffer.
    let entries = unsafe {
        core::slice::from_raw_parts(buffer.cast::<LOCALGROUP_MEMBERS_INFO_3>().cast_const(), count)
    };
    let names = entries
        .iter()
        .filter(|entry| !entry.lgrmi3_domainandname.is_null())
        .map(|entry| {
            // SAFETY: the name lies in the same buffer and ends with a zero.
            text_until_zero(unsafe { entry.lgrmi3_domainandname.as_wide() })
        })
        .collect();
    // SAFETY: allocated by NetLocalGroupGetMembers, which says to free it so; `entries` is not used any more.
    let _zero = unsafe { NetApiBufferFree(Some(buffer.cast_const().cast())) };
    Ok(names)
}
