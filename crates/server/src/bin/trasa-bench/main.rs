//! Measures the server: durable, signed decisions over real TLS, beside a handler that only checks
//! and makes the same signatures, and beside a loop of bare durable writes on the same disk.
//!
//! The server runs in a process of its own, so that its memory is its own. All requests are signed
//! beforehand; every answer is checked to be the expected one, and a sample's signatures are verified.
#![forbid(unsafe_code)]

mod child;
mod durable;
mod generator;
mod population;
mod report;
mod requests;

use anyhow::{Context as _, Result, bail};
use child::{Child, Kind};
use clap::Parser;
use population::Population;
use report::{Phase, Report};
use requests::Shape;
use std::path::PathBuf;
use std::process::ExitCode;

/// Decisions a second, how long one takes, and memory.
#[derive(Debug, Parser)]
#[command(name = "trasa-bench", version)]
struct Arguments {
    /// Where to make the server's folder: the disk that is measured. Default: beside this program.
    #[arg(long, value_name = "FOLDER")]
    folder: Option<PathBuf>,
    /// A few requests only: shows that it works, its figures say little.
    #[arg(long)]
    short: bool,
    /// Print JSON instead of a table.
    #[arg(long)]
    json: bool,
    /// End with 1 where an aim is missed.
    #[arg(long)]
    strict: bool,
    /// Run as a process of the benchmark.
    #[arg(long, value_name = "FOLDER", hide = true, requires = "ready")]
    child: Option<PathBuf>,
    /// What kind of process.
    #[arg(long, hide = true, default_value = "server")]
    kind: Kind,
    /// Where the process writes its address.
    #[arg(long, hide = true)]
    ready: Option<PathBuf>,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let strict = arguments.strict;
    match run(arguments) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(u8::from(strict)),
        Err(error) => {
            report::say(&format!("trasa-bench: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

/// How many clients, over how many users of the population, and how often the phase is warmed up.
const PHASES: [Shape; 3] = [
    Shape { clients: 1, users: 500 },
    Shape { clients: 8, users: 1_500 },
    Shape { clients: 64, users: 8_000 },
];

/// Runs the benchmark; whether all aims were met.
fn run(arguments: Arguments) -> Result<bool> {
    if let (Some(folder), Some(ready)) = (&arguments.child, &arguments.ready) {
        child::run(arguments.kind, folder, ready)?;
        return Ok(true);
    }
    let folder = match &arguments.folder {
        Some(folder) => folder.clone(),
        None => std::env::current_exe()?.parent().context("this program has no folder")?.to_owned(),
    };
    let place = population::Place::make(&folder)?;
    let phases: Vec<Shape> =
        if arguments.short { PHASES.map(|shape| shape.divided_by(50)).to_vec() } else { PHASES.to_vec() };
    let users = phases.iter().map(|shape| shape.users).sum();
    let clients = phases.iter().map(|shape| shape.clients).max().unwrap_or(1);

    report::say(&format!("Making {users} users and {clients} machines …"));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let population = runtime.block_on(Population::make(&place, users, clients))?;
    let server = Child::start(Kind::Server, &place)?;
    let bare = Child::start(Kind::Bare, &place)?;

    let mut report = Report::new(users, arguments.short);
    let mut first_user = 0;
    for shape in phases {
        report::say(&format!("{} at once …", shape.clients));
        let users = first_user..first_user + shape.users;
        first_user += shape.users;
        let requests = requests::sign(&population, shape, users.clone())?;
        let before = server.cpu()?;
        let measured = runtime.block_on(generator::run(&server, &population, requests, true))?;
        let cpu = server.cpu()?.saturating_sub(before);
        let memory = server.memory()?;
        let requests = requests::sign(&population, shape, users)?;
        let handler = runtime.block_on(generator::run(&bare, &population, requests, false))?;
        let commits = durable::measure(place.path(), shape.clients, arguments.short)?;
        report.phases.push(Phase { clients: shape.clients, measured, cpu, memory, handler, commits });
    }
    if report.phases.is_empty() {
        bail!("nothing was measured");
    }
    report.print(arguments.json)?;
    Ok(report.all_met())
}
