//! ICredentialProviderFilter:
//! <https://learn.microsoft.com/windows/win32/api/credentialprovider/nn-credentialprovider-icredentialproviderfilter>.

use super::rules::stays;
use crate::com::interfaces::{ICredentialProviderFilter, ICredentialProviderFilter_Impl};
use crate::com::{Fault, ObjectCount, PROVIDER_CLSID, SecretTaskMemory, guard, out};
use crate::provider::packed_anew;
use crate::{guarded_place, services};
use windows::Win32::UI::Shell::{
    CREDENTIAL_PROVIDER_CREDENTIAL_SERIALIZATION, CREDENTIAL_PROVIDER_USAGE_SCENARIO,
};
use windows_core::{BOOL, GUID, HRESULT, IUnknown, implement};

#[implement(ICredentialProviderFilter, Agile = false)]
struct Filter {
    _count: ObjectCount,
}

/// A filter.
pub(crate) fn new_filter() -> IUnknown {
    Filter { _count: ObjectCount::new() }.into()
}

/// Says which of the listed providers stay. What stays is left as it came: another filter may have hidden it.
fn hide(usage: CREDENTIAL_PROVIDER_USAGE_SCENARIO, providers: &[GUID], allow: &mut [BOOL]) {
    if guarded_place(usage).is_none() {
        return;
    }
    let services = services::services();
    let loaded = agent::config::load(&services);
    if !loaded.state.guards() {
        return;
    }
    let listed: Vec<u128> = providers.iter().map(GUID::to_u128).collect();
    let ours = PROVIDER_CLSID.to_u128();
    let staying = stays(&listed, ours, &services::allowed_providers(&services, &loaded));
    for ((class, stays), allow) in listed.iter().zip(staying).zip(allow) {
        if *class == ours {
            *allow = BOOL(1);
        } else if !stays {
            *allow = BOOL(0);
        }
    }
}

impl ICredentialProviderFilter_Impl for Filter_Impl {
    unsafe fn Filter(
        &self,
        scenario: CREDENTIAL_PROVIDER_USAGE_SCENARIO,
        _flags: u32,
        providers: *const GUID,
        allow: *mut BOOL,
        count: u32,
    ) -> HRESULT {
        guard("Filter", || {
            if count == 0 {
                return Ok(());
            }
            if providers.is_null() || allow.is_null() {
                return Err(Fault::NullPointer);
            }
            // SAFETY: not null, and `count` entries long by the contract of this method.
            let providers = unsafe { core::slice::from_raw_parts(providers, count as usize) };
            // SAFETY: as above; the two are different arrays.
            let allow = unsafe { core::slice::from_raw_parts_mut(allow, count as usize) };
            hide(scenario, providers, allow);
            Ok(())
        })
    }

    unsafe fn UpdateRemoteCredential(
        &self,
        incoming: *const CREDENTIAL_PROVIDER_CREDENTIAL_SERIALIZATION,
        outgoing: *mut CREDENTIAL_PROVIDER_CREDENTIAL_SERIALIZATION,
    ) -> HRESULT {
        guard("UpdateRemoteCredential", || {
            // SAFETY: null or the caller's, by the contract of this method.
            let incoming = unsafe { incoming.as_ref() }.ok_or(Fault::Unsupported)?;
            if !agent::config::load(&services::services()).state.guards() {
                return Err(Fault::Unsupported);
            }
            let packed = SecretTaskMemory::copy_of(&packed_anew(incoming)?)?;
            if outgoing.is_null() {
                return Err(Fault::NullPointer);
            }
            let (bytes, length) = packed.into_raw();
            out(
                outgoing,
                CREDENTIAL_PROVIDER_CREDENTIAL_SERIALIZATION {
                    ulAuthenticationPackage: incoming.ulAuthenticationPackage,
                    clsidCredentialProvider: PROVIDER_CLSID,
                    cbSerialization: length,
                    rgbSerialization: bytes,
                },
            )
        })
    }
}
