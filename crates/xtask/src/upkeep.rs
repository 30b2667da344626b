//! `./x fmt`, `./x bench`, `./x audit`.

use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::steps::{Outcome, Step, tests_passed};
use crate::task::{Task, shown};
use crate::test;
use crate::toolchain::Linux;
use crate::workspace::Workspace;

/// Formats the sources.
///
/// # Errors
/// When rustfmt is missing and cannot be installed, or does not understand a source.
pub fn format(workspace: &Workspace) -> Result<()> {
    let linux = Linux::ready(workspace)?;
    linux.ensure_component("fmt", "rustfmt-web", "rustfmt")?;
    Task::begin(workspace, "fmt")?.run(linux.cargo("fmt").arg("--all"))
}

/// The server's benchmark program.
const BENCH: &str = "trasa-bench";

/// Builds the server's benchmark and runs it in the foreground with the arguments given.
///
/// # Errors
/// When it does not build or fails.
pub fn bench(workspace: &Workspace, arguments: &[String]) -> Result<()> {
    let linux = Linux::ready(workspace)?;
    let task = Task::begin(workspace, "bench-build")?;
    task.run(linux.cargo("build").args(["--release", "--locked", "-p", "server", "--bin", BENCH]))?;
    let mut command = Command::new(workspace.target("release").join(BENCH));
    command.args(arguments).current_dir(workspace.root());
    let status = command.status().with_context(|| format!("cannot start {BENCH}"))?;
    if status.success() { Ok(()) } else { bail!("{} failed ({status})", shown(&command)) }
}

/// The steps of `./x audit`.
pub const AUDIT: [Step; 3] = [
    Step { name: "deny", about: "licences, bans and sources of the dependencies", run: deny },
    Step { name: "advisories", about: "known faults of the dependencies", run: advisories },
    Step { name: "properties", about: "properties over many more random cases", run: properties },
];

fn with_deny(workspace: &Workspace) -> Result<Linux> {
    let linux = Linux::ready(workspace)?;
    if !linux.has("deny") {
        let task = Task::begin(workspace, "deny-install")?;
        task.run(linux.cargo("install").args(["cargo-deny", "--locked"]))
            .context("cannot install cargo-deny")?;
    }
    Ok(linux)
}

fn deny(workspace: &Workspace) -> Result<Outcome> {
    test::check_dependencies(workspace, &with_deny(workspace)?)
}

fn advisories(workspace: &Workspace) -> Result<Outcome> {
    let linux = with_deny(workspace)?;
    let task = Task::begin(workspace, "advisories")?;
    if let Err(error) = task.run(linux.cargo("deny").args(["fetch", "db"])) {
        return Ok(Outcome::Skipped(format!("no advisory database: {}", first_line(&error.to_string()))));
    }
    task.run(linux.cargo("deny").args(["--locked", "check", "--disable-fetch", "advisories"]))?;
    Ok(Outcome::passed())
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}

/// Random cases of each property; proptest's own number is 256.
const CASES: &str = "20000";

fn properties(workspace: &Workspace) -> Result<Outcome> {
    let linux = Linux::ready(workspace)?;
    let task = Task::begin(workspace, "properties")?;
    let mut command = linux.cargo("test");
    command
        .args(["--release", "--locked", "--no-fail-fast"])
        .args(["-p", "protocol", "-p", "decision", "-p", "agent"]);
    task.run(command.env("PROPTEST_CASES", CASES))?;
    let count = tests_passed(&std::fs::read_to_string(task.log())?);
    Ok(Outcome::Passed(format!("{count} tests, {CASES} cases a property")))
}
