//! Access tokens: whose they are; closed on drop.

use agent::Sid;
use windows::Win32::Foundation::{CloseHandle, HANDLE};
use windows::Win32::Security::{GetTokenInformation, TOKEN_USER, TokenUser};

use super::sid;

/// A token of our own.
pub(crate) struct Token(HANDLE);

impl Token {
    /// Takes over a handle.
    ///
    /// # Safety
    /// `handle` is an open token handle that nobody else closes.
    pub(crate) unsafe fn from_raw(handle: HANDLE) -> Self {
        Self(handle)
    }

    /// The open handle, valid as long as `self` lives.
    pub(crate) fn raw(&self) -> HANDLE {
        self.0
    }

    /// SID of its user.
    pub(crate) fn user(&self) -> Option<Sid> {
        let mut size = 0;
        // SAFETY: the token is open; without a buffer only the size is asked.
        let _too_small = unsafe { GetTokenInformation(self.0, TokenUser, None, 0, &raw mut size) };
        if usize::try_from(size).ok()? < size_of::<TOKEN_USER>() {
            return None;
        }
        // In words of eight bytes, so that a TOKEN_USER at its beginning is aligned.
        let mut buffer = vec![0u64; usize::try_from(size).ok()?.div_ceil(8)];
        // SAFETY: the token is open and the buffer has `size` bytes.
        unsafe {
            GetTokenInformation(self.0, TokenUser, Some(buffer.as_mut_ptr().cast()), size, &raw mut size)
        }
        .ok()?;
        // SAFETY: on success a TOKEN_USER stands at the beginning of the buffer, which is large enough and aligned.
        let user = unsafe { &*buffer.as_ptr().cast::<TOKEN_USER>() };
        // SAFETY: its SID lies in the same buffer.
        unsafe { sid::to_text(user.User.Sid) }
    }
}

impl Drop for Token {
    fn drop(&mut self) {
        // SAFETY: ours, closed here only.
        let _only_fails_when_closed = unsafe { CloseHandle(self.0) };
    }
}
