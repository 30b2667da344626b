//! DPAPI in machine scope. Every process of the machine can open it: the files' access control list is the protection.

use agent::ports::{Seal, SealFailed};
use windows::Win32::Foundation::{HLOCAL, LocalFree};
use windows::Win32::Security::Cryptography::{
    CRYPT_INTEGER_BLOB, CRYPTPROTECT_LOCAL_MACHINE, CRYPTPROTECT_UI_FORBIDDEN, CryptProtectData,
    CryptUnprotectData,
};
use windows::core::PCWSTR;
use zeroize::{Zeroize as _, Zeroizing};

use crate::win_error;

/// CryptProtectData for this machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct MachineSeal;

impl Seal for MachineSeal {
    fn seal(&self, clear: &[u8]) -> Result<Vec<u8>, SealFailed> {
        let input = borrowed(clear)?;
        let mut output = OwnedBlob::default();
        // SAFETY: the input is only read and lives through the call; on success the output is ours to free.
        unsafe {
            CryptProtectData(
                &raw const input,
                PCWSTR::null(),
                None,
                None,
                None,
                CRYPTPROTECT_LOCAL_MACHINE | CRYPTPROTECT_UI_FORBIDDEN,
                &raw mut output.0,
            )
        }
        .map_err(|error| SealFailed { code: win_error::code_of(&error) })?;
        Ok(output.bytes().to_vec())
    }

    fn open(&self, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealFailed> {
        let input = borrowed(sealed)?;
        let mut output = OwnedBlob::default();
        // SAFETY: as in `seal`.
        unsafe {
            CryptUnprotectData(
                &raw const input,
                None,
                None,
                None,
                None,
                CRYPTPROTECT_UI_FORBIDDEN,
                &raw mut output.0,
            )
        }
        .map_err(|error| SealFailed { code: win_error::code_of(&error) })?;
        Ok(Zeroizing::new(output.bytes().to_vec()))
    }
}

/// For reading only, although the type has no word for it.
fn borrowed(bytes: &[u8]) -> Result<CRYPT_INTEGER_BLOB, SealFailed> {
    // ERROR_INVALID_PARAMETER
    let size = u32::try_from(bytes.len()).map_err(|_| SealFailed { code: 87 })?;
    Ok(CRYPT_INTEGER_BLOB { cbData: size, pbData: bytes.as_ptr().cast_mut() })
}

/// What Windows allocated; wiped and freed on drop.
#[derive(Default)]
struct OwnedBlob(CRYPT_INTEGER_BLOB);

impl OwnedBlob {
    fn bytes(&self) -> &[u8] {
        if self.0.pbData.is_null() {
            return &[];
        }
        // SAFETY: Windows filled both members together, and the memory is ours until drop.
        unsafe { core::slice::from_raw_parts(self.0.pbData, usize::try_from(self.0.cbData).unwrap_or(0)) }
    }
}

impl Drop for OwnedBlob {
    fn drop(&mut self) {
        if self.0.pbData.is_null() {
            return;
        }
        // SAFETY: as in `bytes`; nobody else holds a reference during drop.
        let bytes = unsafe {
            core::slice::from_raw_parts_mut(self.0.pbData, usize::try_from(self.0.cbData).unwrap_or(0))
        };
        bytes.zeroize();
        // SAFETY: allocated by CryptProtectData or CryptUnprotectData, which say to free it so.
        let _null = unsafe { LocalFree(Some(HLOCAL(self.0.pbData.cast()))) };
    }
}
