//! What state the machine is in.

use super::link::Opened;
use super::{
    Configuration, Learned, LinkV1, LinkV2, OfflineList, UsableLink, cloned, envelope, offline_list,
};
use crate::account::{KnownAccount, TypedName};
use crate::ports::{Address, Armed, MachineFacts, PolicyName, ProtectedFile, Stored};
use crate::services::Services;
use core::fmt;

/// The four states.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Nothing usable is saved and the agent is not armed: inert.
    Absent,
    /// Saved, not guarding: inert.
    Verified,
    /// Guarding.
    Armed,
    /// Guarding, everyone refused except offline users.
    Damaged(Damage),
}

impl State {
    /// Whether the provider shows its tile and the filter hides others.
    #[must_use]
    pub const fn guards(self) -> bool {
        matches!(self, Self::Armed | Self::Damaged(_))
    }

    /// As `show --json` and the report say it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Absent => "absent",
            Self::Verified => "verified",
            Self::Armed => "armed",
            Self::Damaged(_) => "damaged",
        }
    }
}

/// What is wrong with the configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Damage {
    /// The file is gone.
    Missing,
    /// Others than SYSTEM and Administrators may touch it (B15).
    Loose,
    /// It could not be read.
    Unreadable(u32),
    /// It is cut off, changed or not understood (B47).
    Malformed,
    /// The machine's key does not open.
    Key,
    /// It belongs to another Windows installation: a cloned image.
    AnotherMachine,
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("agent.json is missing"),
            Self::Loose => f.write_str("others than SYSTEM and Administrators have access to agent.json"),
            Self::Unreadable(code) => write!(f, "agent.json could not be read (code {code})"),
            Self::Malformed => f.write_str("agent.json is cut off or changed"),
            Self::Key => f.write_str("the key of this computer could not be opened"),
            Self::AnotherMachine => f.write_str("agent.json belongs to another Windows installation"),
        }
    }
}

/// What the administrator should hear of, in the next report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Notice {
    /// A copy of the offline users stood open to others.
    OfflineCopyLoose,
    /// No copy of the offline users is intact.
    OfflineListLost,
    /// The computer has another name than at its admission.
    HostRenamed,
    /// The agent took itself back during probation.
    ProbationDisarmed,
}

impl Notice {
    /// The code in the report.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::OfflineCopyLoose => "offline_copy_loose",
            Self::OfflineListLost => "offline_list_lost",
            Self::HostRenamed => "host_renamed",
            Self::ProbationDisarmed => "probation_disarmed",
        }
    }
}

/// Everything that was found.
#[derive(Debug)]
pub struct Loaded {
    /// The state.
    pub state: State,
    /// What is saved, with its key; present in `verified` and `armed`.
    pub usable: Option<Usable>,
    /// The offline users; present also when damaged.
    pub offline: OfflineList,
    /// This machine.
    pub machine: MachineFacts,
    /// For the next report.
    pub notices: Vec<Notice>,
}

/// A configuration that works.
#[derive(Debug)]
pub struct Usable {
    /// `agent.json`.
    pub configuration: Configuration,
    /// Its link, with the key.
    link: Opened,
    /// The addresses, in the order in which they are tried; a policy overrides them.
    pub servers: Vec<Address>,
    /// Trust the TLS keys of the signed key list only; a policy overrides it.
    pub skip_tls_verification: bool,
    /// What was learned since.
    pub learned: Learned,
}

impl Usable {
    /// What a client of the configuration's generation asks with.
    #[must_use]
    pub fn link(&self) -> UsableLink<'_> {
        let (servers, skip_tls_verification) = (self.servers.as_slice(), self.skip_tls_verification);
        match &self.link {
            Opened::V1(verified, key) => {
                UsableLink::V1(LinkV1 { verified, key, servers, skip_tls_verification })
            }
            Opened::V2(admission, key) => {
                UsableLink::V2(LinkV2 { admission, key, servers, skip_tls_verification })
            }
        }
    }

    /// Whether the service only watches, as far as was learned when this was loaded; in version 1
    /// never. `now` in Unix seconds.
    #[must_use]
    pub fn is_watching(&self, now: i64) -> bool {
        self.configuration.admission().is_some_and(|admission| self.learned.is_watching(admission, now))
    }

    /// Whether an administrator approved this computer; in version 1 there is no approval to wait for.
    #[must_use]
    pub fn is_approved(&self) -> bool {
        let approved = |admission| self.learned.settings(admission).approved;
        self.configuration.admission().is_none_or(approved)
    }
}

/// Reads configuration, registry and policies.
#[must_use]
pub fn load(services: &Services) -> Loaded {
    let machine = services.machine.facts();
    let mut notices = Vec::new();
    let mut usable = read_configuration(services, &machine);
    let armed = services.registry.armed() != Armed::No;
    let mut offline = OfflineList::default();
    if armed || usable.is_ok() {
        match offline_list::read(services, &mut notices) {
            Some(list) => offline = list,
            None => notices.push(Notice::OfflineListLost),
        }
    }
    if matches!(usable, Err(Damage::AnotherMachine)) {
        cloned::follow(services, &mut offline.users, &machine);
    }
    if let Ok(usable) = &mut usable {
        remember(services, &mut usable.learned, &notices);
    }
    let (state, usable) = match (armed, usable) {
        (false, Ok(usable)) => (State::Verified, Some(usable)),
        (false, Err(_)) => (State::Absent, None),
        (true, Ok(usable)) => (State::Armed, Some(usable)),
        (true, Err(damage)) => (State::Damaged(damage), None),
    };
    if let Some(names) = services.policies.policy(PolicyName::OfflineUsers) {
        offline.users = by_policy(&names, &offline.users, &machine);
    }
    if let Some(usable) = &usable
        && !crate::account::same_name(&usable.configuration.host, &machine.netbios_name)
    {
        notices.push(Notice::HostRenamed);
    }
    Loaded { state, usable, offline, machine, notices }
}

/// Reading mends what it can, so what was found must outlive it until the next report.
fn remember(services: &Services, learned: &mut Learned, notices: &[Notice]) {
    let before = learned.notices.len();
    learned.notices.extend(notices.iter().map(|notice| notice.code().to_owned()));
    if learned.notices.len() != before {
        learned.write(services);
    }
}

fn read_configuration(services: &Services, machine: &MachineFacts) -> Result<Usable, Damage> {
    let configuration: Configuration = match services.files.read(ProtectedFile::Agent) {
        Stored::Missing => return Err(Damage::Missing),
        Stored::Loose => return Err(Damage::Loose),
        Stored::Unreadable(code) => return Err(Damage::Unreadable(code)),
        Stored::Bytes(bytes) => envelope::open(&bytes).ok_or(Damage::Malformed)?,
    };
    if let (Some(saved), Some(now)) = (&configuration.machine_sid, &machine.machine_sid)
        && saved != now
    {
        return Err(Damage::AnotherMachine);
    }
    let link = Opened::open(configuration.link.clone(), &*services.seal)?;
    let servers = servers(services, &configuration).ok_or(Damage::Malformed)?;
    let skip = services.policies.policy(PolicyName::SkipTlsVerification);
    let skip_tls_verification = skip.map_or(configuration.skip_tls_verification, |value| value.trim() == "1");
    let learned = Learned::read(services, configuration.id());
    Ok(Usable { configuration, link, servers, skip_tls_verification, learned })
}

fn servers(services: &Services, configuration: &Configuration) -> Option<Vec<Address>> {
    let by_policy =
        services.policies.policy(PolicyName::Server).and_then(|list| Address::parse_list(&list).ok());
    by_policy.or_else(|| Address::parse_list(&configuration.servers.join(",")).ok())
}

/// A policy names the offline users; what was resolved when the list was saved lends its SIDs.
fn by_policy(names: &str, saved: &[KnownAccount], machine: &MachineFacts) -> Vec<KnownAccount> {
    let known = |typed: &str, name: &crate::account::LogonName| {
        saved
            .iter()
            .find(|user| {
                user.typed.eq_ignore_ascii_case(typed)
                    || user.aliases.iter().any(|alias| crate::account::same_name(alias, &name.to_lookup()))
            })
            .cloned()
    };
    names
        .split(',')
        .filter_map(|typed| {
            let name = TypedName::parse(typed).ok()?.logon_name(machine);
            known(typed.trim(), &name).or_else(|| unresolved(typed.trim(), &name, machine))
        })
        .collect()
}

/// A name that nothing is known about yet: it counts as written, until the next `set` resolves it.
fn unresolved(typed: &str, name: &crate::account::LogonName, machine: &MachineFacts) -> Option<KnownAccount> {
    let account = crate::account::Account::from_name(name, machine)?;
    Some(KnownAccount::new(typed.to_owned(), account))
}
