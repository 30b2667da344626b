//! `register` and `unregister`: what the installer does, by hand.

use crate::arguments::{Register, Unregister};
use crate::console::{Console, Failure};
use crate::installation;
use crate::panel::Panel;
use crate::registration::{DLL, FILTER, PROVIDER};
use agent::ports::{Armed, Never};
use agent::{config, pending, report};
use serde_json::json;

pub(super) fn register(arguments: Register, panel: &Panel, console: &mut Console<'_>) -> Result<(), Failure> {
    panel.require_elevation()?;
    let path = match arguments.dll {
        Some(path) => path,
        None => panel.program.own_dll().ok_or_else(|| missing(DLL))?,
    };
    let text =
        path.to_str().ok_or_else(|| Failure::usage("--dll: the path has characters that are no text."))?;
    // Windows loads it from the logon screen, which has another folder than we have.
    if !is_whole(text) {
        return Err(Failure::usage("--dll: write the whole path, with its drive."));
    }
    if !panel.program.is_file(&path) {
        return Err(missing(text));
    }
    installation::put_in(panel, text)?;
    console.show(
        &json!({ "dll": text, "clsid": PROVIDER, "filter_clsid": FILTER }),
        &[format!("Registered {text}. It does nothing until TrasaConfig arm.")],
    )
}

/// `C:\…`: neither of a folder of ours nor of another machine.
fn is_whole(path: &str) -> bool {
    matches!(path.as_bytes(), [drive, b':', b'\\' | b'/', ..] if drive.is_ascii_alphabetic())
}

fn missing(path: &str) -> Failure {
    Failure::refused("dll_missing", format!("There is no {path}. Name the DLL with --dll."))
}

pub(super) fn unregister(
    arguments: &Unregister,
    panel: &Panel,
    console: &mut Console<'_>,
) -> Result<(), Failure> {
    panel.require_elevation()?;
    if arguments.removal {
        return remove(panel, console);
    }
    if config::load(&panel.services).state.guards() {
        return Err(Failure::refused(
            "armed",
            "The logon of this computer is guarded. Run TrasaConfig disarm first.",
        ));
    }
    installation::take_out(panel)?;
    console.show(
        &json!({ "clsid": PROVIDER, "filter_clsid": FILTER }),
        &["Credential provider and filter are no longer registered, and the report task is gone.".to_owned()],
    )
}

/// The program goes: the logon is as it was before TRASA, and the configuration stays.
fn remove(panel: &Panel, console: &mut Console<'_>) -> Result<(), Failure> {
    if let Some(other) = installation::other_version(panel) {
        return console.show(
            &json!({ "removed": false, "registered": other }),
            &[format!("Another version is registered ({other}). Nothing was changed.")],
        );
    }
    let services = &panel.services;
    pending::drop_it(services);
    if services.registry.armed() != Armed::No {
        config::disarm(services, "TRASA is being removed from it")?;
    }
    installation::take_out(panel)?;
    // The server hears of it now or never.
    let is_configured = config::load(services).usable.is_some();
    let reported = is_configured && report::report(services, &panel.report_facts(), &Never).is_ok();
    console.show(
        &json!({ "removed": true, "reported": reported }),
        &["Windows signs in as before TRASA. The configuration stays; TrasaConfig forget --yes removes it."
            .to_owned()],
    )
}

#[cfg(test)]
mod tests {
    use crate::task;
    use crate::testing::Fixture;
    use agent::config::{self, State};

    #[test]
    fn only_a_file_that_is_there_with_its_whole_path() {
        let fixture = Fixture::new();
        for (line, exit, code) in [
            ("register --json", 1, "dll_missing"),
            (r"register --json --dll C:\x\TrasaCP.dll", 1, "dll_missing"),
            (r"register --json --dll TrasaCP.dll", 2, "usage"),
            (r"register --json --dll \\server\share\TrasaCP.dll", 2, "usage"),
        ] {
            let ran = fixture.run(line);
            assert_eq!((ran.exit, ran.json()["code"].as_str()), (exit, Some(code)), "{line}");
        }
        assert_eq!(fixture.registry_size(), 0);
        fixture.install();
        assert!(fixture.run("show").out.contains("Credential provider: registered"));
        assert_eq!(fixture.run("unregister").exit, 0);
        assert_eq!(fixture.registry_size(), 0);
    }

    #[test]
    fn nobody_pulls_the_provider_from_under_a_guarded_logon() {
        let fixture = Fixture::new();
        fixture.install();
        fixture.world.arm(&["bat"], false);
        let ran = fixture.run("unregister --json");
        assert_eq!((ran.exit, ran.json()["code"].as_str()), (1, Some("armed")));
        assert_eq!(fixture.run("disarm").exit, 0);
        assert_eq!(fixture.run("unregister").exit, 0);
    }

    const OTHER: &str = r"C:\Program Files\TRASA\0.2.0\TrasaCP.dll";

    fn task_of(fixture: &Fixture) -> Option<String> {
        fixture.panel().tasks.xml(task::FOLDER, task::NAME)
    }

    #[test]
    fn a_real_removal_disarms_and_leaves_the_configuration_and_nothing_else() {
        let fixture = Fixture::ready("bat");
        assert_eq!(fixture.run("arm --without-trial").exit, 0);
        assert!(task_of(&fixture).is_some_and(|xml| xml.contains(Fixture::OWN_PROGRAM)));
        let ran = fixture.run("unregister --removal --json");
        assert_eq!(
            (ran.exit, &ran.json()["removed"], &ran.json()["reported"]),
            (0, &true.into(), &true.into())
        );
        assert_eq!((fixture.registry_size(), task_of(&fixture)), (0, None));
        assert_eq!(config::load(&fixture.world.services).state, State::Verified);
        assert_eq!(fixture.run("unregister --removal").exit, 0, "again");
    }

    #[test]
    fn an_upgrade_does_not_disarm() {
        let fixture = Fixture::ready("bat");
        assert_eq!(fixture.run("arm --without-trial").exit, 0);
        // The new version registers itself; then the old one's removal action runs.
        fixture.add_file(OTHER);
        fixture.add_file(r"C:\Program Files\TRASA\0.2.0\TrasaConfig.exe");
        assert_eq!(fixture.run_words(&["register", "--dll", OTHER]).exit, 0);
        assert!(task_of(&fixture).is_some_and(|xml| xml.contains("0.2.0")));
        let before = fixture.registry_size();
        let ran = fixture.run("unregister --removal --json");
        assert_eq!((ran.exit, &ran.json()["removed"]), (0, &false.into()));
        assert_eq!(ran.json()["registered"], OTHER);
        assert_eq!((fixture.registry_size(), task_of(&fixture).is_some()), (before, true));
        assert_eq!(config::load(&fixture.world.services).state, State::Armed);
        // Its file gone, that registration is nobody's: the last version takes it along.
        fixture.remove_file(OTHER);
        assert_eq!(fixture.run("unregister --removal").exit, 0);
        assert_eq!(fixture.registry_size(), 0);
        assert_eq!(config::load(&fixture.world.services).state, State::Verified);
    }

    #[test]
    fn a_removal_drops_what_waits() {
        let fixture = Fixture::ready("bat");
        fixture.world.server.settings.lock().expect("lock").approved = false;
        assert_eq!(fixture.run("arm --when-approved").exit, 0);
        assert!(agent::pending::read(&fixture.world.services).is_some());
        assert_eq!(fixture.run("unregister --removal").exit, 0);
        assert!(agent::pending::read(&fixture.world.services).is_none());
    }

    #[test]
    fn a_task_scheduler_that_does_not_run_is_told() {
        let fixture = Fixture::new();
        fixture.add_file(Fixture::OWN_DLL);
        fixture.add_file(Fixture::OWN_PROGRAM);
        fixture.tasks.fails.set(true);
        let ran = fixture.run("register --json");
        assert_eq!((ran.exit, ran.json()["code"].as_str()), (1, Some("task_not_registered")));
        fixture.tasks.fails.set(false);
        assert_eq!(fixture.run("register").exit, 0, "mended");
    }
}
