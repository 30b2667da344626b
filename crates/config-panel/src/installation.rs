//! What a version of TRASA puts into Windows so that it works, and takes out again: the registration of provider and
//! filter, the source of event log entries, the report task. By hand, the installer or its repair: it is the same.

use crate::console::Failure;
use crate::panel::Panel;
use crate::registration::{self, FILTER, PROVIDER};
use crate::task;
use agent::ports::WriteFailed;
use std::path::Path;

/// File name of this program.
pub const PROGRAM: &str = "TrasaConfig.exe";

/// The event log's source, in the application log.
const SOURCE: &str = r"SYSTEM\CurrentControlSet\Services\EventLog\Application\TRASA";
/// `EVENTLOG_ERROR_TYPE | EVENTLOG_WARNING_TYPE | EVENTLOG_INFORMATION_TYPE`.
const ALL_TYPES: u32 = 7;

/// Puts everything in, or mends it, for the version that `dll` (a whole path) is of.
///
/// # Errors
/// [`Failure`]; what was written so far stands.
pub fn put_in(panel: &Panel, dll: &str) -> Result<(), Failure> {
    registration::register(panel, dll)?;
    let Some(program) = program_of(panel, dll) else { return Ok(()) };
    let registry = &panel.local_machine;
    // The texts of the events are in this program.
    registry.set_text(SOURCE, "EventMessageFile", &program)?;
    registry.set_number(SOURCE, "TypesSupported", ALL_TYPES)?;
    panel.tasks.register(task::FOLDER, task::NAME, &task::xml(&program)).map_err(|failed| {
        Failure::refused(
            "task_not_registered",
            format!(
                "Provider and filter are registered, but the Task Scheduler did not take the report task (error 0x{:08X}). Is its service running?",
                failed.code
            ),
        )
    })
}

/// Takes everything out. The filter goes first: it must never be there without the provider.
///
/// # Errors
/// [`WriteFailed`]; what was removed so far is gone.
pub fn take_out(panel: &Panel) -> Result<(), WriteFailed> {
    registration::unregister(panel)?;
    panel.tasks.remove(task::FOLDER, task::NAME)?;
    panel.local_machine.remove(SOURCE)
}

/// The DLL of another version that is registered, where one is: another file than the one beside this program.
/// A registration without its file guards nothing and is nobody's.
#[must_use]
pub fn other_version(panel: &Panel) -> Option<String> {
    let own = panel.program.own_dll();
    [PROVIDER, FILTER].into_iter().filter_map(|clsid| registration::dll(panel, clsid)).find(|registered| {
        let path = Path::new(registered);
        let is_own = own.as_deref().is_some_and(|own| is_same(own, path));
        !is_own && panel.program.is_file(path)
    })
}

/// Windows compares paths without case.
fn is_same(one: &Path, other: &Path) -> bool {
    one.to_string_lossy().to_lowercase() == other.to_string_lossy().to_lowercase()
}

/// The program that belongs to a DLL: the one beside it.
fn program_of(panel: &Panel, dll: &str) -> Option<String> {
    let folder = dll.rsplit_once(['\\', '/'])?.0;
    let beside = format!(r"{folder}\{PROGRAM}");
    panel.program.is_file(Path::new(&beside)).then_some(beside)
}
