//! What goes in and out of fields.

use super::Stage;
use super::screen::{self, Screen};
use super::stage::field_state;
use crate::com::{CoTaskMemString, Fault, out};
use agent::Password;
use agent::logon::{Event, Field, FieldKind, MethodChoice, Status, Tone};
use windows::Win32::UI::Shell::{
    CPFIS_FOCUSED, CPFIS_NONE, CPSI_ERROR, CPSI_NONE, CPSI_WARNING,
    CREDENTIAL_PROVIDER_FIELD_INTERACTIVE_STATE, CREDENTIAL_PROVIDER_FIELD_STATE,
    CREDENTIAL_PROVIDER_STATUS_ICON,
};
use windows_core::{PCWSTR, PWSTR};
use zeroize::Zeroizing;

/// Longest text that is taken from an edit field, in UTF-16 units. Real ones are far shorter; the state machine says
/// what is too long for what it is.
const MAX_TEXT_UNITS: usize = 1024;

/// The field of this number, if it is of one of these kinds.
pub(super) fn field_of(id: u32, kinds: &[FieldKind]) -> Result<Field, Fault> {
    Field::from_id(id).filter(|field| kinds.contains(&field.kind())).ok_or(Fault::BadArgument)
}

/// GetFieldState.
pub(super) fn state_of(
    stage: &Stage,
    id: u32,
) -> Result<(CREDENTIAL_PROVIDER_FIELD_STATE, CREDENTIAL_PROVIDER_FIELD_INTERACTIVE_STATE), Fault> {
    let field = Field::from_id(id).ok_or(Fault::BadArgument)?;
    let view = stage.session().view();
    let focused = view.focus == field && screen::takes_focus(field);
    let interactive = if focused { CPFIS_FOCUSED } else { CPFIS_NONE };
    Ok((field_state(field, view.field(field).shown), interactive))
}

/// GetStringValue. Never what was typed into a field of secrets.
pub(super) fn string_of(stage: &Stage, id: u32) -> Result<PWSTR, Fault> {
    const WITH_TEXT: [FieldKind; 6] = [
        FieldKind::LargeText,
        FieldKind::SmallText,
        FieldKind::EditText,
        FieldKind::PasswordText,
        FieldKind::CommandLink,
        FieldKind::SubmitButton,
    ];
    let field = field_of(id, &WITH_TEXT)?;
    let text = screen::text(field, &stage.session().view());
    Ok(CoTaskMemString::new(&text)?.into_raw())
}

/// SetStringValue.
///
/// # Safety
/// `text` is null or zero-terminated.
pub(super) unsafe fn set_string(stage: &Stage, id: u32, text: PCWSTR) -> Result<(), Fault> {
    let field = field_of(id, &[FieldKind::EditText, FieldKind::PasswordText])?;
    // SAFETY: the caller vouches for the pointer.
    let units = unsafe { units_of(text) }?;
    let event = if field.kind() == FieldKind::PasswordText {
        let password = Password::from_utf16(units).map_err(|_| Fault::BadArgument)?;
        Event::TypedSecret(field, password)
    } else {
        let text = Zeroizing::new(String::from_utf16_lossy(units));
        stage.note(|screen: &mut Screen| screen.typed(field, &text));
        Event::Typed(field, String::clone(&text))
    };
    stage.session().handle(event);
    Ok(())
}

/// SetComboBoxSelectedValue.
pub(super) fn choose(stage: &Stage, id: u32, item: u32) -> Result<(), Fault> {
    field_of(id, &[FieldKind::ComboBox])?;
    let method = MethodChoice::from_index(item).ok_or(Fault::BadArgument)?;
    stage.note(|screen| screen.chose(method));
    stage.session().handle(Event::Chose(method));
    Ok(())
}

/// CommandLinkClicked.
pub(super) fn click(stage: &Stage, id: u32) -> Result<(), Fault> {
    let event = match field_of(id, &[FieldKind::CommandLink])? {
        Field::Cancel => Event::Cancel,
        _ => Event::StartOver,
    };
    stage.session().handle(event);
    Ok(())
}

/// The text of an entry of the method list, for LogonUI to free.
pub(super) fn method_text(item: u32) -> Result<PWSTR, Fault> {
    let method = MethodChoice::from_index(item).ok_or(Fault::BadArgument)?;
    Ok(CoTaskMemString::new(method.text())?.into_raw())
}

/// Hands a status line out: its text, for LogonUI to free, and its icon. Without one: null and no icon.
pub(super) fn hand_out(
    status: Option<&Status>,
    text: *mut PWSTR,
    icon: *mut CREDENTIAL_PROVIDER_STATUS_ICON,
) -> Result<(), Fault> {
    out(text, PWSTR::null())?;
    out(icon, CPSI_NONE)?;
    let Some(status) = status else { return Ok(()) };
    let line = CoTaskMemString::new(&status.text)?;
    out(icon, icon_of(status.tone))?;
    out(text, line.into_raw())
}

const fn icon_of(tone: Tone) -> CREDENTIAL_PROVIDER_STATUS_ICON {
    match tone {
        Tone::Information => CPSI_NONE,
        Tone::Warning => CPSI_WARNING,
        Tone::Error => CPSI_ERROR,
    }
}

/// The characters before the terminating zero.
///
/// # Safety
/// `text` is null or zero-terminated, and stays as it is while the result is used.
unsafe fn units_of<'a>(text: PCWSTR) -> Result<&'a [u16], Fault> {
    if text.is_null() {
        return Err(Fault::NullPointer);
    }
    let mut length = 0;
    loop {
        // SAFETY: everything before this unit was read and is no terminating zero, so this one belongs to the text.
        let unit = unsafe { text.0.add(length) };
        // SAFETY: as above.
        if unsafe { unit.read() } == 0 {
            break;
        }
        length += 1;
        if length > MAX_TEXT_UNITS {
            return Err(Fault::BadArgument);
        }
    }
    // SAFETY: so many units were just read.
    Ok(unsafe { core::slice::from_raw_parts(text.0, length) })
}
