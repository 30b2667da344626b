//! `./x`: sets a fresh machine up, builds, tests and shows TRASA for Windows.
//!
//! Small and quick to build: it starts cargo, apt, Wine and the programs of this repository, and knows no cryptography
//! and no network protocol itself.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command line program talks to the person who started it"
)]

mod checks;
mod demo;
mod display;
mod installer;
mod listener;
mod original_server;
mod packages;
mod panel;
mod play;
mod screens;
mod server;
mod ship;
mod steps;
mod task;
mod test;
mod toolchain;
mod upkeep;
mod wine;
mod workspace;

use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use lexopt::prelude::{Long, Short, Value, ValueExt};

use crate::workspace::Workspace;

const HELP: &str = "\
./x COMMAND: builds, tests and shows TRASA for Windows. Installs what is missing (Debian packages, as root or by sudo).

  demo [--list] [--scene NAME]... [--json] [--keep] [--as-built]
            a guarded Windows logon in Wine against the real server, scene by scene; with --as-built on what lies in
            dist/, without building
  run [--data DIR] [--listen ADDRESS]
            a server to play with, on target/play and 127.0.0.1:8443; says what to do next
  original-server [OPTION]...
            a stand-in of an original TRASA server with its oddities, to try agents against; --help lists them
  test [--list] [--only STEP]...
            everything that must hold before a change lands: format, warnings, tests on Linux and in Wine, the demo
  build     what ships: dist/trasa-server, dist/TrasaWin.msi and what is in it, dist/PolicyDefinitions
  screens [--list] [--only WALK]... [--update] [--as-built]
            a picture of every state of the tile, compared with the one that is kept; --update takes what is seen now
            for what is right
  bench [ARGUMENT]...
            decisions a second and how long one takes; the arguments go to the benchmark (--help lists them)
  audit [--list] [--only STEP]...
            licences and known faults of the dependencies, properties over many random cases; takes long
  fmt       formats the sources

Examples:
  ./x demo                        the whole demonstration
  ./x demo --scene wrong-code     one scene
  ./x demo --keep                 and leave server and Wine running, to play on
  ./x test --only clippy --only tests

Logs lie in target/logs. Exit code 0: all well; 1: something failed; 2: not understood.
";

/// The command line was not understood.
#[derive(Debug)]
struct Usage;

impl std::fmt::Display for Usage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("./x --help lists the commands")
    }
}

impl std::error::Error for Usage {}

fn main() -> ExitCode {
    match command() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("x: {error:#}");
            ExitCode::from(if error.is::<Usage>() { 2 } else { 1 })
        }
    }
}

fn command() -> Result<()> {
    let mut arguments = lexopt::Parser::from_env();
    let name = match arguments.next().context(Usage)? {
        Some(Value(name)) => name.string().context(Usage)?,
        Some(Long("help") | Short('h')) => {
            print!("{HELP}");
            return Ok(());
        }
        Some(other) => return Err(other.unexpected()).context(Usage),
        None => {
            print!("{HELP}");
            bail!(Usage);
        }
    };
    let workspace = Workspace::find()?;
    // What has options of its own.
    if name == "bench" || name == "original-server" {
        let rest =
            arguments.raw_args()?.map(|word| word.string()).collect::<Result<Vec<_>, _>>().context(Usage)?;
        return match name.as_str() {
            "bench" => upkeep::bench(&workspace, &rest),
            _ => original_server::run(&workspace, &rest),
        };
    }
    let options = Options::parse(&name, &mut arguments)?;
    if options.help {
        print!("{HELP}");
        return Ok(());
    }
    if options.list {
        match name.as_str() {
            "demo" => demo::list(),
            "test" => steps::list(&test::STEPS),
            "screens" => screens::list(),
            _ => steps::list(&upkeep::AUDIT),
        }
        return Ok(());
    }
    match name.as_str() {
        "demo" => demo::play(&workspace, &options.demo()).map(drop),
        "run" => play::run(&workspace, options.data.as_deref(), options.listen.as_deref()),
        "screens" => screens::play(&workspace, &options.screens()).map(drop),
        "test" => steps::run(&workspace, &test::STEPS, &options.names),
        "build" => ship::build(&workspace),
        "audit" => steps::run(&workspace, &upkeep::AUDIT, &options.names),
        "fmt" => upkeep::format(&workspace),
        unknown => bail!(anyhow::Error::new(Usage).context(format!("no command {unknown}"))),
    }
}

/// What the commands can be told.
#[derive(Default)]
struct Options {
    help: bool,
    list: bool,
    json: bool,
    keep: bool,
    update: bool,
    as_built: bool,
    names: Vec<String>,
    data: Option<String>,
    listen: Option<String>,
}

impl Options {
    /// Reads what may follow the command; anything else is refused.
    fn parse(command: &str, arguments: &mut lexopt::Parser) -> Result<Self> {
        let mut options = Self::default();
        while let Some(argument) = arguments.next().context(Usage)? {
            match (command, argument) {
                (_, Long("help") | Short('h')) => options.help = true,
                ("demo" | "screens" | "test" | "audit", Long("list")) => options.list = true,
                ("demo", Long("json")) => options.json = true,
                ("demo", Long("keep")) => options.keep = true,
                ("screens", Long("update")) => options.update = true,
                ("demo" | "screens", Long("as-built")) => options.as_built = true,
                ("demo", Long("scene")) | ("screens" | "test" | "audit", Long("only")) => {
                    options.names.push(arguments.value().and_then(|value| value.string()).context(Usage)?);
                }
                ("run", Long("data")) => options.data = Some(arguments.value()?.string().context(Usage)?),
                ("run", Long("listen")) => options.listen = Some(arguments.value()?.string().context(Usage)?),
                (_, other) => return Err(other.unexpected()).context(Usage),
            }
        }
        Ok(options)
    }

    fn screens(&self) -> screens::Options {
        screens::Options { walks: self.names.clone(), update: self.update, as_built: self.as_built }
    }

    fn demo(&self) -> demo::Options {
        demo::Options {
            scenes: self.names.clone(),
            json: self.json,
            keep: self.keep,
            as_built: self.as_built,
        }
    }
}
