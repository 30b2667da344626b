//! Writes `TrasaWin.msi` and the policy templates.
#![forbid(unsafe_code)]
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command line program talks to the person who started it"
)]

use anyhow::{Context as _, Result, bail};
use installer::description::Version;
use installer::trasa::{self, Contents};
use installer::{database, policy};
use lexopt::prelude::{Long, Short, ValueExt as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

const HELP: &str = "\
installer --version X.Y.Z --files DIR --licences DIR --out DIR

Writes TrasaWin.msi, and PolicyDefinitions with TRASA.admx and en-US/TRASA.adml, into the folder --out.
--files holds TrasaCP.dll, TrasaConfig.exe and logon-host.exe; --licences holds LICENSE-MIT and LICENSE-APACHE.

Example:
  installer --version 0.1.0 --files dist --licences . --out dist

Exit codes: 0 written, 1 failed, 2 not understood
";

fn main() -> ExitCode {
    match command() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("installer: {error:#}");
            ExitCode::from(if error.is::<lexopt::Error>() { 2 } else { 1 })
        }
    }
}

fn command() -> Result<()> {
    let (mut version, mut files, mut licences, mut out) = (None, None, None, None);
    let mut arguments = lexopt::Parser::from_env();
    while let Some(argument) = arguments.next()? {
        let slot = match argument {
            Long("version") => {
                version = Some(arguments.value()?.string()?.parse::<Version>()?);
                continue;
            }
            Long("files") => &mut files,
            Long("licences") => &mut licences,
            Long("out") => &mut out,
            Long("help") | Short('h') => {
                print!("{HELP}");
                return Ok(());
            }
            other => return Err(other.unexpected().into()),
        };
        *slot = Some(PathBuf::from(arguments.value()?));
    }
    let (Some(version), Some(files), Some(licences), Some(out)) = (version, files, licences, out) else {
        bail!(lexopt::Error::from("--version, --files, --licences and --out are needed; see --help"));
    };
    let contents = Contents {
        provider: read(&files, trasa::PROVIDER)?,
        config: read(&files, trasa::CONFIG)?,
        host: read(&files, trasa::HOST)?,
        licences: [read(&licences, "LICENSE-MIT")?, read(&licences, "LICENSE-APACHE")?],
        icon: Some(resources::application_icon()?),
    };
    write(&out.join("TrasaWin.msi"), &database::write(&trasa::package(version, contents))?)?;
    let policies = out.join("PolicyDefinitions");
    write(&policies.join(trasa::ADMX), policy::admx().as_bytes())?;
    write(&policies.join("en-US").join(trasa::ADML), policy::adml().as_bytes())
}

fn read(folder: &Path, name: &str) -> Result<Vec<u8>> {
    let path = folder.join(name);
    std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))
}

fn write(path: &Path, content: &[u8]) -> Result<()> {
    let failed = || format!("cannot write {}", path.display());
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).with_context(failed)?;
    }
    std::fs::write(path, content).with_context(failed)?;
    println!("{} ({} kB)", path.display(), content.len().div_ceil(1000));
    Ok(())
}
