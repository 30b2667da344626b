//! Something else that answers on the server's port: garbage, an error, a portal's page, a man in the middle.

use std::fs::File;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::task::{end, last_lines};

const PROGRAM: &str = include_str!("stand_in.py");
/// How long it may take to listen.
const START_LIMIT: Duration = Duration::from_secs(10);

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
    child: Child,
    notes: PathBuf,
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
        let log = folder.join("stand-in.log");
        let errors = File::create(&log)?;
        let (word, upstream) = match mode {
            Mode::Garbage => ("garbage", None),
            Mode::Error500 => ("500", None),
            Mode::LoginPage => ("login-page", None),
            Mode::ForgedAllow(upstream) => ("forged", Some(upstream.to_string())),
        };
        let mut command = Command::new("python3");
        command.arg(&program).arg(word).arg(port.to_string());
        command.arg(&identity.certificate).arg(&identity.key).arg(&notes).args(upstream);
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(errors).spawn();
        let mut stand_in = Self { child: child.context("cannot start python3")?, notes };
        let started = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            if stand_in.child.try_wait()?.is_some() || started.elapsed() > START_LIMIT {
                bail!("the stand-in server does not listen: {}", last_lines(&log, 5));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(stand_in)
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

impl Drop for StandIn {
    fn drop(&mut self) {
        end(&mut self.child);
    }
}
