//! Sizes and places, for the pointer width of this build.
//!
//! ```text
//! UNICODE_STRING                 { u16 Length; u16 MaximumLength; pointer Buffer }       lengths in bytes
//! KERB_INTERACTIVE_LOGON         { u32 MessageType; UNICODE_STRING LogonDomainName, UserName, Password }
//! KERB_INTERACTIVE_UNLOCK_LOGON  { KERB_INTERACTIVE_LOGON Logon; LUID LogonId }
//! KERB_CHANGEPASSWORD_REQUEST    { u32 MessageType; UNICODE_STRING DomainName, AccountName, OldPassword, NewPassword;
//!                                  BOOLEAN Impersonating }
//! ```
//! In a serialized form `Buffer` is the distance from the start of the structure; the characters follow it.

/// Width of a pointer.
pub(super) const POINTER: usize = size_of::<usize>();
/// Size of a UNICODE_STRING; `Buffer` is its second half.
pub(super) const UNICODE_STRING: usize = 2 * POINTER;
/// Where the first UNICODE_STRING stands.
pub(super) const FIRST_STRING: usize = POINTER;
/// Size of a KERB_INTERACTIVE_LOGON.
pub(super) const INTERACTIVE_LOGON: usize = FIRST_STRING + 3 * UNICODE_STRING;
/// Size of a KERB_INTERACTIVE_UNLOCK_LOGON: a LUID of two 32-bit halves follows.
pub(super) const UNLOCK_LOGON: usize = INTERACTIVE_LOGON + 8;
/// Size of a KERB_CHANGEPASSWORD_REQUEST: one byte, filled up to the alignment of a pointer.
pub(super) const CHANGE_PASSWORD: usize = FIRST_STRING + 4 * UNICODE_STRING + POINTER;

/// KerbInteractiveLogon.
pub(super) const MESSAGE_LOGON: u32 = 2;
/// KerbWorkstationUnlockLogon.
pub(super) const MESSAGE_UNLOCK: u32 = 7;
/// KerbChangePasswordMessage.
pub(super) const MESSAGE_CHANGE_PASSWORD: u32 = 7;

#[cfg(all(test, windows))]
mod tests {
    use windows::Win32::Security::Authentication::Identity as win;

    #[test]
    fn sizes_and_numbers_are_those_of_windows() {
        assert_eq!(super::INTERACTIVE_LOGON, size_of::<win::KERB_INTERACTIVE_LOGON>());
        assert_eq!(super::UNLOCK_LOGON, size_of::<win::KERB_INTERACTIVE_UNLOCK_LOGON>());
        assert_eq!(super::CHANGE_PASSWORD, size_of::<win::KERB_CHANGEPASSWORD_REQUEST>());
        assert_eq!(super::MESSAGE_LOGON.cast_signed(), win::KerbInteractiveLogon.0);
        assert_eq!(super::MESSAGE_UNLOCK.cast_signed(), win::KerbWorkstationUnlockLogon.0);
        assert_eq!(super::MESSAGE_CHANGE_PASSWORD.cast_signed(), win::KerbChangePasswordMessage.0);
    }
}
