//! ICredentialProviderCredential:
//! <https://learn.microsoft.com/windows/win32/api/credentialprovider/nn-credentialprovider-icredentialprovidercredential>.

use super::{Bell, Stage, values};
use crate::com::interfaces::{IConnectableCredentialProviderCredential, ICredentialProviderCredential_Impl};
use crate::com::{Fault, ObjectCount, guard, out};
use crate::image::new_tile_bitmap;
use crate::serialize;
use crate::session::Session;
use agent::logon::{Event, FieldKind, MethodChoice};
use core::ffi::c_void;
use std::sync::Arc;
use windows::Win32::Foundation::NTSTATUS;
use windows::Win32::Graphics::Gdi::HBITMAP;
use windows::Win32::UI::Shell::{
    CPGSR_NO_CREDENTIAL_NOT_FINISHED, CREDENTIAL_PROVIDER_CREDENTIAL_SERIALIZATION,
    CREDENTIAL_PROVIDER_FIELD_INTERACTIVE_STATE, CREDENTIAL_PROVIDER_FIELD_STATE,
    CREDENTIAL_PROVIDER_GET_SERIALIZATION_RESPONSE, CREDENTIAL_PROVIDER_STATUS_ICON,
    CREDENTIAL_PROVIDER_USAGE_SCENARIO,
};
use windows_core::{BOOL, HRESULT, Interface, PCWSTR, PWSTR, implement};

/// The one tile.
#[implement(IConnectableCredentialProviderCredential, Agile = false)]
pub(crate) struct Tile {
    pub(super) stage: Arc<Stage>,
    /// What LogonUI called the scenario: the package is told the same.
    usage: CREDENTIAL_PROVIDER_USAGE_SCENARIO,
    _count: ObjectCount,
}

impl Tile {
    /// A tile for a session.
    pub(crate) fn make(
        session: &Arc<Session>,
        bell: &Arc<Bell>,
        usage: CREDENTIAL_PROVIDER_USAGE_SCENARIO,
    ) -> IConnectableCredentialProviderCredential {
        let stage = Stage::new(Arc::clone(session), Arc::clone(bell));
        Self { stage, usage, _count: ObjectCount::new() }.into()
    }
}

impl Tile_Impl {
    /// Guards a method, and draws what it changed.
    pub(super) fn act(&self, method: &'static str, body: impl FnOnce() -> Result<(), Fault>) -> HRESULT {
        guard(method, || {
            let result = body();
            self.stage.flush();
            result
        })
    }

    fn handle(&self, event: Event) {
        self.stage.session().handle(event);
    }
}

impl ICredentialProviderCredential_Impl for Tile_Impl {
    unsafe fn Advise(&self, events: *mut c_void) -> HRESULT {
        guard("Advise", || {
            let tile: windows_core::InterfaceRef<'_, IConnectableCredentialProviderCredential> =
                windows_core::ComObjectInterface::as_interface_ref(self);
            // SAFETY: `events` is null or LogonUI's, by the contract of this method; the tile is this one.
            unsafe { self.stage.open(events, tile.as_raw()) }
        })
    }

    unsafe fn UnAdvise(&self) -> HRESULT {
        guard("UnAdvise", || {
            self.stage.close();
            self.handle(Event::Unadvised);
            Ok(())
        })
    }

    unsafe fn SetSelected(&self, auto_logon: *mut BOOL) -> HRESULT {
        self.act("SetSelected", || out(auto_logon, BOOL(0)))
    }

    unsafe fn SetDeselected(&self) -> HRESULT {
        self.act("SetDeselected", || {
            self.handle(Event::Deselected);
            Ok(())
        })
    }

    unsafe fn GetFieldState(
        &self,
        field: u32,
        state: *mut CREDENTIAL_PROVIDER_FIELD_STATE,
        interactive: *mut CREDENTIAL_PROVIDER_FIELD_INTERACTIVE_STATE,
    ) -> HRESULT {
        guard("GetFieldState", || {
            let (shown, focused) = values::state_of(&self.stage, field)?;
            out(state, shown)?;
            out(interactive, focused)
        })
    }

    unsafe fn GetStringValue(&self, field: u32, text: *mut PWSTR) -> HRESULT {
        guard("GetStringValue", || {
            out(text, PWSTR::null())?;
            out(text, values::string_of(&self.stage, field)?)
        })
    }

    unsafe fn GetBitmapValue(&self, field: u32, bitmap: *mut HBITMAP) -> HRESULT {
        guard("GetBitmapValue", || {
            out(bitmap, HBITMAP::default())?;
            values::field_of(field, &[FieldKind::TileImage])?;
            out(bitmap, new_tile_bitmap()?)
        })
    }

    unsafe fn GetCheckboxValue(&self, _field: u32, checked: *mut BOOL, label: *mut PWSTR) -> HRESULT {
        guard("GetCheckboxValue", || {
            out(checked, BOOL(0))?;
            out(label, PWSTR::null())?;
            // The tile has none.
            Err(Fault::BadArgument)
        })
    }

    unsafe fn GetSubmitButtonValue(&self, field: u32, adjacent_to: *mut u32) -> HRESULT {
        guard("GetSubmitButtonValue", || {
            out(adjacent_to, 0)?;
            values::field_of(field, &[FieldKind::SubmitButton])?;
            out(adjacent_to, self.stage.session().view().submit_beside.id())
        })
    }

    unsafe fn GetComboBoxValueCount(&self, field: u32, count: *mut u32, selected: *mut u32) -> HRESULT {
        guard("GetComboBoxValueCount", || {
            out(count, 0)?;
            out(selected, 0)?;
            values::field_of(field, &[FieldKind::ComboBox])?;
            let entries = u32::try_from(MethodChoice::ALL.len()).map_err(|_| Fault::Failed)?;
            out(count, entries)?;
            out(selected, self.stage.session().view().method.index())
        })
    }

    unsafe fn GetComboBoxValueAt(&self, field: u32, item: u32, text: *mut PWSTR) -> HRESULT {
        guard("GetComboBoxValueAt", || {
            out(text, PWSTR::null())?;
            values::field_of(field, &[FieldKind::ComboBox])?;
            out(text, values::method_text(item)?)
        })
    }

    unsafe fn SetStringValue(&self, field: u32, text: PCWSTR) -> HRESULT {
        // SAFETY: null or zero-terminated, by the contract of this method.
        self.act("SetStringValue", || unsafe { values::set_string(&self.stage, field, text) })
    }

    unsafe fn SetCheckboxValue(&self, _field: u32, _checked: BOOL) -> HRESULT {
        guard("SetCheckboxValue", || Err(Fault::BadArgument))
    }

    unsafe fn SetComboBoxSelectedValue(&self, field: u32, item: u32) -> HRESULT {
        self.act("SetComboBoxSelectedValue", || values::choose(&self.stage, field, item))
    }

    unsafe fn CommandLinkClicked(&self, field: u32) -> HRESULT {
        self.act("CommandLinkClicked", || values::click(&self.stage, field))
    }

    unsafe fn GetSerialization(
        &self,
        response: *mut CREDENTIAL_PROVIDER_GET_SERIALIZATION_RESPONSE,
        serialization: *mut CREDENTIAL_PROVIDER_CREDENTIAL_SERIALIZATION,
        status: *mut PWSTR,
        icon: *mut CREDENTIAL_PROVIDER_STATUS_ICON,
    ) -> HRESULT {
        self.act("GetSerialization", || {
            out(response, CPGSR_NO_CREDENTIAL_NOT_FINISHED)?;
            out(serialization, CREDENTIAL_PROVIDER_CREDENTIAL_SERIALIZATION::default())?;
            values::hand_out(None, status, icon)?;
            let outcome = serialize::ask(self.stage.session(), self.usage);
            values::hand_out(outcome.status.as_ref(), status, icon)?;
            outcome.credential.map_or(Ok(()), |credential| credential.hand_over(response, serialization))
        })
    }

    unsafe fn ReportResult(
        &self,
        status: NTSTATUS,
        substatus: NTSTATUS,
        text: *mut PWSTR,
        icon: *mut CREDENTIAL_PROVIDER_STATUS_ICON,
    ) -> HRESULT {
        self.act("ReportResult", || {
            let [status, substatus] = [status.0.cast_unsigned(), substatus.0.cast_unsigned()];
            self.handle(Event::Reported { status, substatus });
            values::hand_out(self.stage.session().view().status.as_ref(), text, icon)
        })
    }
}
