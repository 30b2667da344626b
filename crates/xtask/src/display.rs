//! A display that nobody sees: Xvfb with a number of its own.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result};

use crate::task;

/// A display in memory. Dropped, it is gone.
pub struct Display {
    server: Child,
    name: String,
}

impl Display {
    /// Opens one of this size, such as `1280x900`.
    ///
    /// # Errors
    /// When Xvfb does not start.
    pub fn open(size: &str) -> Result<Self> {
        // The number of a display that nobody else has, on its standard output.
        let mut server = Command::new("Xvfb")
            .args(["-displayfd", "1", "-nolisten", "tcp", "-screen", "0", &format!("{size}x24")])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .context("cannot start Xvfb")?;
        let output = server.stdout.take().context("Xvfb has no output")?;
        let mut display = Self { server, name: String::new() };
        let mut number = String::new();
        BufReader::new(output).read_line(&mut number)?;
        display.name = format!(":{}", number.trim());
        Ok(display)
    }

    /// How programs find it: the value of `DISPLAY`.
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl Drop for Display {
    fn drop(&mut self) {
        task::end(&mut self.server);
    }
}
