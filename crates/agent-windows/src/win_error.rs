//! Win32 error numbers out of what the `windows` crate returns.

/// The Win32 number of an error that came from `GetLastError`, else the HRESULT's bits.
pub(crate) fn code_of(error: &windows::core::Error) -> u32 {
    let bits = u32::from_ne_bytes(error.code().0.to_ne_bytes());
    // HRESULT_FROM_WIN32: severity 1, facility 7 (FACILITY_WIN32), the number in the low half.
    if bits & 0xFFFF_0000 == 0x8007_0000 { bits & 0xFFFF } else { bits }
}

/// The calling thread's last error, for functions that the crate does not turn into a `Result`.
pub(crate) fn last() -> u32 {
    code_of(&windows::core::Error::from_thread())
}
