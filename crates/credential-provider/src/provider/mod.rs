//! The credential provider.

mod credential_provider;
mod remote;

pub(crate) use credential_provider::new_provider;
pub(crate) use remote::{bytes_of as remote_bytes, is_password_logon};
