//! `trasa-server logon …`

use super::table::{instant, table};
use super::{Console, Failure};
use crate::clock::now;
use crate::store::logon_list::{Logon, MAX_BYPASS_MINUTES};
use crate::store::{BypassId, OrganisationId};
use decision::account::Pattern;
use serde_json::json;

/// Logons and their decisions.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// List the newest logons.
    List {
        /// How many.
        #[arg(long, default_value_t = 50)]
        limit: u32,
    },
    /// Explain a logon by the short code that the tile shows.
    #[command(after_help = "Example: trasa-server logon show K7M2QX")]
    Show {
        /// Short code, or the logon's id.
        id: String,
    },
    /// Let an account past at one machine for some minutes. Audited, and an alarm.
    #[command(
        after_help = "Example: trasa-server logon bypass --machine PC-07 --account 'ACME\\anna' --minutes 10"
    )]
    Bypass {
        /// Name or id.
        #[arg(long)]
        machine: String,
        /// `DOMAIN\name` or `.\name`.
        #[arg(long)]
        account: String,
        /// For how long.
        #[arg(long, value_parser = clap::value_parser!(u32).range(1..=i64::from(MAX_BYPASS_MINUTES)))]
        minutes: u32,
    },
}

/// Runs the command.
///
/// # Errors
/// [`Failure`] with what to do.
pub async fn run(command: Command, at: &Console) -> Result<(), Failure> {
    let store = at.open()?;
    let organisation = OrganisationId::DEFAULT;
    match command {
        Command::List { limit } => {
            let logons = store.newest_logons(organisation, limit).await?;
            let rows = logons.iter().map(line).collect();
            let headings = ["BEGUN", "CODE", "MACHINE", "ACCOUNT", "USER", "RESULT", "REASON"];
            at.show(&logons, &table(&headings, rows, "Nobody has logged on yet."))
        }
        Command::Show { id } => {
            let logons = store.logons_called(organisation, id).await?;
            let text = logons.iter().map(explain).collect::<Vec<_>>().join("\n\n");
            at.show(&logons, &text)
        }
        Command::Bypass { machine, account, minutes } => {
            let pattern = Pattern::parse(&account).map_err(|error| {
                Failure::usage(format!("{account:?} is no account: {error}; write DOMAIN\\name or .\\name"))
            })?;
            let id = BypassId::random()?;
            let until = now() + i64::from(minutes) * 60;
            let machine =
                store.add_bypass(organisation, (id, machine, pattern, until), at.actor(), now()).await?;
            let text =
                format!("{account} passes at {machine} without a second factor until {}.", instant(until));
            at.show(&json!({ "bypass_id": id, "until": until }), &text)
        }
    }
}

fn line(logon: &Logon) -> Vec<String> {
    vec![
        instant(logon.begun),
        logon.short_code.clone(),
        machine(logon),
        logon.account.clone(),
        logon.user.clone().unwrap_or_else(|| "-".to_owned()),
        logon.result.clone(),
        logon.reason.clone(),
    ]
}

/// The machine; of version 1 only a claim.
fn machine(logon: &Logon) -> String {
    match (logon.protocol, logon.machine.as_str()) {
        ("v1", "") => "(v1)".to_owned(),
        ("v1", claimed) => format!("{claimed} (v1)"),
        (_, name) => name.to_owned(),
    }
}

fn explain(logon: &Logon) -> String {
    let facts = serde_json::to_string_pretty(&logon.facts).unwrap_or_default();
    format!(
        "{} {} as {} at {} ({}), service {}\n{}: {} {}\nFacts: {facts}",
        instant(logon.begun),
        logon.user.as_deref().unwrap_or("somebody whom the name does not tell"),
        logon.account,
        machine(logon),
        logon.method,
        logon.service,
        logon.result,
        logon.reason,
        logon.parameters,
    )
}
