//! A program in the background that listens on a loopback port.

use std::fs::File;
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::task::{end, last_lines, shown};

/// How long it may take to listen.
const START_LIMIT: Duration = Duration::from_secs(10);

/// A listening child process. Dropped, it is ended.
pub struct Listener {
    child: Child,
}

impl Listener {
    /// Starts the command with its output in `log`, and waits until something listens on the port.
    ///
    /// # Errors
    /// When it cannot start, ends, or does not listen in time; with the log's last lines.
    pub fn start(command: &mut Command, log: &Path, port: u16) -> Result<Self> {
        let output = File::create(log).with_context(|| format!("cannot write {}", log.display()))?;
        let errors = output.try_clone()?;
        let child = command.stdin(Stdio::null()).stdout(output).stderr(errors).spawn();
        let mut listener = Self { child: child.with_context(|| format!("cannot start {}", shown(command)))? };
        let started = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            if listener.child.try_wait()?.is_some() || started.elapsed() > START_LIMIT {
                bail!("{} does not listen: {}", shown(command), last_lines(log, 5));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(listener)
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        end(&mut self.child);
    }
}
