//! Windows accounts: whose password is it, whose name is it.

use crate::{Password, Sid};
use core::time::Duration;

/// What LogonUserW said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PasswordAnswer {
    /// 0 for success, else the Win32 error code as it came.
    pub code: u32,
    /// SID of the token's user; only with success.
    pub sid: Option<Sid>,
}

/// LogonUserW, type INTERACTIVE, default provider, one call, token closed at once.
pub trait PasswordCheck: Send + Sync {
    /// Checks `password` for `user` in `domain`. With `None` for the domain, `user` is a user
    /// principal name. May block for as long as Windows needs; call it on a worker.
    fn check(&self, user: &str, domain: Option<&str>, password: &Password) -> PasswordAnswer;
}

/// An account as Windows knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResolvedAccount {
    /// Its SID.
    pub sid: Sid,
    /// NetBIOS name of its domain, or of the machine.
    pub domain: String,
    /// Its name (SAM account name).
    pub name: String,
    /// Whether it is a person's account (`SidTypeUser`), not a group or an alias.
    pub is_user: bool,
}

/// Why a look-up gave nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LookupError {
    /// Windows knows no such account.
    #[error("no such account")]
    NotFound,
    /// Nobody answered in time, or no domain controller could be asked.
    #[error("accounts cannot be looked up now")]
    Unavailable,
}

/// LookupAccountNameW, LookupAccountSidW.
pub trait AccountLookup: Send + Sync {
    /// Finds `name`, which may be `DOMAIN\name`, `name@dns.domain` or a bare name. Comes back after
    /// `limit` at the latest.
    ///
    /// # Errors
    /// [`LookupError`].
    fn by_name(&self, name: &str, limit: Duration) -> Result<ResolvedAccount, LookupError>;

    /// Finds the names of `sid`. Comes back after `limit` at the latest.
    ///
    /// # Errors
    /// [`LookupError`].
    fn by_sid(&self, sid: &Sid, limit: Duration) -> Result<ResolvedAccount, LookupError>;
}
