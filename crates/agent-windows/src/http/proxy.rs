//! The machine's proxy, as `netsh winhttp set proxy` wrote it.

use windows::Win32::Foundation::GlobalFree;
use windows::Win32::Foundation::HGLOBAL;
use windows::Win32::Networking::WinHttp::{
    WINHTTP_ACCESS_TYPE_NAMED_PROXY, WINHTTP_PROXY_INFO, WinHttpGetDefaultProxyConfiguration,
};
use windows::core::PWSTR;

use crate::wide::text_until_zero;

/// The proxy that every exchange goes through, where there is one.
#[must_use]
pub fn machine_proxy() -> Option<String> {
    let mut info = WINHTTP_PROXY_INFO::default();
    // SAFETY: on success the structure's two texts are ours to free.
    unsafe { WinHttpGetDefaultProxyConfiguration(&raw mut info) }.ok()?;
    let proxy = take(info.lpszProxy);
    let _bypass = take(info.lpszProxyBypass);
    proxy.filter(|_| info.dwAccessType == WINHTTP_ACCESS_TYPE_NAMED_PROXY)
}

/// Copies a text that WinHTTP allocated, and frees it.
fn take(text: PWSTR) -> Option<String> {
    if text.is_null() {
        return None;
    }
    // SAFETY: not null, so WinHTTP's: it ends with a zero.
    let copy = text_until_zero(unsafe { text.as_wide() });
    // SAFETY: WinHTTP says to free it so, and nobody else does.
    let _null = unsafe { GlobalFree(Some(HGLOBAL(text.0.cast()))) };
    (!copy.is_empty()).then_some(copy)
}
