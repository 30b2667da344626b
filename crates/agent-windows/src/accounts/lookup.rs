//! Account look-up, with an end: Windows may wait for a domain controller for a very long time.

use core::time::Duration;
use std::sync::{Arc, Condvar, Mutex, PoisonError};

use agent::Sid;
use agent::ports::{AccountLookup, LookupError, ResolvedAccount};
use windows::Win32::Foundation::{ERROR_INSUFFICIENT_BUFFER, ERROR_INVALID_PARAMETER, ERROR_NONE_MAPPED};
use windows::Win32::Security::{LookupAccountNameW, LookupAccountSidW, PSID, SID_NAME_USE, SidTypeUser};
use windows::core::{PCWSTR, PWSTR};

use super::sid::{self, LocalSid};
use crate::module_pin;
use crate::wide::{Wide, text_until_zero};
use crate::win_error;

/// LookupAccountNameW and LookupAccountSidW, each on a thread that is left behind when its time is up.
#[derive(Debug, Clone, Copy, Default)]
pub struct WindowsAccounts;

impl AccountLookup for WindowsAccounts {
    fn by_name(&self, name: &str, limit: Duration) -> Result<ResolvedAccount, LookupError> {
        let name = name.to_owned();
        within(limit, move || name_to_account(&name))
    }

    fn by_sid(&self, sid: &Sid, limit: Duration) -> Result<ResolvedAccount, LookupError> {
        let sid = sid.clone();
        within(limit, move || sid_to_account(&sid))
    }
}

/// Where a look-up's thread leaves its answer, whether or not anybody still waits for it.
type Slot = (Mutex<Option<Result<ResolvedAccount, LookupError>>>, Condvar);

/// Runs `look_up` on a thread of its own and waits for it until `limit`.
fn within(
    limit: Duration,
    look_up: impl FnOnce() -> Result<ResolvedAccount, LookupError> + Send + 'static,
) -> Result<ResolvedAccount, LookupError> {
    // The thread may outlive the call; its code must stay mapped.
    module_pin::pin();
    let slot = Arc::new((Mutex::new(None), Condvar::new()));
    let theirs: Arc<Slot> = Arc::clone(&slot);
    std::thread::Builder::new()
        .spawn(move || {
            let answer = look_up();
            *theirs.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(answer);
            theirs.1.notify_one();
        })
        .map_err(|_| LookupError::Unavailable)?;
    let answer = slot.0.lock().unwrap_or_else(PoisonError::into_inner);
    let (mut answer, _) = slot
        .1
        .wait_timeout_while(answer, limit, |answer| answer.is_none())
        .unwrap_or_else(PoisonError::into_inner);
    answer.take().unwrap_or(Err(LookupError::Unavailable))
}

fn name_to_account(name: &str) -> Result<ResolvedAccount, LookupError> {
    let wide = Wide::new(name).ok_or(LookupError::NotFound)?;
    let mut buffers = Buffers::default();
    loop {
        let mut kind = SID_NAME_USE::default();
        let (mut sid_size, mut domain_size) = (buffers.sid_bytes(), buffers.domain_units());
        // SAFETY: the name ends with a zero; both buffers have the sizes that are said.
        let found = unsafe {
            LookupAccountNameW(
                PCWSTR::null(),
                wide.as_pcwstr(),
                Some(buffers.sid()),
                &raw mut sid_size,
                Some(PWSTR(buffers.domain.as_mut_ptr())),
                &raw mut domain_size,
                &raw mut kind,
            )
        };
        match found {
            Ok(()) => {
                // SAFETY: on success a SID stands in the buffer.
                let sid = unsafe { sid::to_text(buffers.sid()) }.ok_or(LookupError::NotFound)?;
                let domain = text_until_zero(&buffers.domain);
                let is_user = kind == SidTypeUser;
                // The name as it was asked may be another spelling; the SID knows how it is written.
                return Ok(sid_to_account(&sid).unwrap_or_else(|_| ResolvedAccount {
                    name: name.rsplit('\\').next().unwrap_or(name).to_owned(),
                    sid,
                    domain,
                    is_user,
                }));
            }
            Err(error) => buffers.grow_or_give_up(&error, sid_size, domain_size, 0)?,
        }
    }
}

fn sid_to_account(sid: &Sid) -> Result<ResolvedAccount, LookupError> {
    let raw = LocalSid::from_text(sid).ok_or(LookupError::NotFound)?;
    let mut buffers = Buffers::default();
    loop {
        let mut kind = SID_NAME_USE::default();
        let (mut name_size, mut domain_size) = (buffers.name_units(), buffers.domain_units());
        // SAFETY: the SID is valid while `raw` lives; both buffers have the sizes that are said.
        let found = unsafe {
            LookupAccountSidW(
                PCWSTR::null(),
                raw.raw(),
                Some(PWSTR(buffers.name.as_mut_ptr())),
                &raw mut name_size,
                Some(PWSTR(buffers.domain.as_mut_ptr())),
                &raw mut domain_size,
                &raw mut kind,
            )
        };
        match found {
            Ok(()) => {
                return Ok(ResolvedAccount {
                    sid: sid.clone(),
                    domain: text_until_zero(&buffers.domain),
                    name: text_until_zero(&buffers.name),
                    is_user: kind == SidTypeUser,
                });
            }
            Err(error) => buffers.grow_or_give_up(&error, 0, domain_size, name_size)?,
        }
    }
}

/// Room for the answers; enough for every name that Windows makes, and grown once where it is not.
struct Buffers {
    /// In words of four bytes, as a SID is aligned.
    sid: Vec<u32>,
    domain: Vec<u16>,
    name: Vec<u16>,
    grown: bool,
}

impl Default for Buffers {
    fn default() -> Self {
        // SECURITY_MAX_SID_SIZE is 68 bytes.
        Self { sid: vec![0; 17], domain: vec![0; 256], name: vec![0; 256], grown: false }
    }
}

impl Buffers {
    fn sid(&mut self) -> PSID {
        PSID(self.sid.as_mut_ptr().cast())
    }

    fn sid_bytes(&self) -> u32 {
        u32::try_from(self.sid.len() * 4).unwrap_or(u32::MAX)
    }

    fn domain_units(&self) -> u32 {
        u32::try_from(self.domain.len()).unwrap_or(u32::MAX)
    }

    fn name_units(&self) -> u32 {
        u32::try_from(self.name.len()).unwrap_or(u32::MAX)
    }

    fn grow_or_give_up(
        &mut self,
        error: &windows::core::Error,
        sid_bytes: u32,
        domain_units: u32,
        name_units: u32,
    ) -> Result<(), LookupError> {
        let code = win_error::code_of(error);
        if code == ERROR_INSUFFICIENT_BUFFER.0 && !self.grown {
            let size = |units: u32| usize::try_from(units).unwrap_or(0).min(4096);
            self.sid.resize(self.sid.len().max(size(sid_bytes).div_ceil(4)), 0);
            self.domain.resize(self.domain.len().max(size(domain_units)), 0);
            self.name.resize(self.name.len().max(size(name_units)), 0);
            self.grown = true;
            return Ok(());
        }
        Err(if code == ERROR_NONE_MAPPED.0 || code == ERROR_INVALID_PARAMETER.0 {
            LookupError::NotFound
        } else {
            LookupError::Unavailable
        })
    }
}
