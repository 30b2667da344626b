//! A guarded Windows in Wine for the screens, and one walk in it.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use super::server::{Front, Scripted};
use super::walks::{self, Walk};
use crate::demo::{FILTER_CLSID, PROVIDER_CLSID};
use crate::packages::FONT;
use crate::ship;
use crate::task::{Task, last_lines, shown};
use crate::wine::Wine;
use crate::workspace::Workspace;

/// No walk waits longer: twenty seconds for a network, sixty for a phone.
const WALK_LIMIT: Duration = Duration::from_secs(120);

/// What the screens are taken in.
pub struct Guarded {
    workspace: Workspace,
    folder: PathBuf,
    wine: Wine,
    server: Scripted,
    /// What the machine last heard of the server: whether it only watches.
    watches: bool,
    /// What the machine was configured for: a server that can ring phones, and the original's protocol.
    configured: (bool, bool),
}

impl Guarded {
    /// Starts Wine and server, installs, admits and arms.
    ///
    /// # Errors
    /// When one of these fails.
    pub fn set_up(workspace: &Workspace, folder: &Path) -> Result<Self> {
        let wine = Wine::start(workspace, "screens")?;
        let server = Scripted::start(workspace, folder)?;
        let guarded = Self {
            workspace: workspace.clone(),
            folder: folder.to_owned(),
            wine,
            server,
            watches: false,
            configured: (false, false),
        };
        guarded.write_world(&json!({}))?;
        let programs = guarded.wine.drive_c().join("Program Files/TRASA").join(env!("CARGO_PKG_VERSION"));
        std::fs::create_dir_all(&programs)?;
        for name in [ship::PROVIDER, ship::CONFIG] {
            std::fs::copy(workspace.dist().join(name), programs.join(name))
                .with_context(|| format!("no dist/{name}"))?;
        }
        let old = guarded.wine.drive_c().join("ProgramData/TRASA");
        if old.exists() {
            std::fs::remove_dir_all(&old)?;
        }
        let mut forget = guarded.wine.command("wine");
        forget.args(["reg", "delete", "HKLM\\SOFTWARE\\TRASA", "/f"]);
        // It fails where there is no such key, which is what is wanted.
        forget.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status()?;
        guarded.config(&["register"], "")?;
        guarded.admit(false, &[])?;
        guarded.config(&["arm", "--without-trial"], "")?;
        Ok(guarded)
    }

    fn admit(&self, original: bool, more: &[&str]) -> Result<()> {
        let address = self.server.address();
        let (protocol, id, key) = match original {
            true => ("v1", "v1_service_id", "v1_service_key"),
            false => ("v2", "service_id", "service_key"),
        };
        let words = ["set", "--protocol", protocol, "--service-id", self.server.service(id)];
        let rest = ["--server", &address, "--offline-users", walks::OFFLINE_USER, "--skip-tls-verification"];
        self.config(&[&words[..], &rest[..], more].concat(), self.server.service(key))
    }

    fn write_world(&self, changes: &Value) -> Result<()> {
        let mut world = walks::world();
        if let (Some(world), Some(changes)) = (world.as_object_mut(), changes.as_object()) {
            world.extend(changes.clone());
        }
        std::fs::write(self.folder.join("world.json"), format!("{world:#}")).context("cannot write the world")
    }

    fn host(&self) -> Command {
        let mut command = self.wine.command("wine");
        command.arg(self.workspace.dist().join(ship::HOST));
        command
    }

    /// TrasaConfig.exe in the world, with a secret on its standard input.
    fn config(&self, words: &[&str], secret: &str) -> Result<()> {
        let program = format!("C:\\Program Files\\TRASA\\{}\\{}", env!("CARGO_PKG_VERSION"), ship::CONFIG);
        let mut command = self.host();
        command.args(["exec", "--world", &self.wine.windows_path(&self.folder.join("world.json"))]);
        command.arg(program).args(words);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().with_context(|| format!("cannot start {}", shown(&command)))?;
        if let Some(mut input) = child.stdin.take() {
            // Who does not read its standard input is none the worse for it.
            let _ = input.write_all(format!("{secret}\n").as_bytes());
        }
        let output = child.wait_with_output()?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).trim().to_owned();
            bail!("TrasaConfig {} failed: {said}", words.join(" "));
        }
        Ok(())
    }

    /// Walks, and leaves the pictures that the script names in `seen`.
    ///
    /// # Errors
    /// When the walk fails.
    pub fn walk(&mut self, walk: &Walk, seen: &Path) -> Result<()> {
        println!("  {}", walk.name);
        let wants = |name: &str| walk.server.get(name).and_then(Value::as_bool).unwrap_or(false);
        self.write_world(&json!({}))?;
        self.server.will(&walk.server, Front::Answers)?;
        let configured = (wants("push"), walk.original);
        if configured != self.configured {
            self.admit(walk.original, &["--while-armed"])?;
            self.configured = configured;
        }
        if wants("watch") != self.watches {
            self.config(&["report"], "")?;
            self.watches = wants("watch");
        }
        if walk.damaged {
            let file = self.wine.drive_c().join("ProgramData/TRASA/agent.json");
            std::fs::remove_file(&file).with_context(|| format!("cannot remove {}", file.display()))?;
        }
        self.write_world(&walk.world)?;
        self.server.will(&walk.server, walk.front)?;
        let all = self.folder.join(&walk.name);
        let script = self.folder.join(format!("{}.script", walk.name));
        std::fs::write(&script, &walk.script)?;
        let path = |path: &Path| self.wine.windows_path(path);
        let mut command = self.host();
        command.args([
            "--clsid",
            PROVIDER_CLSID,
            "--filter-clsid",
            FILTER_CLSID,
            "--scenario",
            walk.scenario,
        ]);
        command.args(["--world", &path(&self.folder.join("world.json")), "--script", &path(&script)]);
        command.args(["--png", &path(&all), "--font", &path(Path::new(FONT.proof))]);
        let task = Task::begin(&self.workspace, &format!("screens-{}", walk.name))?.timeout(WALK_LIMIT);
        task.run(command.stdin(Stdio::null()))
            .with_context(|| format!("walk {}: {}", walk.name, last_lines(task.log(), 12)))?;
        for name in walk.pictures() {
            for ending in ["png", "txt"] {
                let file = format!("{name}.{ending}");
                std::fs::rename(all.join(&file), seen.join(&file))
                    .with_context(|| format!("walk {} made no {file}", walk.name))?;
            }
        }
        Ok(())
    }
}
