//! Who this machine is.

use core::ffi::c_void;

use agent::Sid;
use agent::ports::{Machine, MachineFacts};
use windows::Wdk::System::SystemServices::RtlGetVersion;
use windows::Win32::NetworkManagement::NetManagement::{
    NERR_Success, NETSETUP_JOIN_STATUS, NetApiBufferFree, NetGetJoinInformation, NetSetupDomainName,
};
use windows::Win32::Security::Authentication::Identity::{
    LSA_HANDLE, LSA_OBJECT_ATTRIBUTES, LSA_UNICODE_STRING, LsaClose, LsaFreeMemory, LsaOpenPolicy,
    LsaQueryInformationPolicy, POLICY_ACCOUNT_DOMAIN_INFO, POLICY_DNS_DOMAIN_INFO, POLICY_INFORMATION_CLASS,
    POLICY_VIEW_LOCAL_INFORMATION, PolicyAccountDomainInformation, PolicyDnsDomainInformation,
};
use windows::Win32::Security::PSID;
use windows::Win32::System::SystemInformation::{
    COMPUTER_NAME_FORMAT, ComputerNamePhysicalDnsHostname, ComputerNamePhysicalNetBIOS, GetComputerNameExW,
    OSVERSIONINFOW,
};
use windows::core::{PCWSTR, PWSTR};

use crate::accounts::sid;
use crate::wide::text_until_zero;

/// Names, join state and SIDs, read afresh by each call; no domain controller is asked.
#[derive(Debug, Clone, Copy, Default)]
pub struct WindowsMachine;

impl Machine for WindowsMachine {
    fn facts(&self) -> MachineFacts {
        let join = joined_domain();
        let policy = Policy::open();
        let domain = policy.as_ref().and_then(Policy::domain).filter(|_| join.is_some());
        let (netbios, dns, domain_sid) = domain.unwrap_or_default();
        MachineFacts {
            netbios_name: computer_name(ComputerNamePhysicalNetBIOS),
            dns_host_name: computer_name(ComputerNamePhysicalDnsHostname),
            joined: join.is_some(),
            netbios_domain: netbios.or(join),
            dns_domain: dns,
            machine_sid: policy.as_ref().and_then(Policy::machine_sid),
            domain_sid,
            windows_version: windows_version(),
        }
    }
}

/// Empty where Windows has none.
fn computer_name(kind: COMPUTER_NAME_FORMAT) -> String {
    let mut units = [0u16; 256];
    let mut size = 256;
    // SAFETY: the buffer has `size` units.
    let named = unsafe { GetComputerNameExW(kind, Some(PWSTR(units.as_mut_ptr())), &raw mut size) };
    named.map_or_else(|_| String::new(), |()| text_until_zero(&units))
}

/// NetBIOS name of the Active Directory domain that the machine is joined to.
fn joined_domain() -> Option<String> {
    let mut name = PWSTR::null();
    let mut status = NETSETUP_JOIN_STATUS::default();
    // SAFETY: a null server is this machine; on success the name is ours to free.
    let code = unsafe { NetGetJoinInformation(PCWSTR::null(), &raw mut name, &raw mut status) };
    if code != NERR_Success || name.is_null() {
        return None;
    }
    // SAFETY: on success the name ends with a zero.
    let text = text_until_zero(unsafe { name.as_wide() });
    // SAFETY: allocated by NetGetJoinInformation, which says to free it so.
    let _zero = unsafe { NetApiBufferFree(Some(name.0.cast_const().cast())) };
    (status == NetSetupDomainName).then_some(text)
}

fn windows_version() -> String {
    let mut version = OSVERSIONINFOW {
        dwOSVersionInfoSize: u32::try_from(size_of::<OSVERSIONINFOW>()).unwrap_or(0),
        ..Default::default()
    };
    // SAFETY: the structure says its own size.
    let _always_succeeds = unsafe { RtlGetVersion(&raw mut version) };
    format!("{}.{}.{}", version.dwMajorVersion, version.dwMinorVersion, version.dwBuildNumber)
}

/// The local security policy, closed on drop.
struct Policy(LSA_HANDLE);

impl Policy {
    fn open() -> Option<Self> {
        let attributes = LSA_OBJECT_ATTRIBUTES::default();
        let mut handle = LSA_HANDLE::default();
        let rights = u32::try_from(POLICY_VIEW_LOCAL_INFORMATION).ok()?;
        // SAFETY: no system name is this machine; empty attributes are what the function asks for.
        let status = unsafe { LsaOpenPolicy(None, &raw const attributes, rights, &raw mut handle) };
        status.is_ok().then_some(Self(handle))
    }

    fn query<T>(&self, class: POLICY_INFORMATION_CLASS) -> Option<Information<T>> {
        let mut buffer: *mut c_void = core::ptr::null_mut();
        // SAFETY: the policy is open; on success the buffer is ours to free.
        let status = unsafe { LsaQueryInformationPolicy(self.0, class, &raw mut buffer) };
        (status.is_ok() && !buffer.is_null()).then_some(Information(buffer.cast()))
    }

    fn machine_sid(&self) -> Option<Sid> {
        let found = self.query::<POLICY_ACCOUNT_DOMAIN_INFO>(PolicyAccountDomainInformation)?;
        // SAFETY: this class answers with this structure.
        let raw = unsafe { (*found.0).DomainSid };
        // SAFETY: the SID lies in the buffer, which `found` keeps.
        unsafe { optional_sid(raw) }
    }

    /// NetBIOS name, DNS name and SID of the domain.
    fn domain(&self) -> Option<(Option<String>, Option<String>, Option<Sid>)> {
        let found = self.query::<POLICY_DNS_DOMAIN_INFO>(PolicyDnsDomainInformation)?;
        // SAFETY: this class answers with this structure, which is plain data.
        let info = unsafe { *found.0 };
        // SAFETY: names and SID lie in the buffer, which `found` keeps.
        let netbios = unsafe { text(&info.Name) };
        // SAFETY: as above.
        let dns = unsafe { text(&info.DnsDomainName) };
        // SAFETY: as above.
        let sid = unsafe { optional_sid(info.Sid) };
        Some((netbios, dns, sid))
    }
}

impl Drop for Policy {
    fn drop(&mut self) {
        // SAFETY: ours, closed here only.
        let _only_fails_when_closed = unsafe { LsaClose(self.0) };
    }
}

/// An answer of LSA, freed on drop.
struct Information<T>(*mut T);

impl<T> Drop for Information<T> {
    fn drop(&mut self) {
        // SAFETY: allocated by LsaQueryInformationPolicy, which says to free it so.
        let _zero = unsafe { LsaFreeMemory(Some(self.0.cast_const().cast())) };
    }
}

/// # Safety
/// `raw` is null or points at a valid SID.
unsafe fn optional_sid(raw: PSID) -> Option<Sid> {
    if raw.is_invalid() {
        return None;
    }
    // SAFETY: the caller's promise.
    unsafe { sid::to_text(raw) }
}

/// # Safety
/// `string`'s buffer is null or has the length that it says.
unsafe fn text(string: &LSA_UNICODE_STRING) -> Option<String> {
    if string.Buffer.is_null() || string.Length == 0 {
        return None;
    }
    // SAFETY: the caller's promise; the length counts bytes.
    let units = unsafe { core::slice::from_raw_parts(string.Buffer.0, usize::from(string.Length) / 2) };
    Some(text_until_zero(units))
}
