//! The world that is played to a program: computer, accounts, session, network, clocks.
//!
//! Everything here is plain values; [`crate::redirect`] answers the program's calls from it.

mod accounts;
pub mod acl;
mod clock;
mod network;
mod sid;

use std::path::{Path, PathBuf};

use serde::Deserialize;
use thiserror::Error;

pub use accounts::{Account, AccountRef, LogonOutcome};
pub use clock::{Clock, Ticks};
pub use network::Network;
pub use sid::{Sid, SidError};

/// A world as its file says it, checked.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct World {
    /// NetBIOS name of the computer.
    pub host: String,
    /// DNS domain of the host when it is not joined.
    pub host_dns_domain: String,
    /// SID of the computer's own account database.
    pub machine_sid: Sid,
    /// The domain that the computer is joined to.
    pub domain: Option<Domain>,
    /// The workgroup when it is not joined.
    pub workgroup: String,
    /// Whoever can log on.
    pub accounts: Vec<Account>,
    /// The session that the logon screen belongs to.
    pub session: Session,
    /// What the process looks like to itself.
    pub process: Process,
    /// What the network does.
    pub network: Network,
    /// Seconds since the start of the machine, at the start of the walk.
    pub uptime_s: u64,
    /// Number of the machine's start.
    pub boot_id: u32,
    /// Seconds added to the wall clock.
    pub time_offset_s: i64,
    /// The machine was started in safe mode.
    pub safe_mode: bool,
    /// CLSIDs that the filter is asked about beside the provider's own.
    pub other_providers: Vec<String>,
    /// Network-level authentication hands passwords over through CredProtectW.
    pub protected_password: bool,
    /// What LsaLookupAuthenticationPackage answers for the package Negotiate.
    pub authentication_package: u32,
    /// JSON lines file of the event log; `events.jsonl` in the state folder when absent.
    pub events: Option<PathBuf>,
    /// Folder for access control lists and events.
    pub state: Option<PathBuf>,
}

/// An Active Directory domain.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Domain {
    /// Short name.
    pub netbios: String,
    /// DNS name.
    pub dns: String,
    /// The domain's SID.
    pub sid: Sid,
}

/// A terminal services session.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Session {
    /// Session number.
    pub id: u32,
    /// At the machine or from afar.
    pub kind: SessionKind,
    /// `DOMAIN\name` of the person whose session is locked.
    pub owner: Option<String>,
}

impl Default for Session {
    fn default() -> Self {
        Self { id: 1, kind: SessionKind::Console, owner: None }
    }
}

/// Where the person sits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SessionKind {
    /// At the machine.
    Console,
    /// Remote desktop.
    Remote,
}

/// What the process looks like to itself.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Process {
    /// Its image is `%SystemRoot%\System32\consent.exe`.
    pub consent: bool,
    /// Its token is SYSTEM's; when absent, true in the host and false under `exec`.
    pub system: Option<bool>,
    /// Its token is elevated; true when absent.
    pub elevated: Option<bool>,
}

/// Why a world file cannot be used.
#[derive(Debug, Error)]
pub enum WorldError {
    /// The file could not be read.
    #[error("the world file {path}: {source}")]
    Read {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// It is no world.
    #[error("the world file {path}: {source}")]
    Parse {
        /// Which file.
        path: PathBuf,
        /// Where and why.
        source: serde_json::Error,
    },
    /// An account's domain is neither the host nor the joined domain.
    #[error("the account {0} belongs to neither the host nor the domain of this world")]
    ForeignAccount(String),
}

impl Default for World {
    fn default() -> Self {
        Self {
            host: "WS01".to_owned(),
            host_dns_domain: String::new(),
            machine_sid: Sid::domain(1001, 1002, 1003),
            domain: None,
            workgroup: "WORKGROUP".to_owned(),
            accounts: Vec::new(),
            session: Session::default(),
            process: Process::default(),
            network: Network::Up,
            uptime_s: 3600,
            boot_id: 1,
            time_offset_s: 0,
            safe_mode: false,
            other_providers: vec!["{60B78E88-EAD8-445C-9CFD-0B87F74EA6CD}".to_owned()],
            protected_password: true,
            authentication_package: 11,
            events: None,
            state: None,
        }
    }
}

impl World {
    /// Reads and completes a world file; relative paths in it are taken from its folder.
    ///
    /// # Errors
    /// [`WorldError`] when the file cannot be read, is no world, or contradicts itself.
    pub fn read(path: &Path) -> Result<Self, WorldError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| WorldError::Read { path: path.to_owned(), source })?;
        let mut world: Self = serde_json::from_str(&text)
            .map_err(|source| WorldError::Parse { path: path.to_owned(), source })?;
        let folder = path.parent().map(Path::to_owned).unwrap_or_default();
        let state = world.state.take().map_or_else(|| path.with_extension("state"), |it| folder.join(it));
        world.events = world.events.take().map(|it| folder.join(it));
        world.state = Some(state);
        world.complete()?;
        Ok(world)
    }

    /// Gives every account its domain and SID.
    ///
    /// # Errors
    /// [`WorldError::ForeignAccount`].
    pub fn complete(&mut self) -> Result<(), WorldError> {
        let (host, machine_sid, domain) = (self.host.clone(), self.machine_sid.clone(), self.domain.clone());
        for (number, account) in (1001..).zip(&mut self.accounts) {
            let authority = if account.domain == "." || same(&account.domain, &host) {
                account.domain.clone_from(&host);
                &machine_sid
            } else if let Some(joined) = domain
                .as_ref()
                .filter(|it| same(&it.netbios, &account.domain) || same(&it.dns, &account.domain))
            {
                account.domain.clone_from(&joined.netbios);
                &joined.sid
            } else {
                return Err(WorldError::ForeignAccount(account.qualified()));
            };
            account.sid.get_or_insert_with(|| authority.with_rid(number));
        }
        Ok(())
    }

    /// Where access control lists and events are kept; the default is a folder in `temp`.
    pub fn state_folder(&self, temp: &Path) -> PathBuf {
        self.state.clone().unwrap_or_else(|| temp.join("logon-host.state"))
    }

    /// The event log file.
    pub fn events_file(&self, temp: &Path) -> PathBuf {
        self.events.clone().unwrap_or_else(|| self.state_folder(temp).join("events.jsonl"))
    }

    /// DNS domain of the computer, empty when it has none.
    pub fn dns_domain(&self) -> &str {
        self.domain.as_ref().map_or(self.host_dns_domain.as_str(), |it| it.dns.as_str())
    }
}

/// Names are compared as Windows does: without case.
pub(crate) fn same(left: &str, right: &str) -> bool {
    left.chars().flat_map(char::to_lowercase).eq(right.chars().flat_map(char::to_lowercase))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<World, WorldError> {
        let mut world: World = serde_json::from_str(text)
            .map_err(|source| WorldError::Parse { path: PathBuf::new(), source })?;
        world.complete().map(|()| world)
    }

    #[test]
    fn an_empty_file_is_a_world() -> Result<(), WorldError> {
        let world = parse("{}")?;
        assert_eq!((world.host.as_str(), world.network), ("WS01", Network::Up));
        Ok(())
    }

    #[test]
    fn accounts_are_completed() -> Result<(), WorldError> {
        let world = parse(
            r#"{"domain":{"netbios":"CORP","dns":"corp.example","sid":"S-1-5-21-9-8-7"},
                "accounts":[{"domain":".","name":"anna","password":"x"},
                            {"domain":"corp.example","name":"bat","password":"y"}]}"#,
        )?;
        let sids: Vec<String> =
            world.accounts.iter().filter_map(|it| it.sid.as_ref()).map(Sid::to_string).collect();
        assert_eq!(sids, ["S-1-5-21-1001-1002-1003-1001", "S-1-5-21-9-8-7-1002"]);
        assert_eq!(world.accounts[1].qualified(), r"CORP\bat");
        Ok(())
    }

    #[test]
    fn strange_worlds_are_refused() {
        assert!(parse(r#"{"hots":"A"}"#).is_err());
        assert!(parse(r#"{"accounts":[{"domain":"ELSE","name":"a","password":"b"}]}"#).is_err());
        assert!(parse(r#"{"machine_sid":"S-1-x"}"#).is_err());
    }
}
