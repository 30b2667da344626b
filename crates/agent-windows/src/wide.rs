//! UTF-16 strings for Windows' wide interfaces.

/// A string of Windows' with its terminating zero.
pub(crate) struct Wide(Vec<u16>);

impl Wide {
    /// Nothing if the text holds a zero, at which Windows would silently end it.
    pub(crate) fn new(text: &str) -> Option<Self> {
        if text.contains('\0') {
            return None;
        }
        Some(Self(text.encode_utf16().chain([0]).collect()))
    }

    /// Valid as long as `self` lives and is not changed.
    pub(crate) fn as_pcwstr(&self) -> windows::core::PCWSTR {
        windows::core::PCWSTR(self.0.as_ptr())
    }
}

/// The text up to the first zero; what is not UTF-16 becomes U+FFFD.
pub(crate) fn text_until_zero(units: &[u16]) -> String {
    let end = units.iter().position(|&unit| unit == 0).unwrap_or(units.len());
    String::from_utf16_lossy(units.get(..end).unwrap_or(&[]))
}
