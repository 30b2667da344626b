//! The machine and the session that the tile runs in.

use crate::Sid;

/// Who this machine is. Read once, when a tile or a command starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MachineFacts {
    /// NetBIOS name (`ComputerNamePhysicalNetBIOS`), the `HOST` of `HOST\name`.
    pub netbios_name: String,
    /// DNS host name, without its domain.
    pub dns_host_name: String,
    /// Whether it is joined to an Active Directory domain (NetGetJoinInformation).
    pub joined: bool,
    /// NetBIOS name of that domain.
    pub netbios_domain: Option<String>,
    /// DNS name of that domain.
    pub dns_domain: Option<String>,
    /// SID of the local account database; another one means a cloned image.
    pub machine_sid: Option<Sid>,
    /// SID of the domain.
    pub domain_sid: Option<Sid>,
    /// Windows version as `major.minor.build`.
    pub windows_version: String,
}

/// The machine.
pub trait Machine: Send + Sync {
    /// Reads all of it. What cannot be read is `None` or empty.
    fn facts(&self) -> MachineFacts;
}

/// Who is signed in to the session, where somebody is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionOwner {
    /// SID, where it could be found.
    pub sid: Option<Sid>,
    /// NetBIOS name of the account's domain or of the machine.
    pub domain: String,
    /// Account name.
    pub name: String,
}

/// The session of this process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionFacts {
    /// Windows' session number.
    pub id: u32,
    /// Remote desktop, not the console.
    pub remote: bool,
    /// The owner; present means that this is an unlock, whatever usage scenario Windows names.
    pub owner: Option<SessionOwner>,
}

/// The session (WTS).
pub trait Session: Send + Sync {
    /// Reads it.
    fn facts(&self) -> SessionFacts;
}

/// Whether there is a network to speak of.
pub trait Network: Send + Sync {
    /// True if some interface other than loopback is up and has an address.
    fn is_up(&self) -> bool;
}
