//! The password check.

use agent::Password;
use agent::ports::{PasswordAnswer, PasswordCheck};
use windows::Win32::Foundation::{ERROR_INVALID_PARAMETER, HANDLE};
use windows::Win32::Security::{LOGON32_LOGON_INTERACTIVE, LOGON32_PROVIDER_DEFAULT, LogonUserW};
use windows::core::PCWSTR;
use zeroize::Zeroizing;

use super::token::Token;
use crate::wide::Wide;
use crate::win_error;

/// LogonUserW, interactive.
#[derive(Debug, Clone, Copy, Default)]
pub struct WindowsPasswords;

impl PasswordCheck for WindowsPasswords {
    fn check(&self, user: &str, domain: Option<&str>, password: &Password) -> PasswordAnswer {
        // A zero inside would end the text early, and something else would be checked than was typed.
        let texts = Wide::new(user).zip(domain.map_or(Some(None), |it| Wide::new(it).map(Some)));
        let whole = !password.as_utf16().contains(&0);
        let Some((user, domain)) = texts.filter(|_| whole) else {
            return PasswordAnswer { code: ERROR_INVALID_PARAMETER.0, sid: None };
        };
        let mut terminated = Zeroizing::new(Vec::with_capacity(Password::MAX_UNITS + 1));
        terminated.extend_from_slice(password.as_utf16());
        terminated.push(0);

        let mut token = HANDLE::default();
        // SAFETY: the texts end with a zero and live through the call; a null domain means "a user principal name"; on
        // success `token` is ours.
        let logon = unsafe {
            LogonUserW(
                user.as_pcwstr(),
                domain.as_ref().map_or(PCWSTR::null(), Wide::as_pcwstr),
                PCWSTR(terminated.as_ptr()),
                LOGON32_LOGON_INTERACTIVE,
                LOGON32_PROVIDER_DEFAULT,
                &raw mut token,
            )
        };
        match logon {
            Ok(()) => {
                // SAFETY: LogonUserW just gave it to us; it is closed at the end of this block.
                let token = unsafe { Token::from_raw(token) };
                PasswordAnswer { code: 0, sid: token.user() }
            }
            Err(error) => PasswordAnswer { code: failure_code(win_error::code_of(&error)), sid: None },
        }
    }
}

/// Zero means success to the agent, so a failure that left no number must not read as one.
fn failure_code(code: u32) -> u32 {
    if code == 0 { ERROR_INVALID_PARAMETER.0 } else { code }
}
