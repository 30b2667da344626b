//! The configuration panel "TrasaWIN" by keyboard alone, in Wine against the real server, from nothing to a guarded
//! logon and back. A picture of each state goes to `target/panel`.
//!
//! What the panel says is read as a person would take it along: Alt+G, Ctrl+A, Ctrl+C. What it did is asked of
//! `TrasaConfig show`, `trasa-server` and the exit code.

mod screen;
mod walk;

use std::fs::File;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, Result};
use serde_json::json;

use crate::demo::host::{Place, World};
use crate::demo::people::{Office, text};
use crate::demo::windows;
use crate::packages::{self, DISPLAY, FONT, MARLETT, OATHTOOL, XCLIP};
use crate::server::{Server, free_port};
use crate::ship;
use crate::wine::Wine;
use crate::workspace::Workspace;

/// What the walk is made in.
struct Stage {
    workspace: Workspace,
    folder: PathBuf,
    server: Server,
    office: Office,
    wine: Wine,
    world: World,
}

/// Walks the panel; gives how many pictures were taken.
///
/// # Errors
/// When something cannot be set up, or the panel does or says something else than it should.
pub fn play(workspace: &Workspace) -> Result<usize> {
    packages::ensure(workspace, &DISPLAY)?;
    packages::ensure(workspace, &[FONT, MARLETT, OATHTOOL, XCLIP])?;
    walk::walk(&mut Stage::set_up(workspace)?)
}

impl Stage {
    fn set_up(workspace: &Workspace) -> Result<Self> {
        let folder = workspace.target("panel");
        if folder.exists() {
            std::fs::remove_dir_all(&folder).context("cannot remove the last walk")?;
        }
        std::fs::create_dir_all(&folder)?;
        let mut server = Server::new(workspace, &folder.join("data"), free_port()?, "panel-server")?;
        let url = format!("https://{}", server.address());
        let recovery = folder.join("recovery.key").display().to_string();
        server.cli(&["init", "--host", "localhost", "--public-url", &url, "--recovery-out", &recovery])?;
        let office = Office::found(&server)?;
        server.start()?;
        let wine = Wine::start(workspace, "panel")?;
        // What a walk before this one left on a display that is gone.
        wine.restart();
        let world = World::new(&folder.join("world"))?;
        let stage = Self { workspace: workspace.clone(), folder, server, office, wine, world };
        windows::forget(&stage.place())?;
        windows::install(&stage.place(), &stage.world)?;
        // What Windows has: the signs on the title bar's buttons, and the font that the panel asks for.
        std::fs::copy(MARLETT.proof, stage.wine.drive_c().join("windows/Fonts/marlett.ttf"))?;
        stage.registry("HKCU\\Software\\Wine\\Fonts\\Replacements", "Segoe UI", "REG_SZ", "Open Sans")?;
        stage.resolution(96)?;
        Ok(stage)
    }

    fn place(&self) -> Place<'_> {
        Place { workspace: &self.workspace, wine: &self.wine }
    }

    fn registry(&self, key: &str, value: &str, kind: &str, data: &str) -> Result<()> {
        let mut command = self.wine.command("wine");
        command.args(["reg", "add", key, "/v", value, "/t", kind, "/d", data, "/f"]);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command.status().context("cannot write Wine's registry")?;
        Ok(())
    }

    /// Dots an inch, for programs that start from now on.
    fn resolution(&self, dots: u32) -> Result<()> {
        self.registry("HKCU\\Control Panel\\Desktop", "LogPixels", "REG_DWORD", &dots.to_string())
    }

    /// The panel in this world, in a desktop of its own.
    fn panel(&self, desktop: &str, size: &str) -> Command {
        let mut command = self.wine.command("wine");
        command.args(["explorer", &format!("/desktop={desktop},{size}")]);
        command.arg(self.wine.windows_path(&self.workspace.dist().join(ship::HOST)));
        command.args(["exec", "--world", &self.wine.windows_path(&self.world.file())]);
        command.arg(program());
        command
    }

    /// A command of TrasaConfig.exe: its exit code and what it printed.
    fn command(&self, words: &[&str]) -> Result<(Option<i32>, String)> {
        // Into a file: where there is no desktop yet, Wine starts one, which would keep a pipe open.
        let printed = self.folder.join("printed.txt");
        let mut command = self.wine.command("wine");
        command.arg(self.workspace.dist().join(ship::HOST));
        command
            .args(["exec", "--world", &self.wine.windows_path(&self.world.file()), &program()])
            .args(words);
        command.stdin(Stdio::null()).stdout(File::create(&printed)?).stderr(Stdio::null());
        let status = command.status().context("cannot start wine")?;
        Ok((status.code(), std::fs::read_to_string(&printed)?))
    }

    /// What `TrasaConfig show` tells.
    fn state(&self) -> Result<serde_json::Value> {
        let (code, printed) = self.command(&["show", "--json"])?;
        serde_json::from_str(&printed).with_context(|| format!("show ended with {code:?}: {printed}"))
    }

    /// The same, its name alone.
    fn state_name(&self) -> Result<String> {
        text(&self.state()?, "state")
    }

    /// The world in which the panel has no administrator's rights.
    fn without_rights(&mut self) -> Result<()> {
        self.world.change("process", json!({ "elevated": false }))
    }
}

/// The installed program, as Windows names it.
fn program() -> String {
    format!("C:\\Program Files\\TRASA\\{}\\{}", env!("CARGO_PKG_VERSION"), ship::CONFIG)
}
