//! A credential that came with a remote desktop connection (NLA).

use crate::com::Fault;
use crate::serialization::{MAX_BYTES, parse};
use crate::unprotect::unprotected;
use agent::Password;
use agent::logon::Event;
use windows::Win32::UI::Shell::CREDENTIAL_PROVIDER_CREDENTIAL_SERIALIZATION;

/// The copy that the provider keeps: LogonUI does not hand it in again when it starts anew.
#[derive(Debug)]
pub(super) struct RemoteLogon {
    user: String,
    domain: String,
    password: Password,
}

impl RemoteLogon {
    /// Takes a buffer over. Anything but a password logon is not ours.
    pub(super) fn take(serialization: &CREDENTIAL_PROVIDER_CREDENTIAL_SERIALIZATION) -> Result<Self, Fault> {
        let incoming = parse(bytes_of(serialization), serialization.rgbSerialization.addr());
        let incoming = incoming.map_err(|_| Fault::Unsupported)?;
        let password =
            Password::from_utf16(&unprotected(&incoming.password)).map_err(|_| Fault::Unsupported)?;
        Ok(Self { user: incoming.user, domain: incoming.domain, password })
    }

    /// For the state machine, which wipes its copy by itself.
    pub(super) fn event(&self) -> Event {
        Event::Incoming {
            user: self.user.clone(),
            domain: self.domain.clone(),
            password: self.password.duplicate(),
        }
    }

    /// It has been submitted once, or nobody wants it any more. The name stays for the tile.
    pub(super) fn forget_password(&mut self) {
        self.password.wipe();
    }
}

/// Whether a buffer is a password logon that would be taken over.
pub(crate) fn is_password_logon(serialization: &CREDENTIAL_PROVIDER_CREDENTIAL_SERIALIZATION) -> bool {
    parse(bytes_of(serialization), serialization.rgbSerialization.addr()).is_ok()
}

/// The caller's bytes; none for null, and none of a buffer that is too long to be looked at.
pub(crate) fn bytes_of(serialization: &CREDENTIAL_PROVIDER_CREDENTIAL_SERIALIZATION) -> &[u8] {
    let length = serialization.cbSerialization as usize;
    if serialization.rgbSerialization.is_null() || length > MAX_BYTES {
        return &[];
    }
    // SAFETY: not null, and by the structure's contract `cbSerialization` bytes long for as long as the structure is
    // lent to the method that looks at it.
    unsafe { core::slice::from_raw_parts(serialization.rgbSerialization, length) }
}
