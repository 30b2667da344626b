//! The authentication package that the credential is for.

use crate::com::Fault;
use windows::Win32::Foundation::HANDLE;
use windows::Win32::Security::Authentication::Identity::{
    LSA_STRING, LsaConnectUntrusted, LsaDeregisterLogonProcess, LsaLookupAuthenticationPackage,
};
use windows_core::PSTR;

/// "Negotiate" (NEGOSSP_NAME_A): Kerberos where there is a domain, NTLM elsewhere.
const NEGOTIATE: &[u8; 9] = b"Negotiate";

/// Its number on this machine, since the last start of Windows.
pub(crate) fn negotiate() -> Result<u32, Fault> {
    let connection = Connection::open()?;
    let mut name = *NEGOTIATE;
    let length = u16::try_from(name.len()).map_err(|_| Fault::Failed)?;
    let name = LSA_STRING { Length: length, MaximumLength: length, Buffer: PSTR(name.as_mut_ptr()) };
    let mut package = 0;
    // SAFETY: the connection is open; name and number live over the call, and the name is only read.
    let status = unsafe { LsaLookupAuthenticationPackage(connection.0, &raw const name, &raw mut package) };
    if status.is_ok() { Ok(package) } else { Err(Fault::Failed) }
}

/// A connection to the local security authority, closed on drop.
struct Connection(HANDLE);

impl Connection {
    fn open() -> Result<Self, Fault> {
        let mut handle = HANDLE::default();
        // SAFETY: the handle is ours to be written.
        let status = unsafe { LsaConnectUntrusted(&raw mut handle) };
        if status.is_ok() { Ok(Self(handle)) } else { Err(Fault::Failed) }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        // SAFETY: opened by `open`, closed once. Nothing depends on whether that works.
        let _ = unsafe { LsaDeregisterLogonProcess(self.0) };
    }
}
