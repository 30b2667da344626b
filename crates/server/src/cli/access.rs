//! `trasa-server access …`

use super::table::table;
use super::{Console, Failure};
use crate::clock::now;
use crate::store::accesses::Grant;
use crate::store::{AccessId, OrganisationId};
use decision::account::Pattern;
use serde_json::json;

/// Which user may be which account where.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Let a user be an account on a service.
    #[command(after_help = "Examples:\n  \
        trasa-server access grant --user anna --service Workstations --account 'ACME\\anna'\n  \
        trasa-server access grant --user anna --service Workstations --account '.\\administrator' --policy office\n\
        .\\name is the local account of that name on any machine of the service.")]
    Grant {
        /// Username, email address or id.
        #[arg(long)]
        user: String,
        /// ServiceID or name.
        #[arg(long)]
        service: String,
        /// `DOMAIN\name` or `.\name`.
        #[arg(long)]
        account: String,
        /// Name or id of a policy; without one: always, by any method.
        #[arg(long)]
        policy: Option<String>,
    },
    /// List the accesses.
    List,
    /// Revoke an access.
    Revoke {
        /// Its id, from `access list`.
        #[arg(value_parser = access_id)]
        access_id: AccessId,
    },
    /// Bring a revoked access back.
    Restore {
        /// Its id.
        #[arg(value_parser = access_id)]
        access_id: AccessId,
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
        Command::Grant { user, service, account, policy } => {
            let pattern = Pattern::parse(&account).map_err(|error| {
                Failure::usage(format!("{account:?} is no account: {error}; write DOMAIN\\name or .\\name"))
            })?;
            let id = AccessId::random()?;
            let grant = Grant { id, user, service, account: pattern, shown: account, policy };
            store.grant_access(organisation, grant, at.actor(), now()).await?;
            at.show(&json!({ "access_id": id }), &format!("Granted ({id})."))
        }
        Command::List => {
            let accesses = store.accesses(organisation).await?;
            let rows = accesses
                .iter()
                .map(|a| {
                    let policy = a.policy.clone().unwrap_or_else(|| "always".to_owned());
                    vec![a.user.clone(), a.account.clone(), a.service.clone(), policy, a.id.to_string()]
                })
                .collect();
            at.show(
                &accesses,
                &table(&["USER", "ACCOUNT", "SERVICE", "POLICY", "ID"], rows, "There is no access yet."),
            )
        }
        Command::Revoke { access_id } => {
            store.set_access_revoked(organisation, (access_id, true), at.actor(), now()).await?;
            let text = format!("Revoked. Undo: trasa-server access restore {access_id}");
            at.show(&json!({ "access_id": access_id }), &text)
        }
        Command::Restore { access_id } => {
            store.set_access_revoked(organisation, (access_id, false), at.actor(), now()).await?;
            at.show(&json!({ "access_id": access_id }), "The access is back.")
        }
    }
}

fn access_id(text: &str) -> Result<AccessId, String> {
    AccessId::parse(text).ok_or_else(|| "expected the 22 characters of an access' id".to_owned())
}
