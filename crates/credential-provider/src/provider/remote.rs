//! A credential that came with a remote desktop connection (NLA).

use crate::com::Fault;
use crate::serialization::{MAX_BYTES, Purpose, TooLong, pack_logon, parse};
use crate::unprotect::unprotected;
use agent::Password;
use agent::logon::Event;
use windows::Win32::UI::Shell::CREDENTIAL_PROVIDER_CREDENTIAL_SERIALIZATION;
use zeroize::Zeroizing;

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

/// A password logon as it will be handed to the provider: packed anew, with offsets, since a copy with pointers would
/// point into the sender's buffer. The password stays as it is, protected or not.
pub(crate) fn packed_anew(
    serialization: &CREDENTIAL_PROVIDER_CREDENTIAL_SERIALIZATION,
) -> Result<Zeroizing<Vec<u8>>, Fault> {
    let incoming = parse(bytes_of(serialization), serialization.rgbSerialization.addr());
    let incoming = incoming.map_err(|_| Fault::Unsupported)?;
    let [domain, user] =
        [&incoming.domain, &incoming.user].map(|text| text.encode_utf16().collect::<Vec<_>>());
    pack_logon(Purpose::Logon, &domain, &user, &incoming.password).map_err(|TooLong| Fault::Unsupported)
}

/// The caller's bytes; none for null, and none of a buffer that is too long to be looked at.
fn bytes_of(serialization: &CREDENTIAL_PROVIDER_CREDENTIAL_SERIALIZATION) -> &[u8] {
    let length = serialization.cbSerialization as usize;
    if serialization.rgbSerialization.is_null() || length > MAX_BYTES {
        return &[];
    }
    // SAFETY: not null, and by the structure's contract `cbSerialization` bytes long for as long as the structure is
    // lent to the method that looks at it.
    unsafe { core::slice::from_raw_parts(serialization.rgbSerialization, length) }
}
