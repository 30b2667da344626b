//! GetSerialization: from a permit to what Windows is handed.

use crate::com::{Fault, SecretTaskMemory, out};
#[cfg(not(test))]
use crate::package::negotiate;
use crate::serialization::{Purpose, TooLong, pack_change_password, pack_logon};
use crate::session::Session;
#[cfg(test)]
use crate::tests::negotiate;
use agent::logon::{Credential, Event, Permit, Serialization, Status};
use agent::texts;
use std::sync::Arc;
use windows::Win32::UI::Shell::{
    CPGSR_RETURN_CREDENTIAL_FINISHED, CPUS_UNLOCK_WORKSTATION, CREDENTIAL_PROVIDER_CREDENTIAL_SERIALIZATION,
    CREDENTIAL_PROVIDER_GET_SERIALIZATION_RESPONSE, CREDENTIAL_PROVIDER_USAGE_SCENARIO,
};
use zeroize::Zeroizing;

/// What GetSerialization answers.
pub(crate) struct Outcome {
    /// Only ever from a permit.
    pub(crate) credential: Option<Packed>,
    /// The line for the person.
    pub(crate) status: Option<Status>,
}

/// A packed credential.
pub(crate) struct Packed {
    bytes: SecretTaskMemory,
    package: u32,
}

impl Packed {
    /// Hands it to LogonUI, which frees it.
    pub(crate) fn hand_over(
        self,
        response: *mut CREDENTIAL_PROVIDER_GET_SERIALIZATION_RESPONSE,
        serialization: *mut CREDENTIAL_PROVIDER_CREDENTIAL_SERIALIZATION,
    ) -> Result<(), Fault> {
        out(response, CPGSR_RETURN_CREDENTIAL_FINISHED)?;
        let (bytes, length) = self.bytes.into_raw();
        out(
            serialization,
            CREDENTIAL_PROVIDER_CREDENTIAL_SERIALIZATION {
                ulAuthenticationPackage: self.package,
                clsidCredentialProvider: crate::com::PROVIDER_CLSID,
                cbSerialization: length,
                rgbSerialization: bytes,
            },
        )
    }
}

/// Asks the state machine, and packs what it permits. Where that fails, the permit is spent all the same.
pub(crate) fn ask(session: &Arc<Session>, usage: CREDENTIAL_PROVIDER_USAGE_SCENARIO) -> Outcome {
    let permit = match session.ask_serialization() {
        Serialization::NotFinished(status) => return Outcome { credential: None, status },
        Serialization::Credential(permit) => permit,
    };
    match pack(&permit, usage) {
        Ok(packed) => Outcome { credential: Some(packed), status: None },
        Err(_) => {
            session.handle(Event::StartOver);
            let events = &session.agent().services().events;
            events.write(&agent::ports::Event::internal_error("a credential could not be handed to Windows"));
            Outcome { credential: None, status: Some(Status::error(texts::INTERNAL)) }
        }
    }
}

fn pack(permit: &Permit, usage: CREDENTIAL_PROVIDER_USAGE_SCENARIO) -> Result<Packed, Fault> {
    let package = negotiate()?;
    let bytes = bytes_of(permit.credential(), usage).map_err(|TooLong| Fault::BadArgument)?;
    Ok(Packed { bytes: SecretTaskMemory::copy_of(&bytes)?, package })
}

fn bytes_of(
    credential: &Credential,
    usage: CREDENTIAL_PROVIDER_USAGE_SCENARIO,
) -> Result<Zeroizing<Vec<u8>>, TooLong> {
    let wide = |text: &str| text.encode_utf16().collect::<Vec<u16>>();
    match credential {
        Credential::Logon { name, password } => {
            let purpose = if usage == CPUS_UNLOCK_WORKSTATION { Purpose::Unlock } else { Purpose::Logon };
            let domain = name.domain.as_deref().unwrap_or_default();
            pack_logon(purpose, &wide(domain), &wide(&name.user), password.as_utf16())
        }
        Credential::ChangePassword { domain, user, old, new } => {
            pack_change_password(&wide(domain), &wide(user), old.as_utf16(), new.as_utf16())
        }
    }
}
