//! Save Configuration: the server is asked first, and only then something is saved.

use crate::console::{Failure, Field};
use crate::panel::Panel;
use crate::secret::SecretText;
use agent::account::{KnownAccount, resolve_listed};
use agent::config::{self, Configuration, Generation, Link, OfflineList, State};
use agent::exchange::{AdmissionFailed, AdmissionInput, admit};
use agent::ports::{Address, Cancelled, ProtectedFile, Stored};
use agent::texts;
use agent::worker::versions;
use protocol::encoding::Sha256;
use protocol::error_code::ErrorCode;
use protocol::id::ServiceId;
use protocol::v2::{AdmissionOrigin, Mode};

/// What was typed, but for the secret.
#[derive(Debug, Clone)]
pub struct Input {
    /// The ServiceID.
    pub service_id: String,
    /// Addresses of the server, with commas.
    pub server: String,
    /// Offline users, with commas; `None` keeps those of before.
    pub offline_users: Option<String>,
    /// Trust the keys that the server names instead of Windows' certificate store.
    pub skip_tls_verification: bool,
    /// Replace a configuration that guards.
    pub while_armed: bool,
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
    /// The offline users, as they were resolved.
    pub offline_users: Vec<KnownAccount>,
}

/// What the manual promises to say.
pub const SAVED: &str = "Successfully verified and saved config data.";

/// Verifies with the server and saves. `secret` is called only when everything else is in order, so
/// that nobody is asked for a key in vain.
///
/// # Errors
/// [`Failure`], with the field that it is about where there is one. Unless its code is
/// `saved_unreadable` or `not_written`, nothing was changed.
pub fn verify_and_save(
    panel: &Panel,
    input: &Input,
    secret: &mut dyn FnMut() -> Result<SecretText, Failure>,
    cancelled: &dyn Cancelled,
) -> Result<Saved, Failure> {
    let service = ServiceId::parse(input.service_id.trim()).ok_or_else(|| {
        Failure::usage("This is no ServiceID. Copy it again from the service profile page.")
            .at(Field::ServiceId)
    })?;
    let servers = Address::parse_list(&input.server).map_err(|why| {
        Failure::usage(format!("Server address: {why}. Write host or host:port, several with commas."))
            .at(Field::Server)
    })?;
    panel.require_elevation()?;
    let services = &panel.services;
    let before = config::load(services);
    if before.state.guards() && !input.while_armed {
        return Err(Failure::refused(
            "armed",
            "The logon of this computer is guarded. Disarm first, so that the new configuration can be checked before it guards.",
        ));
    }
    let offline = match &input.offline_users {
        Some(names) => resolve_all(names, panel)?,
        None => before.offline.users,
    };
    let secret =
        secret().and_then(|text| text.admission()).map_err(|failure| failure.at(Field::ServiceKey))?;
    let admission = AdmissionInput {
        service,
        secret: &secret,
        servers: &servers,
        skip_tls_verification: input.skip_tls_verification,
        origin: AdmissionOrigin::Person,
        versions: versions(&before.machine.windows_version),
    };
    let admission = admit(services, &admission, cancelled);
    if cancelled.is_cancelled() {
        return Err(Failure::cancelled());
    }
    let allowed = before.usable.map(|usable| usable.configuration.allowed_providers).unwrap_or_default();
    let configuration = admission
        .and_then(|admission| {
            admission.into_configuration(services, known_accounts(panel, &offline), allowed)
        })
        .map_err(not_admitted)?;
    let offline = OfflineList { serial: 0, users: offline };
    config::save(services, &configuration, &offline)?;
    read_back(panel)?;
    Ok(saved(configuration, offline))
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

fn not_admitted(why: AdmissionFailed) -> Failure {
    match why {
        AdmissionFailed::Refused(code, parameters) => {
            let failure = Failure::refused(
                code.code(),
                format!("{} Nothing was saved.", texts::refusal(code, &parameters)),
            );
            match field(code) {
                Some(field) => failure.at(field),
                None => failure,
            }
        }
        AdmissionFailed::WrongServer(address) => Failure::refused(
            "wrong_server",
            format!(
                "The server at {address} does not hold the key that this ServiceKey belongs to: either it is another server, or the ServiceKey was not copied whole. Nothing was saved."
            ),
        )
        .at(Field::ServiceKey),
        AdmissionFailed::Unreachable(causes) => Failure::unreachable(&causes).at(Field::Server),
        _ => Failure::refused(
            "internal",
            "Windows gave no random numbers or could not seal the key of this computer. Nothing was saved.",
        ),
    }
}

/// Where a refused admission is mended.
const fn field(code: ErrorCode) -> Option<Field> {
    match code {
        ErrorCode::ServiceRefused | ErrorCode::TokenSpent | ErrorCode::TokenExpired => {
            Some(Field::ServiceKey)
        }
        ErrorCode::ServiceDeleted => Some(Field::ServiceId),
        _ => None,
    }
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

fn saved(configuration: Configuration, offline: OfflineList) -> Saved {
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
        offline_users: offline.users,
    }
}

#[cfg(test)]
mod tests {
    use super::{Input, verify_and_save};
    use crate::console::Field;
    use crate::secret::SecretText;
    use crate::testing::Fixture;
    use agent::config::{self, State};
    use agent::ports::Never;
    use core::sync::atomic::AtomicBool;
    use protocol::encoding::Bytes;
    use protocol::service_key::AdmissionSecret;

    fn input(fixture: &Fixture) -> Input {
        Input {
            service_id: fixture.world.server.service.to_string(),
            server: "one.example.com".to_owned(),
            offline_users: Some("bat".to_owned()),
            skip_tls_verification: false,
            while_armed: false,
        }
    }

    #[test]
    fn a_failure_names_the_field_that_is_wrong() {
        let fixture = Fixture::new();
        let good = fixture.world.server.service_key().to_text();
        let foreign = AdmissionSecret::service_key([9; 32], Bytes([1; 32])).to_text();
        let typed = input(&fixture);
        for (typed, key, field) in [
            (Input { service_id: "x".to_owned(), ..typed.clone() }, &good, Some(Field::ServiceId)),
            (Input { server: "http://a".to_owned(), ..typed.clone() }, &good, Some(Field::Server)),
            (
                Input { offline_users: Some("nobdoy".to_owned()), ..typed.clone() },
                &good,
                Some(Field::OfflineUsers),
            ),
            (typed.clone(), &foreign, Some(Field::ServiceKey)),
        ] {
            let failed = verify_and_save(&fixture.panel(), &typed, &mut || SecretText::new(key), &Never);
            let failed = failed.expect_err("refused");
            assert_eq!(failed.field(), field, "{failed:?}");
        }
        *fixture.world.server.trusted.lock().expect("lock") = false;
        let failed = verify_and_save(&fixture.panel(), &typed, &mut || SecretText::new(&good), &Never);
        assert_eq!(failed.expect_err("unreachable").field(), Some(Field::Server));
        assert_eq!(config::load(&fixture.world.services).state, State::Absent);
    }

    #[test]
    fn whoever_gave_up_has_saved_nothing() {
        let fixture = Fixture::new();
        let key = fixture.world.server.service_key().to_text();
        let gone = AtomicBool::new(true);
        let failed =
            verify_and_save(&fixture.panel(), &input(&fixture), &mut || SecretText::new(&key), &gone);
        assert_eq!(failed.expect_err("cancelled").code(), "cancelled");
        assert_eq!(config::load(&fixture.world.services).state, State::Absent);
    }
}
