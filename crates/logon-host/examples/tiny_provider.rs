//! A provider of the tests' own: user name and password, then a code.
//!
//! It is no example of a good provider: it does what the host's tests need, and is small. The code is 424242. Nobody called `mallory`
//! gets in. A person called `thrower` makes it forget to check anything: the tests see that the host notices.
#![allow(missing_docs, reason = "a DLL for tests")]
#![cfg(windows)]

use std::cell::RefCell;
use std::ffi::c_void;
use std::ptr::null_mut;
use std::sync::Mutex;
use std::sync::atomic::{AtomicI32, Ordering};
use std::time::Duration;

use logon_host::kerb::{pack, unpack};
use windows::Win32::Foundation::{
    CLASS_E_CLASSNOTAVAILABLE, E_INVALIDARG, E_NOTIMPL, E_POINTER, NTSTATUS, S_FALSE, S_OK,
};
use windows::Win32::Graphics::Gdi::HBITMAP;
use windows::Win32::System::Com::{IClassFactory, IClassFactory_Impl};
use windows::Win32::UI::Shell::*;
use windows::core::{BOOL, Error, GUID, HRESULT, IUnknown, Interface, PCWSTR, PWSTR, Ref, Result, implement};
use windows_core::IUnknownImpl;

const CLSID: GUID = GUID::from_u128(0x11111111_2222_3333_4444_555555555555);
const CLSID_FILTER: GUID = GUID::from_u128(0x11111111_2222_3333_4444_666666666666);
const CODE: &str = "424242";

static OBJECTS: AtomicI32 = AtomicI32::new(0);

#[link(name = "advapi32")]
unsafe extern "system" {
    fn LogonUserW(
        u: *const u16,
        d: *const u16,
        p: *const u16,
        kind: u32,
        provider: u32,
        t: *mut *mut c_void,
    ) -> i32;
}
#[link(name = "kernel32")]
unsafe extern "system" {
    fn CloseHandle(handle: *mut c_void) -> i32;
    fn GetLastError() -> u32;
    fn Sleep(milliseconds: u32);
}
#[link(name = "ole32")]
unsafe extern "system" {
    fn CoTaskMemAlloc(size: usize) -> *mut c_void;
}
#[repr(C)]
struct LsaString {
    length: u16,
    maximum: u16,
    buffer: *const u8,
}
#[link(name = "secur32")]
unsafe extern "system" {
    fn LsaConnectUntrusted(handle: *mut *mut c_void) -> i32;
    fn LsaLookupAuthenticationPackage(handle: *mut c_void, name: *const LsaString, package: *mut u32) -> i32;
    fn LsaDeregisterLogonProcess(handle: *mut c_void) -> i32;
}

fn task_bytes(bytes: &[u8]) -> *mut u8 {
    // SAFETY: asks for memory; the caller of the interface frees it.
    let memory: *mut u8 = unsafe { CoTaskMemAlloc(bytes.len().max(1)) }.cast();
    // SAFETY: the memory has so many bytes.
    unsafe { memory.copy_from_nonoverlapping(bytes.as_ptr(), bytes.len()) };
    memory
}

fn task_text(text: &str) -> PWSTR {
    let bytes: Vec<u8> = text.encode_utf16().chain([0]).flat_map(u16::to_le_bytes).collect();
    PWSTR(task_bytes(&bytes).cast())
}

fn wide(text: &str) -> Vec<u16> {
    text.encode_utf16().chain([0]).collect()
}

/// # Safety
/// `place` is null or may be written to.
unsafe fn put<T>(place: *mut T, value: T) -> Result<()> {
    if place.is_null() {
        return Err(E_POINTER.into());
    }
    // SAFETY: not null, so writable (the caller's promise).
    unsafe { place.write(value) };
    Ok(())
}

const KINDS: [(CREDENTIAL_PROVIDER_FIELD_TYPE, &str, GUID); 8] = [
    (CPFT_LARGE_TEXT, "Heading", GUID::zeroed()),
    (CPFT_EDIT_TEXT, "User name", CPFG_LOGON_USERNAME),
    (CPFT_PASSWORD_TEXT, "Password", CPFG_LOGON_PASSWORD),
    (CPFT_COMBOBOX, "Method", GUID::zeroed()),
    (CPFT_EDIT_TEXT, "Code", GUID::zeroed()),
    (CPFT_SMALL_TEXT, "Status", GUID::zeroed()),
    (CPFT_COMMAND_LINK, "Start over", GUID::zeroed()),
    (CPFT_SUBMIT_BUTTON, "Submit", CPFG_STANDALONE_SUBMIT_BUTTON),
];
const METHODS: [&str; 2] = ["Push", "One-time code"];

#[derive(Default)]
struct State {
    texts: [String; 8],
    method: u32,
    second: bool,
    allowed: bool,
    domain: String,
    user: String,
}

impl State {
    fn field_state(&self, id: u32) -> CREDENTIAL_PROVIDER_FIELD_STATE {
        match id {
            0 => CPFS_DISPLAY_IN_BOTH,
            1 | 2 if self.second => CPFS_HIDDEN,
            3 | 4 | 6 if !self.second => CPFS_HIDDEN,
            _ => CPFS_DISPLAY_IN_SELECTED_TILE,
        }
    }
}

#[implement(ICredentialProvider, Agile = false)]
struct Provider {
    credential: RefCell<Option<ICredentialProviderCredential>>,
    incoming: RefCell<Option<(String, String, String)>>,
}

impl Drop for Provider {
    fn drop(&mut self) {
        OBJECTS.fetch_sub(1, Ordering::SeqCst);
    }
}

impl ICredentialProvider_Impl for Provider_Impl {
    fn SetUsageScenario(&self, scenario: CREDENTIAL_PROVIDER_USAGE_SCENARIO, _flags: u32) -> Result<()> {
        if ![CPUS_LOGON, CPUS_UNLOCK_WORKSTATION, CPUS_CREDUI].contains(&scenario) {
            return Err(E_NOTIMPL.into());
        }
        Ok(())
    }

    fn SetSerialization(&self, raw: *const CREDENTIAL_PROVIDER_CREDENTIAL_SERIALIZATION) -> Result<()> {
        // SAFETY: null or a serialization of the caller's.
        let Some(raw) = (unsafe { raw.as_ref() }) else {
            return Err(E_POINTER.into());
        };
        if raw.rgbSerialization.is_null() {
            return Err(E_INVALIDARG.into());
        }
        // SAFETY: the caller says that so many bytes lie there.
        let bytes = unsafe { std::slice::from_raw_parts(raw.rgbSerialization, raw.cbSerialization as usize) };
        let unpacked = unpack(bytes).map_err(|_| Error::from(E_INVALIDARG))?;
        *self.incoming.borrow_mut() = Some((unpacked.domain, unpacked.user, unpacked.password.to_string()));
        Ok(())
    }

    fn Advise(&self, events: Ref<ICredentialProviderEvents>, _context: usize) -> Result<()> {
        if events.is_null() { Err(E_POINTER.into()) } else { Ok(()) }
    }

    fn UnAdvise(&self) -> Result<()> {
        Ok(())
    }

    fn GetFieldDescriptorCount(&self) -> Result<u32> {
        Ok(8)
    }

    fn GetFieldDescriptorAt(&self, index: u32) -> Result<*mut CREDENTIAL_PROVIDER_FIELD_DESCRIPTOR> {
        let Some((kind, label, guid)) = KINDS.get(index as usize) else {
            return Err(E_INVALIDARG.into());
        };
        // SAFETY: asks for memory of the right size; the caller frees it.
        let place = unsafe { CoTaskMemAlloc(size_of::<CREDENTIAL_PROVIDER_FIELD_DESCRIPTOR>()) };
        let place: *mut CREDENTIAL_PROVIDER_FIELD_DESCRIPTOR = place.cast();
        // SAFETY: just allocated for this.
        unsafe {
            place.write(CREDENTIAL_PROVIDER_FIELD_DESCRIPTOR {
                dwFieldID: index,
                cpft: *kind,
                pszLabel: task_text(label),
                guidFieldType: *guid,
            });
        }
        Ok(place)
    }

    fn GetCredentialCount(&self, count: *mut u32, default: *mut u32, auto: *mut BOOL) -> Result<()> {
        let incoming = self.incoming.borrow().is_some();
        // SAFETY: the caller's places, or null.
        unsafe { put(count, 1) }?;
        // SAFETY: as above.
        unsafe { put(default, 0) }?;
        // SAFETY: as above.
        unsafe { put(auto, incoming.into()) }
    }

    fn GetCredentialAt(&self, index: u32) -> Result<ICredentialProviderCredential> {
        if index != 0 {
            return Err(E_INVALIDARG.into());
        }
        if let Some(credential) = self.credential.borrow().as_ref() {
            return Ok(credential.clone());
        }
        let mut state = State::default();
        if let Some((domain, user, password)) = self.incoming.borrow_mut().take() {
            state.texts[1] = format!("{domain}\\{user}");
            state.texts[2] = password;
        }
        OBJECTS.fetch_add(1, Ordering::SeqCst);
        let tile = Tile { state: Mutex::new(state), events: Mutex::new(None) };
        let credential: ICredentialProviderCredential = tile.into();
        *self.credential.borrow_mut() = Some(credential.clone());
        Ok(credential)
    }
}

#[implement(IConnectableCredentialProviderCredential, ICredentialProviderCredential, Agile = false)]
struct Tile {
    state: Mutex<State>,
    events: Mutex<Option<ICredentialProviderCredentialEvents>>,
}

impl Drop for Tile {
    fn drop(&mut self) {
        OBJECTS.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Tile_Impl {
    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn show(&self, status: &str) {
        let states: Vec<_> = {
            let mut state = self.state();
            state.texts[5] = status.to_owned();
            (0..8).map(|id| state.field_state(id)).collect()
        };
        let events = self.events.lock().ok().and_then(|it| it.clone());
        let Some(events) = events else { return };
        let me: ICredentialProviderCredential = self.to_interface();
        for (id, state) in (0..8).zip(states) {
            // SAFETY: the events live as long as they are advised.
            let _ignored = unsafe { events.SetFieldState(&me, id, state) };
        }
        let text = wide(status);
        // SAFETY: as above; the text is zero-terminated.
        let _ignored = unsafe { events.SetFieldString(&me, 5, PCWSTR(text.as_ptr())) };
    }

    fn check_password(&self) {
        let (account, password) = {
            let state = self.state();
            (state.texts[1].clone(), state.texts[2].clone())
        };
        let (domain, user) = account.split_once('\\').unwrap_or((".", &account));
        let mut token = null_mut();
        let (w_user, w_domain, w_password) = (wide(user), wide(domain), wide(&password));
        // SAFETY: the texts are zero-terminated and the place is ours.
        let ok = unsafe {
            LogonUserW(w_user.as_ptr(), w_domain.as_ptr(), w_password.as_ptr(), 2, 0, &raw mut token)
        };
        if ok == 0 {
            // SAFETY: no arguments.
            let code = unsafe { GetLastError() };
            self.show(&format!("Windows says {code}."));
            return;
        }
        // SAFETY: the token is ours.
        unsafe { CloseHandle(token) };
        {
            let mut state = self.state();
            state.second = true;
            state.domain = domain.to_owned();
            state.user = user.to_owned();
            state.allowed = user == "thrower";
        }
        self.show("Now the code.");
    }

    fn check_code(&self, query: &IQueryContinueWithStatus) {
        let (code, method, user) = {
            let state = self.state();
            (state.texts[4].clone(), state.method, state.user.clone())
        };
        if method == 0 {
            let text = wide("Waiting for the phone");
            // SAFETY: the object lives for the call, the text is zero-terminated.
            let _ignored = unsafe { query.SetStatusMessage(PCWSTR(text.as_ptr())) };
            for _ in 0..600 {
                // SAFETY: the object lives for the call.
                let answer = unsafe { (Interface::vtable(query).base__.QueryContinue)(query.as_raw()) };
                if answer != S_OK {
                    self.show("Cancelled.");
                    return;
                }
                // SAFETY: a number.
                unsafe { Sleep(100) };
            }
            self.show("The phone did not answer.");
            return;
        }
        let allowed = code == CODE && user != "mallory";
        self.state().allowed = allowed;
        self.show(if allowed { "Welcome." } else { "Wrong code." });
    }
}

impl ICredentialProviderCredential_Impl for Tile_Impl {
    fn Advise(&self, events: Ref<ICredentialProviderCredentialEvents>) -> Result<()> {
        if events.is_null() {
            return Err(E_POINTER.into());
        }
        if let Ok(mut place) = self.events.lock() {
            *place = events.cloned();
        }
        Ok(())
    }

    fn UnAdvise(&self) -> Result<()> {
        if let Ok(mut place) = self.events.lock() {
            *place = None;
        }
        self.state().allowed = false;
        Ok(())
    }

    fn SetSelected(&self) -> Result<BOOL> {
        Ok(false.into())
    }

    fn SetDeselected(&self) -> Result<()> {
        *self.state() = State::default();
        Ok(())
    }

    fn GetFieldState(
        &self,
        id: u32,
        state: *mut CREDENTIAL_PROVIDER_FIELD_STATE,
        interactive: *mut CREDENTIAL_PROVIDER_FIELD_INTERACTIVE_STATE,
    ) -> Result<()> {
        if id > 7 {
            return Err(E_INVALIDARG.into());
        }
        // SAFETY: the caller's places, or null.
        unsafe { put(state, self.state().field_state(id)) }?;
        // SAFETY: as above.
        unsafe { put(interactive, if id == 1 { CPFIS_FOCUSED } else { CPFIS_NONE }) }
    }

    fn GetStringValue(&self, id: u32) -> Result<PWSTR> {
        match id {
            0 => Ok(task_text("Tiny provider")),
            6 => Ok(task_text("Start over")),
            1 | 2 | 4 | 5 => Ok(task_text(&self.state().texts[id as usize])),
            _ => Err(E_INVALIDARG.into()),
        }
    }

    fn GetBitmapValue(&self, _id: u32) -> Result<HBITMAP> {
        Err(E_INVALIDARG.into())
    }

    fn GetCheckboxValue(&self, _id: u32, _checked: *mut BOOL, _label: *mut PWSTR) -> Result<()> {
        Err(E_INVALIDARG.into())
    }

    fn GetSubmitButtonValue(&self, id: u32) -> Result<u32> {
        if id == 7 { Ok(2) } else { Err(E_INVALIDARG.into()) }
    }

    fn GetComboBoxValueCount(&self, id: u32, count: *mut u32, selected: *mut u32) -> Result<()> {
        if id != 3 {
            return Err(E_INVALIDARG.into());
        }
        // SAFETY: the caller's places, or null.
        unsafe { put(count, 2) }?;
        // SAFETY: as above.
        unsafe { put(selected, self.state().method) }
    }

    fn GetComboBoxValueAt(&self, id: u32, item: u32) -> Result<PWSTR> {
        METHODS.get(item as usize).filter(|_| id == 3).map(|it| task_text(it)).ok_or(E_INVALIDARG.into())
    }

    fn SetStringValue(&self, id: u32, text: &PCWSTR) -> Result<()> {
        if text.is_null() {
            return Err(E_POINTER.into());
        }
        if ![1, 2, 4].contains(&id) {
            return Err(E_INVALIDARG.into());
        }
        // SAFETY: not null, and callers pass zero-terminated texts.
        self.state().texts[id as usize] = String::from_utf16_lossy(unsafe { text.as_wide() });
        Ok(())
    }

    fn SetCheckboxValue(&self, _id: u32, _on: BOOL) -> Result<()> {
        Err(E_INVALIDARG.into())
    }

    fn SetComboBoxSelectedValue(&self, id: u32, item: u32) -> Result<()> {
        if id != 3 || item > 1 {
            return Err(E_INVALIDARG.into());
        }
        self.state().method = item;
        Ok(())
    }

    fn CommandLinkClicked(&self, id: u32) -> Result<()> {
        if id != 6 {
            return Err(E_INVALIDARG.into());
        }
        *self.state() = State::default();
        self.show("From the beginning.");
        Ok(())
    }

    fn GetSerialization(
        &self,
        response: *mut CREDENTIAL_PROVIDER_GET_SERIALIZATION_RESPONSE,
        serialization: *mut CREDENTIAL_PROVIDER_CREDENTIAL_SERIALIZATION,
        text: *mut PWSTR,
        icon: *mut CREDENTIAL_PROVIDER_STATUS_ICON,
    ) -> Result<()> {
        // SAFETY: the caller's places, or null.
        unsafe { put(response, CPGSR_NO_CREDENTIAL_NOT_FINISHED) }?;
        // SAFETY: as above.
        unsafe { put(text, PWSTR::null()) }?;
        // SAFETY: as above.
        unsafe { put(icon, CPSI_NONE) }?;
        let mut state = self.state();
        if !state.allowed {
            return Ok(());
        }
        state.allowed = false;
        let bytes = pack(&state.domain, &state.user, &state.texts[2]);
        let raw = CREDENTIAL_PROVIDER_CREDENTIAL_SERIALIZATION {
            ulAuthenticationPackage: package()?,
            clsidCredentialProvider: CLSID,
            cbSerialization: u32::try_from(bytes.len()).unwrap_or(0),
            rgbSerialization: task_bytes(&bytes),
        };
        // SAFETY: the caller's places, or null.
        unsafe { put(serialization, raw) }?;
        // SAFETY: as above.
        unsafe { put(response, CPGSR_RETURN_CREDENTIAL_FINISHED) }
    }

    fn ReportResult(
        &self,
        status: NTSTATUS,
        _substatus: NTSTATUS,
        text: *mut PWSTR,
        icon: *mut CREDENTIAL_PROVIDER_STATUS_ICON,
    ) -> Result<()> {
        // SAFETY: the caller's places, or null.
        unsafe { put(icon, if status.0 == 0 { CPSI_SUCCESS } else { CPSI_ERROR }) }?;
        let words = if status.0 == 0 { PWSTR::null() } else { task_text("Windows refused.") };
        // SAFETY: as above.
        unsafe { put(text, words) }
    }
}

impl IConnectableCredentialProviderCredential_Impl for Tile_Impl {
    fn Connect(&self, query: Ref<IQueryContinueWithStatus>) -> Result<()> {
        let Some(query) = query.as_ref() else {
            return Err(E_POINTER.into());
        };
        if self.state().second {
            self.check_code(query)
        } else {
            self.check_password()
        }
        std::thread::sleep(Duration::from_millis(1));
        Ok(())
    }

    fn Disconnect(&self) -> Result<()> {
        Ok(())
    }
}

fn package() -> Result<u32> {
    let mut handle = null_mut();
    // SAFETY: the place is ours.
    HRESULT(unsafe { LsaConnectUntrusted(&raw mut handle) }).ok()?;
    let name = LsaString { length: 9, maximum: 10, buffer: c"Negotiate".as_ptr().cast() };
    let mut package = 0;
    // SAFETY: handle, name and place are ours.
    let status = unsafe { LsaLookupAuthenticationPackage(handle, &raw const name, &raw mut package) };
    // SAFETY: the handle is ours and not used again.
    unsafe { LsaDeregisterLogonProcess(handle) };
    HRESULT(status).ok().map(|()| package)
}

/// Hides everybody else, and takes remote credentials over.
#[implement(ICredentialProviderFilter, Agile = false)]
struct Filter;

impl ICredentialProviderFilter_Impl for Filter_Impl {
    fn Filter(
        &self,
        _scenario: CREDENTIAL_PROVIDER_USAGE_SCENARIO,
        _flags: u32,
        list: *const GUID,
        allow: *mut BOOL,
        count: u32,
    ) -> Result<()> {
        // SAFETY: the caller says that both lists have `count` entries.
        let list = unsafe { std::slice::from_raw_parts(list, count as usize) };
        // SAFETY: as above.
        let allow = unsafe { std::slice::from_raw_parts_mut(allow, count as usize) };
        for (clsid, allow) in list.iter().zip(allow) {
            *allow = (*clsid == CLSID).into();
        }
        Ok(())
    }

    fn UpdateRemoteCredential(
        &self,
        incoming: *const CREDENTIAL_PROVIDER_CREDENTIAL_SERIALIZATION,
        outgoing: *mut CREDENTIAL_PROVIDER_CREDENTIAL_SERIALIZATION,
    ) -> Result<()> {
        // SAFETY: null or a serialization of the caller's.
        let Some(incoming) = (unsafe { incoming.as_ref() }) else {
            return Err(E_NOTIMPL.into());
        };
        // SAFETY: the caller says that so many bytes lie there.
        let bytes = unsafe {
            std::slice::from_raw_parts(incoming.rgbSerialization, incoming.cbSerialization as usize)
        };
        let raw = CREDENTIAL_PROVIDER_CREDENTIAL_SERIALIZATION {
            ulAuthenticationPackage: incoming.ulAuthenticationPackage,
            clsidCredentialProvider: CLSID,
            cbSerialization: incoming.cbSerialization,
            rgbSerialization: task_bytes(bytes),
        };
        // SAFETY: the caller's place, or null.
        unsafe { put(outgoing, raw) }
    }
}

#[implement(IClassFactory, Agile = false)]
struct Factory(bool);

impl IClassFactory_Impl for Factory_Impl {
    fn CreateInstance(&self, outer: Ref<IUnknown>, iid: *const GUID, object: *mut *mut c_void) -> Result<()> {
        if !outer.is_null() {
            return Err(HRESULT(-2147221232).into());
        }
        let made: IUnknown = if self.0 {
            let filter: ICredentialProviderFilter = Filter.into();
            filter.into()
        } else {
            OBJECTS.fetch_add(1, Ordering::SeqCst);
            let provider = Provider { credential: RefCell::new(None), incoming: RefCell::new(None) };
            let provider: ICredentialProvider = provider.into();
            provider.into()
        };
        // SAFETY: the caller's own places.
        unsafe { made.query(iid, object) }.ok()
    }

    fn LockServer(&self, _lock: BOOL) -> Result<()> {
        Ok(())
    }
}

#[unsafe(no_mangle)]
extern "system" fn DllGetClassObject(
    clsid: *const GUID,
    iid: *const GUID,
    object: *mut *mut c_void,
) -> HRESULT {
    if clsid.is_null() || iid.is_null() || object.is_null() {
        return E_POINTER;
    }
    // SAFETY: not null, so a GUID of the caller's.
    let clsid = unsafe { *clsid };
    if clsid != CLSID && clsid != CLSID_FILTER {
        return CLASS_E_CLASSNOTAVAILABLE;
    }
    let factory: IClassFactory = Factory(clsid == CLSID_FILTER).into();
    // SAFETY: the caller's own places.
    unsafe { factory.query(iid, object) }
}

#[unsafe(no_mangle)]
extern "system" fn DllCanUnloadNow() -> HRESULT {
    if OBJECTS.load(Ordering::SeqCst) == 0 { S_OK } else { S_FALSE }
}
