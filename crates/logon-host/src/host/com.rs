//! The calls themselves: each method of a provider's objects once, with its HRESULT and what it gave.
//!
//! Called through the tables directly, so that a script can pass nulls and see every HRESULT.

use std::ffi::c_void;
use std::ptr::null_mut;
use std::sync::Arc;

use windows::Win32::Foundation::{E_OUTOFMEMORY, NTSTATUS};
use windows::Win32::Graphics::Gdi::{DeleteObject, HBITMAP};
use windows::Win32::UI::Shell::{
    CREDENTIAL_PROVIDER_CREDENTIAL_SERIALIZATION, CREDENTIAL_PROVIDER_FIELD_DESCRIPTOR,
    CREDENTIAL_PROVIDER_FIELD_INTERACTIVE_STATE, CREDENTIAL_PROVIDER_FIELD_STATE,
    CREDENTIAL_PROVIDER_GET_SERIALIZATION_RESPONSE, CREDENTIAL_PROVIDER_STATUS_ICON,
    CREDENTIAL_PROVIDER_USAGE_SCENARIO, IConnectableCredentialProviderCredential, ICredentialProvider,
    ICredentialProviderCredential, ICredentialProviderCredentialEvents, ICredentialProviderEvents,
    ICredentialProviderFilter, ICredentialProviderSetUserArray, ICredentialProviderUserArray,
    IQueryContinueWithStatus,
};
use windows::core::{BOOL, GUID, Interface, PCWSTR, PWSTR};
use zeroize::Zeroize;

use super::bitmap;
use crate::fields::Field;
use crate::screen::Image;

// The crate's own CoTaskMemFree would come from combase.dll, which Windows 7 lacks.
#[link(name = "ole32")]
unsafe extern "system" {
    fn CoTaskMemFree(memory: *const c_void);
    fn CoTaskMemAlloc(size: usize) -> *mut c_void;
}

/// An HRESULT with what came with it.
pub(super) type Answer<T> = (i32, T);

/// Takes over a text that the provider allocated.
fn take(text: PWSTR) -> Option<String> {
    if text.is_null() {
        return None;
    }
    // SAFETY: a provider hands out zero-terminated texts.
    let owned = String::from_utf16_lossy(unsafe { text.as_wide() });
    // SAFETY: by the interface's contract the text is task memory and the caller's to free.
    unsafe { CoTaskMemFree(text.0.cast()) };
    Some(owned)
}

/// A text for somebody who frees it as task memory.
pub(super) fn task_text(text: &str) -> windows::core::Result<PWSTR> {
    let units = wide(text);
    // SAFETY: asks for memory.
    let memory: *mut u16 = unsafe { CoTaskMemAlloc(units.len() * 2) }.cast();
    if memory.is_null() {
        return Err(E_OUTOFMEMORY.into());
    }
    // SAFETY: the memory has room for so many units.
    unsafe { memory.copy_from_nonoverlapping(units.as_ptr(), units.len()) };
    Ok(PWSTR(memory))
}

fn wide(text: &str) -> Vec<u16> {
    text.encode_utf16().chain([0]).collect()
}

/// Where an answer goes: a place, or null when the script wants null.
fn place<T>(null: bool, value: &mut T) -> *mut T {
    if null { null_mut() } else { value }
}

/// One COM call. Every method of these interfaces may be called at any time with any number and with null pointers: what must
/// be valid is `this` and the places that are not null, and both are ours.
macro_rules! call {
    ($object:expr, $method:ident $(, $argument:expr)* $(,)?) => {{
        let object = $object;
        let this = object.as_raw();
        let method = Interface::vtable(object).$method;
        // SAFETY: see the macro's description.
        unsafe { method(this $(, $argument)*) }.0
    }};
}

/// Descriptor of one field.
#[derive(Debug, Clone, Default)]
pub(super) struct Descriptor {
    pub(super) id: u32,
    pub(super) kind: i32,
    pub(super) label: String,
    pub(super) guid: GUID,
}

/// What GetCredentialCount gives.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Count {
    pub(super) count: u32,
    pub(super) default: u32,
    pub(super) auto_logon: bool,
}

/// A serialization on its way in.
pub(super) struct Incoming {
    pub(super) package: u32,
    pub(super) clsid: GUID,
    pub(super) bytes: Vec<u8>,
    /// Its offsets are to become addresses where it lies.
    pub(super) absolute: bool,
}

impl Incoming {
    fn raw(&mut self) -> CREDENTIAL_PROVIDER_CREDENTIAL_SERIALIZATION {
        CREDENTIAL_PROVIDER_CREDENTIAL_SERIALIZATION {
            ulAuthenticationPackage: self.package,
            clsidCredentialProvider: self.clsid,
            cbSerialization: u32::try_from(self.bytes.len()).unwrap_or(0),
            rgbSerialization: if self.bytes.is_empty() { null_mut() } else { self.bytes.as_mut_ptr() },
        }
    }
}

/// A serialization that a provider or filter returned; its bytes are wiped on drop.
#[derive(Default)]
pub(super) struct Serialization {
    pub(super) package: u32,
    pub(super) clsid: GUID,
    pub(super) bytes: Vec<u8>,
}

impl Drop for Serialization {
    fn drop(&mut self) {
        self.bytes.zeroize();
    }
}

impl Serialization {
    fn take(raw: &CREDENTIAL_PROVIDER_CREDENTIAL_SERIALIZATION) -> Self {
        let mut taken = Self {
            package: raw.ulAuthenticationPackage,
            clsid: raw.clsidCredentialProvider,
            bytes: Vec::new(),
        };
        if !raw.rgbSerialization.is_null() {
            // SAFETY: the provider says that so many bytes lie there.
            let bytes =
                unsafe { std::slice::from_raw_parts_mut(raw.rgbSerialization, raw.cbSerialization as usize) };
            taken.bytes.extend_from_slice(bytes);
            bytes.zeroize();
            // SAFETY: by the interface's contract the buffer is task memory and the caller's to free.
            unsafe { CoTaskMemFree(raw.rgbSerialization.cast()) };
        }
        taken
    }
}

/// What GetSerialization gives.
#[derive(Default)]
pub(super) struct Serialized {
    pub(super) response: i32,
    pub(super) serialization: Serialization,
    pub(super) text: Option<String>,
    pub(super) icon: i32,
}

pub(super) fn set_usage_scenario(provider: &ICredentialProvider, scenario: i32, flags: u32) -> i32 {
    call!(provider, SetUsageScenario, CREDENTIAL_PROVIDER_USAGE_SCENARIO(scenario), flags)
}

pub(super) fn set_serialization(provider: &ICredentialProvider, incoming: Option<&mut Incoming>) -> i32 {
    match incoming {
        None => call!(provider, SetSerialization, std::ptr::null()),
        Some(incoming) => {
            let raw = incoming.raw();
            call!(provider, SetSerialization, &raw const raw)
        }
    }
}

pub(super) fn set_user_array(
    provider: &ICredentialProviderSetUserArray,
    users: &ICredentialProviderUserArray,
) -> i32 {
    let users = users.as_raw();
    call!(provider, SetUserArray, users)
}

pub(super) fn advise(provider: &ICredentialProvider, events: Option<&ICredentialProviderEvents>) -> i32 {
    let events = events.map_or(null_mut(), Interface::as_raw);
    call!(provider, Advise, events, 7)
}

pub(super) fn unadvise(provider: &ICredentialProvider) -> i32 {
    call!(provider, UnAdvise)
}

pub(super) fn field_count(provider: &ICredentialProvider, null: bool) -> Answer<u32> {
    let mut count = 0;
    let count_place = place(null, &mut count);
    (call!(provider, GetFieldDescriptorCount, count_place), count)
}

pub(super) fn descriptor(
    provider: &ICredentialProvider,
    index: u32,
    null: bool,
) -> Answer<Option<Descriptor>> {
    let mut raw: *mut CREDENTIAL_PROVIDER_FIELD_DESCRIPTOR = null_mut();
    let raw_place = place(null, &mut raw);
    let code = call!(provider, GetFieldDescriptorAt, index, raw_place);
    // SAFETY: null or a descriptor that the provider allocated.
    let Some(found) = (unsafe { raw.as_ref() }) else {
        return (code, None);
    };
    let descriptor = Descriptor {
        id: found.dwFieldID,
        kind: found.cpft.0,
        label: take(found.pszLabel).unwrap_or_default(),
        guid: found.guidFieldType,
    };
    // SAFETY: by the interface's contract the descriptor is task memory and the caller's to free.
    unsafe { CoTaskMemFree(raw.cast()) };
    (code, Some(descriptor))
}

pub(super) fn credential_count(provider: &ICredentialProvider, null: bool) -> Answer<Count> {
    let mut answer = Count::default();
    let mut auto = BOOL(0);
    let (count, default) = (place(null, &mut answer.count), place(null, &mut answer.default));
    let auto_place = place(null, &mut auto);
    let code = call!(provider, GetCredentialCount, count, default, auto_place);
    answer.auto_logon = auto.as_bool();
    (code, answer)
}

pub(super) fn credential_at(
    provider: &ICredentialProvider,
    index: u32,
    null: bool,
) -> Answer<Option<ICredentialProviderCredential>> {
    let mut raw: *mut c_void = null_mut();
    let raw_place = place(null, &mut raw);
    let code = call!(provider, GetCredentialAt, index, raw_place);
    if raw.is_null() {
        return (code, None);
    }
    // SAFETY: not null, so a reference to a credential that is now ours.
    (code, Some(unsafe { ICredentialProviderCredential::from_raw(raw) }))
}

pub(super) fn credential_advise(
    credential: &ICredentialProviderCredential,
    events: Option<&ICredentialProviderCredentialEvents>,
) -> i32 {
    let events = events.map_or(null_mut(), Interface::as_raw);
    call!(credential, Advise, events)
}

pub(super) fn credential_unadvise(credential: &ICredentialProviderCredential) -> i32 {
    call!(credential, UnAdvise)
}

pub(super) fn set_selected(credential: &ICredentialProviderCredential, null: bool) -> Answer<bool> {
    let mut auto = BOOL(0);
    let auto_place = place(null, &mut auto);
    (call!(credential, SetSelected, auto_place), auto.as_bool())
}

pub(super) fn set_deselected(credential: &ICredentialProviderCredential) -> i32 {
    call!(credential, SetDeselected)
}

pub(super) fn field_state(
    credential: &ICredentialProviderCredential,
    id: u32,
    null: bool,
) -> Answer<(i32, i32)> {
    let mut state = CREDENTIAL_PROVIDER_FIELD_STATE(0);
    let mut interactive = CREDENTIAL_PROVIDER_FIELD_INTERACTIVE_STATE(0);
    let (state_place, interactive_place) = (place(null, &mut state), place(null, &mut interactive));
    let code = call!(credential, GetFieldState, id, state_place, interactive_place);
    (code, (state.0, interactive.0))
}

pub(super) fn string_value(
    credential: &ICredentialProviderCredential,
    id: u32,
    null: bool,
) -> Answer<Option<String>> {
    let mut text = PWSTR::null();
    let text_place = place(null, &mut text);
    let code = call!(credential, GetStringValue, id, text_place);
    (code, take(text))
}

pub(super) fn bitmap_value(
    credential: &ICredentialProviderCredential,
    id: u32,
    null: bool,
) -> Answer<Option<Image>> {
    let mut bitmap = HBITMAP::default();
    let bitmap_place = place(null, &mut bitmap);
    let code = call!(credential, GetBitmapValue, id, bitmap_place);
    let image = bitmap::read(bitmap);
    if !bitmap.is_invalid() {
        // SAFETY: a bitmap that was handed out is the caller's to delete.
        let _fails_when_shared = unsafe { DeleteObject(bitmap.into()) };
    }
    (code, image)
}

pub(super) fn checkbox_value(
    credential: &ICredentialProviderCredential,
    id: u32,
    null: bool,
) -> Answer<(bool, Option<String>)> {
    let mut checked = BOOL(0);
    let mut label = PWSTR::null();
    let (checked_place, label_place) = (place(null, &mut checked), place(null, &mut label));
    let code = call!(credential, GetCheckboxValue, id, checked_place, label_place);
    (code, (checked.as_bool(), take(label)))
}

pub(super) fn submit_button_value(
    credential: &ICredentialProviderCredential,
    id: u32,
    null: bool,
) -> Answer<u32> {
    let mut adjacent = 0;
    let adjacent_place = place(null, &mut adjacent);
    (call!(credential, GetSubmitButtonValue, id, adjacent_place), adjacent)
}

pub(super) fn combobox_count(
    credential: &ICredentialProviderCredential,
    id: u32,
    null: bool,
) -> Answer<(u32, u32)> {
    let (mut count, mut selected) = (0, 0);
    let (count_place, selected_place) = (place(null, &mut count), place(null, &mut selected));
    let code = call!(credential, GetComboBoxValueCount, id, count_place, selected_place);
    (code, (count, selected))
}

pub(super) fn combobox_item(
    credential: &ICredentialProviderCredential,
    id: u32,
    item: u32,
    null: bool,
) -> Answer<Option<String>> {
    let mut text = PWSTR::null();
    let text_place = place(null, &mut text);
    let code = call!(credential, GetComboBoxValueAt, id, item, text_place);
    (code, take(text))
}

pub(super) fn set_string(credential: &ICredentialProviderCredential, id: u32, text: Option<&str>) -> i32 {
    let mut units = text.map(wide);
    let pointer = units.as_ref().map_or(PCWSTR::null(), |it| PCWSTR(it.as_ptr()));
    let code = call!(credential, SetStringValue, id, pointer);
    units.zeroize();
    code
}

pub(super) fn set_checkbox(credential: &ICredentialProviderCredential, id: u32, on: bool) -> i32 {
    call!(credential, SetCheckboxValue, id, BOOL::from(on))
}

pub(super) fn set_combobox(credential: &ICredentialProviderCredential, id: u32, item: u32) -> i32 {
    call!(credential, SetComboBoxSelectedValue, id, item)
}

pub(super) fn click(credential: &ICredentialProviderCredential, id: u32) -> i32 {
    call!(credential, CommandLinkClicked, id)
}

pub(super) fn get_serialization(
    credential: &ICredentialProviderCredential,
    null: bool,
) -> Answer<Serialized> {
    let mut response = CREDENTIAL_PROVIDER_GET_SERIALIZATION_RESPONSE(0);
    let mut raw = CREDENTIAL_PROVIDER_CREDENTIAL_SERIALIZATION::default();
    let mut text = PWSTR::null();
    let mut icon = CREDENTIAL_PROVIDER_STATUS_ICON(0);
    let (response_place, raw_place) = (place(null, &mut response), place(null, &mut raw));
    let (text_place, icon_place) = (place(null, &mut text), place(null, &mut icon));
    let code = call!(credential, GetSerialization, response_place, raw_place, text_place, icon_place);
    let serialization = Serialization::take(&raw);
    (code, Serialized { response: response.0, serialization, text: take(text), icon: icon.0 })
}

pub(super) fn report_result(
    credential: &ICredentialProviderCredential,
    status: i32,
    substatus: i32,
    null: bool,
) -> Answer<(Option<String>, i32)> {
    let mut text = PWSTR::null();
    let mut icon = CREDENTIAL_PROVIDER_STATUS_ICON(0);
    let (text_place, icon_place) = (place(null, &mut text), place(null, &mut icon));
    let code = call!(credential, ReportResult, NTSTATUS(status), NTSTATUS(substatus), text_place, icon_place);
    (code, (take(text), icon.0))
}

pub(super) fn connect(
    credential: &IConnectableCredentialProviderCredential,
    query: Option<&IQueryContinueWithStatus>,
) -> i32 {
    let query = query.map_or(null_mut(), Interface::as_raw);
    call!(credential, Connect, query)
}

pub(super) fn disconnect(credential: &IConnectableCredentialProviderCredential) -> i32 {
    call!(credential, Disconnect)
}

pub(super) fn filter(
    filter: &ICredentialProviderFilter,
    scenario: i32,
    flags: u32,
    providers: &[GUID],
) -> Answer<Vec<bool>> {
    let mut allow = vec![BOOL(1); providers.len()];
    let count = u32::try_from(providers.len()).unwrap_or(0);
    let (list, answers) = (providers.as_ptr(), allow.as_mut_ptr());
    let code =
        call!(filter, Filter, CREDENTIAL_PROVIDER_USAGE_SCENARIO(scenario), flags, list, answers, count);
    (code, allow.iter().map(|it| it.as_bool()).collect())
}

/// The incoming buffer is given in task memory, as the session manager does.
pub(super) fn update_remote_credential(
    filter: &ICredentialProviderFilter,
    incoming: &mut Incoming,
) -> Answer<Serialization> {
    let mut raw_in = incoming.raw();
    // SAFETY: asks for memory.
    let copy: *mut u8 = unsafe { CoTaskMemAlloc(incoming.bytes.len().max(1)) }.cast();
    if !copy.is_null() && !raw_in.rgbSerialization.is_null() {
        // SAFETY: the memory has at least so many bytes.
        unsafe { copy.copy_from_nonoverlapping(incoming.bytes.as_ptr(), incoming.bytes.len()) };
        raw_in.rgbSerialization = copy;
        if incoming.absolute {
            // SAFETY: the copy has so many bytes and nobody else looks at it yet.
            let bytes = unsafe { std::slice::from_raw_parts_mut(copy, incoming.bytes.len()) };
            crate::kerb::make_absolute(bytes, copy.expose_provenance() as u64);
        }
    }
    let mut raw_out = CREDENTIAL_PROVIDER_CREDENTIAL_SERIALIZATION::default();
    let code = call!(filter, UpdateRemoteCredential, &raw const raw_in, &raw mut raw_out);
    // SAFETY: allocated above, and the call is over.
    unsafe { CoTaskMemFree(copy.cast()) };
    (code, Serialization::take(&raw_out))
}

/// Reads everything that a tile says of a field; calls that do not fit the field's type are not made.
pub(super) fn read_field(credential: &ICredentialProviderCredential, field: &mut Field) {
    use crate::fields::{CHECKBOX, COMBOBOX, IMAGE, PASSWORD, SUBMIT};
    (field.state, field.interactive) = field_state(credential, field.id, false).1;
    match field.kind {
        IMAGE => field.image = bitmap_value(credential, field.id, false).1.map(Arc::new),
        CHECKBOX => {
            let (checked, label) = checkbox_value(credential, field.id, false).1;
            field.checked = Some(checked);
            field.text = label.unwrap_or_default();
        }
        COMBOBOX => {
            let (count, selected) = combobox_count(credential, field.id, false).1;
            let item = |index| combobox_item(credential, field.id, index, false).1.unwrap_or_default();
            field.choices = (0..count.min(256)).map(item).collect();
            field.choice = (selected < count).then_some(selected);
        }
        SUBMIT => field.adjacent_to = Some(submit_button_value(credential, field.id, false).1),
        kind => {
            let mut text = string_value(credential, field.id, false).1.unwrap_or_default();
            if kind == PASSWORD {
                field.is_filled = !text.is_empty();
                text.zeroize();
            } else {
                field.text = text;
            }
        }
    }
}
