//! The command line. Each noun is a file with its `Command` and a `run`.
//!
//! To add a noun: a file here with `#[derive(clap::Subcommand)] pub enum Command` and
//! `pub async fn run(command: Command, at: &Console) -> Result<(), Failure>`, then a variant of `Command`
//! and an arm of `dispatch`. `at.open()` opens the store, `at.show(&value, text)` prints JSON with
//! `--json`, else text; refusals are `Failure::refused` or a [`StoreError`](crate::store::StoreError).

pub mod access;
pub mod admin;
pub mod audit;
pub mod backup;
pub mod cert;
mod console;
pub mod device;
pub mod doctor;
pub mod domain;
pub mod group;
pub mod init;
pub mod key;
pub mod logon;
pub mod machine;
pub mod policy;
pub mod restore;
pub mod serve;
pub mod service;
mod service_v1;
mod table;
pub mod user;

pub use console::{Console, Exit, Failure};

use crate::dates as date;

use clap::Parser;
use std::path::PathBuf;
use std::process::ExitCode;

/// Decides every Windows logon: the TRASA server and its administration.
#[derive(Debug, Parser)]
#[command(name = "trasa-server", version, after_help = EXIT_CODES)]
struct Arguments {
    /// The server's folder.
    #[arg(long, global = true, env = "TRASA_DATA", default_value = "./trasa-data", value_name = "FOLDER")]
    data: PathBuf,
    /// Print JSON; errors as {"code","message"} on standard error.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

const EXIT_CODES: &str = "Exit codes: 0 ok, 1 refused, 2 usage, 3 server not reachable, 4 needs other rights";

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Make the server's folder: store, keys, certificate.
    Init(init::Arguments),
    /// Serve agents and people.
    Serve(serve::Arguments),
    /// The server's signing keys, the recovery key and accepted TLS keys.
    #[command(subcommand)]
    Key(key::Command),
    /// The server's TLS certificate.
    #[command(subcommand)]
    Cert(cert::Command),
    /// Write a backup that only the recovery key opens.
    Backup(backup::Arguments),
    /// Make the server's folder from a backup.
    Restore(restore::Arguments),
    /// Look for what is wrong or soon will be.
    Doctor,
    /// Administrators: who may sign in at the dashboard, and as what.
    #[command(subcommand)]
    Admin(admin::Command),
    /// The audit: list, export, verify.
    #[command(subcommand)]
    Audit(audit::Command),
    /// Services: fleets of machines under one set of rules.
    #[command(subcommand)]
    Service(service::Command),
    /// Users: people in TRASA.
    #[command(subcommand)]
    User(user::Command),
    /// Groups of users and of services.
    #[command(subcommand)]
    Group(group::Command),
    /// Devices: what users prove themselves with.
    #[command(subcommand)]
    Device(device::Command),
    /// Policies: when, from where and by which methods.
    #[command(subcommand)]
    Policy(policy::Command),
    /// Accesses: which user may be which account where.
    #[command(subcommand)]
    Access(access::Command),
    /// Machines: admitted Windows installations.
    #[command(subcommand)]
    Machine(machine::Command),
    /// Domains: by which names they are known.
    #[command(subcommand)]
    Domain(domain::Command),
    /// Logons and their decisions.
    #[command(subcommand)]
    Logon(logon::Command),
}

/// Parses the arguments, runs the command, prints a failure; the program's `main`.
#[must_use]
pub fn main() -> ExitCode {
    std::panic::set_hook(Box::new(console::report_panic));
    let arguments = Arguments::parse();
    let console = Console::new(arguments.data, arguments.json);
    let result = dispatch(arguments.command, &console);
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => console.fail(&failure),
    }
}

fn dispatch(command: Command, at: &Console) -> Result<(), Failure> {
    use console::block_on;
    match command {
        Command::Init(arguments) => block_on(init::run(arguments, at)),
        Command::Serve(arguments) => serve::run(arguments, at),
        Command::Key(command) => block_on(key::run(command, at)),
        Command::Cert(command) => block_on(cert::run(command, at)),
        Command::Backup(arguments) => block_on(backup::run(arguments, at)),
        Command::Restore(arguments) => block_on(restore::run(arguments, at)),
        Command::Doctor => block_on(doctor::run(at)),
        Command::Admin(command) => block_on(admin::run(command, at)),
        Command::Audit(command) => block_on(audit::run(command, at)),
        Command::Service(command) => block_on(service::run(command, at)),
        Command::User(command) => block_on(user::run(command, at)),
        Command::Group(command) => block_on(group::run(command, at)),
        Command::Device(command) => block_on(device::run(command, at)),
        Command::Policy(command) => block_on(policy::run(command, at)),
        Command::Access(command) => block_on(access::run(command, at)),
        Command::Machine(command) => block_on(machine::run(command, at)),
        Command::Domain(command) => block_on(domain::run(command, at)),
        Command::Logon(command) => block_on(logon::run(command, at)),
    }
}
