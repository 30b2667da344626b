//! The objects that LogonUI gives to a provider.

use std::sync::Arc;

use windows::Win32::Foundation::{E_NOTIMPL, HWND, S_FALSE};
use windows::Win32::Graphics::Gdi::HBITMAP;
use windows::Win32::UI::Shell::{
    CPFIS_FOCUSED, CREDENTIAL_PROVIDER_CREDENTIAL_FIELD_OPTIONS, CREDENTIAL_PROVIDER_FIELD_INTERACTIVE_STATE,
    CREDENTIAL_PROVIDER_FIELD_STATE, ICredentialProviderCredential, ICredentialProviderCredentialEvents,
    ICredentialProviderCredentialEvents_Impl, ICredentialProviderCredentialEvents2,
    ICredentialProviderCredentialEvents2_Impl, ICredentialProviderEvents, ICredentialProviderEvents_Impl,
    IQueryContinue, IQueryContinue_Impl, IQueryContinueWithStatus, IQueryContinueWithStatus_Impl,
};
use windows::core::{BOOL, HRESULT, PCWSTR, Ref, Result, implement};

use super::bitmap;
use super::shared::Shared;
use crate::fields::{self, PASSWORD};
use crate::output::Event;

fn text(raw: &PCWSTR) -> String {
    if raw.is_null() {
        return String::new();
    }
    // SAFETY: not null, and callers of these interfaces pass zero-terminated texts.
    String::from_utf16_lossy(unsafe { raw.as_wide() })
}

/// ICredentialProviderEvents.
#[implement(ICredentialProviderEvents)]
pub(super) struct ProviderEvents(pub(super) Arc<Shared>);

impl ICredentialProviderEvents_Impl for ProviderEvents_Impl {
    fn CredentialsChanged(&self, _context: usize) -> Result<()> {
        self.0.set_changed();
        self.0.output.event(Event::new("credentials-changed"));
        Ok(())
    }
}

/// ICredentialProviderCredentialEvents2, which is what Windows 8 and later hand over.
#[implement(ICredentialProviderCredentialEvents2, ICredentialProviderCredentialEvents)]
pub(super) struct CredentialEvents(pub(super) Arc<Shared>);

impl ICredentialProviderCredentialEvents_Impl for CredentialEvents_Impl {
    fn SetFieldState(
        &self,
        _credential: Ref<ICredentialProviderCredential>,
        id: u32,
        state: CREDENTIAL_PROVIDER_FIELD_STATE,
    ) -> Result<()> {
        let event = Event::new("field-state").with("value", fields::state_word(state.0));
        self.0.change(id, event, |field| field.state = state.0);
        Ok(())
    }

    fn SetFieldInteractiveState(
        &self,
        _credential: Ref<ICredentialProviderCredential>,
        id: u32,
        state: CREDENTIAL_PROVIDER_FIELD_INTERACTIVE_STATE,
    ) -> Result<()> {
        let event = Event::new("field-interactive-state").with("value", fields::interactive_word(state.0));
        self.0.change(id, event, |field| field.interactive = state.0);
        if state == CPFIS_FOCUSED {
            self.0.focus(id);
        }
        Ok(())
    }

    fn SetFieldString(
        &self,
        _credential: Ref<ICredentialProviderCredential>,
        id: u32,
        raw: &PCWSTR,
    ) -> Result<()> {
        let text = text(raw);
        let is_password = self.0.fields().iter().any(|it| it.id == id && it.kind == PASSWORD);
        let printed = match (is_password, text.is_empty()) {
            (false, _) => text.clone(),
            (true, true) => "(empty)".to_owned(),
            (true, false) => "(filled)".to_owned(),
        };
        self.0.change(id, Event::new("field-string").with("value", printed), |field| {
            if is_password {
                field.is_filled = !text.is_empty();
            } else {
                field.text = text;
            }
        });
        Ok(())
    }

    fn SetFieldCheckbox(
        &self,
        _credential: Ref<ICredentialProviderCredential>,
        id: u32,
        checked: BOOL,
        label: &PCWSTR,
    ) -> Result<()> {
        let label = text(label);
        self.0.change(id, Event::new("field-checkbox").with("value", checked.as_bool()), |field| {
            field.checked = Some(checked.as_bool());
            field.text = label;
        });
        Ok(())
    }

    fn SetFieldBitmap(
        &self,
        _credential: Ref<ICredentialProviderCredential>,
        id: u32,
        bitmap: HBITMAP,
    ) -> Result<()> {
        let image = bitmap::read(bitmap).map(Arc::new);
        let event = Event::new("field-bitmap").with("value", !bitmap.is_invalid());
        self.0.change(id, event, |field| field.image = image);
        Ok(())
    }

    fn SetFieldComboBoxSelectedItem(
        &self,
        _credential: Ref<ICredentialProviderCredential>,
        id: u32,
        item: u32,
    ) -> Result<()> {
        let event = Event::new("field-combobox-selected").with("value", item);
        self.0.change(id, event, |field| field.choice = Some(item));
        Ok(())
    }

    fn DeleteFieldComboBoxItem(
        &self,
        _credential: Ref<ICredentialProviderCredential>,
        id: u32,
        item: u32,
    ) -> Result<()> {
        let event = Event::new("field-combobox-deleted").with("value", item);
        self.0.change(id, event, |field| {
            if (item as usize) < field.choices.len() {
                field.choices.remove(item as usize);
            }
        });
        Ok(())
    }

    fn AppendFieldComboBoxItem(
        &self,
        _credential: Ref<ICredentialProviderCredential>,
        id: u32,
        item: &PCWSTR,
    ) -> Result<()> {
        let text = text(item);
        let event = Event::new("field-combobox-appended").with("value", text.clone());
        self.0.change(id, event, |field| field.choices.push(text));
        Ok(())
    }

    fn SetFieldSubmitButton(
        &self,
        _credential: Ref<ICredentialProviderCredential>,
        id: u32,
        adjacent: u32,
    ) -> Result<()> {
        let event = Event::new("field-submit-button").with("value", adjacent);
        self.0.change(id, event, |field| field.adjacent_to = Some(adjacent));
        Ok(())
    }

    fn OnCreatingWindow(&self) -> Result<HWND> {
        // A window at the logon screen: the host has none to offer, and a provider should not ask.
        self.0.output.event(Event::new("creating-window"));
        Err(E_NOTIMPL.into())
    }
}

impl ICredentialProviderCredentialEvents2_Impl for CredentialEvents_Impl {
    fn BeginFieldUpdates(&self) -> Result<()> {
        self.0.output.event(Event::new("fields-begin-update"));
        Ok(())
    }

    fn EndFieldUpdates(&self) -> Result<()> {
        self.0.output.event(Event::new("fields-end-update"));
        Ok(())
    }

    fn SetFieldOptions(
        &self,
        _credential: Ref<ICredentialProviderCredential>,
        id: u32,
        options: CREDENTIAL_PROVIDER_CREDENTIAL_FIELD_OPTIONS,
    ) -> Result<()> {
        self.0.change(id, Event::new("field-options").with("value", options.0), |_| {});
        Ok(())
    }
}

/// IQueryContinueWithStatus.
#[implement(IQueryContinueWithStatus, IQueryContinue)]
pub(super) struct QueryContinue(pub(super) Arc<Shared>);

impl IQueryContinue_Impl for QueryContinue_Impl {
    fn QueryContinue(&self) -> Result<()> {
        if self.0.may_continue() { Ok(()) } else { Err(HRESULT(S_FALSE.0).into()) }
    }
}

impl IQueryContinueWithStatus_Impl for QueryContinue_Impl {
    fn SetStatusMessage(&self, raw: &PCWSTR) -> Result<()> {
        let text = text(raw);
        // Asked ten times a second, providers often repeat themselves.
        if self.0.status() != text {
            self.0.set_status(&text);
            self.0.output.event(Event::new("status").with("text", text));
        }
        Ok(())
    }
}
