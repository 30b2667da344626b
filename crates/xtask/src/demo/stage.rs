//! What every scene needs: a running server with people in it, and a guarded Windows.

use std::fs::File;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::Seen;
use super::host::{Place, Scenario, Walked, World};
use super::original_server::OriginalServer;
use super::people::{Office, Person, text};
use super::stand_in::{Identity, Mode, StandIn};
use super::windows::{self, Said};
use crate::packages::{self, CURL, FAKETIME, OATHTOOL, OPENSSL, PYTHON};
use crate::server::{Server, free_port};
use crate::wine::Wine;
use crate::workspace::Workspace;

/// The stage of the demo. Dropped, it ends what it started.
pub struct Stage {
    workspace: Workspace,
    folder: PathBuf,
    /// The server that decides.
    pub server: Server,
    /// Its service and people.
    pub office: Office,
    world: World,
    wine: Wine,
    scenes: u32,
    /// Held for as long as the stage stands: two demos would share folder and prefix.
    _lock: File,
}

impl Stage {
    /// Installs what the demo needs, starts Wine and installs TRASA in it.
    ///
    /// # Errors
    /// When something is missing and cannot be installed, or does not start.
    pub fn build(workspace: &Workspace) -> Result<Self> {
        packages::ensure(workspace, &[OATHTOOL, PYTHON, OPENSSL, CURL, FAKETIME])?;
        let lock = lock(workspace)?;
        let folder = workspace.target("demo");
        if folder.exists() {
            std::fs::remove_dir_all(&folder).context("cannot remove the last demo's folder")?;
        }
        std::fs::create_dir_all(&folder)?;
        let server = Server::new(workspace, &folder.join("data"), free_port()?, "demo-server")?;
        let wine = Wine::start(workspace, "demo")?;
        let world = World::new(&folder.join("world"))?;
        let workspace = workspace.clone();
        let stage = Self {
            workspace,
            folder,
            server,
            office: Office::default(),
            world,
            wine,
            scenes: 0,
            _lock: lock,
        };
        windows::install(&stage.place(), &stage.world)?;
        Ok(stage)
    }

    /// A fresh server with people in it and a freshly armed agent, so that no scene depends on another.
    ///
    /// # Errors
    /// When the server or the agent refuses to be set up.
    pub fn fresh(&mut self) -> Result<()> {
        self.server.stop()?;
        self.server.set_clock_off(0);
        for old in [self.server.data().to_owned(), self.recovery_key()] {
            remove(&old)?;
        }
        self.scenes += 1;
        self.world = World::new(&self.folder.join(format!("scene-{}", self.scenes)))?;
        windows::forget(&self.place())?;
        let recovery = self.recovery_key().display().to_string();
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
        self.office = Office::found(&self.server)?;
        copy_folder(self.server.data(), &self.file(BEFORE_ADMISSION))?;
        self.server.start()?;
        let key = self.office.service_key.clone();
        self.set(&key, &[])?.well("TrasaConfig set")?;
        self.config(&["arm", "--without-trial"])?.well("TrasaConfig arm")?;
        Ok(())
    }

    fn place(&self) -> Place<'_> {
        Place { workspace: &self.workspace, wine: &self.wine }
    }

    /// The recovery key that `init` wrote.
    pub fn recovery_key(&self) -> PathBuf {
        self.folder.join("recovery.key")
    }

    /// A path in the demo's folder.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// `TrasaConfig set` with a ServiceKey, and perhaps more words.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn set(&self, service_key: &str, more: &[&str]) -> Result<Said> {
        self.set_for(&self.office.service_id, service_key, more)
    }

    /// The same for another service of the server.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn set_for(&self, service_id: &str, service_key: &str, more: &[&str]) -> Result<Said> {
        windows::set(&self.place(), &self.world, service_id, &self.server.address(), service_key, more)
    }

    /// `TrasaConfig <words>`.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn config(&self, words: &[&str]) -> Result<Said> {
        windows::config(&self.place(), &self.world, words, "")
    }

    /// `TrasaConfig <words>`, with these lines on its standard input.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn config_with(&self, words: &[&str], typed: &str) -> Result<Said> {
        windows::config(&self.place(), &self.world, words, typed)
    }

    /// The state that `TrasaConfig show` tells.
    ///
    /// # Errors
    /// When it fails.
    pub fn agent_state(&self) -> Result<String> {
        text(&windows::state(&self.place(), &self.world)?, "state")
    }

    /// Walks a script in the logon host.
    ///
    /// # Errors
    /// When an expectation of the script does not hold.
    pub fn walk(&mut self, scenario: Scenario, script: &str, seen: &mut Seen) -> Result<Walked> {
        let place = Place { workspace: &self.workspace, wine: &self.wine };
        self.world.walk(&place, scenario, script, seen)
    }

    /// Walks random orders of calls with these people only.
    ///
    /// # Errors
    /// As [`super::host::World::walk_at_random`].
    pub fn walk_at_random(
        &mut self,
        whom: (Scenario, &[Person]),
        script: &str,
        walks: (u32, u32),
    ) -> Result<()> {
        let place = Place { workspace: &self.workspace, wine: &self.wine };
        self.world.walk_at_random(&place, whom, script, walks)
    }

    /// Stops the server and puts something else on its port.
    ///
    /// # Errors
    /// When the server does not stop or the other does not start.
    pub fn replace_server(&mut self, identity: &Identity, mode: Mode) -> Result<StandIn> {
        self.server.stop()?;
        StandIn::start(&self.folder, identity, mode, self.server.port())
    }

    /// The TLS identity of the server itself, as a thief of its folder has it.
    pub fn stolen_identity(&self) -> Identity {
        let data = self.server.data();
        Identity { certificate: data.join("tls-cert.pem"), key: data.join("tls-key.pem") }
    }

    /// An original server. Each of a scene's is of the same service and shows the same TLS key, unless the options say
    /// otherwise.
    ///
    /// # Errors
    /// When it does not start.
    pub fn original_server(&self, port: u16, options: &[&str]) -> Result<OriginalServer> {
        let folder = self.file(&format!("original-{}", self.scenes));
        OriginalServer::start(&self.workspace, &folder, port, options)
    }

    /// `TrasaConfig set` with these words, and the secret on its standard input.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn set_with(&self, words: &[&str], secret: &str) -> Result<Said> {
        windows::config(&self.place(), &self.world, &[&["set"], words].concat(), secret)
    }

    /// A Linux path as the guarded Windows names it.
    pub fn windows_path(&self, path: &Path) -> String {
        self.wine.windows_path(path)
    }

    /// Starts the server anew with its clock wrong by so many seconds; 0 sets it right.
    ///
    /// # Errors
    /// When it does not stop or start.
    pub fn turn_servers_clock(&mut self, secs: i64) -> Result<()> {
        self.server.stop()?;
        self.server.set_clock_off(secs);
        self.server.start()
    }

    /// Gives the server this TLS identity and starts it anew.
    ///
    /// # Errors
    /// When a file cannot be copied, or the server does not start.
    pub fn use_identity(&mut self, identity: &Identity) -> Result<()> {
        self.server.stop()?;
        let own = self.stolen_identity();
        std::fs::copy(&identity.certificate, own.certificate)?;
        std::fs::copy(&identity.key, own.key)?;
        self.server.start()
    }

    /// Renames an account of the guarded machine.
    ///
    /// # Errors
    /// When the world cannot be written.
    pub fn rename(&mut self, before: &'static str, now: &'static str) -> Result<()> {
        self.world.rename(before, now)
    }

    /// Registers another product's filter on the guarded machine, or takes it out.
    ///
    /// # Errors
    /// When the registry cannot be written.
    pub fn other_filter(&self, dll: Option<&str>) -> Result<()> {
        windows::other_filter(&self.place(), dll)
    }

    /// Writes a value as a group policy does: `REG_SZ` or `REG_DWORD`. The next scene is without it.
    ///
    /// # Errors
    /// When the registry cannot be written.
    pub fn policy(&self, name: &str, kind: &str, value: &str) -> Result<()> {
        windows::policy(&self.place(), name, kind, value)
    }

    /// Changes the guarded machine: a member of the world's file, see docs/logon-host.md.
    ///
    /// # Errors
    /// When the world cannot be written.
    pub fn change_machine(&mut self, member: &str, value: Value) -> Result<()> {
        self.world.change(member, value)
    }

    /// The agent's configuration on the guarded machine.
    pub fn configuration(&self) -> PathBuf {
        windows::configuration(&self.place())
    }

    /// Moves the server to another port and puts a man in the middle on its own, who forges what passes.
    ///
    /// # Errors
    /// When one of the two does not start.
    pub fn man_in_the_middle(&mut self, identity: &Identity, behind: u16) -> Result<StandIn> {
        let port = self.server.port();
        self.server.stop()?;
        self.server.start_on(behind)?;
        StandIn::start(&self.folder, identity, Mode::ForgedAllow(behind), port)
    }

    /// Puts the data folder back to the state before the machine was admitted.
    ///
    /// # Errors
    /// When the server does not stop or start again.
    pub fn restore_to_before_admission(&mut self) -> Result<()> {
        self.server.stop()?;
        copy_folder(&self.file(BEFORE_ADMISSION), self.server.data())?;
        self.server.start()
    }

    /// The recovery key of a server that has nothing to do with this one.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn another_servers_recovery_key(&self) -> Result<String> {
        let data = self.file("another-server");
        let recovery = self.file("another-recovery.key").display().to_string();
        for old in [data.clone(), PathBuf::from(&recovery)] {
            remove(&old)?;
        }
        let server = Server::new(&self.workspace, &data, 0, "demo-another-server")?;
        server.cli(&[
            "init",
            "--host",
            "localhost",
            "--public-url",
            "https://localhost",
            "--recovery-out",
            &recovery,
        ])?;
        Ok(recovery)
    }

    /// The server's logons, newest first.
    ///
    /// # Errors
    /// When the server's command line fails.
    pub fn logons(&self) -> Result<Vec<Value>> {
        match self.server.cli(&["logon", "list"])? {
            Value::Array(rows) => Ok(rows),
            other => bail!("logon list printed no array: {other}"),
        }
    }

    /// Leaves server and Wine running and says how to play on.
    pub fn keep(&mut self) {
        self.wine.stay();
        let process =
            self.server.detach().map_or_else(|| "not running".to_owned(), |id| format!("process {id}"));
        let data = self.workspace.shown(self.server.data());
        let world = self.wine.windows_path(&self.world.file());
        println!("\nKept: the server ({process}) on https://{}", self.server.address());
        println!("  dist/trasa-server --data {data} logon list");
        println!("  export WINEPREFIX={} WINEDEBUG=-all", self.wine.prefix().display());
        println!(
            "  wine dist/logon-host.exe exec --world '{world}' 'C:\\Program Files\\TRASA\\{}\\TrasaConfig.exe' show",
            env!("CARGO_PKG_VERSION")
        );
        println!("and in the end: kill the process, wineserver -k");
    }
}

/// Makes sure that no other demo of this repository runs.
fn lock(workspace: &Workspace) -> Result<File> {
    let path = workspace.target("demo.lock");
    let lock = File::create(&path).with_context(|| format!("cannot write {}", path.display()))?;
    lock.try_lock().context("another ./x demo runs in this repository; wait for its end")?;
    Ok(lock)
}

/// Copy of the data folder, made after the people were added and before the machine was admitted.
const BEFORE_ADMISSION: &str = "before-admission";

/// Makes the files of one folder those of another.
fn copy_folder(from: &Path, to: &Path) -> Result<()> {
    remove(to)?;
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let path = entry?.path();
        std::fs::copy(&path, to.join(path.file_name().unwrap_or_default()))?;
    }
    // The server wants its folder to itself.
    std::fs::set_permissions(to, std::fs::metadata(from)?.permissions())?;
    Ok(())
}

fn remove(path: &Path) -> Result<()> {
    let removed = if path.is_dir() { std::fs::remove_dir_all(path) } else { std::fs::remove_file(path) };
    match removed {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", path.display()))
        }
        _ => Ok(()),
    }
}
