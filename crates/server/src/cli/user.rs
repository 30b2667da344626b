//! `trasa-server user …`

use super::table::table;
use super::{Console, Failure};
use crate::clock::now;
use crate::names::Name;
use crate::store::users::User;
use crate::store::{OrganisationId, UserId};
use serde_json::json;

/// People in TRASA.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Add a user.
    #[command(after_help = "Example: trasa-server user add anna --email anna@acme.example")]
    Add {
        /// The username.
        name: String,
        /// The email address.
        #[arg(long)]
        email: String,
    },
    /// List the users.
    List,
    /// Let a disabled user log on again.
    Enable {
        /// Username, email address or id.
        user: String,
    },
    /// Let a user log on nowhere.
    Disable {
        /// Username, email address or id.
        user: String,
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
        Command::Add { name, email } => {
            let usage = |error: crate::names::NameError| Failure::usage(error.to_string());
            let (name, email) =
                (Name::parse("username", &name).map_err(usage)?, Name::parse_email(&email).map_err(usage)?);
            let id = UserId::random()?;
            let shown = name.shown().to_owned();
            store.add_user(organisation, (id, name, email), at.actor(), now()).await?;
            let next = format!("User {shown} added ({id}).\nNext: trasa-server device add-totp {shown}");
            at.show(&json!({ "user_id": id }), &next)
        }
        Command::List => {
            let users = store.users(organisation).await?;
            let rows = users.iter().map(line).collect();
            let headings = ["USERNAME", "EMAIL", "STATUS", "DEVICES", "ID"];
            at.show(
                &users,
                &table(&headings, rows, "There is no user yet: trasa-server user add NAME --email E"),
            )
        }
        Command::Enable { user } => set_enabled(user, true, at, &store).await,
        Command::Disable { user } => set_enabled(user, false, at, &store).await,
    }
}

async fn set_enabled(
    user: String,
    enabled: bool,
    at: &Console,
    store: &crate::store::Store,
) -> Result<(), Failure> {
    let user = store.set_user_enabled(OrganisationId::DEFAULT, (user, enabled), at.actor(), now()).await?;
    let text = format!("{} is {} now.", user.username, if enabled { "enabled" } else { "disabled" });
    at.show(&user, &text)
}

fn line(user: &User) -> Vec<String> {
    let status = if user.enabled { "enabled" } else { "disabled" };
    vec![
        user.username.clone(),
        user.email.clone(),
        status.to_owned(),
        user.devices.to_string(),
        user.id.to_string(),
    ]
}
