//! The class factory, for provider and filter alike.

use super::interfaces::{IClassFactory, IClassFactory_Impl};
use super::{Fault, ObjectCount, guard, lifetime};
use core::ffi::c_void;
use windows_core::{BOOL, GUID, HRESULT, IUnknown, Interface, implement};

/// Class of the credential provider.
pub(crate) const PROVIDER_CLSID: GUID = GUID::from_u128(0x7B1F3C52_5E0B_4C7E_9A36_2D64D1A5C0E1);
/// Class of the filter.
const FILTER_CLSID: GUID = GUID::from_u128(0x7B1F3C52_5E0B_4C7E_9A36_2D64D1A5C0E2);

/// Makes a new object of a class.
type Make = fn() -> IUnknown;

/// The classes of this DLL.
const CLASSES: [(GUID, Make); 2] =
    [(PROVIDER_CLSID, crate::provider::new_provider), (FILTER_CLSID, crate::filter::new_filter)];

/// IClassFactory: <https://learn.microsoft.com/windows/win32/api/unknwn/nn-unknwn-iclassfactory>.
#[implement(IClassFactory, Agile = false)]
struct Factory {
    make: Make,
    _count: ObjectCount,
}

/// The factory of `class`.
pub(super) fn factory_of(class: &GUID) -> Result<IUnknown, Fault> {
    let (_, make) = CLASSES.iter().find(|(clsid, _)| clsid == class).ok_or(Fault::UnknownClass)?;
    Ok(Factory { make: *make, _count: ObjectCount::new() }.into())
}

/// Asks `object` for an interface, which the caller then owns.
///
/// # Safety
/// `iid` points to a GUID and `interface` to memory for a pointer; either may be null.
pub(super) unsafe fn query(
    object: &IUnknown,
    iid: *const GUID,
    interface: *mut *mut c_void,
) -> Result<(), Fault> {
    if iid.is_null() || interface.is_null() {
        return Err(Fault::NullPointer);
    }
    // SAFETY: both are not null, and the caller vouches for them.
    unsafe { object.query(iid, interface) }.ok().map_err(|_| Fault::NoInterface)
}

impl IClassFactory_Impl for Factory_Impl {
    unsafe fn CreateInstance(
        &self,
        outer: *mut c_void,
        iid: *const GUID,
        object: *mut *mut c_void,
    ) -> HRESULT {
        guard("IClassFactory::CreateInstance", || {
            super::out(object, core::ptr::null_mut())?;
            if !outer.is_null() {
                return Err(Fault::NoAggregation);
            }
            // SAFETY: null or the caller's, by the contract of this method.
            unsafe { query(&(self.make)(), iid, object) }
        })
    }

    unsafe fn LockServer(&self, lock: BOOL) -> HRESULT {
        guard("IClassFactory::LockServer", || {
            lifetime::lock(lock.as_bool());
            Ok(())
        })
    }
}
