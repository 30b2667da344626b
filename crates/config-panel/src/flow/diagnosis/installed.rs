//! What the installer put there: files, registration, task, event source.

use super::part::{Finding, Part, fails, good, warns};
use crate::installation::PROGRAM;
use crate::panel::Panel;
use crate::registration::{self, DLL, PROVIDER};
use crate::task;
use std::path::{Path, PathBuf};

/// The files of a version, beside each other. The last is for tests and support, and may be missing.
pub(super) const FILES: [&str; 3] = [DLL, PROGRAM, "logon-host.exe"];
const REPAIR: &str = "Repair the installation.";
const EVENT_SOURCE: &str = r"SYSTEM\CurrentControlSet\Services\EventLog\Application\TRASA";

pub(super) fn findings(panel: &Panel) -> Vec<Finding> {
    let mut findings = files(panel);
    let found = registration::facts(panel);
    findings.push(if found.provider {
        good(Part::Registration, "The credential provider is registered.")
    } else {
        fails(
            Part::Registration,
            format!(
                "The credential provider is not registered, is switched off, or its file is missing. {REPAIR}"
            ),
        )
    });
    findings.push(if found.filter {
        good(Part::Filter, "The filter is registered.")
    } else {
        fails(
            Part::Filter,
            format!("The filter is not registered: other providers would let people pass. {REPAIR}"),
        )
    });
    findings.extend(dll(panel));
    findings.push(task(panel));
    findings.push(match panel.local_machine.text(EVENT_SOURCE, "EventMessageFile") {
        Some(file) if panel.program.is_file(Path::new(&file)) => {
            good(Part::EventSource, "The event log knows TRASA.")
        }
        _ => warns(
            Part::EventSource,
            format!("The event log does not know TRASA as a source, so its entries show badly. {REPAIR}"),
        ),
    });
    findings
}

/// The folder of the version that is registered, else of this program.
pub(super) fn folder(panel: &Panel) -> Option<PathBuf> {
    let registered = registration::dll(panel, PROVIDER).map(PathBuf::from);
    // A path of Windows, whatever this runs on.
    let dll = registered.or_else(|| panel.program.own_dll())?;
    let text = dll.to_str()?;
    text.rsplit_once(['\\', '/']).map(|(folder, _)| PathBuf::from(folder))
}

pub(super) fn file_in(folder: &Path, name: &str) -> PathBuf {
    PathBuf::from(format!(r"{}\{name}", folder.display()))
}

fn files(panel: &Panel) -> Vec<Finding> {
    let Some(folder) = folder(panel) else {
        return vec![fails(Part::Files, format!("The folder of the program is not known. {REPAIR}"))];
    };
    let ours = env!("CARGO_PKG_VERSION");
    let mut findings: Vec<_> = FILES
        .iter()
        .map(|name| {
            let path = file_in(&folder, name);
            if !panel.program.is_file(&path) {
                let text = format!("{} is missing. {REPAIR}", path.display());
                return if *name == "logon-host.exe" {
                    warns(Part::Files, text)
                } else {
                    fails(Part::Files, text)
                };
            }
            match panel.diagnostics.file_version(&path) {
                Some(version) if version == ours => {
                    good(Part::Files, format!("{name} is there, version {version}."))
                }
                Some(version) => fails(
                    Part::Files,
                    format!("{} is of version {version}, this program of {ours}. {REPAIR}", path.display()),
                ),
                None => warns(Part::Files, format!("{} does not say its version.", path.display())),
            }
        })
        .collect();
    let own = panel.program.own_dll();
    let registered = registration::dll(panel, PROVIDER).map(PathBuf::from);
    if let (Some(own), Some(registered)) = (own, registered)
        && !own.as_os_str().eq_ignore_ascii_case(registered.as_os_str())
    {
        findings.push(warns(
            Part::Files,
            format!("Registered is {}, which does not lie beside this program.", registered.display()),
        ));
    }
    findings
}

/// Only where it is registered: what is not, the line about the registration says.
fn dll(panel: &Panel) -> Option<Finding> {
    let path = registration::dll(panel, PROVIDER).filter(|path| panel.program.is_file(Path::new(path)))?;
    Some(match panel.diagnostics.load_provider(Path::new(&path)) {
        Ok(()) => good(Part::Dll, "The credential provider's DLL loads and knows provider and filter."),
        Err(why) => fails(Part::Dll, format!("{path} does not load: {why}. {REPAIR}")),
    })
}

/// The task's definition is read back; that Windows starts it, the last contact shows.
fn task(panel: &Panel) -> Finding {
    let missing = || {
        fails(
            Part::Task,
            format!(
                "The task \\TRASA\\Report is not registered: the server hears nothing of this computer, and probation is not carried out. {REPAIR}"
            ),
        )
    };
    let Some(xml) = panel.tasks.xml(task::FOLDER, task::NAME) else { return missing() };
    let inside = |tag: &str| {
        let (_, rest) = xml.split_once(&format!("<{tag}>"))?;
        Some(rest.split_once(&format!("</{tag}>"))?.0.trim().to_owned())
    };
    let settings = xml.split_once("<Settings>").map_or("", |(_, rest)| rest);
    if settings.contains("<Enabled>false</Enabled>") {
        return fails(Part::Task, "The task \\TRASA\\Report is switched off. Switch it on again.");
    }
    let Some(command) = inside("Command").map(|command| command.trim_matches('"').replace("&amp;", "&"))
    else {
        // Windows registers no such task.
        return warns(Part::Task, "The report task is registered, but does not say what it starts.");
    };
    let expected = folder(panel).map(|folder| file_in(&folder, PROGRAM).display().to_string());
    let right = expected.is_none_or(|expected| expected.eq_ignore_ascii_case(&command))
        && inside("Arguments").as_deref() == Some("report");
    if right {
        good(Part::Task, "The report task is registered.")
    } else {
        fails(
            Part::Task,
            format!(
                "The task \\TRASA\\Report starts {command}, not the {PROGRAM} beside the registered DLL. {REPAIR}"
            ),
        )
    }
}
