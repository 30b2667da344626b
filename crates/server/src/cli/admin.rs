//! `trasa-server admin …`

use super::table::{instant, instant_or, table};
use super::{Console, Failure, date};
use crate::administrators::Role;
use crate::administrators::link::{INVITATION_SECS, NewLink, OWNER_SECS};
use crate::administrators::secret::Shown;
use crate::clock::now;
use crate::http::guard::TOKEN_PREFIX;
use crate::names::Name;
use crate::store::api_tokens::NewApiToken;
use crate::store::{AdministratorId, ApiTokenId, LinkId, OrganisationId, Store};
use serde_json::json;

/// Who may sign in at the dashboard, and as what.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Print a link by which somebody becomes an owner, once, within a day. Audited, and an alarm.
    NewOwnerLink,
    /// Print a link by which somebody becomes an administrator, once, within a week.
    #[command(after_help = "Example: trasa-server admin invite lea@acme.example --role help_desk")]
    Invite {
        /// What they will sign in with; the page proposes it.
        name: String,
        /// `owner`, `administrator`, `help_desk` or `auditor`.
        #[arg(long, value_parser = role)]
        role: Role,
    },
    /// Print a link by which an administrator who lost password or phone chooses new ones, within a
    /// day. Audited, and an alarm.
    Renew {
        /// Name or id.
        administrator: String,
    },
    /// Tokens of programs that use the JSON API.
    #[command(subcommand)]
    Token(TokenCommand),
    /// List the administrators.
    List,
    /// List the invitations that still hold.
    Invitations,
    /// Take an invitation back.
    Withdraw {
        /// Its id, from `admin invitations`.
        #[arg(value_parser = link_id)]
        link_id: LinkId,
    },
    /// Give an administrator another role.
    SetRole {
        /// Name or id.
        administrator: String,
        /// `owner`, `administrator`, `help_desk` or `auditor`.
        #[arg(value_parser = role)]
        role: Role,
    },
    /// Remove an administrator; they are signed out at once.
    Remove {
        /// Name or id.
        administrator: String,
    },
    /// Undo a removal.
    Restore {
        /// The id.
        #[arg(value_parser = administrator_id)]
        administrator_id: AdministratorId,
    },
}

/// Tokens of programs that use the JSON API.
#[derive(Debug, clap::Subcommand)]
pub enum TokenCommand {
    /// Make a token. It is shown once.
    #[command(
        after_help = "Example: trasa-server admin token add inventory --role auditor --until 2027-01-31"
    )]
    Add {
        /// What it is for.
        name: String,
        /// `owner`, `administrator`, `help_desk` or `auditor`.
        #[arg(long, value_parser = role)]
        role: Role,
        /// Until when.
        #[arg(long, value_name = "DATE", value_parser = date::until)]
        until: i64,
    },
    /// List the tokens.
    List,
    /// Revoke a token for good.
    Revoke {
        /// Name or id.
        token: String,
    },
}

/// Runs the command.
///
/// # Errors
/// [`Failure`] with what to do.
pub async fn run(command: Command, at: &Console) -> Result<(), Failure> {
    let store = at.open()?;
    let organisation = OrganisationId::DEFAULT;
    let now = now();
    match command {
        Command::NewOwnerLink => {
            let link = NewLink::invite(Role::Owner, None, now + OWNER_SECS)?;
            let (url, until) = (link.url(&public_url(&store)?), link.until);
            let id = link.id;
            store.add_owner_link(organisation, link, at.actor(), now).await?;
            at.show(
                &json!({ "link_id": id, "owner_link": url, "until": until }),
                &format!("{}\nIt works once, until {}.", url.as_str(), instant(until)),
            )
        }
        Command::Invite { name, role } => {
            let name = Name::parse("name", &name).map_err(|error| Failure::usage(error.to_string()))?;
            let link = NewLink::invite(role, Some(name), now + INVITATION_SECS)?;
            let (url, until) = (link.url(&public_url(&store)?), link.until);
            let id = link.id;
            store.invite_administrator(organisation, link, at.actor(), now).await?;
            at.show(
                &json!({ "link_id": id, "link": url, "until": until }),
                &format!("{}\nIt works once, until {}.", url.as_str(), instant(until)),
            )
        }
        Command::Renew { administrator } => {
            let link = NewLink::invite(Role::Auditor, None, now + OWNER_SECS)?;
            let url = link.url(&public_url(&store)?);
            let made =
                store.renew_administrator(organisation, (administrator, link), at.actor(), now).await?;
            at.show(
                &json!({ "link_id": made.id, "link": url, "until": made.until }),
                &format!("{}\nIt works once, until {}.", url.as_str(), instant(made.until)),
            )
        }
        Command::Token(command) => token(command, &store, at).await,
        Command::List => {
            let administrators = store.administrators(organisation)?;
            let rows = administrators
                .iter()
                .map(|a| {
                    let signed_in = instant_or(a.last_sign_in, "never");
                    vec![a.name.clone(), a.role.as_str().to_owned(), signed_in, a.id.to_string()]
                })
                .collect();
            let empty = "There is no administrator yet: trasa-server admin new-owner-link";
            at.show(&administrators, &table(&["NAME", "ROLE", "LAST SIGN-IN", "ID"], rows, empty))
        }
        Command::Invitations => {
            let invitations = store.invitations(organisation, now)?;
            let rows = invitations
                .iter()
                .map(|i| {
                    let name = i.name.clone().unwrap_or_else(|| "-".to_owned());
                    vec![name, i.role.as_str().to_owned(), instant(i.until), i.id.to_string()]
                })
                .collect();
            at.show(
                &invitations,
                &table(&["NAME", "ROLE", "UNTIL", "ID"], rows, "No invitation waits to be used."),
            )
        }
        Command::Withdraw { link_id } => {
            store.withdraw_invitation(organisation, link_id, at.actor(), now).await?;
            at.show(&json!({ "link_id": link_id }), "The link does not work any more.")
        }
        Command::SetRole { administrator, role } => {
            let changed = store.set_role(organisation, (administrator, role), at.actor(), now).await?;
            at.show(&changed, &format!("{} is {} now.", changed.name, role.as_str()))
        }
        Command::Remove { administrator } => {
            let removed = store.remove_administrator(organisation, administrator, at.actor(), now).await?;
            let text = format!(
                "{} is removed and signed out. Undo: trasa-server admin restore {}",
                removed.name, removed.id
            );
            at.show(&json!({ "administrator_id": removed.id }), &text)
        }
        Command::Restore { administrator_id } => {
            let restored =
                store.restore_administrator(organisation, administrator_id, at.actor(), now).await?;
            at.show(&restored, &format!("{} is back.", restored.name))
        }
    }
}

async fn token(command: TokenCommand, store: &Store, at: &Console) -> Result<(), Failure> {
    let organisation = OrganisationId::DEFAULT;
    match command {
        TokenCommand::Add { name, role, until } => {
            let name = Name::parse("name", &name).map_err(|error| Failure::usage(error.to_string()))?;
            let new = NewApiToken { id: ApiTokenId::random()?, name, role, until, secret: Shown::random()? };
            let (id, text) = (new.id, new.secret.to_text());
            store.add_api_token(organisation, new, at.actor(), now()).await?;
            at.show(
                &json!({ "api_token_id": id, "token": format!("{TOKEN_PREFIX}{}", *text) }),
                &format!(
                    "{TOKEN_PREFIX}{}\nIt is not shown again; it holds until {}.",
                    *text,
                    instant(until)
                ),
            )
        }
        TokenCommand::List => {
            let tokens = store.api_tokens(organisation)?;
            let rows = tokens
                .iter()
                .map(|t| {
                    let (until, used) = (instant(t.until), instant_or(t.last_used, "never"));
                    vec![t.name.clone(), t.role.as_str().to_owned(), until, used, t.id.to_string()]
                })
                .collect();
            let headings = ["NAME", "ROLE", "UNTIL", "LAST USED", "ID"];
            at.show(&tokens, &table(&headings, rows, "There is no token."))
        }
        TokenCommand::Revoke { token } => {
            let revoked = store.revoke_api_token(organisation, token, at.actor(), now()).await?;
            at.show(
                &json!({ "api_token_id": revoked.id }),
                &format!("{} is refused from now on.", revoked.name),
            )
        }
    }
}

fn public_url(store: &Store) -> Result<String, Failure> {
    store
        .setting(OrganisationId::DEFAULT, crate::init::PUBLIC_URL)?
        .ok_or_else(|| Failure::refused("no_public_url", "the store does not say where people reach it"))
}

fn role(text: &str) -> Result<Role, String> {
    Role::parse(text).ok_or_else(|| "expected owner, administrator, help_desk or auditor".to_owned())
}

fn link_id(text: &str) -> Result<LinkId, String> {
    LinkId::parse(text).ok_or_else(|| "expected the 22 characters of an invitation's id".to_owned())
}

fn administrator_id(text: &str) -> Result<AdministratorId, String> {
    AdministratorId::parse(text)
        .ok_or_else(|| "expected the 22 characters of an administrator's id".to_owned())
}
