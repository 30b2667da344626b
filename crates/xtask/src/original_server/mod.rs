//! `./x original-server`: a stand-in of an original TRASA server, for trying agents against.
//!
//! It is a Python program of its own with its own options; this starts it.

use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::Usage;
use crate::packages::{self, OPENSSL, PYTHON};
use crate::workspace::Workspace;

/// Exit code of a program that did not understand its options.
const NOT_UNDERSTOOD: i32 = 2;

/// Serves until Ctrl+C with the options that `--help` lists.
///
/// # Errors
/// When Python or openssl is missing and cannot be installed, an option is not understood, or the port is taken.
pub fn run(workspace: &Workspace, words: &[String]) -> Result<()> {
    packages::ensure(workspace, &[PYTHON, OPENSSL])?;
    let status = program(workspace).current_dir(workspace.root()).args(words).status();
    let status = status.context("cannot start python3")?;
    match status.code() {
        Some(0) | None => Ok(()),
        Some(NOT_UNDERSTOOD) => {
            Err(anyhow::Error::new(Usage).context("original-server --help lists its options"))
        }
        Some(code) => bail!("the stand-in ended with {code}"),
    }
}

/// The stand-in, without options yet.
pub fn program(workspace: &Workspace) -> Command {
    let mut command = Command::new("python3");
    command.arg(workspace.root().join("crates/xtask/src/original_server/server.py"));
    command
}
