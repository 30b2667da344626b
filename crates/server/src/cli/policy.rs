//! `trasa-server policy …`

use super::table::table;
use super::{Console, Failure, date};
use crate::administration::policies;
use crate::clock::now;
use crate::names::Name;
use crate::store::OrganisationId;
use crate::store::policies::PolicyText;
use protocol::v2::{Method, Session};
use serde_json::json;

/// When, from where and by which methods.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Add a policy. What is left out allows everything.
    #[command(after_help = "Examples:\n  \
        trasa-server policy add office --when 'mon-fri 08:00-18:00' --zone Europe/Berlin\n  \
        trasa-server policy add night --when 'fri 22:00-06:00' --when 'sat 22:00-06:00' --network 10.0.0.0/8\n  \
        trasa-server policy add visitors --session console --expires 2027-01-31 --method totp")]
    Add(#[command(flatten)] Box<Add>),
    /// List the policies.
    List,
}

/// A policy's rules.
#[derive(Debug, clap::Args)]
pub struct Add {
    /// Its name.
    name: String,
    /// Days and hours; may be given several times, any one suffices.
    #[arg(long, value_name = "'DAYS HH:MM-HH:MM'")]
    when: Vec<String>,
    /// IANA time zone of the days and hours.
    #[arg(long, value_name = "ZONE", requires = "when")]
    zone: Option<String>,
    /// A network that the server may see the machine in; may be given several times.
    #[arg(long, value_name = "CIDR")]
    network: Vec<String>,
    /// `console` or `remote`.
    #[arg(long, value_parser = session)]
    session: Option<Session>,
    /// When the policy ends.
    #[arg(long, value_name = "DATE", value_parser = date::until)]
    expires: Option<i64>,
    /// `totp` or `push`; may be given several times.
    #[arg(long, value_parser = method)]
    method: Vec<Method>,
}

/// Runs the command.
///
/// # Errors
/// [`Failure`] with what to do.
pub async fn run(command: Command, at: &Console) -> Result<(), Failure> {
    let store = at.open()?;
    let organisation = OrganisationId::DEFAULT;
    match command {
        Command::Add(arguments) => {
            let Add { name, when, zone, network, session, expires, method } = *arguments;
            let name = Name::parse("name", &name).map_err(|error| Failure::usage(error.to_string()))?;
            let text = PolicyText { when, zone, networks: network, session, expires, methods: method };
            text.read().map_err(Failure::usage)?;
            let shown = name.shown().to_owned();
            let id = policies::add(&store, organisation, (name, text), at.actor(), now()).await?;
            at.show(&json!({ "policy_id": id }), &format!("Policy {shown} added ({id})."))
        }
        Command::List => {
            let policies = store.policies(organisation).await?;
            let rows = policies
                .iter()
                .map(|p| vec![p.name.clone(), policies::words(&p.text), p.id.to_string()])
                .collect();
            at.show(&policies, &table(&["NAME", "RULES", "ID"], rows, "There is no policy yet."))
        }
    }
}

fn session(text: &str) -> Result<Session, String> {
    match text {
        "console" => Ok(Session::Console),
        "remote" => Ok(Session::Remote),
        _ => Err("expected console or remote".to_owned()),
    }
}

fn method(text: &str) -> Result<Method, String> {
    match text {
        "totp" => Ok(Method::Totp),
        "push" => Ok(Method::Push),
        _ => Err("expected totp or push".to_owned()),
    }
}
