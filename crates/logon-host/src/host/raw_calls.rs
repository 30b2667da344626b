//! Calls as they stand, in whatever order.

use windows::Win32::UI::Shell::{
    IConnectableCredentialProviderCredential, ICredentialProviderCredentialEvents, ICredentialProviderEvents,
    IQueryContinueWithStatus,
};
use windows::core::Interface;

use super::com;
use super::events::{CredentialEvents, ProviderEvents, QueryContinue};
use super::library;
use super::walk::Walk;
use crate::codes;
use crate::script::{RawCall, RawMethod as M};

impl Walk {
    /// Makes the call. A missing object is an error of the script, except that there is nothing to call.
    pub(super) fn raw(&mut self, call: &RawCall) -> Result<(), String> {
        let code = self.raw_code(call)?;
        let null = if call.null { "null " } else { "" };
        self.heard(&format!("{null}{}", call.method.text()), code);
        Ok(())
    }

    fn raw_code(&mut self, call: &RawCall) -> Result<i32, String> {
        let null = call.null;
        Ok(match &call.method {
            M::SetUsageScenario(scenario, flags) => {
                com::set_usage_scenario(&self.provider()?, scenario.cpus(), *flags)
            }
            M::SetSerialization(bytes) => {
                let package = self.active.world().authentication_package;
                let mut incoming = bytes.clone().map(|bytes| com::Incoming {
                    package,
                    clsid: self.clsid,
                    bytes,
                    absolute: false,
                });
                com::set_serialization(&self.provider()?, incoming.as_mut().filter(|_| !null))
            }
            M::Advise => {
                let events: ICredentialProviderEvents = ProviderEvents(self.shared.clone()).into();
                let code = com::advise(&self.provider()?, (!null).then_some(&events));
                self.advised |= code == codes::S_OK && !null;
                code
            }
            M::UnAdvise => {
                self.advised = false;
                com::unadvise(&self.provider()?)
            }
            M::GetFieldDescriptorCount => com::field_count(&self.provider()?, null).0,
            M::GetFieldDescriptorAt(index) => com::descriptor(&self.provider()?, *index, null).0,
            M::GetCredentialCount => {
                let (code, count) = com::credential_count(&self.provider()?, null);
                self.last.count = count;
                code
            }
            M::GetCredentialAt(index) => {
                let (code, credential) = com::credential_at(&self.provider()?, *index, null);
                if credential.is_some() {
                    self.credential = credential;
                }
                code
            }
            M::DllGetClassObject(clsid, iid) => self.class_object(clsid, iid, null)?,
            M::CreateInstance(_) => {
                match self.library.as_ref().ok_or("the DLL is not loaded")?.create(&self.clsid) {
                    Ok(provider) => {
                        self.provider = Some(provider);
                        0
                    }
                    Err(code) => code,
                }
            }
            M::DllCanUnloadNow => self.library.as_ref().ok_or("the DLL is not loaded")?.can_unload_now(),
            _ => self.raw_credential(call)?,
        })
    }

    fn class_object(&self, clsid: &str, iid: &str, null: bool) -> Result<i32, String> {
        let guid = |text: &str| library::parse_guid(text).ok_or(format!("{text} is no GUID"));
        let library = self.library.as_ref().ok_or("the DLL is not loaded")?;
        let (code, object) = library.class_object(&guid(clsid)?, &guid(iid)?, null);
        if !object.is_null() {
            // SAFETY: not null, so an object whose reference is ours; it is given back at once.
            drop(unsafe { windows::core::IUnknown::from_raw(object) });
        }
        Ok(code)
    }

    fn raw_credential(&mut self, call: &RawCall) -> Result<i32, String> {
        let null = call.null;
        let credential = self.credential()?;
        let connectable = || {
            credential.cast::<IConnectableCredentialProviderCredential>().map_err(|_| {
                "the credential does not offer IConnectableCredentialProviderCredential".to_owned()
            })
        };
        Ok(match &call.method {
            M::CredentialAdvise => {
                let events: ICredentialProviderCredentialEvents =
                    CredentialEvents(self.shared.clone()).into();
                com::credential_advise(&credential, (!null).then_some(&events))
            }
            M::CredentialUnAdvise => com::credential_unadvise(&credential),
            M::SetSelected => com::set_selected(&credential, null).0,
            M::SetDeselected => com::set_deselected(&credential),
            M::GetFieldState(id) => com::field_state(&credential, *id, null).0,
            M::GetStringValue(id) => com::string_value(&credential, *id, null).0,
            M::GetBitmapValue(id) => com::bitmap_value(&credential, *id, null).0,
            M::GetCheckboxValue(id) => com::checkbox_value(&credential, *id, null).0,
            M::GetSubmitButtonValue(id) => com::submit_button_value(&credential, *id, null).0,
            M::GetComboBoxValueCount(id) => com::combobox_count(&credential, *id, null).0,
            M::GetComboBoxValueAt(id, item) => com::combobox_item(&credential, *id, *item, null).0,
            M::SetStringValue(id, text) => {
                com::set_string(&credential, *id, (!null).then_some(text.as_str()))
            }
            M::SetCheckboxValue(id, on) => com::set_checkbox(&credential, *id, *on),
            M::SetComboBoxSelectedValue(id, item) => com::set_combobox(&credential, *id, *item),
            M::CommandLinkClicked(id) => com::click(&credential, *id),
            M::GetSerialization => {
                let (code, serialized) = com::get_serialization(&credential, null);
                self.note(&serialized);
                code
            }
            M::ReportResult(status, substatus) => {
                com::report_result(&credential, *status, *substatus, null).0
            }
            M::Connect => {
                let query: IQueryContinueWithStatus = QueryContinue(self.shared.clone()).into();
                self.shared.set_cancel(self.cancel.take());
                com::connect(&connectable()?, (!null).then_some(&query))
            }
            M::Disconnect => com::disconnect(&connectable()?),
            other => return Err(format!("{} is no call of a credential", other.text())),
        })
    }
}
