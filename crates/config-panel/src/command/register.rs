//! `register` and `unregister`: what the installer does, by hand.

use crate::arguments::Register;
use crate::console::{Console, Failure};
use crate::panel::Panel;
use crate::registration::{self, DLL, FILTER, PROVIDER};
use agent::config;
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
    registration::register(panel, text)?;
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

pub(super) fn unregister(panel: &Panel, console: &mut Console<'_>) -> Result<(), Failure> {
    panel.require_elevation()?;
    if config::load(&panel.services).state.guards() {
        return Err(Failure::refused(
            "armed",
            "The logon of this computer is guarded. Run TrasaConfig disarm first.",
        ));
    }
    registration::unregister(panel)?;
    console.show(
        &json!({ "clsid": PROVIDER, "filter_clsid": FILTER }),
        &["Credential provider and filter are no longer registered.".to_owned()],
    )
}

#[cfg(test)]
mod tests {
    use crate::testing::Fixture;

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
        fixture.add_file(Fixture::OWN_DLL);
        assert_eq!(fixture.run("register").exit, 0);
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
}
