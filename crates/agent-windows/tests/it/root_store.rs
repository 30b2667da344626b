//! Puts a root into the machine's certificate store, and takes it out again.

use windows::Win32::Security::Cryptography::{
    CERT_CONTEXT, CERT_FIND_EXISTING, CERT_OPEN_STORE_FLAGS, CERT_STORE_ADD_REPLACE_EXISTING,
    CERT_STORE_PROV_SYSTEM_W, CERT_SYSTEM_STORE_LOCAL_MACHINE_ID, CERT_SYSTEM_STORE_LOCATION_SHIFT,
    CertAddEncodedCertificateToStore, CertCloseStore, CertCreateCertificateContext,
    CertDeleteCertificateFromStore, CertFindCertificateInStore, CertFreeCertificateContext, CertOpenStore,
    HCERTSTORE, X509_ASN_ENCODING,
};
use windows::core::w;

pub struct TrustedRoot(Vec<u8>);

fn with_store<R>(run: impl FnOnce(HCERTSTORE) -> R) -> R {
    // SAFETY: the name is a constant; the store is closed below.
    let store = unsafe {
        CertOpenStore(
            CERT_STORE_PROV_SYSTEM_W,
            Default::default(),
            None,
            CERT_OPEN_STORE_FLAGS(CERT_SYSTEM_STORE_LOCAL_MACHINE_ID << CERT_SYSTEM_STORE_LOCATION_SHIFT),
            Some(w!("ROOT").as_ptr().cast()),
        )
    }
    .unwrap();
    let result = run(store);
    // SAFETY: opened above; what was changed is written when the store is closed.
    unsafe { CertCloseStore(Some(store), 0) }.unwrap();
    result
}

impl TrustedRoot {
    pub fn install(der: &[u8]) -> Self {
        with_store(|store| {
            // SAFETY: the store is open.
            unsafe {
                CertAddEncodedCertificateToStore(
                    Some(store),
                    X509_ASN_ENCODING,
                    der,
                    CERT_STORE_ADD_REPLACE_EXISTING,
                    None,
                )
            }
            .unwrap();
        });
        Self(der.to_vec())
    }
}

impl Drop for TrustedRoot {
    fn drop(&mut self) {
        with_store(|store| {
            // SAFETY: plain bytes in, a context of our own out.
            let wanted: *mut CERT_CONTEXT =
                unsafe { CertCreateCertificateContext(X509_ASN_ENCODING, &self.0) };
            // SAFETY: the store is open and the context alive.
            let found = unsafe {
                CertFindCertificateInStore(
                    store,
                    X509_ASN_ENCODING,
                    0,
                    CERT_FIND_EXISTING,
                    Some(wanted.cast_const().cast()),
                    None,
                )
            };
            // SAFETY: ours, freed once.
            let _ = unsafe { CertFreeCertificateContext(Some(wanted)) };
            if !found.is_null() {
                // SAFETY: frees the context in any case.
                let _ = unsafe { CertDeleteCertificateFromStore(found) };
            }
        });
    }
}
