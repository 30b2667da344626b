//! Wine with a prefix of our own: made once, warm, and ended with the last user.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result};

use crate::packages::{self, WINE};
use crate::task::Task;
use crate::workspace::Workspace;

/// A running Wine over one prefix. Dropped, it ends what runs in that prefix, unless told to stay.
pub struct Wine {
    prefix: PathBuf,
    stays: bool,
}

impl Wine {
    /// Starts Wine over `target/wine-<purpose>`; makes that prefix first if need be (some 12 s, 700 MB).
    ///
    /// # Errors
    /// When Wine is missing and cannot be installed, or does not start.
    pub fn start(workspace: &Workspace, purpose: &str) -> Result<Self> {
        packages::ensure(workspace, &WINE)?;
        let wine = Self { prefix: workspace.target(&format!("wine-{purpose}")), stays: false };
        let task = Task::begin(workspace, &format!("wine-{purpose}"))?.timeout(Duration::from_secs(180));
        let complete = wine.prefix.join("complete");
        if !complete.is_file() {
            if wine.prefix.exists() {
                std::fs::remove_dir_all(&wine.prefix).context("cannot remove a half-made Wine prefix")?;
            }
            std::fs::create_dir_all(&wine.prefix)?;
            println!("Making a Wine prefix in {} (once)", workspace.shown(&wine.prefix));
            task.run(wine.command("wineboot").arg("-i"))?;
            task.run(wine.command("wineserver").arg("-w"))?;
            File::create(&complete)?;
        }
        // Wine's services inherit what the first process of a prefix has open, and keep it: so both of the first ones
        // get files, no pipe. From here on pipes are safe.
        let mut server = wine.command("wineserver");
        server.arg("-p").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        server.status().context("cannot start wineserver")?;
        task.run(wine.command("wine").args(["cmd", "/c", "ver"]))?;
        Ok(wine)
    }

    /// A program of Wine's, or any program that starts one, in this prefix.
    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        self.surround(&mut command);
        command
    }

    /// Gives a command the environment of this prefix.
    pub fn surround(&self, command: &mut Command) {
        command
            .env("WINEPREFIX", &self.prefix)
            .env("WINEDEBUG", "-all")
            // No questions about .NET and HTML; no menus on this person's desktop.
            .env("WINEDLLOVERRIDES", "mscoree,mshtml=;winemenubuilder.exe=d")
            .env_remove("DISPLAY");
    }

    /// Drive C of the prefix.
    pub fn drive_c(&self) -> PathBuf {
        self.prefix.join("drive_c")
    }

    /// The prefix.
    pub fn prefix(&self) -> &PathBuf {
        &self.prefix
    }

    /// A Linux path as a program in Wine names it. Drive Z is the root.
    pub fn windows_path(&self, path: &Path) -> String {
        format!("Z:{}", path.display().to_string().replace('/', "\\"))
    }

    /// Ends what runs in this prefix, and is warm again. For who lost something in a desktop.
    pub fn restart(&self) {
        for word in ["-k", "-w", "-p"] {
            let mut server = self.command("wineserver");
            server.arg(word).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
            // If it fails, the next program in this prefix says so.
            let _ = server.status();
        }
        let mut warm = self.command("wine");
        warm.args(["cmd", "/c", "ver"]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let _ = warm.status();
    }

    /// Leaves everything running at the end.
    pub fn stay(&mut self) {
        self.stays = true;
    }
}

impl Drop for Wine {
    fn drop(&mut self) {
        if !self.stays {
            let mut end = self.command("wineserver");
            // Only this prefix. Nothing is left to do if it fails: the server ends by itself.
            let _ = end.arg("-k").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
        }
    }
}
