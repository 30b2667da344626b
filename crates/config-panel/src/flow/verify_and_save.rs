//! Save Configuration: the server is asked first, and only then something is saved.
//!
//! With a ServiceKey or token this computer is verified anew. Without one, where it is configured
//! already, it says with its own key (in version 1: with the sealed ServiceKey) that it is still the
//! one, and what was changed is saved: no second machine at the server.

mod again;
mod original;
mod v2;

use crate::console::{Failure, Field};
use crate::panel::Panel;
use crate::secret::SecretText;
use agent::account::{KnownAccount, resolve_listed};
use agent::config::{self, Configuration, Generation, Link, Loaded, OfflineList, SaveError, State};
use agent::ports::{Address, Cancelled, ProtectedFile, Stored};
use agent::texts;
use protocol::encoding::Sha256;
use protocol::v2::{AdmissionOrigin, Mode};

/// What was typed, but for the secret. What is `None` stays as it was.
#[derive(Debug, Clone, Default)]
pub struct Input {
    /// Generation of the protocol; a computer that is not configured yet gets version 2.
    pub protocol: Option<Generation>,
    /// The ServiceID.
    pub service_id: Option<String>,
    /// Addresses of the server, with commas.
    pub server: Option<String>,
    /// Offline users, with commas; an empty text removes them.
    pub offline_users: Option<String>,
    /// Trust the keys that the server names instead of Windows' certificate store.
    pub skip_tls_verification: Option<bool>,
    /// Replace a configuration that guards.
    pub while_armed: bool,
    /// Where the ServiceKey or token comes from; `None`: a person.
    pub origin: Option<AdmissionOrigin>,
}

/// What was verified and saved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Saved {
    /// Generation of the protocol, fixed from now on.
    pub protocol: Generation,
    /// This computer's id at the server; `None` in version 1, which knows no computers.
    pub machine_id: Option<String>,
    /// The ServiceID.
    pub service_id: String,
    /// The service's name; `None` in version 1, which does not tell it.
    pub service_name: Option<String>,
    /// The addresses, in order.
    pub servers: Vec<String>,
    /// The one TLS key that is good from now on, in version 1 without TLS verification.
    pub tls_key: Option<Sha256>,
    /// False while an administrator has not approved this computer.
    pub approved: bool,
    /// Whether the service guards or watches.
    pub mode: Mode,
    /// The server's time minus ours, in seconds, where the server found our clock wrong.
    pub clock_offset_secs: Option<i64>,
    /// The offline users, as they were resolved.
    pub offline_users: Vec<KnownAccount>,
}

/// What the manual promises to say.
pub const SAVED: &str = "Successfully verified and saved config data.";

/// Verifies with the server and saves. `secret` is called only when everything else is in order, so
/// that nobody is asked for a key in vain; `None` from it means that the key stays.
///
/// # Errors
/// [`Failure`], with the field that it is about where there is one. Unless its code is
/// `saved_unreadable` or `not_written`, nothing was changed.
pub fn verify_and_save(
    panel: &Panel,
    input: &Input,
    secret: &mut dyn FnMut() -> Result<Option<SecretText>, Failure>,
    cancelled: &dyn Cancelled,
) -> Result<Saved, Failure> {
    panel.require_elevation()?;
    let before = config::load(&panel.services);
    if before.state.guards() && !input.while_armed {
        return Err(Failure::refused(
            "armed",
            "The logon of this computer is guarded. Disarm first, so that the new configuration can be checked before it guards.",
        ));
    }
    let request = Request::new(input, &before)?;
    let offline = match &input.offline_users {
        Some(names) => resolve_all(names, panel)?,
        None => before.offline.users.clone(),
    };
    let known = known_accounts(panel, &offline);
    let secret = secret().map_err(|failure| failure.at(Field::ServiceKey))?;
    let verified = match (secret, request.protocol) {
        (Some(secret), Generation::V2) => v2::admit(panel, &request, &secret, &before, known, cancelled),
        (Some(secret), Generation::V1) => {
            original::verify(panel, &request, &secret, &before, known, cancelled)
        }
        (None, _) => again::verify(panel, &request, &before, known, cancelled),
    };
    if cancelled.is_cancelled() {
        return Err(Failure::cancelled());
    }
    let verified = verified?;
    let offline = OfflineList { serial: 0, users: offline };
    (verified.save)(&panel.services, &verified.configuration, &offline)?;
    read_back(panel)?;
    Ok(saved(verified, offline))
}

/// Input, completed by what is configured.
struct Request {
    protocol: Generation,
    service_id: String,
    servers: Vec<Address>,
    skip_tls_verification: bool,
    origin: AdmissionOrigin,
}

impl Request {
    fn new(input: &Input, before: &Loaded) -> Result<Self, Failure> {
        let usable = before.usable.as_ref();
        let configured = usable.map(|usable| &usable.configuration);
        let protocol = input.protocol.or(configured.map(Configuration::protocol)).unwrap_or(Generation::V2);
        // What belongs to the other generation is no default.
        let same = configured.filter(|configured| configured.protocol() == protocol);
        let service_id = match (&input.service_id, same.map(|configured| &configured.link)) {
            (Some(typed), _) => typed.trim().to_owned(),
            (None, Some(Link::V1(verified))) => verified.service.clone(),
            (None, Some(Link::V2(admission))) => admission.service.id.to_string(),
            (None, None) => return Err(missing("ServiceID").at(Field::ServiceId)),
        };
        match protocol {
            Generation::V1 => original::parse_service(&service_id)?,
            Generation::V2 => drop(v2::parse_service(&service_id)?),
        }
        let servers = match (&input.server, same) {
            (Some(typed), _) => parse_servers(typed)?,
            (None, Some(configured)) => parse_servers(&configured.servers.join(","))?,
            (None, None) => return Err(missing("server address").at(Field::Server)),
        };
        let skip = input.skip_tls_verification.or(same.map(|configured| configured.skip_tls_verification));
        Ok(Self {
            protocol,
            service_id,
            servers,
            skip_tls_verification: skip.unwrap_or(false),
            origin: input.origin.unwrap_or(AdmissionOrigin::Person),
        })
    }
}

fn missing(what: &str) -> Failure {
    Failure::usage(format!("Give the {what}: this computer is not configured with this protocol yet."))
}

fn parse_servers(text: &str) -> Result<Vec<Address>, Failure> {
    Address::parse_list(text).map_err(|why| {
        Failure::usage(format!("Server address: {why}. Write host or host:port, several with commas."))
            .at(Field::Server)
    })
}

/// A configuration that a server verified, and how to save it.
struct Verified {
    configuration: Configuration,
    save: fn(&agent::services::Services, &Configuration, &OfflineList) -> Result<(), SaveError>,
    clock_offset: Option<i64>,
}

fn allowed_providers(before: &Loaded) -> Vec<String> {
    before.usable.as_ref().map(|usable| usable.configuration.allowed_providers.clone()).unwrap_or_default()
}

fn resolve_all(names: &str, panel: &Panel) -> Result<Vec<KnownAccount>, Failure> {
    let machine = panel.services.machine.facts();
    let mut users: Vec<KnownAccount> = Vec::new();
    for name in names.split(',').map(str::trim).filter(|name| !name.is_empty()) {
        let user = resolve_listed(name, &machine, &*panel.services.lookup).map_err(|why| {
            Failure::refused(
                "offline_user_unresolved",
                format!("Offline user {name}: {} Nothing was saved.", texts::resolve_error(why)),
            )
            .at(Field::OfflineUsers)
        })?;
        if !users.iter().any(|known| known.account.is_same(&user.account)) {
            users.push(user);
        }
    }
    Ok(users)
}

/// Who is written down for the day when names cannot be looked up.
fn known_accounts(panel: &Panel, offline: &[KnownAccount]) -> Vec<KnownAccount> {
    let mut known = offline.to_vec();
    for account in panel.local_administrators() {
        if !known.iter().any(|other| other.account.is_same(&account)) {
            let typed = format!("{}\\{}", account.domain, account.name);
            known.push(KnownAccount::new(typed, account));
        }
    }
    known
}

/// What was written must be what is read, or the next start of Windows would find damage.
fn read_back(panel: &Panel) -> Result<(), Failure> {
    let services = &panel.services;
    match config::load(services).state {
        State::Verified | State::Armed => Ok(()),
        State::Damaged(damage) => Err(unreadable(&damage.to_string())),
        // While nothing guards, the state does not say why.
        State::Absent => Err(unreadable(match services.files.read(ProtectedFile::Agent) {
            Stored::Loose => "others than SYSTEM and Administrators have access to it",
            _ => "what was written is not what is read",
        })),
    }
}

fn unreadable(why: &str) -> Failure {
    Failure::refused("saved_unreadable", format!("The configuration was saved but cannot be used: {why}."))
}

fn saved(verified: Verified, offline: OfflineList) -> Saved {
    let configuration = verified.configuration;
    let protocol = configuration.protocol();
    let tls_key = match &configuration.link {
        Link::V1(verified) if configuration.skip_tls_verification => Some(verified.tls_key),
        Link::V1(_) | Link::V2(_) => None,
    };
    let (machine_id, service_id, service_name, settings) = match configuration.link {
        Link::V1(verified) => (None, verified.service, None, None),
        Link::V2(admission) => (
            Some(admission.machine.to_string()),
            admission.service.id.to_string(),
            Some(admission.service.name),
            Some(admission.settings),
        ),
    };
    Saved {
        protocol,
        machine_id,
        service_id,
        service_name,
        servers: configuration.servers,
        tls_key,
        approved: settings.as_ref().is_none_or(|settings| settings.approved),
        mode: settings.map_or(Mode::Guard, |settings| settings.mode),
        clock_offset_secs: verified.clock_offset,
        offline_users: offline.users,
    }
}

#[cfg(test)]
mod tests;
