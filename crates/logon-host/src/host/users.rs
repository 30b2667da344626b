//! The list of people that Windows 8 and later hand to a provider that asks for it: the world's local accounts.

use windows::Win32::Foundation::{E_INVALIDARG, E_NOTIMPL, E_POINTER, PROPERTYKEY};
use windows::Win32::Storage::EnhancedStorage::{
    PKEY_Identity_DisplayName, PKEY_Identity_LogonStatusString, PKEY_Identity_PrimarySid,
    PKEY_Identity_QualifiedUserName, PKEY_Identity_UserName,
};
use windows::Win32::System::Com::StructuredStorage::PROPVARIANT;
use windows::Win32::UI::Shell::{
    CPAO_EMPTY_LOCAL, CREDENTIAL_PROVIDER_ACCOUNT_OPTIONS, ICredentialProviderSetUserArray,
    ICredentialProviderUser, ICredentialProviderUser_Impl, ICredentialProviderUserArray,
    ICredentialProviderUserArray_Impl, Identity_LocalUserProvider,
};
use windows::core::{GUID, Interface, PWSTR, Result, implement};

use super::com;
use super::walk::Walk;
use crate::world::World;

/// ICredentialProviderUserArray.
#[implement(ICredentialProviderUserArray)]
struct Users(Vec<ICredentialProviderUser>);

impl ICredentialProviderUserArray_Impl for Users_Impl {
    fn SetProviderFilter(&self, _provider: *const GUID) -> Result<()> {
        Ok(())
    }

    /// A tile for "other user" is wanted, as Windows has one on machines with local accounts only.
    fn GetAccountOptions(&self) -> Result<CREDENTIAL_PROVIDER_ACCOUNT_OPTIONS> {
        Ok(CPAO_EMPTY_LOCAL)
    }

    fn GetCount(&self) -> Result<u32> {
        u32::try_from(self.0.len()).map_err(|_| E_INVALIDARG.into())
    }

    fn GetAt(&self, index: u32) -> Result<ICredentialProviderUser> {
        self.0.get(index as usize).cloned().ok_or(E_INVALIDARG.into())
    }
}

/// ICredentialProviderUser.
#[implement(ICredentialProviderUser)]
struct User {
    sid: String,
    name: String,
    qualified: String,
}

impl ICredentialProviderUser_Impl for User_Impl {
    fn GetSid(&self) -> Result<PWSTR> {
        com::task_text(&self.sid)
    }

    fn GetProviderID(&self) -> Result<GUID> {
        Ok(Identity_LocalUserProvider)
    }

    fn GetStringValue(&self, key: *const PROPERTYKEY) -> Result<PWSTR> {
        // SAFETY: null or a key of the caller's.
        let Some(key) = (unsafe { key.as_ref() }) else {
            return Err(E_POINTER.into());
        };
        let known = [
            (PKEY_Identity_UserName, self.name.as_str()),
            (PKEY_Identity_DisplayName, &self.name),
            (PKEY_Identity_QualifiedUserName, &self.qualified),
            (PKEY_Identity_PrimarySid, &self.sid),
            (PKEY_Identity_LogonStatusString, ""),
        ];
        let found = known.iter().find(|(it, _)| it == key).ok_or(E_INVALIDARG)?;
        com::task_text(found.1)
    }

    fn GetValue(&self, _key: *const PROPERTYKEY) -> Result<PROPVARIANT> {
        Err(E_NOTIMPL.into())
    }
}

fn users(world: &World) -> ICredentialProviderUserArray {
    let local = world.accounts.iter().filter(|it| it.domain == world.host);
    let user = |it: &crate::world::Account| {
        User { sid: it.sid().to_string(), name: it.name.clone(), qualified: it.qualified() }.into()
    };
    Users(local.map(user).collect()).into()
}

impl Walk {
    /// SetUserArray, if the provider wants to know who there is.
    pub(super) fn hand_over_users(&mut self) -> std::result::Result<(), String> {
        if let Ok(provider) = self.provider()?.cast::<ICredentialProviderSetUserArray>() {
            let users = users(&self.active.world());
            let code = com::set_user_array(&provider, &users);
            self.heard("SetUserArray", code);
        }
        Ok(())
    }
}
