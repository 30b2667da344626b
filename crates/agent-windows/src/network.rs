//! Whether there is a network to speak of.

use core::net::{Ipv4Addr, Ipv6Addr};

use agent::ports::Network;
use windows::Win32::Foundation::{ERROR_BUFFER_OVERFLOW, ERROR_SUCCESS};
use windows::Win32::NetworkManagement::IpHelper::{
    GAA_FLAG_SKIP_ANYCAST, GAA_FLAG_SKIP_DNS_SERVER, GAA_FLAG_SKIP_FRIENDLY_NAME, GAA_FLAG_SKIP_MULTICAST,
    GetAdaptersAddresses, IF_TYPE_SOFTWARE_LOOPBACK, IP_ADAPTER_ADDRESSES_LH, IP_ADAPTER_UNICAST_ADDRESS_LH,
};
use windows::Win32::NetworkManagement::Ndis::IfOperStatusUp;
use windows::Win32::Networking::WinSock::{
    AF_INET, AF_INET6, AF_UNSPEC, SOCKADDR_IN, SOCKADDR_IN6, SOCKET_ADDRESS,
};

/// The machine's interfaces.
#[derive(Debug, Clone, Copy, Default)]
pub struct WindowsNetwork;

impl Network for WindowsNetwork {
    /// An address that an interface gave itself (169.254.x.x, fe80::) is none: nothing was found to speak to yet.
    fn is_up(&self) -> bool {
        adapters().is_some_and(|buffer| {
            // SAFETY: the buffer holds the list that begins at its first byte, or nothing at all.
            unsafe { any_usable(buffer.as_ptr().cast()) }
        })
    }
}

/// The list of GetAdaptersAddresses, in words of eight bytes as its structures are aligned; nothing for an empty list.
fn adapters() -> Option<Vec<u64>> {
    let mut bytes: u32 = 16 * 1024;
    // The list may grow between two calls.
    for _ in 0..4 {
        let mut buffer = vec![0u64; usize::try_from(bytes).ok()?.div_ceil(8)];
        // SAFETY: the buffer has at least `bytes` bytes.
        let code = unsafe {
            GetAdaptersAddresses(
                u32::from(AF_UNSPEC.0),
                GAA_FLAG_SKIP_ANYCAST
                    | GAA_FLAG_SKIP_MULTICAST
                    | GAA_FLAG_SKIP_DNS_SERVER
                    | GAA_FLAG_SKIP_FRIENDLY_NAME,
                None,
                Some(buffer.as_mut_ptr().cast()),
                &raw mut bytes,
            )
        };
        if code == ERROR_SUCCESS.0 {
            return Some(buffer);
        }
        if code != ERROR_BUFFER_OVERFLOW.0 {
            return None;
        }
    }
    None
}

/// # Safety
/// `adapter` is null or the beginning of a list that GetAdaptersAddresses wrote and that is still there.
unsafe fn any_usable(mut adapter: *const IP_ADAPTER_ADDRESSES_LH) -> bool {
    // SAFETY: the caller's promise; each entry's `Next` is null or another entry of the same buffer.
    while let Some(entry) = unsafe { adapter.as_ref() } {
        // SAFETY: the entry's addresses lie in the same buffer.
        let has_address = unsafe { any_address(entry.FirstUnicastAddress) };
        if entry.IfType != IF_TYPE_SOFTWARE_LOOPBACK && entry.OperStatus == IfOperStatusUp && has_address {
            return true;
        }
        adapter = entry.Next;
    }
    false
}

/// # Safety
/// `address` is null or the beginning of an adapter's list of addresses.
unsafe fn any_address(mut address: *const IP_ADAPTER_UNICAST_ADDRESS_LH) -> bool {
    // SAFETY: the caller's promise, as for the adapters.
    while let Some(entry) = unsafe { address.as_ref() } {
        // SAFETY: the socket address lies in the same buffer.
        if unsafe { is_usable(&entry.Address) } {
            return true;
        }
        address = entry.Next;
    }
    false
}

/// # Safety
/// `address` points at a socket address of the length that it says.
unsafe fn is_usable(address: &SOCKET_ADDRESS) -> bool {
    // SAFETY: the caller's promise; every socket address begins with its family.
    let Some(family) = (unsafe { address.lpSockaddr.as_ref() }).map(|it| it.sa_family) else {
        return false;
    };
    let length = usize::try_from(address.iSockaddrLength).unwrap_or(0);
    if family == AF_INET && length >= size_of::<SOCKADDR_IN>() {
        // SAFETY: the family and the length say what it is.
        let v4 = unsafe { *address.lpSockaddr.cast::<SOCKADDR_IN>() };
        // SAFETY: the union's members are plain numbers of the same four bytes.
        let ip = Ipv4Addr::from(unsafe { v4.sin_addr.S_un.S_addr }.to_ne_bytes());
        return !ip.is_loopback() && !ip.is_link_local() && !ip.is_unspecified();
    }
    if family == AF_INET6 && length >= size_of::<SOCKADDR_IN6>() {
        // SAFETY: the family and the length say what it is.
        let v6 = unsafe { *address.lpSockaddr.cast::<SOCKADDR_IN6>() };
        // SAFETY: the union's members are plain numbers of the same sixteen bytes.
        let ip = Ipv6Addr::from(unsafe { v6.sin6_addr.u.Byte });
        return !ip.is_loopback() && !ip.is_unicast_link_local() && !ip.is_unspecified();
    }
    false
}
