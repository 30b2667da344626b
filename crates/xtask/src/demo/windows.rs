//! The guarded Windows of the demo: TRASA installed in Wine, and its command line.

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::host::{Place, World};
use super::people::OLGA;
use crate::ship;
use crate::task::shown;

/// Where a program ended, and what it printed.
#[derive(Debug)]
pub struct Said {
    /// The exit code.
    pub code: i32,
    /// Standard output and standard error.
    pub text: String,
}

/// Puts the program files where an installer puts them, and registers provider and filter.
///
/// # Errors
/// When a file cannot be copied or the registry not written.
pub fn install(at: &Place, world: &World) -> Result<()> {
    let folder = program_folder(at);
    std::fs::create_dir_all(&folder)?;
    for name in [ship::PROVIDER, ship::CONFIG] {
        std::fs::copy(at.workspace.dist().join(name), folder.join(name))
            .with_context(|| format!("no dist/{name}"))?;
    }
    config(at, world, &["register"], "")?.well("TrasaConfig register").map(drop)
}

fn program_folder(at: &Place) -> PathBuf {
    at.wine.drive_c().join("Program Files/TRASA").join(env!("CARGO_PKG_VERSION"))
}

fn windows_folder() -> String {
    format!("C:\\Program Files\\TRASA\\{}", env!("CARGO_PKG_VERSION"))
}

/// Takes every trace of a configuration away, as on a machine that never had one.
///
/// # Errors
/// When a file cannot be removed.
pub fn forget(at: &Place) -> Result<()> {
    let folder = at.wine.drive_c().join("ProgramData/TRASA");
    if folder.exists() {
        std::fs::remove_dir_all(&folder)?;
    }
    for key in ["HKLM\\SOFTWARE\\TRASA", POLICIES] {
        delete_key(at, key)?;
    }
    Ok(())
}

fn delete_key(at: &Place, key: &str) -> Result<()> {
    for _ in 0..3 {
        let mut command = at.wine.command("wine");
        command.args(["reg", "delete", key, "/f"]);
        // It says so where there is no such key, which is as good. Of a program that Wine did not start nothing is
        // heard, which happens now and then on a busy machine.
        if !said(&mut command, "")?.text.is_empty() {
            return Ok(());
        }
    }
    bail!("Wine does not start its reg.exe")
}

/// Where a group policy writes.
const POLICIES: &str = "HKLM\\SOFTWARE\\Policies\\TRASA";

/// Writes a value as a group policy does: `REG_SZ` or `REG_DWORD`.
///
/// # Errors
/// When the registry cannot be written.
pub fn policy(at: &Place, name: &str, kind: &str, value: &str) -> Result<()> {
    let mut command = at.wine.command("wine");
    command.args(["reg", "add", POLICIES, "/v", name, "/t", kind, "/d", value, "/f"]);
    said(&mut command, "")?.well("wine reg").map(drop)
}

/// A filter of another product, as an original agent registers one; `None` takes it out again.
///
/// # Errors
/// When the registry cannot be written.
pub fn other_filter(at: &Place, dll: Option<&str>) -> Result<()> {
    const CLSID: &str = "{0C0FFEE0-5EED-4F17-8E2A-0123456789AB}";
    let filter = format!(
        "HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Authentication\\Credential Provider Filters\\{CLSID}"
    );
    let class = format!("HKCR\\CLSID\\{CLSID}\\InprocServer32");
    for (key, value) in [(filter, "Original"), (class, dll.unwrap_or_default())] {
        let mut command = at.wine.command("wine");
        match dll {
            Some(_) => command.args(["reg", "add", &key, "/ve", "/d", value, "/f"]),
            None => command.args(["reg", "delete", &key, "/f"]),
        };
        said(&mut command, "")?.well("wine reg")?;
    }
    Ok(())
}

/// The configuration's file.
pub fn configuration(at: &Place) -> PathBuf {
    at.wine.drive_c().join("ProgramData/TRASA/agent.json")
}

/// Runs TrasaConfig.exe in the world, with a secret on its standard input.
///
/// # Errors
/// When it cannot be started.
pub fn config(at: &Place, world: &World, words: &[&str], secret: &str) -> Result<Said> {
    let mut command = at.wine.command("wine");
    command.arg(at.workspace.dist().join(ship::HOST));
    command.args(["exec", "--world", &at.wine.windows_path(&world.file())]);
    command.arg(format!("{}\\{}", windows_folder(), ship::CONFIG)).args(words);
    said(&mut command, secret)
}

fn said(command: &mut Command, secret: &str) -> Result<Said> {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().with_context(|| format!("cannot start {}", shown(command)))?;
    if let Some(mut input) = child.stdin.take() {
        // Who does not read its standard input is none the worse for it.
        let _ = input.write_all(format!("{secret}\n").as_bytes());
    }
    let output = child.wait_with_output()?;
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text).replace('\r', "").trim().to_owned();
    Ok(Said { code: output.status.code().unwrap_or(-1), text })
}

impl Said {
    /// The text of a program that must have succeeded.
    ///
    /// # Errors
    /// When it did not, with what it said.
    pub fn well(self, what: &str) -> Result<String> {
        if self.code == 0 { Ok(self.text) } else { bail!("{what} ended with {}: {}", self.code, self.text) }
    }
}

/// `TrasaConfig set` for a service, with one offline user; the ServiceKey goes to its standard input.
///
/// # Errors
/// When it cannot be started.
pub fn set(
    at: &Place,
    world: &World,
    service_id: &str,
    server: &str,
    key: &str,
    more: &[&str],
) -> Result<Said> {
    let words = ["set", "--service-id", service_id, "--server", server];
    let rest = ["--offline-users", OLGA.name, "--skip-tls-verification"];
    config(at, world, &[&words[..], &rest[..], more].concat(), key)
}

/// `TrasaConfig show --json`.
///
/// # Errors
/// When it fails or prints no JSON.
pub fn state(at: &Place, world: &World) -> Result<Value> {
    let text = config(at, world, &["show", "--json"], "")?.well("TrasaConfig show")?;
    serde_json::from_str(&text).with_context(|| format!("TrasaConfig show printed no JSON: {text}"))
}
