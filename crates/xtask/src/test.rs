//! `./x test`: everything that must hold before a change lands.

use std::path::Path;

use anyhow::Result;

use crate::checks;
use crate::demo;
use crate::installer;
use crate::packages::{self, FONT};
use crate::screens;
use crate::ship;
use crate::steps::{Outcome, Step, tests_passed};
use crate::task::Task;
use crate::toolchain::{Linux, Windows, windows_packages};
use crate::wine::Wine;
use crate::workspace::Workspace;

/// The steps, cheap ones first.
pub const STEPS: [Step; 16] = [
    Step { name: "format", about: "rustfmt has nothing to change", run: format },
    Step { name: "lock", about: "Cargo.lock fits the manifests", run: lock },
    Step { name: "map", about: "every crate is in ARCHITECTURE.md", run: map },
    Step { name: "threats", about: "every test named in docs/threat-model.md exists", run: threats },
    Step { name: "clippy", about: "no warnings in what runs on Linux", run: clippy },
    Step { name: "clippy-windows", about: "no warnings in what runs on Windows", run: clippy_windows },
    Step { name: "docs", about: "no warnings in the documentation", run: docs },
    Step { name: "tests", about: "tests on Linux", run: tests },
    Step { name: "doc-tests", about: "examples in the documentation", run: doc_tests },
    Step { name: "build", about: "what ships, in dist/", run: build },
    Step { name: "tests-windows", about: "tests of the Windows crates, in Wine", run: tests_windows },
    Step { name: "screens", about: "every state of the tile looks as it did", run: all_screens },
    Step {
        name: "installer",
        about: "TrasaWin.msi installs, mends, upgrades and goes, in Wine",
        run: installer,
    },
    Step { name: "panel", about: "the panel by keyboard alone, from nothing to a guarded logon", run: panel },
    Step { name: "deny", about: "licences, bans and sources of the dependencies", run: deny },
    Step { name: "demo", about: "every scene of ./x demo", run: all_scenes },
];

fn format(workspace: &Workspace) -> Result<Outcome> {
    let linux = Linux::ready(workspace)?;
    linux.ensure_component("fmt", "rustfmt-web", "rustfmt")?;
    Task::begin(workspace, "format")?.run(linux.cargo("fmt").args(["--all", "--", "--check"]))?;
    Ok(Outcome::passed())
}

fn lock(workspace: &Workspace) -> Result<Outcome> {
    let linux = Linux::ready(workspace)?;
    // The answer itself is of no interest; `tree` resolves everything and prints little.
    Task::begin(workspace, "lock")?.run(linux.cargo("tree").args(["--locked", "--depth", "0"]))?;
    Ok(Outcome::passed())
}

fn map(workspace: &Workspace) -> Result<Outcome> {
    checks::every_crate_is_in_the_map(workspace)?;
    Ok(Outcome::passed())
}

fn threats(workspace: &Workspace) -> Result<Outcome> {
    let named = checks::every_named_test_exists(workspace)?;
    Ok(Outcome::Passed(format!("{named} names")))
}

fn clippy(workspace: &Workspace) -> Result<Outcome> {
    let linux = Linux::ready(workspace)?;
    linux.ensure_component("clippy", "rust-web-clippy", "clippy")?;
    let task = Task::begin(workspace, "clippy")?;
    task.run(linux.cargo("clippy").args(["--locked", "--all-targets", "--", "-D", "warnings"]))?;
    Ok(Outcome::passed())
}

fn clippy_windows(workspace: &Workspace) -> Result<Outcome> {
    let windows = Windows::ready(workspace)?;
    windows.ensure_clippy()?;
    let mut command = windows.cargo("clippy");
    command.args(["--locked", "--all-targets"]).args(windows_packages()).args(["--", "-D", "warnings"]);
    Task::begin(workspace, "clippy-windows")?.run(&mut command)?;
    Ok(Outcome::passed())
}

fn docs(workspace: &Workspace) -> Result<Outcome> {
    let task = Task::begin(workspace, "docs")?;
    let linux = Linux::ready(workspace)?;
    let strict = ("RUSTDOCFLAGS", "-D warnings");
    task.run(linux.cargo("doc").args(["--locked", "--no-deps"]).env(strict.0, strict.1))?;
    let windows = Windows::ready(workspace)?;
    let mut command = windows.cargo("doc");
    task.run(command.args(["--locked", "--no-deps"]).args(windows_packages()).env(strict.0, strict.1))?;
    Ok(Outcome::passed())
}

fn tests(workspace: &Workspace) -> Result<Outcome> {
    let linux = Linux::ready(workspace)?;
    let task = Task::begin(workspace, "tests")?;
    let mut command = if linux.has("nextest") {
        let mut command = linux.cargo("nextest");
        command.args(["run", "--no-fail-fast", "--locked"]);
        command
    } else {
        let mut command = linux.cargo("test");
        // Documentation's examples have a step of their own.
        command.args(["--no-fail-fast", "--locked", "--lib", "--bins", "--tests"]);
        command
    };
    task.run(&mut command)?;
    Ok(counted(task.log()))
}

fn doc_tests(workspace: &Workspace) -> Result<Outcome> {
    let linux = Linux::ready(workspace)?;
    let task = Task::begin(workspace, "doc-tests")?;
    task.run(linux.cargo("test").args(["--locked", "--doc", "--no-fail-fast"]))?;
    Ok(counted(task.log()))
}

fn build(workspace: &Workspace) -> Result<Outcome> {
    ship::build(workspace)?;
    Ok(Outcome::passed())
}

fn tests_windows(workspace: &Workspace) -> Result<Outcome> {
    let windows = Windows::ready(workspace)?;
    packages::ensure(workspace, &[FONT])?;
    let task = Task::begin(workspace, "tests-windows")?;
    let test = |word: &[&str]| {
        let mut command = windows.cargo("test");
        command.args(["--locked", "--no-fail-fast"]).args(windows_packages()).args(word);
        command
    };
    task.run(&mut test(&["--no-run"]))?;
    let wine = Wine::start(workspace, "tests")?;
    let mut command = test(&[]);
    wine.surround(&mut command);
    command
        .env("CARGO_TARGET_X86_64_WIN7_WINDOWS_GNU_RUNNER", "wine")
        // The tests load what ships, byte for byte.
        .env("TRASA_DIST", wine.windows_path(&workspace.dist()));
    task.run(&mut command)?;
    Ok(counted(task.log()))
}

fn installer(workspace: &Workspace) -> Result<Outcome> {
    installer::walk(workspace).map(Outcome::Passed)
}

fn deny(workspace: &Workspace) -> Result<Outcome> {
    let linux = Linux::ready(workspace)?;
    if !linux.has("deny") {
        return Ok(Outcome::Skipped("cargo-deny is not installed; ./x audit installs it".to_owned()));
    }
    check_dependencies(workspace, &linux)
}

/// Runs cargo-deny without the advisories, which want a database from the network.
///
/// # Errors
/// When a dependency breaks a rule of deny.toml.
pub fn check_dependencies(workspace: &Workspace, linux: &Linux) -> Result<Outcome> {
    let mut command = linux.cargo("deny");
    command.args(["--locked", "check", "licenses", "bans", "sources"]);
    Task::begin(workspace, "deny")?.run(&mut command)?;
    Ok(Outcome::passed())
}

fn all_screens(workspace: &Workspace) -> Result<Outcome> {
    let seen = screens::play(workspace, &screens::Options::default())?;
    Ok(Outcome::Passed(format!("{seen} screens")))
}

fn panel(workspace: &Workspace) -> Result<Outcome> {
    let taken = crate::panel::play(workspace)?;
    Ok(Outcome::Passed(format!("{taken} pictures in target/panel")))
}

fn all_scenes(workspace: &Workspace) -> Result<Outcome> {
    let shown = demo::play(workspace, &demo::Options::default())?;
    Ok(Outcome::Passed(format!("{shown} scenes")))
}

fn counted(log: &Path) -> Outcome {
    let count = tests_passed(&std::fs::read_to_string(log).unwrap_or_default());
    Outcome::Passed(format!("{count} tests"))
}
