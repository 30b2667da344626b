//! The interfaces of credentialprovider.h and shobjidl.h, as they stand there.
//!
//! The `windows` crate has them too, but its glue writes results without asking whether the caller's pointer is null.
//! Here each pointer reaches the method as it came. The tests load the DLL through the `windows` crate's own
//! definitions, which would show a wrong order.
//!
//! Reference: <https://learn.microsoft.com/windows/win32/api/credentialprovider/>.
#![expect(non_snake_case, reason = "the names of the header files")]
// What the attribute generates, not what stands here.
#![allow(clippy::undocumented_unsafe_blocks, clippy::multiple_unsafe_ops_per_block, missing_docs)]

use core::ffi::c_void;
use windows::Win32::Foundation::NTSTATUS;
use windows::Win32::Graphics::Gdi::HBITMAP;
use windows::Win32::UI::Shell::{
    CREDENTIAL_PROVIDER_CREDENTIAL_SERIALIZATION as Serialization,
    CREDENTIAL_PROVIDER_FIELD_DESCRIPTOR as FieldDescriptor,
    CREDENTIAL_PROVIDER_FIELD_INTERACTIVE_STATE as InteractiveState,
    CREDENTIAL_PROVIDER_FIELD_STATE as FieldState,
    CREDENTIAL_PROVIDER_GET_SERIALIZATION_RESPONSE as Response,
    CREDENTIAL_PROVIDER_STATUS_ICON as StatusIcon, CREDENTIAL_PROVIDER_USAGE_SCENARIO as UsageScenario,
};
use windows_core::{BOOL, GUID, HRESULT, IUnknown, IUnknown_Vtbl, PCWSTR, PWSTR, interface};

#[interface("00000001-0000-0000-c000-000000000046")]
pub(crate) unsafe trait IClassFactory: IUnknown {
    fn CreateInstance(&self, outer: *mut c_void, iid: *const GUID, object: *mut *mut c_void) -> HRESULT;
    fn LockServer(&self, lock: BOOL) -> HRESULT;
}

#[interface("d27c3481-5a1c-45b2-8aaa-c20ebbe8229e")]
pub(crate) unsafe trait ICredentialProvider: IUnknown {
    fn SetUsageScenario(&self, scenario: UsageScenario, flags: u32) -> HRESULT;
    fn SetSerialization(&self, serialization: *const Serialization) -> HRESULT;
    fn Advise(&self, events: *mut c_void, context: usize) -> HRESULT;
    fn UnAdvise(&self) -> HRESULT;
    fn GetFieldDescriptorCount(&self, count: *mut u32) -> HRESULT;
    fn GetFieldDescriptorAt(&self, index: u32, descriptor: *mut *mut FieldDescriptor) -> HRESULT;
    fn GetCredentialCount(&self, count: *mut u32, default: *mut u32, auto_logon: *mut BOOL) -> HRESULT;
    fn GetCredentialAt(&self, index: u32, credential: *mut *mut c_void) -> HRESULT;
}

#[interface("34201e5a-a787-41a3-a5a4-bd6dcf2a854e")]
pub(crate) unsafe trait ICredentialProviderEvents: IUnknown {
    pub(crate) fn CredentialsChanged(&self, context: usize) -> HRESULT;
}

#[interface("63913a93-40c1-481a-818d-4072ff8c70cc")]
pub(crate) unsafe trait ICredentialProviderCredential: IUnknown {
    fn Advise(&self, events: *mut c_void) -> HRESULT;
    fn UnAdvise(&self) -> HRESULT;
    fn SetSelected(&self, auto_logon: *mut BOOL) -> HRESULT;
    fn SetDeselected(&self) -> HRESULT;
    fn GetFieldState(
        &self,
        field: u32,
        state: *mut FieldState,
        interactive: *mut InteractiveState,
    ) -> HRESULT;
    fn GetStringValue(&self, field: u32, text: *mut PWSTR) -> HRESULT;
    fn GetBitmapValue(&self, field: u32, bitmap: *mut HBITMAP) -> HRESULT;
    fn GetCheckboxValue(&self, field: u32, checked: *mut BOOL, label: *mut PWSTR) -> HRESULT;
    fn GetSubmitButtonValue(&self, field: u32, adjacent_to: *mut u32) -> HRESULT;
    fn GetComboBoxValueCount(&self, field: u32, count: *mut u32, selected: *mut u32) -> HRESULT;
    fn GetComboBoxValueAt(&self, field: u32, item: u32, text: *mut PWSTR) -> HRESULT;
    fn SetStringValue(&self, field: u32, text: PCWSTR) -> HRESULT;
    fn SetCheckboxValue(&self, field: u32, checked: BOOL) -> HRESULT;
    fn SetComboBoxSelectedValue(&self, field: u32, item: u32) -> HRESULT;
    fn CommandLinkClicked(&self, field: u32) -> HRESULT;
    fn GetSerialization(
        &self,
        response: *mut Response,
        serialization: *mut Serialization,
        status: *mut PWSTR,
        icon: *mut StatusIcon,
    ) -> HRESULT;
    fn ReportResult(
        &self,
        status: NTSTATUS,
        substatus: NTSTATUS,
        text: *mut PWSTR,
        icon: *mut StatusIcon,
    ) -> HRESULT;
}

#[interface("9387928b-ac75-4bf9-8ab2-2b93c4a55290")]
pub(crate) unsafe trait IConnectableCredentialProviderCredential:
    ICredentialProviderCredential
{
    fn Connect(&self, progress: *mut c_void) -> HRESULT;
    fn Disconnect(&self) -> HRESULT;
}

#[interface("fa6fa76b-66b7-4b11-95f1-86171118e816")]
pub(crate) unsafe trait ICredentialProviderCredentialEvents: IUnknown {
    pub(crate) fn SetFieldState(&self, credential: *mut c_void, field: u32, state: FieldState) -> HRESULT;
    pub(crate) fn SetFieldInteractiveState(
        &self,
        credential: *mut c_void,
        field: u32,
        state: InteractiveState,
    ) -> HRESULT;
    pub(crate) fn SetFieldString(&self, credential: *mut c_void, field: u32, text: PCWSTR) -> HRESULT;
    fn SetFieldCheckbox(&self, credential: *mut c_void, field: u32, checked: BOOL, label: PCWSTR) -> HRESULT;
    fn SetFieldBitmap(&self, credential: *mut c_void, field: u32, bitmap: HBITMAP) -> HRESULT;
    pub(crate) fn SetFieldComboBoxSelectedItem(
        &self,
        credential: *mut c_void,
        field: u32,
        item: u32,
    ) -> HRESULT;
    fn DeleteFieldComboBoxItem(&self, credential: *mut c_void, field: u32, item: u32) -> HRESULT;
    fn AppendFieldComboBoxItem(&self, credential: *mut c_void, field: u32, text: PCWSTR) -> HRESULT;
    pub(crate) fn SetFieldSubmitButton(
        &self,
        credential: *mut c_void,
        field: u32,
        adjacent_to: u32,
    ) -> HRESULT;
    fn OnCreatingWindow(&self, owner: *mut *mut c_void) -> HRESULT;
}

#[interface("7307055c-b24a-486b-9f25-163e597a28a9")]
pub(crate) unsafe trait IQueryContinue: IUnknown {
    pub(crate) fn QueryContinue(&self) -> HRESULT;
}

#[interface("9090be5b-502b-41fb-bccc-0049a6c7254b")]
pub(crate) unsafe trait IQueryContinueWithStatus: IQueryContinue {
    pub(crate) fn SetStatusMessage(&self, text: PCWSTR) -> HRESULT;
}

#[interface("a5da53f9-d475-4080-a120-910c4a739880")]
pub(crate) unsafe trait ICredentialProviderFilter: IUnknown {
    fn Filter(
        &self,
        scenario: UsageScenario,
        flags: u32,
        providers: *const GUID,
        allow: *mut BOOL,
        count: u32,
    ) -> HRESULT;
    fn UpdateRemoteCredential(&self, incoming: *const Serialization, outgoing: *mut Serialization)
    -> HRESULT;
}
