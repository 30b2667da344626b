//! The byte layouts of ntsecapi.h that logons are handed over in. Pure: bytes in, bytes out.

mod incoming;
mod layout;
mod outgoing;

pub(crate) use incoming::{MAX_BYTES, parse};
pub(crate) use outgoing::{Purpose, TooLong, pack_change_password, pack_logon};
