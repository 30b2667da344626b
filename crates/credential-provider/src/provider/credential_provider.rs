//! ICredentialProvider:
//! <https://learn.microsoft.com/windows/win32/api/credentialprovider/nn-credentialprovider-icredentialprovider>.

use super::remote::RemoteLogon;
use crate::com::interfaces::{
    IConnectableCredentialProviderCredential, ICredentialProvider, ICredentialProvider_Impl,
};
use crate::com::{Fault, ObjectCount, PROVIDER_CLSID, guard, lock, out};
use crate::session::Session;
use crate::tile::{Bell, Tile, descriptor};
use crate::{guarded_place, services};
use agent::logon::{Event, Field};
use agent::worker::Agent;
use core::ffi::c_void;
use std::sync::{Arc, Mutex};
use windows::Win32::UI::Shell::{
    CREDENTIAL_PROVIDER_CREDENTIAL_SERIALIZATION, CREDENTIAL_PROVIDER_FIELD_DESCRIPTOR,
    CREDENTIAL_PROVIDER_USAGE_SCENARIO,
};
use windows_core::{BOOL, GUID, HRESULT, IUnknown, Interface, implement};

/// CREDENTIAL_PROVIDER_NO_DEFAULT: no tile of ours is chosen beforehand.
const NO_DEFAULT: u32 = u32::MAX;

#[implement(ICredentialProvider, Agile = false)]
struct Provider {
    bell: Arc<Bell>,
    state: Mutex<State>,
    _count: ObjectCount,
}

#[derive(Default)]
struct State {
    standing: Option<Standing>,
    remote: Option<RemoteLogon>,
}

/// What stands from one SetUsageScenario to the next.
struct Standing {
    session: Arc<Session>,
    tile: IConnectableCredentialProviderCredential,
}

/// A provider that nobody has set up yet.
pub(crate) fn new_provider() -> IUnknown {
    Provider { bell: Arc::default(), state: Mutex::default(), _count: ObjectCount::new() }.into()
}

impl Provider {
    /// Makes the tile for a scenario, if it is guarded here and now.
    fn set_up(&self, usage: CREDENTIAL_PROVIDER_USAGE_SCENARIO) -> Result<(), Fault> {
        self.retire();
        let elevation = guarded_place(usage).ok_or(Fault::Unsupported)?.is_elevation();
        let agent = Agent::load(services::services());
        if !agent.loaded().state.guards() {
            return Err(Fault::Unsupported);
        }
        let session = Session::new(agent, elevation);
        let tile = Tile::make(&session, &self.bell, usage);
        let mut state = lock(&self.state);
        if let Some(remote) = &state.remote {
            session.handle(remote.event());
        }
        state.standing = Some(Standing { session, tile });
        Ok(())
    }

    /// Ends what stood before: nothing of it may stay (B26).
    fn retire(&self) {
        let former = lock(&self.state).standing.take();
        if let Some(former) = former {
            former.session.handle(Event::StartOver);
        }
    }

    fn session(&self) -> Result<Arc<Session>, Fault> {
        lock(&self.state).standing.as_ref().map(|s| Arc::clone(&s.session)).ok_or(Fault::OutOfOrder)
    }

    /// Whether no other provider is allowed beside ours; else Windows' own choice of a tile is left alone.
    fn is_alone(&self) -> Result<bool, Fault> {
        let session = self.session()?;
        let agent = session.agent();
        Ok(services::allowed_providers(agent.services(), agent.loaded()).is_empty())
    }

    fn take_auto_logon(&self) -> Result<bool, Fault> {
        let auto_logon = self.session()?.take_auto_logon();
        if auto_logon && let Some(remote) = &mut lock(&self.state).remote {
            remote.forget_password();
        }
        Ok(auto_logon)
    }
}

impl ICredentialProvider_Impl for Provider_Impl {
    unsafe fn SetUsageScenario(&self, scenario: CREDENTIAL_PROVIDER_USAGE_SCENARIO, _flags: u32) -> HRESULT {
        guard("SetUsageScenario", || self.set_up(scenario))
    }

    unsafe fn SetSerialization(
        &self,
        serialization: *const CREDENTIAL_PROVIDER_CREDENTIAL_SERIALIZATION,
    ) -> HRESULT {
        guard("SetSerialization", || {
            // SAFETY: null or the caller's, by the contract of this method.
            let serialization = unsafe { serialization.as_ref() }.ok_or(Fault::Unsupported)?;
            if ![PROVIDER_CLSID, GUID::zeroed()].contains(&serialization.clsidCredentialProvider) {
                return Err(Fault::Unsupported);
            }
            let remote = RemoteLogon::take(serialization)?;
            if let Ok(session) = self.session() {
                session.handle(remote.event());
            }
            lock(&self.state).remote = Some(remote);
            Ok(())
        })
    }

    unsafe fn Advise(&self, events: *mut c_void, context: usize) -> HRESULT {
        // SAFETY: null or LogonUI's, by the contract of this method.
        guard("Advise", || unsafe { self.bell.advise(events, context) })
    }

    unsafe fn UnAdvise(&self) -> HRESULT {
        guard("UnAdvise", || {
            self.bell.unadvise();
            if let Some(remote) = &mut lock(&self.state).remote {
                remote.forget_password();
            }
            if let Ok(session) = self.session() {
                session.handle(Event::Unadvised);
            }
            Ok(())
        })
    }

    unsafe fn GetFieldDescriptorCount(&self, count: *mut u32) -> HRESULT {
        guard("GetFieldDescriptorCount", || {
            out(count, u32::try_from(Field::ALL.len()).map_err(|_| Fault::Failed)?)
        })
    }

    unsafe fn GetFieldDescriptorAt(
        &self,
        index: u32,
        to: *mut *mut CREDENTIAL_PROVIDER_FIELD_DESCRIPTOR,
    ) -> HRESULT {
        guard("GetFieldDescriptorAt", || {
            out(to, core::ptr::null_mut())?;
            out(to, descriptor(index)?)
        })
    }

    unsafe fn GetCredentialCount(
        &self,
        count: *mut u32,
        default: *mut u32,
        auto_logon: *mut BOOL,
    ) -> HRESULT {
        guard("GetCredentialCount", || {
            out(count, 0)?;
            out(default, NO_DEFAULT)?;
            out(auto_logon, BOOL(0))?;
            let by_itself = self.take_auto_logon()?;
            let is_alone = self.is_alone()?;
            out(default, if by_itself || is_alone { 0 } else { NO_DEFAULT })?;
            out(auto_logon, by_itself.into())?;
            out(count, 1)
        })
    }

    unsafe fn GetCredentialAt(&self, index: u32, credential: *mut *mut c_void) -> HRESULT {
        guard("GetCredentialAt", || {
            out(credential, core::ptr::null_mut())?;
            let tile = lock(&self.state).standing.as_ref().map(|standing| standing.tile.clone());
            let tile = tile.ok_or(Fault::OutOfOrder)?;
            if index != 0 {
                return Err(Fault::BadArgument);
            }
            // The pointer to the derived interface is one to its base, ICredentialProviderCredential.
            out(credential, tile.into_raw())
        })
    }
}
