//! What the agent keeps: configuration, key, offline users, and when it heard the server last.

use super::part::{Finding, Part, fails, good, warns};
use crate::panel::Panel;
use agent::config::{self, Damage, Loaded, State};
use agent::ports::{ProtectedFile, Stored};
use agent::texts;

/// The report comes hourly; so long without an answer is no longer a missed one.
const SILENCE_SECS: i64 = 3 * 3600;

pub(super) fn findings(panel: &Panel, loaded: &Loaded) -> Vec<Finding> {
    vec![configuration(panel, loaded), sealing(panel, loaded)]
}

fn configuration(panel: &Panel, loaded: &Loaded) -> Finding {
    let again = "Run TrasaConfig disarm, then TrasaConfig set again.";
    match (loaded.state, panel.services.files.read(ProtectedFile::Agent)) {
        (State::Armed, _) => good(Part::Configuration, "The configuration is intact; the logon is guarded."),
        (State::Verified, _) => {
            good(Part::Configuration, "The configuration is intact; the logon is not guarded.")
        }
        (State::Damaged(damage), _) => fails(
            Part::Configuration,
            format!(
                "The configuration is damaged: {damage}. Everybody is refused except offline users. {again}"
            ),
        ),
        (State::Absent, Stored::Missing) => {
            fails(Part::Configuration, "No configuration is saved. Run TrasaConfig set first.")
        }
        // While nothing guards, the state does not say what is wrong.
        (State::Absent, Stored::Loose) => fails(
            Part::Configuration,
            format!("The configuration cannot be used: {}. Run TrasaConfig set again.", Damage::Loose),
        ),
        (State::Absent, _) => {
            fails(Part::Configuration, "The configuration cannot be used. Run TrasaConfig set again.")
        }
    }
}

/// A round trip, and whether the machine's own key opened.
fn sealing(panel: &Panel, loaded: &Loaded) -> Finding {
    let services = &panel.services;
    let mut probe = [0; 32];
    let whole = services.random.fill(&mut probe).is_ok()
        && services
            .seal
            .seal(&probe)
            .and_then(|sealed| services.seal.open(&sealed))
            .is_ok_and(|it| **it == probe);
    match (whole, loaded.state) {
        (false, _) => fails(
            Part::Sealing,
            "Windows does not open what it sealed (DPAPI). Without it no key can be kept on this computer.",
        ),
        (true, State::Damaged(Damage::Key)) => fails(
            Part::Sealing,
            "The key of this computer does not open. Run TrasaConfig disarm, then TrasaConfig set again.",
        ),
        (true, State::Armed | State::Verified) => good(Part::Sealing, "The key of this computer opens."),
        (true, _) => good(Part::Sealing, "Windows seals and opens."),
    }
}

/// The two copies, before anybody mends them.
pub(super) fn offline_users(panel: &Panel) -> Vec<Finding> {
    let [file, registry] = config::offline_copies(&panel.services);
    match (file, registry) {
        (Ok(one), Ok(other)) if one == other => {
            vec![good(Part::OfflineUsers, "Both copies of the list of offline users are intact.")]
        }
        (Ok(_), Ok(_)) => vec![warns(
            Part::OfflineUsers,
            "The two copies of the list of offline users differ in age; the newer counts, and the other is rewritten.",
        )],
        (Err("it was missing"), Err("it was missing")) => Vec::new(),
        (Err(file), Err(registry)) => vec![fails(
            Part::OfflineUsers,
            format!(
                "No copy of the list of offline users is intact (file: {file}; registry: {registry}). Run TrasaConfig set again with --offline-users."
            ),
        )],
        (Err(why), Ok(_)) => vec![rewritten("file", why)],
        (Ok(_), Err(why)) => vec![rewritten("registry", why)],
    }
}

fn rewritten(which: &str, why: &str) -> Finding {
    warns(
        Part::OfflineUsers,
        format!("The list of offline users in the {which} is rewritten from its copy: {why}."),
    )
}

/// When the server was heard last, before this: whether the report task does its work.
pub(super) fn last_contact(panel: &Panel, loaded: &Loaded) -> Option<Finding> {
    let usable = loaded.usable.as_ref().filter(|usable| usable.configuration.admission().is_some())?;
    let heard = usable.learned.highest_server_time;
    if heard == 0 {
        return Some(warns(
            Part::LastContact,
            "Before this the server was not heard since the configuration was saved.",
        ));
    }
    let ago = panel.services.clock.unix_seconds().saturating_sub(heard).max(0);
    let when = texts::duration(u64::try_from(ago).unwrap_or(0));
    Some(if ago > SILENCE_SECS {
        warns(
            Part::LastContact,
            format!(
                "Before this the server was heard {when} ago. The report task comes hourly: does it run?"
            ),
        )
    } else {
        good(Part::LastContact, format!("Before this the server was heard {when} ago."))
    })
}
