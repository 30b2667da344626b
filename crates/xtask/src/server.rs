//! The real `trasa-server` as a child process: its command line, and `serve` in the background.

use std::fs::File;
use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::packages::FAKETIME;
use crate::ship;
use crate::task::{end, last_lines, shown};
use crate::workspace::Workspace;

/// How long a server may take to listen.
const START_LIMIT: Duration = Duration::from_secs(20);

/// A server over one data folder. Dropped, it is stopped.
pub struct Server {
    program: PathBuf,
    data: PathBuf,
    port: u16,
    log: PathBuf,
    child: Option<Child>,
    /// Its clock minus the true one, in seconds.
    clock_off_secs: i64,
}

impl Server {
    /// A server that is not yet running, over a folder that need not exist.
    ///
    /// # Errors
    /// When the log folder cannot be made.
    pub fn new(workspace: &Workspace, data: &Path, port: u16, log: &str) -> Result<Self> {
        let program = workspace.dist().join(ship::SERVER);
        Ok(Self {
            program,
            data: data.to_owned(),
            port,
            log: workspace.log(log)?,
            child: None,
            clock_off_secs: 0,
        })
    }

    /// The data folder.
    pub fn data(&self) -> &Path {
        &self.data
    }

    /// Where it listens: `localhost:<port>`, which is also the name in its certificate.
    pub fn address(&self) -> String {
        format!("localhost:{}", self.port)
    }

    /// The port it listens on.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// `trasa-server --data <folder> <words>`.
    pub fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command.arg("--data").arg(&self.data).args(words);
        if self.clock_off_secs != 0 {
            // The wall clock only: a machine whose clock was set wrong measures durations as well as before.
            command.env("LD_PRELOAD", FAKETIME.proof).env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
            command.env("FAKETIME", format!("{:+}", self.clock_off_secs));
        }
        command
    }

    /// From the next start on it listens on another port, and agents have to be told.
    pub fn move_to(&mut self, port: u16) {
        self.port = port;
    }

    /// Sets its clock wrong by so many seconds, from the next start on; 0 sets it right.
    pub fn set_clock_off(&mut self, secs: i64) {
        self.clock_off_secs = secs;
    }

    /// Runs a command of the server's command line with `--json` and returns what it printed.
    ///
    /// # Errors
    /// When it fails, with what it said, or prints something else than JSON.
    pub fn cli(&self, words: &[&str]) -> Result<Value> {
        self.cli_with(words, "")
    }

    /// The same with a secret on its standard input.
    ///
    /// # Errors
    /// See [`Server::cli`].
    pub fn cli_with(&self, words: &[&str], secret: &str) -> Result<Value> {
        let mut command = self.command(words);
        command.arg("--json").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let started = command.spawn().with_context(|| format!("cannot start {}", self.program.display()));
        let mut child = started?;
        if let Some(mut input) = child.stdin.take() {
            // Who does not read its standard input is none the worse for it.
            let _ = input.write_all(secret.as_bytes());
        }
        let output = child.wait_with_output()?;
        let printed = String::from_utf8_lossy(&output.stdout);
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            bail!("{} failed ({}): {} {}", shown(&command), output.status, said.trim(), printed.trim());
        }
        if printed.trim().is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_str(&printed)
            .with_context(|| format!("{} printed no JSON: {printed}", shown(&command)))
    }

    /// Starts `serve` and waits until it listens.
    ///
    /// # Errors
    /// When it ends or does not listen in time.
    pub fn start(&mut self) -> Result<()> {
        self.start_on(self.port)
    }

    /// The same on another port than the one that agents know.
    ///
    /// # Errors
    /// See [`Server::start`].
    pub fn start_on(&mut self, port: u16) -> Result<()> {
        let log = File::options().create(true).append(true).open(&self.log)?;
        let errors = log.try_clone()?;
        let listen = format!("127.0.0.1:{port}");
        let mut command = self.command(&["serve", "--listen", &listen]);
        let child = command.stdin(Stdio::null()).stdout(log).stderr(errors).spawn();
        let child =
            self.child.insert(child.with_context(|| format!("cannot start {}", self.program.display()))?);
        let started = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            if let Some(status) = child.try_wait()? {
                self.child = None;
                bail!("trasa-server ended ({status}): {}", last_lines(&self.log, 5));
            }
            if started.elapsed() > START_LIMIT {
                self.stop()?;
                bail!("trasa-server does not listen: {}", last_lines(&self.log, 5));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }

    /// Stops `serve`, if it runs, as a service manager would: SIGTERM, then its end is awaited.
    ///
    /// # Errors
    /// When it does not end in time; it is then killed.
    pub fn stop(&mut self) -> Result<()> {
        let Some(mut child) = self.child.take() else { return Ok(()) };
        let asked = Command::new("kill").args(["-TERM", &child.id().to_string()]).status();
        let started = Instant::now();
        while asked.as_ref().is_ok_and(std::process::ExitStatus::success) && started.elapsed() < START_LIMIT {
            if child.try_wait()?.is_some() {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        end(&mut child);
        bail!("trasa-server did not end on SIGTERM")
    }

    /// Leaves the server running after this program; returns its process id.
    pub fn detach(&mut self) -> Option<u32> {
        self.child.take().map(|child| child.id())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            end(&mut child);
        }
    }
}

/// A loopback port that nothing listened on a moment ago.
///
/// # Errors
/// When there is none.
pub fn free_port() -> Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0)).context("no free port on loopback")?.local_addr()?.port())
}
