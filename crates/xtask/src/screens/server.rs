//! The server of the screens: it signs what each walk wants to see.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::demo::Identity;
use crate::listener::Listener;
use crate::server::free_port;
use crate::task::Task;
use crate::toolchain::Linux;
use crate::workspace::Workspace;

const FRONT: &str = include_str!("front.py");
const PROGRAM: &str = "scripted_server";

/// A running one. Dropped, it is stopped.
pub struct Scripted {
    folder: PathBuf,
    port: u16,
    service: Value,
    _front: Listener,
}

/// Whether it answers at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Front {
    /// As the script says.
    Answers,
    /// It takes the question and says nothing.
    Silence,
    /// A page, unsigned.
    Page,
}

impl Scripted {
    /// Builds and starts it.
    ///
    /// # Errors
    /// When one of its programs does not build or start.
    pub fn start(workspace: &Workspace, folder: &Path) -> Result<Self> {
        let linux = Linux::ready(workspace)?;
        let task = Task::begin(workspace, "build-scripted-server")?;
        let build = ["--locked", "-p", "agent", "--features", "fakes", "--example", PROGRAM];
        task.run(linux.cargo("build").args(build))?;
        let identity = Identity::make(folder)?;
        let port = free_port()?;
        let front = folder.join("front.py");
        std::fs::write(&front, FRONT)?;
        let (script, switch, log) =
            (folder.join("answers.json"), folder.join("switch.txt"), folder.join("server.log"));
        std::fs::write(&script, r#"{"logon": {"kind": "allow"}}"#)?;
        std::fs::write(&switch, "answers")?;
        let mut command = Command::new("python3");
        command.arg(&front).arg(port.to_string()).arg(&identity.certificate).arg(&identity.key);
        command.arg(&switch).arg(workspace.target("debug/examples").join(PROGRAM)).arg(&script);
        let listener = Listener::start(&mut command, &log, port)?;
        let said = std::fs::read_to_string(&log)?;
        let first = said.lines().next().context("the scripted server said nothing")?;
        let service = serde_json::from_str(first).with_context(|| format!("no JSON: {first}"))?;
        Ok(Self { folder: folder.to_owned(), port, service, _front: listener })
    }

    /// Where it listens.
    pub fn address(&self) -> String {
        format!("localhost:{}", self.port)
    }

    /// `service_id` or `service_key`.
    pub fn service(&self, name: &str) -> &str {
        self.service.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    /// What it answers from now on.
    ///
    /// # Errors
    /// When the files cannot be written.
    pub fn will(&self, script: &Value, front: Front) -> Result<()> {
        std::fs::write(self.folder.join("answers.json"), script.to_string())?;
        let word = match front {
            Front::Answers => "answers",
            Front::Silence => "silence",
            Front::Page => "page",
        };
        std::fs::write(self.folder.join("switch.txt"), word).context("cannot write the switch")
    }
}
