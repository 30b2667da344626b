//! Every null and every index.

use super::ui::{FILTER, PROVIDER, Ui, create};
use agent::testing::World;
use core::ptr::{null, null_mut};
use windows::Win32::Foundation::{E_FAIL, E_INVALIDARG, E_NOTIMPL, E_POINTER, NTSTATUS, S_OK};
use windows::Win32::System::Com::IClassFactory;
use windows::Win32::UI::Shell::*;
use windows::core::{GUID, HRESULT, IUnknown, Interface, PCWSTR, PWSTR};

unsafe extern "system" {
    fn DllGetClassObject(
        class: *const GUID,
        iid: *const GUID,
        object: *mut *mut core::ffi::c_void,
    ) -> HRESULT;
}

fn world() -> World {
    let world = World::new();
    world.arm(&[], true);
    world
}

#[test]
fn exports_and_factory_check_what_they_are_given() {
    let mut object = null_mut();
    let other = GUID::from_u128(1);
    let iid: *const GUID = &IClassFactory::IID;
    let unavailable = HRESULT(0x8004_0111_u32.cast_signed());
    // SAFETY: null or good, each of them.
    let answers = unsafe {
        [
            DllGetClassObject(null(), iid, &raw mut object),
            DllGetClassObject(&PROVIDER, null(), &raw mut object),
            DllGetClassObject(&PROVIDER, iid, null_mut()),
            DllGetClassObject(&other, iid, &raw mut object),
            DllGetClassObject(&PROVIDER, &other, &raw mut object),
        ]
    };
    let no_interface = HRESULT(0x8000_4002_u32.cast_signed());
    assert_eq!(answers, [E_POINTER, E_POINTER, E_POINTER, unavailable, no_interface]);
    assert!(object.is_null());
}

#[test]
fn a_factory_makes_no_parts_of_others() {
    let world = world();
    let ui = Ui::new(&world);
    let mut factory = null_mut();
    // SAFETY: all pointers are good.
    unsafe { DllGetClassObject(&PROVIDER, &IClassFactory::IID, &raw mut factory) }.unwrap();
    // SAFETY: given to us, with a reference.
    let factory = unsafe { IClassFactory::from_raw(factory) };
    let outer: IUnknown = ui.provider.cast().unwrap();
    // SAFETY: both are good.
    let refused = unsafe { factory.CreateInstance::<_, ICredentialProvider>(&outer) };
    assert_eq!(refused.unwrap_err().code(), HRESULT(0x8004_0110_u32.cast_signed()));
}

#[test]
fn every_null_of_the_provider_is_answered() {
    let world = world();
    let ui = Ui::at_tile(&world, CPUS_LOGON);
    let (provider, v) = (ui.provider.as_raw(), ui.provider.vtable());
    let (mut n, mut d, mut b) = (0, 0, windows::core::BOOL(0));
    // SAFETY: null or good, each of them.
    unsafe {
        assert_eq!((v.SetSerialization)(provider, null()), E_NOTIMPL);
        assert_eq!((v.Advise)(provider, null_mut(), 0), E_POINTER);
        assert_eq!((v.GetFieldDescriptorCount)(provider, null_mut()), E_POINTER);
        assert_eq!((v.GetFieldDescriptorAt)(provider, 0, null_mut()), E_POINTER);
        assert_eq!((v.GetCredentialCount)(provider, null_mut(), &raw mut d, &raw mut b), E_POINTER);
        assert_eq!((v.GetCredentialCount)(provider, &raw mut n, null_mut(), &raw mut b), E_POINTER);
        assert_eq!((v.GetCredentialCount)(provider, &raw mut n, &raw mut d, null_mut()), E_POINTER);
        assert_eq!((v.GetCredentialAt)(provider, 0, null_mut()), E_POINTER);
    }
}

#[test]
fn every_null_of_the_tile_is_answered() {
    let world = world();
    let ui = Ui::at_tile(&world, CPUS_LOGON);
    let (tile, c) = (ui.tile().as_raw(), ui.tile().vtable());
    let v = &c.base__;
    let mut serialization = CREDENTIAL_PROVIDER_CREDENTIAL_SERIALIZATION::default();
    let mut response = CPGSR_NO_CREDENTIAL_FINISHED;
    let (mut text, mut icon) = (PWSTR::null(), CPSI_NONE);
    let (mut state, mut interactive) = Default::default();
    let (mut n, mut b) = (0, windows::core::BOOL(0));
    // SAFETY: null or good, each of them.
    unsafe {
        assert_eq!((c.Connect)(tile, null_mut()), E_POINTER);
        assert_eq!((v.Advise)(tile, null_mut()), E_POINTER);
        assert_eq!((v.SetSelected)(tile, null_mut()), E_POINTER);
        assert_eq!((v.GetFieldState)(tile, 2, null_mut(), &raw mut interactive), E_POINTER);
        assert_eq!((v.GetFieldState)(tile, 2, &raw mut state, null_mut()), E_POINTER);
        assert_eq!((v.GetStringValue)(tile, 2, null_mut()), E_POINTER);
        assert_eq!((v.GetBitmapValue)(tile, 0, null_mut()), E_POINTER);
        assert_eq!((v.GetCheckboxValue)(tile, 0, null_mut(), &raw mut text), E_POINTER);
        assert_eq!((v.GetCheckboxValue)(tile, 0, &raw mut b, null_mut()), E_POINTER);
        assert_eq!((v.GetSubmitButtonValue)(tile, 12, null_mut()), E_POINTER);
        assert_eq!((v.GetComboBoxValueCount)(tile, 6, null_mut(), &raw mut n), E_POINTER);
        assert_eq!((v.GetComboBoxValueCount)(tile, 6, &raw mut n, null_mut()), E_POINTER);
        assert_eq!((v.GetComboBoxValueAt)(tile, 6, 0, null_mut()), E_POINTER);
        assert_eq!((v.SetStringValue)(tile, 2, PCWSTR::null()), E_POINTER);
        let (r, s, t, i) = (&raw mut response, &raw mut serialization, &raw mut text, &raw mut icon);
        assert_eq!((v.GetSerialization)(tile, null_mut(), s, t, i), E_POINTER);
        assert_eq!((v.GetSerialization)(tile, r, null_mut(), t, i), E_POINTER);
        assert_eq!((v.GetSerialization)(tile, r, s, null_mut(), i), E_POINTER);
        assert_eq!((v.GetSerialization)(tile, r, s, t, null_mut()), E_POINTER);
        assert_eq!((v.ReportResult)(tile, NTSTATUS(0), NTSTATUS(0), null_mut(), i), E_POINTER);
        assert_eq!((v.ReportResult)(tile, NTSTATUS(0), NTSTATUS(0), t, null_mut()), E_POINTER);
    }
    assert!(text.is_null() && serialization.rgbSerialization.is_null());
}

#[test]
fn every_null_of_the_filter_is_answered() {
    let world = world();
    let _ui = Ui::new(&world);
    let filter: ICredentialProviderFilter = create(FILTER);
    let (this, v) = (filter.as_raw(), filter.vtable());
    let mut allow = windows::core::BOOL(1);
    // SAFETY: null or good, each of them.
    unsafe {
        assert_eq!((v.Filter)(this, CPUS_LOGON, 0, null(), null_mut(), 0), S_OK);
        assert_eq!((v.Filter)(this, CPUS_LOGON, 0, null(), &raw mut allow, 1), E_POINTER);
        assert_eq!((v.Filter)(this, CPUS_LOGON, 0, &PROVIDER, null_mut(), 1), E_POINTER);
        assert_eq!((v.UpdateRemoteCredential)(this, null(), null_mut()), E_NOTIMPL);
    }
}

#[test]
fn every_index_is_answered() {
    let world = world();
    let ui = Ui::at_tile(&world, CPUS_LOGON);
    let tile = ui.tile();
    let kinds = [6, 1, 4, 5, 2, 4, 8, 4, 1, 5, 5, 2, 9, 3, 3];
    for index in (0..20).chain([u32::MAX - 1, u32::MAX]) {
        let kind = kinds.get(index as usize).copied();
        let check = |what: &str, good: bool, answer: windows::core::Result<()>| {
            let expect = if good { S_OK } else { E_INVALIDARG };
            let got = answer.map_or_else(|error| error.code(), |()| S_OK);
            assert_eq!(got, expect, "{what} of field {index}");
        };
        let (mut state, mut interactive) = Default::default();
        let (mut n, mut m) = (0, 0);
        // SAFETY: all pointers are good; what is handed over is freed.
        unsafe {
            let descriptor = ui.provider.GetFieldDescriptorAt(index);
            if let Ok(descriptor) = &descriptor {
                assert_eq!(((**descriptor).dwFieldID, Some((**descriptor).cpft.0)), (index, kind));
                assert!(!super::ui::taken((**descriptor).pszLabel).is_empty());
                windows::Win32::System::Com::CoTaskMemFree(Some(descriptor.cast_const().cast()));
            }
            check("GetFieldDescriptorAt", kind.is_some(), descriptor.map(drop));
            let got = tile.GetFieldState(index, &raw mut state, &raw mut interactive);
            check("GetFieldState", kind.is_some(), got);
            let texts = kind.is_some_and(|kind| ![6, 8].contains(&kind));
            check(
                "GetStringValue",
                texts,
                tile.GetStringValue(index).map(|text| drop(super::ui::taken(text))),
            );
            let bitmap = tile.GetBitmapValue(index).map(|bitmap| {
                assert!(windows::Win32::Graphics::Gdi::DeleteObject(bitmap.into()).as_bool());
            });
            check("GetBitmapValue", kind == Some(6), bitmap);
            let mut checked = windows::core::BOOL(0);
            let mut label = PWSTR::null();
            check("GetCheckboxValue", false, tile.GetCheckboxValue(index, &raw mut checked, &raw mut label));
            check("SetCheckboxValue", false, tile.SetCheckboxValue(index, true));
            check("GetSubmitButtonValue", kind == Some(9), tile.GetSubmitButtonValue(index).map(drop));
            let counted = tile.GetComboBoxValueCount(index, &raw mut n, &raw mut m);
            check("GetComboBoxValueCount", kind == Some(8), counted);
            for item in [0, 1, 2, u32::MAX] {
                let good = kind == Some(8) && item < 2;
                let entry = tile.GetComboBoxValueAt(index, item).map(|text| drop(super::ui::taken(text)));
                check("GetComboBoxValueAt", good, entry);
                check("SetComboBoxSelectedValue", good, tile.SetComboBoxSelectedValue(index, item));
            }
            let typed = kind.is_some_and(|kind| [4, 5].contains(&kind));
            check("SetStringValue", typed, tile.SetStringValue(index, windows::core::w!("x")));
            check("CommandLinkClicked", kind == Some(3), tile.CommandLinkClicked(index));
        }
        // SAFETY: a provider that works.
        let got = unsafe { ui.provider.GetCredentialAt(index) };
        assert_eq!(got.is_ok(), index == 0);
    }
}

#[test]
fn texts_that_are_too_long_are_refused() {
    let world = world();
    let ui = Ui::at_tile(&world, CPUS_LOGON);
    for (field, longest) in [(2, 1024), (3, 256), (7, 1024)] {
        for (length, good) in [(longest, true), (longest + 1, false), (100_000, false)] {
            let text: Vec<u16> = core::iter::repeat_n(0x41, length).chain([0]).collect();
            // SAFETY: zero-terminated, and it lives over the call.
            let answer = unsafe { ui.tile().SetStringValue(field, PCWSTR(text.as_ptr())) };
            assert_eq!(answer.is_ok(), good, "{length} units in field {field}");
        }
    }
}

#[test]
fn before_it_is_set_up_a_provider_has_no_tile() {
    let world = world();
    let ui = Ui::new(&world);
    let (mut n, mut d, mut b) = (9, 9, windows::core::BOOL(9));
    // SAFETY: all pointers are good.
    unsafe {
        let counted = ui.provider.GetCredentialCount(&raw mut n, &raw mut d, &raw mut b);
        assert_eq!((counted.unwrap_err().code(), n, b.0), (E_FAIL, 0, 0));
        assert_eq!(ui.provider.GetCredentialAt(0).unwrap_err().code(), E_FAIL);
        assert_eq!(ui.provider.GetFieldDescriptorCount(), Ok(15));
        ui.provider.UnAdvise().unwrap();
    }
}
