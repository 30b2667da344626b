//! What every scene needs: a running server with people in it, and a guarded Windows.

use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::packages::{self, OATHTOOL, OPENSSL, PYTHON};
use crate::server::{Server, free_port};
use crate::wine::Wine;
use crate::workspace::Workspace;

/// The stage of the demo. Dropped, it ends what it started.
pub struct Stage {
    workspace: Workspace,
    folder: PathBuf,
    /// The server that decides.
    pub server: Server,
    wine: Wine,
}

impl Stage {
    /// Installs what the demo needs and starts Wine.
    ///
    /// # Errors
    /// When something is missing and cannot be installed, or does not start.
    pub fn build(workspace: &Workspace) -> Result<Self> {
        packages::ensure(workspace, &[OATHTOOL, PYTHON, OPENSSL])?;
        let folder = workspace.target("demo");
        if folder.exists() {
            std::fs::remove_dir_all(&folder).context("cannot remove the last demo's folder")?;
        }
        std::fs::create_dir_all(&folder)?;
        let server = Server::new(workspace, &folder.join("data"), free_port()?, "demo-server")?;
        let wine = Wine::start(workspace, "demo")?;
        Ok(Self { workspace: workspace.clone(), folder, server, wine })
    }

    /// A fresh server with people in it and a freshly armed agent, so that no scene depends on another.
    ///
    /// # Errors
    /// When the server or the agent refuses to be set up.
    pub fn fresh(&mut self) -> Result<()> {
        self.server.stop()?;
        if self.server.data().exists() {
            std::fs::remove_dir_all(self.server.data())?;
        }
        let recovery = self.folder.join("recovery.key").display().to_string();
        let url = format!("https://{}", self.server.address());
        self.server.cli(&[
            "init",
            "--host",
            "localhost",
            "--public-url",
            &url,
            "--recovery-out",
            &recovery,
        ])?;
        self.server.start()
    }

    /// Leaves server and Wine running and says how to play on.
    pub fn keep(&mut self) {
        self.wine.stay();
        let process =
            self.server.detach().map_or_else(|| "not running".to_owned(), |id| format!("process {id}"));
        println!(
            "\nKept: the server ({process}) on https://{}, its data in {}",
            self.server.address(),
            self.workspace.shown(self.server.data())
        );
        println!("Wine's prefix: export WINEPREFIX={} WINEDEBUG=-all", self.wine.prefix().display());
    }
}
