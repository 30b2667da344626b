//! SIDs between Windows' form and the agent's.

use agent::Sid;
use windows::Win32::Foundation::{HLOCAL, LocalFree};
use windows::Win32::Security::Authorization::{ConvertSidToStringSidW, ConvertStringSidToSidW};
use windows::Win32::Security::PSID;
use windows::core::PWSTR;

use crate::wide::{Wide, text_until_zero};

/// A SID that Windows allocated, freed on drop.
pub(crate) struct LocalSid(PSID);

impl LocalSid {
    pub(crate) fn from_text(sid: &Sid) -> Option<Self> {
        let text = Wide::new(sid.as_str())?;
        let mut raw = PSID::default();
        // SAFETY: the text ends with a zero; on success `raw` is ours to free.
        unsafe { ConvertStringSidToSidW(text.as_pcwstr(), &raw mut raw) }.ok()?;
        Some(Self(raw))
    }

    /// Valid as long as `self` lives.
    pub(crate) fn raw(&self) -> PSID {
        self.0
    }
}

impl Drop for LocalSid {
    fn drop(&mut self) {
        // SAFETY: allocated by ConvertStringSidToSidW, which says to free it so.
        let _null = unsafe { LocalFree(Some(HLOCAL(self.0.0))) };
    }
}

/// The text form of a SID.
///
/// # Safety
/// `raw` points at a valid SID.
pub(crate) unsafe fn to_text(raw: PSID) -> Option<Sid> {
    let mut text = PWSTR::null();
    // SAFETY: the SID is valid (the caller's promise); on success `text` is ours to free.
    unsafe { ConvertSidToStringSidW(raw, &raw mut text) }.ok()?;
    // SAFETY: on success the text ends with a zero.
    let units = unsafe { text.as_wide() };
    let sid = Sid::parse(&text_until_zero(units)).ok();
    // SAFETY: allocated by ConvertSidToStringSidW, which says to free it so; `units` is not used any more.
    let _null = unsafe { LocalFree(Some(HLOCAL(text.0.cast()))) };
    sid
}
