//! The field table, in LogonUI's terms. What the fields are stands in [`agent::logon::Field`].

use crate::com::{CoTaskMemString, Fault, TaskMemory};
use agent::logon::{Field, FieldKind};
use windows::Win32::UI::Shell::{
    CPFG_LOGON_PASSWORD, CPFG_LOGON_USERNAME, CPFT_COMBOBOX, CPFT_COMMAND_LINK, CPFT_EDIT_TEXT,
    CPFT_LARGE_TEXT, CPFT_PASSWORD_TEXT, CPFT_SMALL_TEXT, CPFT_SUBMIT_BUTTON, CPFT_TILE_IMAGE,
    CREDENTIAL_PROVIDER_FIELD_DESCRIPTOR, CREDENTIAL_PROVIDER_FIELD_TYPE,
};
use windows_core::GUID;

/// The descriptor of field `index`, for LogonUI to free.
pub(crate) fn descriptor(index: u32) -> Result<*mut CREDENTIAL_PROVIDER_FIELD_DESCRIPTOR, Fault> {
    let field = Field::from_id(index).ok_or(Fault::BadArgument)?;
    let label = CoTaskMemString::new(field.label())?;
    let descriptor = CREDENTIAL_PROVIDER_FIELD_DESCRIPTOR {
        dwFieldID: field.id(),
        cpft: field_type(field.kind()),
        pszLabel: windows_core::PWSTR::null(),
        guidFieldType: well_known(field),
    };
    let memory = TaskMemory::new(descriptor)?.into_raw();
    // SAFETY: just made, and not yet known to anybody else.
    unsafe { (*memory).pszLabel = label.into_raw() };
    Ok(memory)
}

const fn field_type(kind: FieldKind) -> CREDENTIAL_PROVIDER_FIELD_TYPE {
    match kind {
        FieldKind::TileImage => CPFT_TILE_IMAGE,
        FieldKind::LargeText => CPFT_LARGE_TEXT,
        FieldKind::SmallText => CPFT_SMALL_TEXT,
        FieldKind::EditText => CPFT_EDIT_TEXT,
        FieldKind::PasswordText => CPFT_PASSWORD_TEXT,
        FieldKind::ComboBox => CPFT_COMBOBOX,
        FieldKind::SubmitButton => CPFT_SUBMIT_BUTTON,
        FieldKind::CommandLink => CPFT_COMMAND_LINK,
    }
}

/// Windows knows the meaning of two fields (remote desktop and Narrator look for them).
const fn well_known(field: Field) -> GUID {
    match field {
        Field::UserName => CPFG_LOGON_USERNAME,
        Field::Password => CPFG_LOGON_PASSWORD,
        _ => GUID::zeroed(),
    }
}
