//! `forget`: the configuration, for good. Removing the program keeps it.

use crate::arguments::Forget;
use crate::console::{Console, Failure};
use crate::panel::Panel;
use agent::config;
use agent::ports::{Armed, Never, ProtectedFile};
use agent::report;
use serde_json::json;

/// Key of the agent's state, and the value that says that it is armed.
const STATE: &str = r"SOFTWARE\TRASA";

pub(super) fn run(arguments: &Forget, panel: &Panel, console: &mut Console<'_>) -> Result<(), Failure> {
    panel.require_elevation()?;
    if !arguments.yes {
        return Err(Failure::usage(
            "This removes the configuration, the offline users and the key of this computer for good. Say --yes if you mean it.",
        ));
    }
    let services = &panel.services;
    if services.registry.armed() != Armed::No {
        return Err(Failure::refused(
            "armed",
            "The logon of this computer is guarded. Run TrasaConfig disarm first. Nothing was removed.",
        ));
    }
    // The last that the server hears of this computer, with the offline logons that it does not know of.
    let is_configured = config::load(services).usable.is_some();
    let reported = is_configured && report::report(services, &panel.report_facts(), &Never).is_ok();
    for file in [ProtectedFile::Agent, ProtectedFile::Offline, ProtectedFile::OfflineLog] {
        services.files.remove(file)?;
    }
    panel.local_machine.remove(&format!(r"{STATE}\State"))?;
    panel.local_machine.remove_value(STATE, "Armed")?;
    let mut lines = vec!["The configuration of TRASA on this computer is gone.".to_owned()];
    if is_configured && !reported {
        lines.push(
            "[!] The server could not be told; remove this computer there (trasa-server machine revoke)."
                .to_owned(),
        );
    }
    console.show(&json!({ "state": config::load(services).state.name(), "reported": reported }), &lines)
}

#[cfg(test)]
mod tests {
    use crate::testing::Fixture;
    use agent::config::{self, State};
    use agent::ports::ProtectedFile;

    #[test]
    fn only_with_yes_and_only_while_nothing_is_guarded() {
        let fixture = Fixture::ready("bat");
        let exit = |line: &str| fixture.run(line).exit;
        assert_eq!(exit("forget"), 2);
        config::arm(&fixture.world.services).expect("arms");
        let ran = fixture.run("forget --yes --json");
        assert_eq!((ran.exit, ran.json()["code"].as_str()), (1, Some("armed")));
        assert_eq!(config::load(&fixture.world.services).state, State::Armed);
        assert_eq!(exit("disarm"), 0);
        fixture.elevated.set(false);
        assert_eq!(exit("forget --yes"), 4);
        fixture.elevated.set(true);
        let ran = fixture.run("forget --yes --json");
        assert_eq!((ran.exit, &ran.json()["state"]), (0, &"absent".into()), "{ran:?}");
        for file in [ProtectedFile::Agent, ProtectedFile::Offline, ProtectedFile::OfflineLog] {
            assert_eq!(fixture.world.files.text(file), "");
        }
        assert_eq!(exit("forget --yes"), 0, "again");
    }
}
