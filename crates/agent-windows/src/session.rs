//! The session of this process.

use core::time::Duration;

use agent::ports::{AccountLookup as _, Session, SessionFacts, SessionOwner};
use windows::Win32::Foundation::HANDLE;
use windows::Win32::System::RemoteDesktop::{
    ProcessIdToSessionId, WTS_INFO_CLASS, WTSClientProtocolType, WTSDomainName, WTSFreeMemory,
    WTSQuerySessionInformationW, WTSQueryUserToken, WTSUserName,
};
use windows::Win32::System::Threading::GetCurrentProcessId;
use windows::Win32::UI::WindowsAndMessaging::{GetSystemMetrics, SM_REMOTESESSION};
use windows::core::PWSTR;

use crate::accounts::WindowsAccounts;
use crate::accounts::token::Token;
use crate::wide::text_until_zero;

/// An owner is somebody who is signed in already: the look-up of the SID is quick or not worth waiting for.
const LOOKUP_LIMIT: Duration = Duration::from_secs(1);

/// The session as Remote Desktop Services know it.
#[derive(Debug, Clone, Copy, Default)]
pub struct WindowsSession;

impl Session for WindowsSession {
    fn facts(&self) -> SessionFacts {
        let id = session_id();
        SessionFacts { id, remote: is_remote(id), owner: owner(id) }
    }
}

fn session_id() -> u32 {
    let mut id = 0;
    // SAFETY: no preconditions.
    let process = unsafe { GetCurrentProcessId() };
    // SAFETY: the number is this process's; the result is written to `id`. It cannot fail for oneself.
    let _ = unsafe { ProcessIdToSessionId(process, &raw mut id) };
    id
}

fn is_remote(id: u32) -> bool {
    // A USHORT: 0 is the console, 2 is RDP.
    match Information::query(id, WTSClientProtocolType).as_ref().and_then(Information::number) {
        Some(protocol) => protocol != 0,
        // SAFETY: no preconditions.
        None => unsafe { GetSystemMetrics(SM_REMOTESESSION) != 0 },
    }
}

fn owner(id: u32) -> Option<SessionOwner> {
    let text = |class| Information::query(id, class).map(|it| it.text());
    let name = text(WTSUserName).filter(|name| !name.is_empty())?;
    let domain = text(WTSDomainName).unwrap_or_default();
    let by_name = || {
        let full = if domain.is_empty() { name.clone() } else { format!("{domain}\\{name}") };
        WindowsAccounts.by_name(&full, LOOKUP_LIMIT).ok().filter(|it| it.is_user).map(|it| it.sid)
    };
    let sid = user_token(id).and_then(|token| token.user()).or_else(by_name);
    Some(SessionOwner { sid, domain, name })
}

/// Only SYSTEM gets one.
fn user_token(id: u32) -> Option<Token> {
    let mut handle = HANDLE::default();
    // SAFETY: on success the handle is ours.
    unsafe { WTSQueryUserToken(id, &raw mut handle) }.ok()?;
    // SAFETY: just given to us.
    Some(unsafe { Token::from_raw(handle) })
}

/// What Remote Desktop Services allocated, freed on drop.
struct Information {
    buffer: PWSTR,
    bytes: usize,
}

impl Information {
    fn query(id: u32, class: WTS_INFO_CLASS) -> Option<Self> {
        let mut buffer = PWSTR::null();
        let mut bytes = 0;
        // SAFETY: no server handle is this machine; on success the buffer is ours to free.
        unsafe { WTSQuerySessionInformationW(None, id, class, &raw mut buffer, &raw mut bytes) }.ok()?;
        (!buffer.is_null()).then_some(Self { buffer, bytes: usize::try_from(bytes).unwrap_or(0) })
    }

    fn units(&self) -> &[u16] {
        // SAFETY: the buffer has so many bytes and is aligned for text.
        unsafe { core::slice::from_raw_parts(self.buffer.0, self.bytes / 2) }
    }

    fn number(&self) -> Option<u16> {
        self.units().first().copied()
    }

    fn text(&self) -> String {
        text_until_zero(self.units())
    }
}

impl Drop for Information {
    fn drop(&mut self) {
        // SAFETY: allocated by WTSQuerySessionInformationW, which says to free it so.
        unsafe { WTSFreeMemory(self.buffer.0.cast()) };
    }
}
