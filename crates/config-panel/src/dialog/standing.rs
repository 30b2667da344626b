//! How this computer stands: what the panel shows beside the fields.

use crate::dialog::form::Form;
use crate::panel::Panel;
use agent::config::{self, Damage, Generation, Link, State, Usable};
use agent::probation::{self, Standing as Probation};
use agent::{pending, trial};
use protocol::v2::Mode;

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// The state.
    pub state: State,
    /// What is saved, as it would be typed.
    pub form: Form,
    /// Name of the service, or its id where it has no name.
    pub service: Option<String>,
    /// Name of this computer, and its id at the server.
    pub machine: String,
    /// The addresses in use; a policy may have changed them.
    pub servers: Option<String>,
    /// Generation of the protocol.
    pub generation: Option<Generation>,
    /// Guard, or watch with its end in Unix seconds where that is known.
    pub mode: Option<(Mode, Option<i64>)>,
    /// False while an administrator of TRASA has not approved this computer.
    pub approved: bool,
    /// Until when the guard may take itself back, Unix seconds.
    pub probation_until: Option<i64>,
    /// When the server was reached last, Unix seconds.
    pub last_contact: Option<i64>,
    /// Whose trial logon passed.
    pub trial: Option<String>,
    /// It is armed by itself once nothing is in the way.
    pub arming_waits: bool,
    /// This computer's clock, Unix seconds.
    pub now: i64,
}

impl Standing {
    /// Before anything was read.
    #[must_use]
    pub fn unknown() -> Self {
        Self {
            state: State::Absent,
            form: Form::default(),
            service: None,
            machine: String::new(),
            servers: None,
            generation: None,
            mode: None,
            approved: true,
            probation_until: None,
            last_contact: None,
            trial: None,
            arming_waits: false,
            now: 0,
        }
    }

    /// What is wrong, where something is.
    #[must_use]
    pub const fn damage(&self) -> Option<Damage> {
        match self.state {
            State::Damaged(damage) => Some(damage),
            _ => None,
        }
    }
}

/// Reads it. Nobody is asked over the network.
#[must_use]
pub fn read(panel: &Panel) -> Standing {
    let services = &panel.services;
    let loaded = config::load(services);
    let now = services.clock.unix_seconds();
    let usable = loaded.usable.as_ref();
    let id = usable.and_then(|usable| usable.configuration.admission()).map(|it| it.machine.to_string());
    let offline: Vec<_> = loaded.offline.users.iter().map(|user| user.typed.clone()).collect();
    Standing {
        state: loaded.state,
        form: form(usable, offline.join(", ")),
        service: usable.map(|usable| match &usable.configuration.link {
            Link::V1(verified) => verified.service.clone(),
            Link::V2(admission) => admission.service.name.clone(),
        }),
        machine: match id {
            Some(id) => format!("{} ({id})", loaded.machine.netbios_name),
            None => loaded.machine.netbios_name.clone(),
        },
        servers: usable
            .map(|usable| usable.servers.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")),
        generation: usable.map(|usable| usable.configuration.protocol()),
        mode: usable.map(|usable| mode(usable, now)),
        approved: usable.is_none_or(Usable::is_approved),
        probation_until: match probation::standing(services) {
            Probation::Until(until) => Some(until),
            Probation::None | Probation::LockedOut => None,
        },
        last_contact: usable.map(|usable| usable.learned.highest_server_time.max(usable.configuration.saved)),
        trial: usable.and_then(|usable| trial::passed(services, usable)).map(|passed| passed.account),
        arming_waits: pending::read(services).is_some(),
        now,
    }
}

fn form(usable: Option<&Usable>, offline_users: String) -> Form {
    let Some(usable) = usable else { return Form { offline_users, ..Form::default() } };
    let configuration = &usable.configuration;
    Form {
        service_id: match &configuration.link {
            Link::V1(verified) => verified.service.clone(),
            Link::V2(admission) => admission.service.id.to_string(),
        },
        server: configuration.servers.join(", "),
        offline_users,
        skip_tls: configuration.skip_tls_verification,
        original: configuration.protocol() == Generation::V1,
    }
}

fn mode(usable: &Usable, now: i64) -> (Mode, Option<i64>) {
    let settings = usable.configuration.admission().map(|admission| usable.learned.settings(admission));
    if usable.is_watching(now) {
        (Mode::Watch, settings.and_then(|settings| settings.mode_until))
    } else {
        (Mode::Guard, None)
    }
}

#[cfg(test)]
mod tests {
    use super::read;
    use crate::testing::Fixture;
    use agent::config::{self, State};
    use agent::ports::ProtectedFile;

    #[test]
    fn what_is_saved_is_what_would_be_typed() {
        let fixture = Fixture::new();
        let absent = read(&fixture.panel());
        assert_eq!((absent.state, absent.form.server.as_str(), absent.service), (State::Absent, "", None));
        assert_eq!(absent.machine, "HOST", "the name is known before anything is configured");
        assert_eq!(fixture.set("--offline-users bat,anna --skip-tls-verification").exit, 0);
        let standing = read(&fixture.panel());
        assert_eq!(standing.state, State::Verified);
        assert_eq!(standing.form.service_id, fixture.world.server.service.to_string());
        assert_eq!(standing.form.server, "one.example.com");
        assert_eq!(standing.form.offline_users, "bat, anna");
        assert!(standing.form.skip_tls && !standing.form.original);
        assert!(standing.last_contact.is_some_and(|at| at > 0));
        assert_eq!(standing.probation_until, None);
        config::arm(&fixture.world.services).expect("arms");
        agent::probation::begin(&fixture.world.services).expect("begins");
        let armed = read(&fixture.panel());
        assert_eq!(armed.state, State::Armed);
        assert_eq!(armed.probation_until, Some(armed.now + agent::probation::LIMIT_SECS));
        fixture.world.files.files.lock().expect("lock").remove(&ProtectedFile::Agent);
        let damaged = read(&fixture.panel());
        assert_eq!(damaged.damage(), Some(config::Damage::Missing));
        assert_eq!(damaged.form.offline_users, "bat, anna", "no lost file locks them out");
    }
}
