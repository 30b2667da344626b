//! The command line.

use crate::console::Exit;
use crate::flow::diagnosis::Part;
use agent::check::Check;
use agent::config::Generation;
use agent::logon::MethodChoice;
use clap::error::ErrorKind;
use clap::{CommandFactory as _, FromArgMatches as _, Parser};
use std::ffi::OsString;
use std::path::PathBuf;

/// Configures TRASA on this computer: which server decides its logons, and whether they are guarded.
#[derive(Debug, Parser)]
#[command(name = "TrasaConfig", version, after_help = EXIT_CODES, disable_help_subcommand = true)]
pub struct Arguments {
    /// Print JSON; errors as {"code","message"} on standard error.
    #[arg(long, global = true)]
    pub json: bool,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

const EXIT_CODES: &str = "Without any argument the configuration panel, TrasaWIN, is shown.\n\n\
                          Exit codes: 0 ok, 1 refused, 2 usage, 3 server not reachable, 4 needs elevation; \
                          those of check and verify from 10 on stand in their own help";

/// The commands.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Ask the server to admit this computer and save the configuration.
    ///
    /// The ServiceKey, or a token, comes on standard input, never as an argument, which others could
    /// see. Nothing is saved before the server admitted this computer, and the ServiceKey is not kept
    /// (but in version 1, where it is sealed). Without one a computer that is configured already stays
    /// the machine it is, and only what is given changes.
    Set(Set),
    /// Show state and configuration.
    #[command(after_help = "Example:\n  TrasaConfig show --json")]
    Show,
    /// Look for everything that would be in the way at a guarded logon: who would get in, and why not.
    Check(CheckCommand),
    /// Walk a logon on this console, with the real password check and the real server, before arming.
    ///
    /// Password and code are typed without echo, or come on standard input, a line each; never as an
    /// argument, which others could see. Nothing of Windows is changed. A trial that passed counts for
    /// `arm` until the configuration changes, a week at most.
    Try(Try),
    /// Guard the Windows logon from now on, if somebody would get in.
    Arm(Arm),
    /// Guard the Windows logon no longer. The configuration stays.
    #[command(after_help = "Example:\n  TrasaConfig disarm")]
    Disarm,
    /// Tell the server how this computer is, with offline logons it does not know of. Run hourly by a
    /// scheduled task.
    #[command(after_help = "Example:\n  TrasaConfig report --json")]
    Report,
    /// Look whether everything of TRASA on this computer is in order, from the files to the server.
    Verify(Verify),
    /// Register credential provider and filter, event source and report task with Windows, or mend their
    /// registration. They do nothing at the logon until `arm`.
    Register(Register),
    /// Take credential provider and filter, event source and report task out of Windows. Not while the
    /// logon is guarded.
    Unregister(Unregister),
    /// Set this computer up without a person: admission with a token file, and arming. The installer
    /// runs it. A configuration that is there already stays.
    Unattended(Unattended),
    /// Remove the configuration, the offline users and the key of this computer for good. Removing the
    /// program keeps them.
    Forget(Forget),
}

/// `set`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    TrasaConfig set --service-id 3q2-7w… --server trasa.example.com < key.txt\n  \
    TrasaConfig set --service-id 3q2-7w… --server one.example.com,two.example.com:8443 --offline-users bat,WS01\\admin < key.txt\n  \
    TrasaConfig set --offline-users bat,WS01\\admin < NUL\n  \
    Get-Content key.txt | TrasaConfig set --service-id 3q2-7w… --server trasa.example.com   (PowerShell)\n  \
    TrasaConfig set --protocol v1 --service-id 5c5aa05f-… --server trasa.example.com < key.txt\n  \
    TrasaConfig set --import \"C:\\Program Files\\TrasaWin\\config.trasa\" --remove-imported")]
pub struct Set {
    /// The ServiceID, from the service profile page. What is not given stays as it was.
    #[arg(long, value_name = "ID", allow_hyphen_values = true, conflicts_with = "import")]
    pub service_id: Option<String>,
    /// Address of the TRASA server, host or host:port; several with commas, tried in order.
    #[arg(long, value_name = "ADDRESS[,ADDRESS]", conflicts_with = "import")]
    pub server: Option<String>,
    /// Accounts that pass with their password alone while the server cannot be reached, with commas.
    /// Those of before stay where this is not given; an empty list removes them.
    #[arg(long, value_name = "NAME[,NAME]")]
    pub offline_users: Option<String>,
    /// Trust the TLS keys that the server's signed key list names instead of Windows' certificate store;
    /// with version 1, the one TLS key that the server shows now. `=false` takes it back.
    #[arg(long, value_name = "YES", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub skip_tls_verification: Option<bool>,
    /// Generation of the protocol: v2, or v1 for a server of the original. It is fixed from then on and
    /// never negotiated. A computer that is not configured yet gets v2.
    #[arg(long, value_enum, value_name = "VERSION")]
    pub protocol: Option<Protocol>,
    /// Take ServiceID, ServiceKey, addresses and the rest from a config.trasa of the original's agent;
    /// nothing is read from standard input then.
    #[arg(long, value_name = "FILE")]
    pub import: Option<PathBuf>,
    /// Remove that file once its configuration is verified and saved: it holds the ServiceKey in clear
    /// text.
    #[arg(long, requires = "import")]
    pub remove_imported: bool,
    /// Replace the configuration although the logon is guarded. Nobody checks then that anybody gets in.
    #[arg(long)]
    pub while_armed: bool,
}

/// Generations of the protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Protocol {
    /// The original's; nothing is signed.
    V1,
    /// Signed.
    V2,
}

impl Protocol {
    /// As the configuration has it.
    #[must_use]
    pub const fn generation(self) -> Generation {
        match self {
            Self::V1 => Generation::V1,
            Self::V2 => Generation::V2,
        }
    }
}

/// `check`.
#[derive(Debug, clap::Args)]
#[command(after_help = check_help())]
pub struct CheckCommand {
    /// Let it pass that no local administrator is an offline user.
    #[arg(long)]
    pub without_offline_user: bool,
}

/// `try`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  TrasaConfig try\n  \
    TrasaConfig try --user WS01\\anna --trasa-id anna@acme.example --method code < password-and-code.txt")]
pub struct Try {
    /// The Windows account, as it is typed at the logon; asked for where it is not given.
    #[arg(long, value_name = "NAME")]
    pub user: Option<String>,
    /// The TRASA username or email address.
    #[arg(long, value_name = "ID")]
    pub trasa_id: Option<String>,
    /// The second factor.
    #[arg(long, value_enum)]
    pub method: Option<TrialMethod>,
}

/// The entries of the tile's method list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum TrialMethod {
    /// Push to the phone.
    Push,
    /// One-time code.
    Code,
}

impl TrialMethod {
    /// The entry.
    #[must_use]
    pub const fn choice(self) -> MethodChoice {
        match self {
            Self::Push => MethodChoice::Push,
            Self::Code => MethodChoice::Code,
        }
    }
}

/// `arm`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  TrasaConfig arm\n  TrasaConfig arm --without-trial\n  \
    TrasaConfig arm --without-trial --without-offline-user\n  TrasaConfig arm --when-approved --json")]
pub struct Arm {
    /// Arm without a trial logon.
    #[arg(long)]
    pub without_trial: bool,
    /// Arm although no local administrator is an offline user, so that nobody could repair this
    /// computer while the server cannot be reached.
    #[arg(long)]
    pub without_offline_user: bool,
    /// Arm for good at once, for unattended installations. Otherwise the guard is taken off again if,
    /// within a day and before the first logon, two starts of Windows refuse whose password is right.
    #[arg(long)]
    pub without_probation: bool,
    /// For unattended installations: arm without a trial logon and without probation, now or as soon as
    /// the computer is approved in TRASA and the check finds nothing in the way. The report task does it.
    #[arg(long, conflicts_with = "without_probation")]
    pub when_approved: bool,
    /// With --when-approved: with probation all the same.
    #[arg(long, requires = "when_approved")]
    pub probation: bool,
}

/// `verify`.
#[derive(Debug, clap::Args)]
#[command(after_help = verify_help())]
pub struct Verify {
    /// Write what was found, with everything that whoever helps wants to see and without any secret, to
    /// a new ZIP file.
    #[arg(long, value_name = "FILE")]
    pub bundle: Option<PathBuf>,
}

/// `register`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  TrasaConfig register\n  \
    TrasaConfig register --dll \"C:\\Program Files\\TRASA\\0.1.0\\TrasaCP.dll\"")]
pub struct Register {
    /// The DLL; without it TrasaCP.dll beside this program.
    #[arg(long, value_name = "FILE")]
    pub dll: Option<PathBuf>,
}

/// `unregister`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  TrasaConfig unregister")]
pub struct Unregister {
    /// For the installer, when it removes this version: also disarms, and changes nothing where another
    /// version is registered.
    #[arg(long)]
    pub removal: bool,
}

/// `unattended`. Each of them may be empty, as a property of the installer is that was not given.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  TrasaConfig unattended --service-id 3q2-7w… --server trasa.example.com \
    --token-file C:\\deploy\\token.txt --offline-users .\\admin --arm 1")]
pub struct Unattended {
    /// The ServiceID.
    #[arg(
        long,
        value_name = "ID",
        default_value = "",
        hide_default_value = true,
        allow_hyphen_values = true
    )]
    pub service_id: String,
    /// Address of the TRASA server; several with commas.
    #[arg(long, value_name = "ADDRESS[,ADDRESS]", default_value = "", hide_default_value = true)]
    pub server: String,
    /// Whole path of the file that holds the token. Removed once this computer is admitted.
    #[arg(long, value_name = "FILE", default_value = "", hide_default_value = true)]
    pub token_file: String,
    /// Accounts that pass with their password alone while the server cannot be reached, with commas.
    #[arg(long, value_name = "NAME[,NAME]", default_value = "", hide_default_value = true)]
    pub offline_users: String,
    /// Trust the TLS keys that the server's signed key list names: 1 or 0.
    #[arg(long, value_name = "0|1", default_value = "", hide_default_value = true, value_parser = switch)]
    pub skip_tls: Switch,
    /// Arm, now or as soon as the computer is approved and nothing is in the way: 1 or 0.
    #[arg(long, value_name = "0|1", default_value = "", hide_default_value = true, value_parser = switch)]
    pub arm: Switch,
    /// Arm although no local administrator is an offline user: 1 or 0.
    #[arg(long, value_name = "0|1", default_value = "", hide_default_value = true, value_parser = switch)]
    pub without_offline_user: Switch,
    /// With probation: 1 or 0.
    #[arg(long, value_name = "0|1", default_value = "", hide_default_value = true, value_parser = switch)]
    pub probation: Switch,
}

/// A property of the installer that is 1, or is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Switch(pub bool);

fn switch(text: &str) -> Result<Switch, &'static str> {
    match text.trim() {
        "1" => Ok(Switch(true)),
        "" | "0" => Ok(Switch(false)),
        _ => Err("write 1 or 0"),
    }
}

/// `forget`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  TrasaConfig forget --yes")]
pub struct Forget {
    /// Yes, for good.
    #[arg(long)]
    pub yes: bool,
}

fn check_help() -> String {
    let mut help = "Examples:\n  TrasaConfig check\n  TrasaConfig check --json\n\n\
        Exit codes: 0 nothing is in the way, 1 to 4 as everywhere, else the first of these that failed:"
        .to_owned();
    for check in Check::ALL {
        help.push_str(&format!("\n  {}  {}", check.number(), check.text()));
    }
    help
}

fn verify_help() -> String {
    let mut help = "Examples:\n  TrasaConfig verify\n  TrasaConfig verify --json\n  \
        TrasaConfig verify --bundle C:\\trasa-support.zip\n\n\
        Exit codes: 0 everything is in order, 1 to 4 as everywhere, else the first of these that fails:"
        .to_owned();
    for part in Part::ALL {
        help.push_str(&format!("\n  {}  {}", part.number(), part.text()));
    }
    help
}

/// What came of the command line.
#[derive(Debug)]
pub enum Parsed {
    /// A command.
    Run(Arguments),
    /// Help, the version, or what is wrong.
    Say {
        /// The text.
        text: String,
        /// Whether errors are wanted as JSON.
        json: bool,
        /// Ok for help.
        exit: Exit,
    },
}

/// Reads the command line.
#[must_use]
pub fn parse(arguments: impl IntoIterator<Item = OsString>) -> Parsed {
    let arguments: Vec<_> = arguments.into_iter().collect();
    let json = arguments.iter().any(|argument| argument == "--json");
    let parsed = Arguments::command()
        .try_get_matches_from(arguments)
        .and_then(|matches| Arguments::from_arg_matches(&matches));
    match parsed {
        Ok(arguments) => Parsed::Run(arguments),
        Err(error) => {
            let exit = match error.kind() {
                ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => Exit::Ok,
                _ => Exit::Usage,
            };
            Parsed::Say { text: error.render().to_string(), json, exit }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::panic)]

    use super::{Arguments, Check, Command, Parsed, Part, parse};
    use crate::console::Exit;
    use clap::CommandFactory as _;

    fn of(line: &str) -> Parsed {
        parse(["TrasaConfig"].into_iter().chain(line.split_whitespace()).map(Into::into))
    }

    #[test]
    fn the_parser_is_sound() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn a_service_id_may_begin_with_a_hyphen() {
        for line in ["set --service-id -abc --server s", "set --service-id=-abc --server s"] {
            let Parsed::Run(Arguments { command: Command::Set(set), .. }) = of(line) else {
                panic!("{line}")
            };
            assert_eq!(set.service_id.as_deref(), Some("-abc"));
        }
    }

    #[test]
    fn there_is_no_argument_for_a_secret() {
        for line in [
            "set --service-id a --server s --service-key k",
            "set --service-id a --server s --key k",
            "set --service-id a --server s --token t",
            "set --service-id a --server s k",
            "",
            "frobnicate",
            "arm --force",
            "arm --probation",
            "try --password p",
            "try --code 123456",
        ] {
            assert!(matches!(of(line), Parsed::Say { exit: Exit::Usage, .. }), "{line}");
        }
    }

    #[test]
    fn json_is_known_even_where_the_rest_is_not() {
        assert!(matches!(of("frobnicate --json"), Parsed::Say { json: true, .. }));
        assert!(matches!(of("frobnicate"), Parsed::Say { json: false, .. }));
    }

    /// The manual lists what the exit codes mean, as `--help` does.
    #[test]
    fn the_manual_lists_every_number() {
        let manual = include_str!("../../../docs/administrator.md");
        let lines = Check::ALL.map(|check| (check.number(), check.text()));
        let parts = Part::ALL.map(|part| (part.number(), part.text()));
        for (number, text) in lines.into_iter().chain(parts) {
            assert!(manual.contains(&format!("\n| {number} | {text} |")), "{number} {text}");
        }
    }

    /// The words that the program gets from a line of `--help` that shows how to call it.
    fn words_of_example(line: &str) -> Option<Vec<String>> {
        let line = line.strip_prefix("  ")?;
        let start = line
            .starts_with("TrasaConfig ")
            .then_some(0)
            .or_else(|| Some(line.find("| TrasaConfig ")? + 2))?;
        let call = line.get(start..)?.split(" < ").next()?.split("   (").next()?;
        let quoted = call.split('"').enumerate();
        Some(
            quoted
                .flat_map(
                    |(at, part)| {
                        if at % 2 == 1 { vec![part] } else { part.split_whitespace().collect() }
                    },
                )
                .map(str::to_owned)
                .collect(),
        )
    }

    #[test]
    fn every_command_has_help_with_an_example() {
        for command in [
            "set",
            "show",
            "check",
            "try",
            "arm",
            "disarm",
            "report",
            "verify",
            "register",
            "unregister",
            "unattended",
            "forget",
        ] {
            let Parsed::Say { text, exit: Exit::Ok, .. } = of(&format!("{command} --help")) else {
                panic!("{command}")
            };
            assert!(text.contains(&format!("\n  TrasaConfig {command}")), "{text}");
            // However narrow the console of the test is, an example is one line.
            let mut wide = Arguments::command().term_width(0);
            wide.build();
            let text = wide.find_subcommand_mut(command).map(|found| found.render_long_help().to_string());
            let examples: Vec<_> =
                text.iter().flat_map(|text| text.lines()).filter_map(words_of_example).collect();
            assert!(!examples.is_empty(), "{command}");
            for example in examples {
                let words: Vec<_> = example.iter().map(Into::into).collect();
                assert!(matches!(parse(words), Parsed::Run(_)), "{example:?}");
            }
        }
        let Parsed::Say { text, exit: Exit::Ok, .. } = of("check --help") else { panic!() };
        assert!(text.contains("\n  12  the TRASA server answers"), "{text}");
    }
}
