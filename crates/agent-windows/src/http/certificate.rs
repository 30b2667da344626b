//! The certificate that a server showed, and the hash of its key.

use core::ffi::c_void;

use sha2::{Digest, Sha256};
use windows::Win32::Networking::WinHttp::{WINHTTP_OPTION_SERVER_CERT_CONTEXT, WinHttpQueryOption};
use windows::Win32::Security::Cryptography::{
    CERT_CONTEXT, CertFreeCertificateContext, CryptEncodeObject, X509_ASN_ENCODING, X509_PUBLIC_KEY_INFO,
};

use protocol::encoding::Sha256 as KeyHash;

use crate::clock::unix_seconds;

/// A certificate context of our own, freed on drop.
pub(super) struct ServerCertificate(*const CERT_CONTEXT);

impl ServerCertificate {
    /// What the server of this request showed in the TLS handshake; nothing before the handshake is done.
    ///
    /// # Safety
    /// `request` is a WinHTTP request handle that stays open during the call.
    pub(super) unsafe fn of_request(request: *mut c_void) -> Option<Self> {
        let mut context: *const CERT_CONTEXT = core::ptr::null();
        let mut size = u32::try_from(size_of_val(&context)).ok()?;
        // SAFETY: the handle is open (the caller's promise); the option writes one pointer, for which `context` has the room
        // that `size` says.
        unsafe {
            WinHttpQueryOption(
                request,
                WINHTTP_OPTION_SERVER_CERT_CONTEXT,
                Some((&raw mut context).cast()),
                &raw mut size,
            )
        }
        .ok()?;
        (!context.is_null()).then_some(Self(context))
    }

    /// SHA-256 over the DER of the certificate's SubjectPublicKeyInfo.
    pub(super) fn key_hash(&self) -> Option<KeyHash> {
        // SAFETY: the context is ours and alive until drop; Windows hands out contexts with `pCertInfo` set.
        let context = unsafe { self.0.as_ref() }?;
        // SAFETY: as above; the info lives as long as the context.
        let info = unsafe { context.pCertInfo.as_ref() }?;
        let key = (&raw const info.SubjectPublicKeyInfo).cast::<c_void>();
        let mut size = 0;
        // SAFETY: X509_PUBLIC_KEY_INFO takes a CERT_PUBLIC_KEY_INFO, which `key` points at; no buffer: only the size is asked.
        unsafe { CryptEncodeObject(X509_ASN_ENCODING, X509_PUBLIC_KEY_INFO, key, None, &raw mut size) }
            .ok()?;
        let mut der = vec![0; usize::try_from(size).ok()?];
        // SAFETY: as before, and `der` has the `size` bytes that were asked for.
        unsafe {
            CryptEncodeObject(
                X509_ASN_ENCODING,
                X509_PUBLIC_KEY_INFO,
                key,
                Some(der.as_mut_ptr()),
                &raw mut size,
            )
        }
        .ok()?;
        let der = der.get(..usize::try_from(size).ok()?)?;
        Some(protocol::encoding::Bytes(Sha256::digest(der).into()))
    }
}

impl ServerCertificate {
    /// When it ends, Unix seconds.
    pub(super) fn ends(&self) -> Option<i64> {
        // SAFETY: the context is ours and alive until drop; Windows hands out contexts with `pCertInfo` set.
        let context = unsafe { self.0.as_ref() }?;
        // SAFETY: as above; the info lives as long as the context.
        let info = unsafe { context.pCertInfo.as_ref() }?;
        Some(unix_seconds(info.NotAfter))
    }
}

impl Drop for ServerCertificate {
    fn drop(&mut self) {
        // SAFETY: WinHTTP gave us this context to free, and nobody else does.
        let _always_true = unsafe { CertFreeCertificateContext(Some(self.0)) };
    }
}
