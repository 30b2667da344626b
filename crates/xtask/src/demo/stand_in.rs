//! Something else that answers on the server's port: garbage, an error, a portal's page, a man in the middle.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::listener::Listener;

const PROGRAM: &str = include_str!("stand_in.py");

/// What the stand-in answers.
#[derive(Debug, Clone, Copy)]
pub enum Mode {
    /// Bytes that are no HTTP.
    Garbage,
    /// An unsigned error page.
    Error500,
    /// An unsigned page with a form.
    LoginPage,
    /// What the server at this port answers, with each denial turned into an allow.
    ForgedAllow(u16),
}

/// The certificate and key of the stand-in, made once.
#[derive(Debug, Clone)]
pub struct Identity {
    /// PEM.
    pub certificate: PathBuf,
    /// PEM.
    pub key: PathBuf,
}

impl Identity {
    /// Makes a self-signed certificate for localhost.
    ///
    /// # Errors
    /// When openssl fails.
    pub fn make(folder: &Path) -> Result<Self> {
        let identity = Self { certificate: folder.join("stand-in.pem"), key: folder.join("stand-in.key") };
        let curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "30"];
        let mut command = Command::new("openssl");
        command.args(["req", "-x509"]).args(curve).args([
            "-subj",
            "/CN=localhost",
            "-addext",
            "subjectAltName=DNS:localhost",
        ]);
        command.arg("-out").arg(&identity.certificate).arg("-keyout").arg(&identity.key);
        let output = command.output().context("cannot start openssl")?;
        if !output.status.success() {
            bail!("openssl made no certificate: {}", String::from_utf8_lossy(&output.stderr).trim());
        }
        Ok(identity)
    }
}

/// A running stand-in. Dropped, it is stopped.
pub struct StandIn {
    notes: PathBuf,
    _listener: Listener,
}

impl StandIn {
    /// Starts one on a loopback port and waits until it listens.
    ///
    /// # Errors
    /// When it does not.
    pub fn start(folder: &Path, identity: &Identity, mode: Mode, port: u16) -> Result<Self> {
        let program = folder.join("stand_in.py");
        std::fs::write(&program, PROGRAM)?;
        let notes = folder.join("stand-in-notes.jsonl");
        File::create(&notes)?;
        let (word, upstream) = match mode {
            Mode::Garbage => ("garbage", None),
            Mode::Error500 => ("500", None),
            Mode::LoginPage => ("login-page", None),
            Mode::ForgedAllow(upstream) => ("forged", Some(upstream.to_string())),
        };
        let mut command = Command::new("python3");
        command.arg(&program).arg(word).arg(port.to_string());
        command.arg(&identity.certificate).arg(&identity.key).arg(&notes).args(upstream);
        let listener = Listener::start(&mut command, &folder.join("stand-in.log"), port)?;
        Ok(Self { notes, _listener: listener })
    }

    /// The requests it was sent, as `{method, path, body}`.
    ///
    /// # Errors
    /// When its notes cannot be read.
    pub fn requests(&self) -> Result<Vec<Value>> {
        let notes = std::fs::read_to_string(&self.notes)?;
        notes.lines().map(|line| serde_json::from_str(line).context("a stand-in's note is no JSON")).collect()
    }
}
