//! `./x build`: what ships, in `dist/`.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::task::Task;
use crate::toolchain::{Linux, WINDOWS_TARGET, Windows};
use crate::workspace::Workspace;

/// The server's file name in `dist/`.
pub const SERVER: &str = "trasa-server";
/// The credential provider and filter.
pub const PROVIDER: &str = "TrasaCP.dll";
/// The configuration panel and command line.
pub const CONFIG: &str = "TrasaConfig.exe";
/// What plays LogonUI.
pub const HOST: &str = "logon-host.exe";
/// What installs the three.
pub const INSTALLER: &str = "TrasaWin.msi";

/// Builds everything that ships.
///
/// # Errors
/// When a compiler is missing, a build fails, or a build leaves out a file that it should make.
pub fn build(workspace: &Workspace) -> Result<()> {
    server(workspace)?;
    windows(workspace)?;
    installer(workspace)
}

/// Builds the server for Linux.
///
/// # Errors
/// See [`build`].
pub fn server(workspace: &Workspace) -> Result<()> {
    let linux = Linux::ready(workspace)?;
    let task = Task::begin(workspace, "build-server")?;
    task.run(linux.cargo("build").args(["--release", "--locked", "-p", "server", "--bin", SERVER]))?;
    ship(workspace, &workspace.target("release").join(SERVER), task.log())
}

/// Builds what runs on Windows.
///
/// # Errors
/// See [`build`].
pub fn windows(workspace: &Workspace) -> Result<()> {
    let toolchain = Windows::ready(workspace)?;
    let task = Task::begin(workspace, "build-windows")?;
    let packages = ["-p", "credential-provider", "-p", "config-panel", "-p", "logon-host"];
    task.run(toolchain.cargo("build").arg("--locked").args(packages))?;
    for name in [PROVIDER, CONFIG, HOST] {
        ship(workspace, &toolchain.output().join(name), task.log())?;
    }
    Ok(())
}

/// Writes the installer and the policy templates from what runs on Windows.
///
/// # Errors
/// See [`build`].
pub fn installer(workspace: &Workspace) -> Result<()> {
    let folder = workspace.target("installer");
    installer_of(workspace, env!("CARGO_PKG_VERSION"), &folder)?;
    let log = workspace.log("build-installer")?;
    ship(workspace, &folder.join(INSTALLER), &log)?;
    let (built, shipped) = (folder.join(POLICIES), workspace.dist().join(POLICIES));
    for name in ["TRASA.admx", "en-US/TRASA.adml"] {
        let (from, to) = (built.join(name), shipped.join(name));
        std::fs::create_dir_all(to.parent().unwrap_or(&shipped))?;
        std::fs::copy(&from, &to).with_context(|| format!("cannot write {}", to.display()))?;
    }
    Ok(())
}

/// Folder of the policy templates.
const POLICIES: &str = "PolicyDefinitions";

/// Writes an installer of some version into a folder, with the programs of `dist/` in it.
///
/// # Errors
/// See [`build`].
pub fn installer_of(workspace: &Workspace, version: &str, folder: &Path) -> Result<()> {
    let linux = Linux::ready(workspace)?;
    let task = Task::begin(workspace, "build-installer")?;
    let mut command = linux.cargo("run");
    command.args(["--quiet", "--locked", "-p", "installer", "--", "--version", version, "--files"]);
    command.arg(workspace.dist()).arg("--licences").arg(workspace.root()).arg("--out").arg(folder);
    task.run(&mut command)
}

/// Copies a built file into `dist/`; an equal one there is left alone, it may be running.
fn ship(workspace: &Workspace, built: &Path, log: &Path) -> Result<()> {
    let name = built.file_name().unwrap_or_default();
    if !built.is_file() {
        let (log, built) = (workspace.shown(log), workspace.shown(built));
        bail!("the build succeeded and made no {built}; see {log} and the crate's [lib] or [[bin]] name");
    }
    let folder = workspace.dist();
    std::fs::create_dir_all(&folder)?;
    let shipped = folder.join(name);
    let content = std::fs::read(built)?;
    if std::fs::read(&shipped).is_ok_and(|old| old == content) {
        return Ok(());
    }
    // Renamed into place: a running program keeps its old file.
    let fresh: PathBuf = folder.join(format!("{}.new", name.to_string_lossy()));
    std::fs::copy(built, &fresh).with_context(|| format!("cannot write {}", fresh.display()))?;
    std::fs::rename(&fresh, &shipped).with_context(|| format!("cannot write {}", shipped.display()))?;
    println!("  {} ({} kB, {})", workspace.shown(&shipped), content.len() / 1000, platform(name.as_ref()));
    Ok(())
}

fn platform(name: &Path) -> &'static str {
    match name.extension() {
        Some(extension) if extension == "msi" => "Windows, x64",
        Some(_) => WINDOWS_TARGET,
        None => "Linux",
    }
}
