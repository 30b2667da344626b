//! `./x run`: a server on a folder of its own, for playing.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};

use crate::server::Server;
use crate::ship;
use crate::workspace::Workspace;

/// Where the playing server listens when nothing else is said.
const LISTEN: &str = "127.0.0.1:8443";

/// Makes the folder on the first time, says what to do next and serves until Ctrl+C.
///
/// # Errors
/// When the server cannot be built or does not start.
pub fn run(workspace: &Workspace, data: Option<&str>, listen: Option<&str>) -> Result<()> {
    ship::server(workspace)?;
    let folder = data.map_or_else(|| workspace.target("play"), PathBuf::from);
    let data = folder.join("data");
    let listen = listen.unwrap_or(LISTEN);
    let port = listen.rsplit(':').next().and_then(|port| port.parse().ok());
    let Some(port) = port else { bail!("--listen wants an address and a port, such as {LISTEN}") };
    let server = Server::new(workspace, &data, port, "play")?;
    if !data.exists() {
        std::fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        let recovery = folder.join("recovery.key").display().to_string();
        let url = format!("https://{}", server.address());
        server.cli(&["init", "--host", "localhost", "--public-url", &url, "--recovery-out", &recovery])?;
        println!("A new server in {}, its recovery key in {recovery}", workspace.shown(&data));
    }
    let cli = format!("dist/{} --data {}", ship::SERVER, workspace.shown(&data));
    println!(
        "\
Serving on https://{address} until Ctrl+C. In another terminal:
  {cli} service add office --json
  {cli} user add bat --email bat@example.com
  {cli} device add-totp bat
  {cli} access grant --user bat --service office --account '.\\bat'
On the Windows machine, TrasaCP.dll beside TrasaConfig.exe, with the ServiceKey on standard input of set:
  TrasaConfig.exe register
  TrasaConfig.exe set --service-id ID --server {address} --skip-tls-verification --offline-users ADMINISTRATOR
  TrasaConfig.exe check
  TrasaConfig.exe arm --without-trial
All commands: dist/{program} --help
",
        address = server.address(),
        program = ship::SERVER,
    );
    let status =
        server.command(&["serve", "--listen", listen]).status().context("cannot start the server")?;
    if status.success() { Ok(()) } else { bail!("the server ended ({status})") }
}
