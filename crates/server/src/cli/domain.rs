//! `trasa-server domain …`

use super::table::table;
use super::{Console, Failure};
use crate::clock::now;
use crate::store::OrganisationId;
use crate::store::domains::NewAlias;
use decision::account::Domain;
use serde_json::json;

/// By which names domains are known.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// List the domains' names.
    List,
    /// Let accesses match through a name that waits.
    Confirm {
        /// The name.
        alias: String,
        /// ServiceID or name.
        #[arg(long)]
        service: String,
    },
    /// Give a domain a further name. Where only original agents have called, which tell no domain's
    /// SID, both names are declared.
    #[command(after_help = "Example: trasa-server domain add-alias ACME acme.example --service Workstations")]
    AddAlias {
        /// A confirmed name of the domain.
        domain: String,
        /// The further name.
        alias: String,
        /// ServiceID or name.
        #[arg(long)]
        service: String,
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
        Command::List => {
            let aliases = store.domain_aliases(organisation).await?;
            let rows = aliases
                .iter()
                .map(|a| {
                    vec![
                        a.alias.clone(),
                        a.state.clone(),
                        a.kind.clone(),
                        a.service.clone(),
                        a.domain_sid.clone().unwrap_or_else(|| "declared".to_owned()),
                    ]
                })
                .collect();
            let empty = "No domain has been seen yet; joined machines bring theirs when they are admitted.";
            at.show(&aliases, &table(&["NAME", "STATE", "KIND", "SERVICE", "DOMAIN SID"], rows, empty))
        }
        Command::Confirm { alias, service } => {
            let domain = parse(&alias)?;
            store.confirm_domain_alias(organisation, (service, domain), at.actor(), now()).await?;
            at.show(&json!({ "alias": alias }), &format!("{alias} counts now."))
        }
        Command::AddAlias { domain, alias, service } => {
            let new = NewAlias {
                service,
                of: parse(&domain)?,
                added: parse(&alias)?,
                shown: (domain.clone(), alias.clone()),
            };
            store.add_domain_alias(organisation, new, at.actor(), now()).await?;
            at.show(&json!({ "alias": alias }), &format!("{alias} is {domain} now."))
        }
    }
}

fn parse(text: &str) -> Result<Domain, Failure> {
    Domain::parse(text).map_err(|error| Failure::usage(format!("{text:?} is no domain name: {error}")))
}
