//! Why a method fails, and the HRESULT that says so. One table.

use windows_core::HRESULT;

/// Why a COM method does not do what it was asked. A refused logon is none of these: it is `S_OK` with a status text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The caller wants what this object does not do: a usage scenario, a kind of credential, a field of another type.
    Unsupported,
    /// A pointer that must not be null is.
    NullPointer,
    /// An index, a field number or a value is out of range.
    BadArgument,
    /// No memory.
    OutOfMemory,
    /// The class is not served here.
    UnknownClass,
    /// Objects of this class are never parts of others.
    NoAggregation,
    /// The object has no such interface.
    NoInterface,
    /// A panic was caught.
    Panicked,
    /// The call makes no sense before another one.
    OutOfOrder,
    /// Anything else.
    Failed,
}

impl Fault {
    /// What the caller sees ([winerror.h]).
    ///
    /// [winerror.h]: https://learn.microsoft.com/windows/win32/seccrypto/common-hresult-values
    pub(crate) const fn hresult(self) -> HRESULT {
        HRESULT(match self {
            Self::Unsupported => code(0x8000_4001),   // E_NOTIMPL
            Self::NullPointer => code(0x8000_4003),   // E_POINTER
            Self::BadArgument => code(0x8007_0057),   // E_INVALIDARG
            Self::OutOfMemory => code(0x8007_000E),   // E_OUTOFMEMORY
            Self::UnknownClass => code(0x8004_0111),  // CLASS_E_CLASSNOTAVAILABLE
            Self::NoAggregation => code(0x8004_0110), // CLASS_E_NOAGGREGATION
            Self::NoInterface => code(0x8000_4002),   // E_NOINTERFACE
            Self::Panicked => code(0x8000_FFFF),      // E_UNEXPECTED
            // E_FAIL
            Self::OutOfOrder | Self::Failed => code(0x8000_4005),
        })
    }
}

const fn code(bits: u32) -> i32 {
    bits.cast_signed()
}

#[cfg(test)]
mod tests {
    use super::Fault;
    use windows::Win32::Foundation as win;

    #[test]
    fn every_fault_has_the_number_that_windows_gives_it() {
        let table = [
            (Fault::Unsupported, win::E_NOTIMPL),
            (Fault::NullPointer, win::E_POINTER),
            (Fault::BadArgument, win::E_INVALIDARG),
            (Fault::OutOfMemory, win::E_OUTOFMEMORY),
            (Fault::UnknownClass, win::CLASS_E_CLASSNOTAVAILABLE),
            (Fault::NoAggregation, win::CLASS_E_NOAGGREGATION),
            (Fault::NoInterface, win::E_NOINTERFACE),
            (Fault::Panicked, win::E_UNEXPECTED),
            (Fault::OutOfOrder, win::E_FAIL),
            (Fault::Failed, win::E_FAIL),
        ];
        for (fault, hresult) in table {
            assert_eq!(fault.hresult(), hresult, "{fault:?}");
        }
    }
}
