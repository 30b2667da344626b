//! `trasa-server service …`

use super::table::{instant_or, table};
use super::{Console, Failure, date, service_v1};
use crate::administration::services::{self, Keyed};
use crate::clock::now;
use crate::names::Name;
use crate::store::services::{Admit, NewToken, Service, ServiceChange};
use crate::store::{OrganisationId, Store};
use protocol::id::ServiceId;
use protocol::service_key::AdmissionSecret;
use protocol::v2::Mode;
use serde_json::json;

/// Fleets of machines under one set of rules.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Add a service; prints its ServiceID and ServiceKey. The ServiceKey is shown once.
    #[command(after_help = "Example: trasa-server service add Workstations")]
    Add {
        /// Its name.
        name: String,
    },
    /// List the services.
    List,
    /// Replace the ServiceKey. Admitted machines do not notice.
    RotateKey {
        /// ServiceID or name.
        service: String,
    },
    /// Change mode or admission.
    #[command(after_help = "Examples:\n  \
        trasa-server service set Workstations --mode watch --until 2027-01-31\n  \
        trasa-server service set Workstations --admit approval")]
    Set {
        /// ServiceID or name.
        service: String,
        /// `guard`, or `watch` until a date: everybody passes, what would have been refused is recorded.
        #[arg(long, value_parser = mode, required_unless_present = "admit")]
        mode: Option<Mode>,
        /// `open`, `until` a date, by `approval`, or only with a `token`.
        #[arg(long, value_parser = admit)]
        admit: Option<Admit>,
        /// End of `watch` or of admission `until`.
        #[arg(long, value_name = "DATE", value_parser = date::until)]
        until: Option<i64>,
    },
    /// Make a token for unattended installations. It is shown once.
    #[command(after_help = "Example: trasa-server service token Workstations --uses 50 --until 2027-01-31")]
    Token {
        /// ServiceID or name.
        service: String,
        /// How many machines it admits.
        #[arg(long, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
        uses: u32,
        /// Until when.
        #[arg(long, value_name = "DATE", value_parser = date::until)]
        until: i64,
    },
    /// Show a service, and who still calls it in version 1.
    #[command(after_help = "Example: trasa-server service show Workstations --json")]
    Show {
        /// ServiceID or name.
        service: String,
    },
    /// Serve original agents (version 1) until a date; prints ServiceID and key for them.
    #[command(after_help = service_v1::ALLOW_HELP)]
    AllowV1(service_v1::Allow),
    /// Serve the agents of an original server (version 1) with the ServiceID and key that they have.
    #[command(after_help = service_v1::IMPORT_HELP)]
    Import(service_v1::Import),
    /// Refuse original agents (version 1) from now on.
    #[command(after_help = "Example: trasa-server service deny-v1 Workstations")]
    DenyV1 {
        /// ServiceID or name.
        service: String,
    },
    /// Delete a service whose machines have not been seen for 30 days.
    Delete {
        /// ServiceID or name.
        service: String,
    },
    /// Undo a deletion.
    Restore {
        /// The ServiceID.
        #[arg(value_parser = service_id)]
        service_id: ServiceId,
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
        Command::Add { name } => add(&store, &name, at).await,
        Command::List => {
            let services = store.services(organisation).await?;
            let rows = services.iter().map(line).collect();
            at.show(
                &services,
                &table(&HEADINGS, rows, "There is no service yet: trasa-server service add NAME"),
            )
        }
        Command::RotateKey { service } => {
            let Keyed { id, key, .. } =
                services::rotate_key(&store, organisation, service, at.actor(), now()).await?;
            at.show(
                &json!({ "service_id": id, "service_key": *key }),
                &format!("ServiceID:  {id}\nServiceKey: {}\nThe former ServiceKey is void.", *key),
            )
        }
        Command::Set { service, mode, admit, until } => {
            let change = ServiceChange {
                mode: mode.map(|mode| (mode, until)),
                admit: admit.map(|admit| (admit, until)),
            };
            let service = store.change_service(organisation, (service, change), at.actor(), now()).await?;
            at.show(&service, &table(&HEADINGS, vec![line(&service)], ""))
        }
        Command::Token { service, uses, until } => {
            let token = NewToken::random(service, uses, until)?;
            let anchor = store.anchor(organisation)?.fingerprint();
            let text = AdmissionSecret::token(token.id, *token.secret, anchor).to_text();
            let id = token.id;
            let service = store.add_token(organisation, token, at.actor(), now()).await?;
            at.show(
                &json!({ "token_id": id, "token": *text, "service_id": service.id }),
                &format!("ServiceID: {}\nToken:     {}\nIt is not shown again.", service.id, *text),
            )
        }
        Command::Show { service } => service_v1::show(&store, service, at).await,
        Command::AllowV1(arguments) => service_v1::allow(&store, arguments, at).await,
        Command::Import(arguments) => service_v1::import(&store, arguments, at).await,
        Command::DenyV1 { service } => service_v1::deny(&store, service, at).await,
        Command::Delete { service } => {
            let id = store.delete_service(organisation, service, at.actor(), now()).await?;
            let text = format!("Deleted. Its machines are refused. Undo: trasa-server service restore {id}");
            at.show(&json!({ "service_id": id }), &text)
        }
        Command::Restore { service_id } => {
            store.restore_service(organisation, service_id, at.actor(), now()).await?;
            at.show(&json!({ "service_id": service_id }), "The service is back.")
        }
    }
}

const HEADINGS: [&str; 6] = ["ServiceID", "NAME", "MODE", "ADMITS", "MACHINES", "VERSION 1"];

async fn add(store: &Store, name: &str, at: &Console) -> Result<(), Failure> {
    let name = Name::parse("name", name).map_err(|error| Failure::usage(error.to_string()))?;
    let Keyed { id, key, .. } =
        services::add(store, OrganisationId::DEFAULT, name, at.actor(), now()).await?;
    at.show(
        &json!({ "service_id": id, "service_key": *key }),
        &format!(
            "ServiceID:  {id}\nServiceKey: {}\nThe ServiceKey is not shown again; it admits machines openly for 7 days.",
            *key
        ),
    )
}

fn line(service: &Service) -> Vec<String> {
    let mode = match service.mode {
        Mode::Guard => "guard".to_owned(),
        Mode::Watch => format!("watch until {}", instant_or(service.mode_until, "?")),
    };
    let admits = match service.admit {
        Admit::Until => format!("openly until {}", instant_or(service.admit_until, "?")),
        admit => admit.as_str().to_owned(),
    };
    let v1 = service.v1.as_ref().map_or_else(|| "-".to_owned(), |v1| service_v1::word(v1, now()));
    vec![service.id.to_string(), service.name.clone(), mode, admits, service.machines.to_string(), v1]
}

fn mode(text: &str) -> Result<Mode, String> {
    match text {
        "guard" => Ok(Mode::Guard),
        "watch" => Ok(Mode::Watch),
        _ => Err("expected guard or watch".to_owned()),
    }
}

fn admit(text: &str) -> Result<Admit, String> {
    Admit::parse(text).ok_or_else(|| "expected open, until, approval or token".to_owned())
}

fn service_id(text: &str) -> Result<ServiceId, String> {
    ServiceId::parse(text).ok_or_else(|| "expected the 22 characters of a ServiceID".to_owned())
}
