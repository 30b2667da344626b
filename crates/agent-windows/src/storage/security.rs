//! Security descriptors: the one that we write, and whether one that we find is as tight.

use core::ffi::c_void;
use std::fs::File;
use std::os::windows::io::AsRawHandle as _;

use agent::Sid;
use windows::Win32::Foundation::{ERROR_SUCCESS, HANDLE, HLOCAL, LocalFree};
use windows::Win32::Security::Authorization::{
    ConvertStringSecurityDescriptorToSecurityDescriptorW, GetNamedSecurityInfoW, SDDL_REVISION_1,
    SE_FILE_OBJECT, SE_OBJECT_TYPE, SetNamedSecurityInfoW, SetSecurityInfo,
};
use windows::Win32::Security::{
    ACCESS_ALLOWED_ACE, ACE_HEADER, ACL, DACL_SECURITY_INFORMATION, GetAce, GetSecurityDescriptorDacl,
    GetSecurityDescriptorOwner, OWNER_SECURITY_INFORMATION, PROTECTED_DACL_SECURITY_INFORMATION,
    PSECURITY_DESCRIPTOR, PSID, SECURITY_ATTRIBUTES,
};
use windows::core::{BOOL, PCWSTR, w};

use crate::accounts::sid;
use crate::wide::Wide;
use crate::win_error;

/// Owner Administrators; SYSTEM and Administrators may do everything, nobody else anything; nothing is inherited from
/// above.
const OURS: PCWSTR = w!("O:BAD:P(A;OICI;GA;;;SY)(A;OICI;GA;;;BA)");

/// ERROR_INVALID_SECURITY_DESCR: our own text gave a descriptor without owner or list.
const BROKEN: u32 = 1338;
const ACCESS_ALLOWED_ACE_TYPE: u8 = 0;
const ACCESS_DENIED_ACE_TYPE: u8 = 1;

/// A security descriptor that Windows allocated, freed on drop.
pub(super) struct Descriptor(PSECURITY_DESCRIPTOR);

impl Descriptor {
    /// The one that everything of ours gets.
    pub(super) fn ours() -> Result<Self, u32> {
        Self::from_sddl(OURS)
    }

    fn from_sddl(sddl: PCWSTR) -> Result<Self, u32> {
        let mut raw = PSECURITY_DESCRIPTOR::default();
        // SAFETY: the text ends with a zero (both callers have one that does); on success `raw` is ours to free.
        unsafe {
            ConvertStringSecurityDescriptorToSecurityDescriptorW(sddl, SDDL_REVISION_1, &raw mut raw, None)
        }
        .map_err(|error| win_error::code_of(&error))?;
        Ok(Self(raw))
    }

    /// Owner and access control list of a file (`SE_FILE_OBJECT`) or a registry key (`SE_REGISTRY_KEY`).
    pub(super) fn of(object: &Wide, kind: SE_OBJECT_TYPE) -> Result<Self, u32> {
        let mut raw = PSECURITY_DESCRIPTOR::default();
        // SAFETY: the name ends with a zero; only the whole descriptor is asked for, and it is ours to free.
        let code = unsafe {
            GetNamedSecurityInfoW(
                object.as_pcwstr(),
                kind,
                OWNER_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION,
                None,
                None,
                None,
                None,
                &raw mut raw,
            )
        };
        if code != ERROR_SUCCESS {
            return Err(code.0);
        }
        Ok(Self(raw))
    }

    /// Gives owner and list to a file or a registry key, with inheritance off.
    pub(super) fn apply(&self, object: &Wide, kind: SE_OBJECT_TYPE) -> Result<(), u32> {
        let (owner, dacl) = (self.owner().ok_or(BROKEN)?, self.dacl().ok_or(BROKEN)?);
        // SAFETY: the name ends with a zero; owner and list lie in the descriptor, which outlives the call.
        let code = unsafe {
            SetNamedSecurityInfoW(
                object.as_pcwstr(),
                kind,
                OWNER_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION | PROTECTED_DACL_SECURITY_INFORMATION,
                Some(owner),
                None,
                Some(dacl),
                None,
            )
        };
        if code == ERROR_SUCCESS { Ok(()) } else { Err(code.0) }
    }

    /// As `apply`, to a file or folder that is open with the rights for it.
    pub(super) fn apply_to(&self, opened: &File) -> Result<(), u32> {
        let (owner, dacl) = (self.owner().ok_or(BROKEN)?, self.dacl().ok_or(BROKEN)?);
        // SAFETY: the handle is the open file's; owner and list lie in the descriptor, which outlives the call.
        let code = unsafe {
            SetSecurityInfo(
                HANDLE(opened.as_raw_handle()),
                SE_FILE_OBJECT,
                OWNER_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION | PROTECTED_DACL_SECURITY_INFORMATION,
                Some(owner),
                None,
                Some(dacl),
                None,
            )
        };
        if code == ERROR_SUCCESS { Ok(()) } else { Err(code.0) }
    }

    /// For calls that create something; valid as long as `self` lives.
    pub(super) fn attributes(&self) -> SECURITY_ATTRIBUTES {
        SECURITY_ATTRIBUTES {
            nLength: u32::try_from(size_of::<SECURITY_ATTRIBUTES>()).unwrap_or(0),
            lpSecurityDescriptor: self.0.0,
            bInheritHandle: BOOL(0),
        }
    }

    /// Whether SYSTEM or Administrators own it and nobody else is let in. What cannot be understood is not tight.
    pub(super) fn is_tight(&self) -> bool {
        let Some(owner) = self.owner() else { return false };
        // SAFETY: the owner lies in the descriptor, which Windows made.
        let owner = unsafe { sid::to_text(owner) };
        let Some(entries) = self.entries() else { return false };
        owner.is_some_and(|owner| is_privileged(&owner)) && entries.iter().all(Entry::is_tight)
    }

    fn owner(&self) -> Option<PSID> {
        let mut owner = PSID::default();
        let mut defaulted = BOOL(0);
        // SAFETY: the descriptor is valid as long as `self` lives; the pointer that comes back points into it.
        unsafe { GetSecurityDescriptorOwner(self.0, &raw mut owner, &raw mut defaulted) }.ok()?;
        (!owner.is_invalid()).then_some(owner)
    }

    /// Nothing where there is no list at all: then everybody may do everything.
    fn dacl(&self) -> Option<*const ACL> {
        let mut dacl: *mut ACL = core::ptr::null_mut();
        let (mut present, mut defaulted) = (BOOL(0), BOOL(0));
        // SAFETY: as in `owner`.
        unsafe { GetSecurityDescriptorDacl(self.0, &raw mut present, &raw mut dacl, &raw mut defaulted) }
            .ok()?;
        (present.as_bool() && !dacl.is_null()).then_some(dacl.cast_const())
    }

    fn entries(&self) -> Option<Vec<Entry>> {
        let dacl = self.dacl()?;
        // SAFETY: `dacl` gave a list that lies in the descriptor.
        let count = unsafe { (*dacl).AceCount };
        let mut entries = Vec::new();
        for index in 0..u32::from(count) {
            let mut ace: *mut c_void = core::ptr::null_mut();
            // SAFETY: the list is valid; the entry that comes back lies in it.
            unsafe { GetAce(dacl, index, &raw mut ace) }.ok()?;
            // SAFETY: every entry begins with a header.
            let kind = unsafe { (*ace.cast::<ACE_HEADER>()).AceType };
            entries.push(match kind {
                ACCESS_DENIED_ACE_TYPE => Entry::Denies,
                ACCESS_ALLOWED_ACE_TYPE => {
                    // SAFETY: an entry of this kind is an ACCESS_ALLOWED_ACE; only an address is taken.
                    let start = unsafe { &raw mut (*ace.cast::<ACCESS_ALLOWED_ACE>()).SidStart };
                    // SAFETY: the SID of the entry begins there.
                    Entry::Allows(unsafe { sid::to_text(PSID(start.cast())) }?)
                }
                _ => Entry::Unknown,
            });
        }
        Some(entries)
    }
}

impl Drop for Descriptor {
    fn drop(&mut self) {
        // SAFETY: both functions that make descriptors say to free them so.
        let _null = unsafe { LocalFree(Some(HLOCAL(self.0.0))) };
    }
}

/// An entry of an access control list, as far as it matters.
enum Entry {
    Denies,
    Allows(Sid),
    /// Object, callback and compound entries: nobody puts them on our files.
    Unknown,
}

impl Entry {
    fn is_tight(&self) -> bool {
        match self {
            Self::Denies => true,
            Self::Allows(sid) => is_privileged(sid),
            Self::Unknown => false,
        }
    }
}

/// SYSTEM and the local Administrators.
fn is_privileged(sid: &Sid) -> bool {
    matches!(sid.as_str(), "S-1-5-18" | "S-1-5-32-544")
}

#[cfg(test)]
mod tests {
    use super::Descriptor;
    use crate::wide::Wide;

    #[test]
    fn loose_acl_counts_as_damaged() {
        let check = |sddl: &str, tight: bool| {
            let text = Wide::new(sddl).expect("no zero");
            let descriptor = Descriptor::from_sddl(text.as_pcwstr()).expect("SDDL");
            assert_eq!(descriptor.is_tight(), tight, "{sddl}");
        };
        check("O:BAD:P(A;OICI;GA;;;SY)(A;OICI;GA;;;BA)", true);
        check("O:SYD:(A;ID;FA;;;SY)(A;ID;FR;;;BA)", true);
        check("O:BAD:P(D;;FA;;;WD)(A;;FA;;;SY)", true);
        check("O:BAD:P", true);
        // Somebody else owns it, reads it, or may do anything.
        check("O:S-1-5-21-1-2-3-1001D:P(A;;FA;;;SY)", false);
        check("O:BAD:P(A;;FA;;;SY)(A;;FR;;;BU)", false);
        check("O:BAD:P(A;;FA;;;SY)(A;;FR;;;S-1-5-21-1-2-3-1001)", false);
        check("O:BAD:P(A;;FA;;;SY)(A;;FA;;;WD)", false);
        check("O:BA", false);
        check("D:P(A;;FA;;;SY)", false);
    }

    #[test]
    fn what_we_write_is_tight() {
        assert!(Descriptor::ours().is_ok_and(|it| it.is_tight()));
    }
}
