//! WinHTTP sessions: kept open so that connections are reused, one for each kind of check.

use core::ffi::c_void;
use std::sync::{Arc, Mutex, PoisonError};

use windows::Win32::Networking::WinHttp::{
    SECURITY_FLAG_IGNORE_CERT_CN_INVALID, SECURITY_FLAG_IGNORE_CERT_DATE_INVALID,
    SECURITY_FLAG_IGNORE_CERT_WRONG_USAGE, SECURITY_FLAG_IGNORE_UNKNOWN_CA,
    WINHTTP_ACCESS_TYPE_DEFAULT_PROXY, WINHTTP_FLAG_ASYNC, WINHTTP_FLAG_SECURE_PROTOCOL_TLS1_2,
    WINHTTP_FLAG_SECURE_PROTOCOL_TLS1_3, WINHTTP_OPTION_SECURE_PROTOCOLS, WinHttpCloseHandle, WinHttpOpen,
    WinHttpSetOption,
};
use windows::core::{PCWSTR, w};

use crate::win_error;

/// What WinHTTP itself checks of a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Checks {
    All,
    AllButDate,
    /// The key alone decides, and it is compared elsewhere.
    None,
}

impl Checks {
    /// For WINHTTP_OPTION_SECURITY_FLAGS; zero leaves the option alone.
    pub(super) fn security_flags(self) -> u32 {
        match self {
            Self::All => 0,
            Self::AllButDate => SECURITY_FLAG_IGNORE_CERT_DATE_INVALID,
            Self::None => {
                SECURITY_FLAG_IGNORE_CERT_DATE_INVALID
                    | SECURITY_FLAG_IGNORE_CERT_CN_INVALID
                    | SECURITY_FLAG_IGNORE_CERT_WRONG_USAGE
                    | SECURITY_FLAG_IGNORE_UNKNOWN_CA
            }
        }
    }
}

/// An open WinHTTP session, closed on drop.
pub(super) struct Session(*mut c_void);

// SAFETY: WinHTTP allows its handles on any thread; this one is closed only when nobody has it any more.
unsafe impl Send for Session {}
// SAFETY: as above; opening connections from a session is allowed from several threads at once.
unsafe impl Sync for Session {}

impl Session {
    fn open() -> Result<Self, u32> {
        // DEFAULT_PROXY is the proxy that `netsh winhttp set proxy` wrote for the machine: no user's settings and no
        // automatic search may steer the agent.
        // SAFETY: all strings are constants with a terminating zero, or null where "none" is allowed.
        let handle = unsafe {
            WinHttpOpen(
                w!("TRASA agent"),
                WINHTTP_ACCESS_TYPE_DEFAULT_PROXY,
                PCWSTR::null(),
                PCWSTR::null(),
                WINHTTP_FLAG_ASYNC,
            )
        };
        if handle.is_null() {
            return Err(win_error::last());
        }
        let session = Self(handle);
        // Before Windows 10 1903 the bit for TLS 1.3 is an invalid parameter.
        let both = WINHTTP_FLAG_SECURE_PROTOCOL_TLS1_2 | WINHTTP_FLAG_SECURE_PROTOCOL_TLS1_3;
        session
            .set_protocols(both)
            .or_else(|_| session.set_protocols(WINHTTP_FLAG_SECURE_PROTOCOL_TLS1_2))?;
        Ok(session)
    }

    fn set_protocols(&self, protocols: u32) -> Result<(), u32> {
        // SAFETY: the session is open; the option takes a DWORD, which the slice is.
        unsafe {
            WinHttpSetOption(Some(self.0), WINHTTP_OPTION_SECURE_PROTOCOLS, Some(&protocols.to_ne_bytes()))
        }
        .map_err(|error| win_error::code_of(&error))
    }

    /// The open handle, valid as long as `self` lives.
    pub(super) fn raw(&self) -> *mut c_void {
        self.0
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // SAFETY: opened by us, closed here only.
        let _only_fails_when_closed = unsafe { WinHttpCloseHandle(self.0) };
    }
}

/// The sessions of a transport, opened when first needed.
///
/// They are apart because WinHTTP takes idle connections from a session's pool: one that was opened with relaxed
/// checks must never serve a request with all of them.
#[derive(Default)]
pub(super) struct Sessions {
    all: Mutex<Option<Arc<Session>>>,
    all_but_date: Mutex<Option<Arc<Session>>>,
    none: Mutex<Option<Arc<Session>>>,
}

impl Sessions {
    /// The session for these checks.
    pub(super) fn session(&self, checks: Checks) -> Result<Arc<Session>, u32> {
        let mut slot = self.slot(checks).lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(session) = slot.as_ref() {
            return Ok(Arc::clone(session));
        }
        let session = Arc::new(Session::open()?);
        *slot = Some(Arc::clone(&session));
        Ok(session)
    }

    /// Forgets the session and with it its idle connections.
    pub(super) fn forget(&self, checks: Checks) {
        self.slot(checks).lock().unwrap_or_else(PoisonError::into_inner).take();
    }

    fn slot(&self, checks: Checks) -> &Mutex<Option<Arc<Session>>> {
        match checks {
            Checks::All => &self.all,
            Checks::AllButDate => &self.all_but_date,
            Checks::None => &self.none,
        }
    }
}
