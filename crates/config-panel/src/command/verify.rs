//! `verify`: every part, and the first failing one's number as the exit code.

use crate::arguments::Verify;
use crate::console::{Console, Failure, mark};
use crate::flow::diagnosis::{self, Diagnosis};
use crate::panel::Panel;
use serde_json::json;
use std::path::Path;

pub(super) fn run(arguments: &Verify, panel: &Panel, console: &mut Console<'_>) -> u8 {
    match verify(arguments, panel, console) {
        Ok(diagnosis) => diagnosis.exit_code(),
        Err(failure) => console.fail(&failure),
    }
}

fn verify(arguments: &Verify, panel: &Panel, console: &mut Console<'_>) -> Result<Diagnosis, Failure> {
    panel.require_elevation()?;
    let diagnosis = diagnosis::run(panel);
    if let Some(path) = &arguments.bundle {
        write(panel, &diagnosis, path)?;
    }
    say(&diagnosis, arguments.bundle.as_deref(), console)?;
    Ok(diagnosis)
}

fn write(panel: &Panel, diagnosis: &Diagnosis, path: &Path) -> Result<(), Failure> {
    let bundle = diagnosis::bundle(panel, diagnosis)
        .ok_or_else(|| Failure::refused("internal", "The bundle could not be put together."))?;
    panel.program.create(path, &bundle.0).map_err(|error| {
        Failure::refused(
            "bundle_not_written",
            format!("{} could not be written (error {}). It must not exist yet.", path.display(), error.code),
        )
    })
}

fn say(diagnosis: &Diagnosis, bundle: Option<&Path>, console: &mut Console<'_>) -> Result<(), Failure> {
    let passed = diagnosis.exit_code() == 0;
    let findings = &diagnosis.findings;
    let shown = json!({
        "passed": passed,
        "version": env!("CARGO_PKG_VERSION"),
        "state": diagnosis.checked.facts.state.name(),
        "bundle": bundle.map(|path| path.display().to_string()),
        "lines": findings.iter().map(|it| json!({
            "number": it.part.number(), "part": it.part.name(), "verdict": it.verdict.name(), "text": it.text,
        })).collect::<Vec<_>>(),
    });
    let mut lines: Vec<_> =
        findings.iter().map(|finding| format!("{} {}", mark(finding.verdict), finding.text)).collect();
    lines.push(
        if passed { "Everything is in order." } else { "Something is wrong: see the lines with a cross." }
            .to_owned(),
    );
    lines
        .extend(bundle.map(|path| {
            format!("The support bundle was written to {}. It holds no secret.", path.display())
        }));
    console.show(&shown, &lines)
}
