//! The stand-in of an original server, in the background of a scene.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::Value;

use super::original_agent::OriginalAgent;
use super::people::{HOST, text};
use crate::listener::Listener;
use crate::original_server::program;
use crate::workspace::Workspace;

/// The stand-in in the background. Dropped, it is stopped.
pub struct OriginalServer {
    folder: PathBuf,
    port: u16,
    _listener: Listener,
}

impl OriginalServer {
    /// Starts one over a folder that keeps its service and TLS key, with further options.
    ///
    /// # Errors
    /// When it does not listen.
    pub fn start(workspace: &Workspace, folder: &Path, port: u16, options: &[&str]) -> Result<Self> {
        std::fs::create_dir_all(folder)?;
        let notes = folder.join("notes.jsonl");
        std::fs::write(&notes, "")?;
        let mut command = program(workspace);
        command.args(["--port", &port.to_string()]).arg("--data").arg(folder).arg("--notes").arg(&notes);
        let listener = Listener::start(command.args(options), &folder.join("log.txt"), port)?;
        Ok(Self { folder: folder.to_owned(), port, _listener: listener })
    }

    /// Where it listens.
    pub fn address(&self) -> String {
        format!("localhost:{}", self.port)
    }

    /// What it keeps: `service_id`, `service_key`, `totp_secret`.
    ///
    /// # Errors
    /// When its folder holds no such text.
    pub fn kept(&self, name: &str) -> Result<String> {
        let service = std::fs::read_to_string(self.folder.join("service.json"))?;
        text(&serde_json::from_str(&service).context("service.json is no JSON")?, name)
    }

    /// One of its original agents.
    ///
    /// # Errors
    /// See [`OriginalServer::kept`].
    pub fn agent(&self) -> Result<OriginalAgent> {
        let (service_id, service_key) = (self.kept("service_id")?, self.kept("service_key")?);
        Ok(OriginalAgent { address: self.address(), service_id, service_key, workstation: HOST })
    }

    /// The configuration file that its original agents have.
    pub fn config_trasa(&self) -> PathBuf {
        self.folder.join("config.trasa")
    }

    /// The requests it was sent since it started, as `{path, body, answer}`.
    ///
    /// # Errors
    /// When its notes cannot be read.
    pub fn requests(&self) -> Result<Vec<Value>> {
        let notes = std::fs::read_to_string(self.folder.join("notes.jsonl"))?;
        notes.lines().map(|line| serde_json::from_str(line).context("a note is no JSON")).collect()
    }
}
