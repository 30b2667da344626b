//! A small LogonUI.

use super::SERVICES;
use agent::logon::Field;
use agent::testing::World;
use core::ffi::c_void;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use windows::Win32::Foundation::{HWND, NTSTATUS, S_FALSE};
use windows::Win32::Graphics::Gdi::HBITMAP;
use windows::Win32::System::Com::{CoTaskMemFree, IClassFactory};
use windows::Win32::UI::Shell::*;
use windows::Win32::UI::WindowsAndMessaging::{DispatchMessageW, MSG, PM_REMOVE, PeekMessageW};
use windows::core::{BOOL, GUID, HRESULT, Interface, PCWSTR, PWSTR, Ref, Result, implement};

unsafe extern "system" {
    fn DllGetClassObject(class: *const GUID, iid: *const GUID, object: *mut *mut c_void) -> HRESULT;
}

pub(super) const PROVIDER: GUID = crate::com::PROVIDER_CLSID;
pub(super) const FILTER: GUID = GUID::from_u128(0x7B1F3C52_5E0B_4C7E_9A36_2D64D1A5C0E2);

/// A new object of a class of ours.
pub(super) fn create<T: Interface>(class: GUID) -> T {
    let mut factory = core::ptr::null_mut();
    // SAFETY: all pointers are good.
    let found = unsafe { DllGetClassObject(&raw const class, &IClassFactory::IID, &raw mut factory) };
    found.ok().unwrap();
    // SAFETY: just given to us, with a reference.
    let factory = unsafe { IClassFactory::from_raw(factory) };
    // SAFETY: a class factory that works.
    unsafe { factory.CreateInstance(None) }.unwrap()
}

/// What LogonUI was told.
#[derive(Default)]
pub(super) struct Seen {
    pub(super) shown: RefCell<[bool; Field::ALL.len()]>,
    pub(super) texts: RefCell<[String; Field::ALL.len()]>,
    pub(super) calls: RefCell<Vec<String>>,
    pub(super) rings: Cell<usize>,
}

#[implement(ICredentialProviderEvents)]
struct ProviderEvents(Rc<Seen>);

impl ICredentialProviderEvents_Impl for ProviderEvents_Impl {
    fn CredentialsChanged(&self, context: usize) -> Result<()> {
        assert_eq!(context, 77);
        self.0.rings.set(self.0.rings.get() + 1);
        Ok(())
    }
}

#[implement(ICredentialProviderCredentialEvents)]
struct TileEvents(Rc<Seen>);

impl ICredentialProviderCredentialEvents_Impl for TileEvents_Impl {
    fn SetFieldState(
        &self,
        _tile: Ref<'_, ICredentialProviderCredential>,
        field: u32,
        state: CREDENTIAL_PROVIDER_FIELD_STATE,
    ) -> Result<()> {
        self.0.shown.borrow_mut()[field as usize] = state != CPFS_HIDDEN;
        Ok(())
    }
    fn SetFieldInteractiveState(
        &self,
        _tile: Ref<'_, ICredentialProviderCredential>,
        field: u32,
        _state: CREDENTIAL_PROVIDER_FIELD_INTERACTIVE_STATE,
    ) -> Result<()> {
        self.0.calls.borrow_mut().push(format!("focus {field}"));
        Ok(())
    }
    fn SetFieldString(
        &self,
        _tile: Ref<'_, ICredentialProviderCredential>,
        field: u32,
        text: &PCWSTR,
    ) -> Result<()> {
        // SAFETY: the tile's texts are zero-terminated.
        self.0.texts.borrow_mut()[field as usize] = unsafe { text.to_string() }.unwrap();
        Ok(())
    }
    fn SetFieldCheckbox(
        &self,
        _tile: Ref<'_, ICredentialProviderCredential>,
        _field: u32,
        _checked: BOOL,
        _label: &PCWSTR,
    ) -> Result<()> {
        panic!("there is no check box");
    }
    fn SetFieldBitmap(
        &self,
        _tile: Ref<'_, ICredentialProviderCredential>,
        _field: u32,
        _bitmap: HBITMAP,
    ) -> Result<()> {
        Ok(())
    }
    fn SetFieldComboBoxSelectedItem(
        &self,
        _tile: Ref<'_, ICredentialProviderCredential>,
        field: u32,
        item: u32,
    ) -> Result<()> {
        self.0.calls.borrow_mut().push(format!("choose {field} {item}"));
        Ok(())
    }
    fn DeleteFieldComboBoxItem(
        &self,
        _tile: Ref<'_, ICredentialProviderCredential>,
        _field: u32,
        _item: u32,
    ) -> Result<()> {
        Ok(())
    }
    fn AppendFieldComboBoxItem(
        &self,
        _tile: Ref<'_, ICredentialProviderCredential>,
        _field: u32,
        _text: &PCWSTR,
    ) -> Result<()> {
        Ok(())
    }
    fn SetFieldSubmitButton(
        &self,
        _tile: Ref<'_, ICredentialProviderCredential>,
        field: u32,
        beside: u32,
    ) -> Result<()> {
        self.0.calls.borrow_mut().push(format!("submit {field} beside {beside}"));
        Ok(())
    }
    fn OnCreatingWindow(&self) -> Result<HWND> {
        panic!("nobody opens a window");
    }
}

#[implement(IQueryContinueWithStatus)]
struct Progress {
    patience: Cell<usize>,
    said: Rc<RefCell<Vec<String>>>,
}

impl IQueryContinue_Impl for Progress_Impl {
    fn QueryContinue(&self) -> Result<()> {
        match self.patience.get() {
            0 => Err(S_FALSE.into()),
            left => {
                self.patience.set(left - 1);
                Ok(())
            }
        }
    }
}

impl IQueryContinueWithStatus_Impl for Progress_Impl {
    fn SetStatusMessage(&self, text: &PCWSTR) -> Result<()> {
        // SAFETY: the tile's texts are zero-terminated.
        self.said.borrow_mut().push(unsafe { text.to_string() }.unwrap());
        Ok(())
    }
}

/// GetSerialization's answer.
pub(super) struct Serialized {
    pub(super) response: CREDENTIAL_PROVIDER_GET_SERIALIZATION_RESPONSE,
    pub(super) class: GUID,
    pub(super) package: u32,
    pub(super) bytes: Vec<u8>,
    pub(super) status: String,
    pub(super) icon: CREDENTIAL_PROVIDER_STATUS_ICON,
}

/// A provider with its tile, and what they told.
pub(super) struct Ui {
    pub(super) provider: ICredentialProvider,
    pub(super) tile: Option<IConnectableCredentialProviderCredential>,
    pub(super) seen: Rc<Seen>,
    pub(super) said: Rc<RefCell<Vec<String>>>,
}

impl Ui {
    /// A provider in front of a world, not yet set up.
    pub(super) fn new(world: &World) -> Self {
        SERVICES.with_borrow_mut(|services| *services = Some(world.services.clone()));
        Self { provider: create(PROVIDER), tile: None, seen: Rc::default(), said: Rc::default() }
    }

    /// A provider whose tile is selected.
    pub(super) fn at_tile(world: &World, usage: CREDENTIAL_PROVIDER_USAGE_SCENARIO) -> Self {
        let mut ui = Self::new(world);
        ui.set_up(usage).unwrap();
        ui.advise();
        ui.enumerate();
        ui
    }

    pub(super) fn set_up(&self, usage: CREDENTIAL_PROVIDER_USAGE_SCENARIO) -> Result<()> {
        // SAFETY: a provider that works.
        unsafe { self.provider.SetUsageScenario(usage, 0) }
    }

    pub(super) fn advise(&self) {
        let events: ICredentialProviderEvents = ProviderEvents(Rc::clone(&self.seen)).into();
        // SAFETY: both are good.
        unsafe { self.provider.Advise(&events, 77) }.unwrap();
    }

    /// Count, tile, its fields, and the selection. Says whether the tile submits by itself.
    pub(super) fn enumerate(&mut self) -> bool {
        let (mut count, mut default, mut auto) = (0, 0, BOOL(0));
        // SAFETY: all pointers are good.
        unsafe { self.provider.GetCredentialCount(&raw mut count, &raw mut default, &raw mut auto) }.unwrap();
        assert_eq!(count, 1);
        // SAFETY: a provider that works.
        let tile = unsafe { self.provider.GetCredentialAt(0) }.unwrap();
        let tile: IConnectableCredentialProviderCredential = tile.cast().unwrap();
        let events: ICredentialProviderCredentialEvents = TileEvents(Rc::clone(&self.seen)).into();
        // SAFETY: both are good.
        unsafe { tile.Advise(&events) }.unwrap();
        for field in Field::ALL {
            let (mut state, mut interactive) = Default::default();
            // SAFETY: all pointers are good.
            unsafe { tile.GetFieldState(field.id(), &raw mut state, &raw mut interactive) }.unwrap();
            self.seen.shown.borrow_mut()[field as usize] = state != CPFS_HIDDEN;
            // SAFETY: a tile that works.
            if let Ok(text) = unsafe { tile.GetStringValue(field.id()) } {
                self.seen.texts.borrow_mut()[field as usize] = taken(text);
            }
        }
        // SAFETY: a tile that works.
        let _ = unsafe { tile.SetSelected() }.unwrap();
        self.tile = Some(tile);
        auto.as_bool()
    }

    pub(super) fn tile(&self) -> &IConnectableCredentialProviderCredential {
        self.tile.as_ref().unwrap()
    }

    pub(super) fn type_in(&self, field: Field, text: &str) {
        let wide: Vec<u16> = text.encode_utf16().chain([0]).collect();
        // SAFETY: zero-terminated, and it lives over the call.
        unsafe { self.tile().SetStringValue(field.id(), PCWSTR(wide.as_ptr())) }.unwrap();
        self.seen.texts.borrow_mut()[field as usize] =
            if field.is_secret() { "***" } else { text }.to_owned();
    }

    /// Connect; the person gives up after so many questions.
    pub(super) fn connect(&self, patience: usize) {
        let progress = Progress { patience: Cell::new(patience), said: Rc::clone(&self.said) };
        let progress: IQueryContinueWithStatus = progress.into();
        // SAFETY: both are good.
        unsafe { self.tile().Connect(&progress) }.unwrap();
    }

    pub(super) fn serialize(&self) -> Serialized {
        let mut response = CREDENTIAL_PROVIDER_GET_SERIALIZATION_RESPONSE(9);
        let mut serialization = CREDENTIAL_PROVIDER_CREDENTIAL_SERIALIZATION::default();
        let (mut status, mut icon) = (PWSTR::null(), CPSI_NONE);
        // SAFETY: all pointers are good.
        unsafe {
            self.tile().GetSerialization(
                &raw mut response,
                &raw mut serialization,
                &raw mut status,
                &raw mut icon,
            )
        }
        .unwrap();
        let length = serialization.cbSerialization as usize;
        let bytes = if serialization.rgbSerialization.is_null() {
            Vec::new()
        } else {
            // SAFETY: the tile gave so many bytes.
            let bytes =
                unsafe { core::slice::from_raw_parts(serialization.rgbSerialization, length) }.to_vec();
            // SAFETY: and they are ours to free.
            unsafe { CoTaskMemFree(Some(serialization.rgbSerialization.cast())) };
            bytes
        };
        let class = serialization.clsidCredentialProvider;
        let package = serialization.ulAuthenticationPackage;
        Serialized { response, class, package, bytes, status: taken(status), icon }
    }

    /// Connect and GetSerialization, as at the logon screen.
    pub(super) fn submit(&self) -> Serialized {
        self.connect(usize::MAX);
        self.serialize()
    }

    pub(super) fn report(&self, status: u32) -> String {
        let (mut text, mut icon) = (PWSTR::null(), CPSI_NONE);
        let status = NTSTATUS(status.cast_signed());
        // SAFETY: all pointers are good.
        unsafe { self.tile().ReportResult(status, NTSTATUS(0), &raw mut text, &raw mut icon) }.unwrap();
        taken(text)
    }

    pub(super) fn text(&self, field: Field) -> String {
        self.seen.texts.borrow()[field as usize].clone()
    }

    pub(super) fn shows(&self, field: Field) -> bool {
        self.seen.shown.borrow()[field as usize]
    }

    /// Handles messages until something is so, for 5 s at most.
    pub(super) fn pump_until(&self, is_so: impl Fn(&Self) -> bool) -> bool {
        for _ in 0..500 {
            if is_so(self) {
                return true;
            }
            let mut message = MSG::default();
            // SAFETY: the message lives over the call.
            while unsafe { PeekMessageW(&raw mut message, None, 0, 0, PM_REMOVE) }.as_bool() {
                // SAFETY: a message that was just taken.
                unsafe { DispatchMessageW(&raw const message) };
            }
            std::thread::sleep(core::time::Duration::from_millis(10));
        }
        false
    }
}

/// A text of the tile's; frees it.
pub(super) fn taken(text: PWSTR) -> String {
    if text.is_null() {
        return String::new();
    }
    // SAFETY: zero-terminated.
    let copy = unsafe { text.to_string() }.unwrap();
    // SAFETY: handed over to us.
    unsafe { CoTaskMemFree(Some(text.0.cast())) };
    copy
}
