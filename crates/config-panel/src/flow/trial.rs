//! The trial logon: the installed DLL must load and be of this version, for then it runs the same state
//! machine and exchange that [`agent::trial`] runs here. See docs/adr/0008.

use crate::console::Failure;
use crate::panel::Panel;
use crate::registration::{self, PROVIDER};
use agent::ports::Cancelled;
use agent::trial::{self, Failed, Passed, Person};
use std::path::Path;

/// Walks a logon with the person and writes down that it passed. Windows is not changed.
///
/// # Errors
/// [`Failure`]; an earlier trial that passed still counts.
pub fn run(panel: &Panel, person: &mut dyn Person, cancelled: &dyn Cancelled) -> Result<Passed, Failure> {
    panel.require_elevation()?;
    installed_dll(panel)?;
    trial::run(&panel.services, person, cancelled).map_err(|failed| match failed {
        Failed::NotConfigured(state) => Failure::refused(
            state.name(),
            "There is nothing to try: no verified configuration is saved. Run TrasaConfig set first.",
        ),
        Failed::GivenUp => Failure::refused("cancelled", "The trial logon was given up."),
        Failed::Refused(text) => {
            Failure::refused("trial_refused", format!("The trial logon did not pass. The tile would say: {text}"))
        }
        Failed::NoSecondFactor => Failure::refused(
            "trial_without_second_factor",
            "The trial logon passed without a second factor, because the service watches or lets everybody through: it does not show that anybody would get in. Why it would be refused, trasa-server logon list says.",
        ),
        Failed::NotRecorded(error) => error.into(),
        _ => Failure::refused("internal", "An internal error kept the trial logon from being made."),
    })
}

fn installed_dll(panel: &Panel) -> Result<(), Failure> {
    let dll = registration::dll(panel, PROVIDER).filter(|_| registration::facts(panel).provider).ok_or_else(
        || {
            Failure::refused(
                "provider_not_registered",
                "The credential provider is not registered or its file is missing. Repair the installation.",
            )
        },
    )?;
    panel.diagnostics.load_provider(Path::new(&dll)).map_err(|why| {
        Failure::refused(
            "provider_not_loadable",
            format!("The credential provider's DLL does not load: {why}. Repair the installation."),
        )
    })?;
    match panel.diagnostics.file_version(Path::new(&dll)) {
        Some(version) if version != env!("CARGO_PKG_VERSION") => Err(Failure::refused(
            "other_version",
            format!(
                "The registered credential provider is of version {version}, this program of {}. Run the TrasaConfig that lies beside it.",
                env!("CARGO_PKG_VERSION")
            ),
        )),
        _ => Ok(()),
    }
}
