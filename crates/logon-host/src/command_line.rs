//! The command line.

use std::path::{Path, PathBuf};

use clap::{Args, Parser, Subcommand};
use logon_host::exec::inject;
use logon_host::host::{self, Gallery, Options, Outcome};
use logon_host::screen::Fonts;
use logon_host::script::{self, Scenario};
use logon_host::world::World;

const WALKED: i32 = 0;
const FAILED: i32 = 1;
const USAGE: i32 = 2;
const NOT_STARTED: i32 = 126;
const NO_SUCH_PROGRAM: i32 = 127;

/// Plays LogonUI: loads a credential provider and walks a logon.
#[derive(Parser)]
#[command(version, args_conflicts_with_subcommands = true)]
struct Line {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    walk: Option<Walk>,
}

#[derive(Subcommand)]
enum Command {
    /// Starts a program, and what it starts, in the world.
    Exec {
        /// The world; the built-in one when absent.
        #[arg(long)]
        world: Option<PathBuf>,
        /// The program and its arguments.
        #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true)]
        program: Vec<String>,
    },
}

#[derive(Args)]
struct Walk {
    /// CLSID of the provider, in braces.
    #[arg(long)]
    clsid: String,
    /// Its DLL; the registered one when absent.
    #[arg(long)]
    dll: Option<PathBuf>,
    /// What Windows wants to show.
    #[arg(long, value_parser = ["logon", "unlock", "rdp", "uac"])]
    scenario: String,
    /// The world.
    #[arg(long)]
    world: PathBuf,
    /// The script.
    #[arg(long, required_unless_present = "random")]
    script: Option<PathBuf>,
    /// Random orders of calls: a seed, and how many walks.
    #[arg(long, num_args = 2, value_names = ["SEED", "COUNT"])]
    random: Option<Vec<u64>>,
    /// CLSID of the filter, or `none`; the registered ones and TRASA's own when absent.
    #[arg(long)]
    filter_clsid: Option<String>,
    /// Random walks without null pointers, which many a provider does not bear.
    #[arg(long, requires = "random")]
    no_nulls: bool,
    /// One JSON object a line.
    #[arg(long)]
    json: bool,
    /// Draws each screen of the walk into this folder.
    #[arg(long, value_name = "DIR", conflicts_with = "random")]
    png: Option<PathBuf>,
    /// What the pictures' texts are drawn with; later ones for letters that the first lacks. Windows' own when absent.
    #[arg(long, value_name = "FILE", requires = "png")]
    font: Vec<PathBuf>,
    /// Size of the pictures in percent.
    #[arg(long, value_name = "PERCENT", requires = "png", default_value_t = 100,
        value_parser = clap::value_parser!(u16).range(100..=400))]
    scale: u16,
}

/// Runs; the answer is the exit code.
pub fn main() -> i32 {
    // clap itself ends with 2 where the command line is wrong.
    let line = Line::parse();
    match (line.command, line.walk) {
        (Some(Command::Exec { world, program }), _) => exec(world.as_deref(), &program),
        (None, Some(options)) => walk(options),
        (None, None) => say(USAGE, "what is to be done? See --help."),
    }
}

#[expect(clippy::print_stderr, reason = "errors of the command line go to the standard error")]
fn say(code: i32, text: &str) -> i32 {
    eprintln!("logon-host: {text}");
    code
}

fn exec(world: Option<&Path>, line: &[String]) -> i32 {
    let Some((program, arguments)) = line.split_first() else {
        return say(USAGE, "which program? See --help.");
    };
    // Read here too, so that a wrong file is reported instead of a program that cannot start.
    if let Some(Err(error)) = world.map(World::read) {
        return say(USAGE, &error.to_string());
    }
    match inject::run(world, program, arguments) {
        Ok(code) => code,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            say(NO_SUCH_PROGRAM, &format!("{program}: {error}"))
        }
        Err(error) => say(NOT_STARTED, &format!("{program}: {error}")),
    }
}

fn walk(walk: Walk) -> i32 {
    let random = walk.random.clone();
    let gallery = match gallery(&walk) {
        Ok(gallery) => gallery,
        Err(reason) => return say(USAGE, &reason),
    };
    let options = match options(walk) {
        Ok(options) => options,
        Err(reason) => return say(USAGE, &reason),
    };
    let outcome = match random.as_deref() {
        Some([seed, count]) => host::run_random(&options, *seed, u32::try_from(*count).unwrap_or(u32::MAX)),
        _ => host::run(options, gallery),
    };
    match outcome {
        Outcome::Walked => WALKED,
        Outcome::Failed { line, reason } => {
            let place = line.map(|it| format!("line {it}: ")).unwrap_or_default();
            say(FAILED, &format!("{place}{reason}"))
        }
    }
}

fn options(walk: Walk) -> Result<Options, String> {
    let world = World::read(&walk.world).map_err(|error| error.to_string())?;
    let script = walk.script.as_deref().map_or(Ok(Vec::new()), read_script)?;
    let scenario = match walk.scenario.as_str() {
        "unlock" => Scenario::Unlock,
        "rdp" => Scenario::Rdp,
        "uac" => Scenario::Uac,
        _ => Scenario::Logon,
    };
    Ok(Options {
        clsid: walk.clsid,
        dll: walk.dll,
        filter: walk.filter_clsid,
        scenario,
        world,
        script,
        json: walk.json,
        nulls: !walk.no_nulls,
    })
}

fn gallery(walk: &Walk) -> Result<Option<Gallery>, String> {
    let Some(folder) = &walk.png else { return Ok(None) };
    let windows = std::env::var_os("SystemRoot").unwrap_or_else(|| r"C:\Windows".into());
    let fonts =
        Fonts::read(&walk.font, &Path::new(&windows).join("Fonts")).map_err(|error| error.to_string())?;
    std::fs::create_dir_all(folder)
        .map_err(|error| format!("cannot make the folder {}: {error}", folder.display()))?;
    Ok(Some(Gallery { folder: folder.clone(), fonts, scale: f32::from(walk.scale) / 100.0 }))
}

fn read_script(path: &Path) -> Result<Vec<script::Line>, String> {
    let wrong = |error: &dyn std::fmt::Display| format!("the script {}: {error}", path.display());
    let text = std::fs::read_to_string(path).map_err(|error| wrong(&error))?;
    script::parse(&text).map_err(|error| wrong(&error))
}
