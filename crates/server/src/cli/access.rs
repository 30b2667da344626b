//! `trasa-server access …`

use super::table::{instant, table};
use super::{Console, Failure, date};
use crate::clock::now;
use crate::store::accesses::{Access, Grant, Where, Whom};
use crate::store::{AccessId, OrganisationId};
use decision::account::Pattern;
use serde_json::json;

/// Who may be which account where.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Let a user, or everybody in a group, be an account on a service or a group of services.
    #[command(alias = "add")]
    #[command(after_help = "Examples:\n  \
        trasa-server access grant --user anna --service Workstations --account 'ACME\\anna'\n  \
        trasa-server access grant --user anna --service Workstations --account '.\\administrator' --policy office\n  \
        trasa-server access grant --user-group admins --service-group servers --account 'ACME\\administrator'\n  \
        trasa-server access grant --user visitor --service Workstations --account 'ACME\\visitor' --until 2027-01-31\n\
        .\\name is the local account of that name on any machine of the service.")]
    Grant {
        /// Username, email address or id.
        #[arg(long, required_unless_present = "user_group")]
        user: Option<String>,
        /// Name or id of a group of users, instead of a user.
        #[arg(long, conflicts_with = "user")]
        user_group: Option<String>,
        /// ServiceID or name.
        #[arg(long, required_unless_present = "service_group")]
        service: Option<String>,
        /// Name or id of a group of services, instead of a service.
        #[arg(long, conflicts_with = "service")]
        service_group: Option<String>,
        /// `DOMAIN\name` or `.\name`.
        #[arg(long)]
        account: String,
        /// Name or id of a policy; without one: always, by any method.
        #[arg(long)]
        policy: Option<String>,
        /// When the access ends; the last day counts.
        #[arg(long, value_name = "DATE", value_parser = date::until)]
        until: Option<i64>,
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
        Command::Grant { user, user_group, service, service_group, account, policy, until } => {
            let pattern = Pattern::parse(&account).map_err(|error| {
                Failure::usage(format!("{account:?} is no account: {error}; write DOMAIN\\name or .\\name"))
            })?;
            let id = AccessId::random()?;
            let user = user.map(Whom::User).or_else(|| user_group.map(Whom::Group));
            let service = service.map(Where::Service).or_else(|| service_group.map(Where::Group));
            let (Some(user), Some(service)) = (user, service) else {
                return Err(Failure::usage(
                    "say whom and where: --user or --user-group, --service or --service-group",
                ));
            };
            let grant = Grant { id, user, service, account: pattern, shown: account, policy, until };
            store.grant_access(organisation, grant, at.actor(), now()).await?;
            at.show(&json!({ "access_id": id }), &format!("Granted ({id})."))
        }
        Command::List => {
            let accesses = store.accesses(organisation).await?;
            let rows = accesses.iter().map(line).collect();
            let headings = ["USER", "ACCOUNT", "SERVICE", "POLICY", "UNTIL", "ID"];
            at.show(&accesses, &table(&headings, rows, "There is no access yet."))
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

fn line(access: &Access) -> Vec<String> {
    let shown = |name: &str, is_group: bool| if is_group { format!("group {name}") } else { name.to_owned() };
    vec![
        shown(&access.user, access.user_is_group),
        access.account.clone(),
        shown(&access.service, access.service_is_group),
        access.policy.clone().unwrap_or_else(|| "always".to_owned()),
        access.until.map(instant).unwrap_or_default(),
        access.id.to_string(),
    ]
}

fn access_id(text: &str) -> Result<AccessId, String> {
    AccessId::parse(text).ok_or_else(|| "expected the 22 characters of an access' id".to_owned())
}
