//! `trasa-server group …`

use super::table::table;
use super::{Console, Failure};
use crate::clock::now;
use crate::names::Name;
use crate::store::groups::{Group, Kind};
use crate::store::{GroupId, OrganisationId};
use serde_json::json;

/// Groups of users and of services.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Add an empty group.
    #[command(after_help = "Examples:\n  \
        trasa-server group add admins\n  \
        trasa-server group add servers --kind service\n  \
        trasa-server group add-member admins anna\n  \
        trasa-server access grant --user-group admins --service-group servers --account 'ACME\\administrator'")]
    Add {
        /// Its name.
        name: String,
        /// What it holds.
        #[command(flatten)]
        of: Of,
    },
    /// List the groups.
    List,
    /// Show a group with its members.
    Show(Named),
    /// Take a user or a service in.
    AddMember {
        /// Which group.
        #[command(flatten)]
        named: Named,
        /// Username, email address or id; with `--kind service` the service's name or ServiceID.
        member: String,
    },
    /// Take a member out.
    RemoveMember {
        /// Which group.
        #[command(flatten)]
        named: Named,
        /// As for `add-member`.
        member: String,
    },
    /// Rename a group.
    Rename {
        /// Which group.
        #[command(flatten)]
        named: Named,
        /// The new name.
        new_name: String,
    },
    /// Delete a group: its members have no access through it any more.
    Delete(Named),
    /// Undo a deletion within 30 days, with members and accesses.
    Restore {
        /// Its id, which `delete` printed.
        #[arg(value_parser = group_id)]
        group_id: GroupId,
    },
}

/// What a group holds.
#[derive(Debug, Clone, Copy, clap::Args)]
pub struct Of {
    /// What it holds: `user` or `service`.
    #[arg(long, default_value = "user", value_parser = kind)]
    kind: Kind,
}

/// A group.
#[derive(Debug, clap::Args)]
pub struct Named {
    /// Its name or id.
    group: String,
    /// What it holds.
    #[command(flatten)]
    of: Of,
}

/// Runs the command.
///
/// # Errors
/// [`Failure`] with what to do.
pub async fn run(command: Command, at: &Console) -> Result<(), Failure> {
    let store = at.open()?;
    let organisation = OrganisationId::DEFAULT;
    match command {
        Command::Add { name, of } => {
            let name = parse(&name)?;
            let shown = name.shown().to_owned();
            let id = GroupId::random()?;
            store.add_group(organisation, (id, of.kind, name), at.actor(), now()).await?;
            at.show(&json!({ "group_id": id }), &format!("Group {shown} added ({id})."))
        }
        Command::List => {
            let groups = store.groups(organisation).await?;
            let rows = groups.iter().map(line).collect();
            let headings = ["NAME", "OF", "MEMBERS", "ACCESSES", "ID"];
            at.show(&groups, &table(&headings, rows, "There is no group yet: trasa-server group add NAME"))
        }
        Command::Show(Named { group, of }) => {
            let (group, members) = store.group(organisation, (of.kind, group)).await?;
            let rows =
                members.iter().map(|member| vec![member.name.clone(), member.id.to_string()]).collect();
            let text = format!("{}\n{}", group.name, table(&["MEMBER", "ID"], rows, "It has no member yet."));
            let mut value = serde_json::to_value(&group).unwrap_or_default();
            if let Some(map) = value.as_object_mut() {
                map.insert("members".to_owned(), json!(members));
            }
            at.show(&value, &text)
        }
        Command::AddMember { named, member } => set_member(named, member, true, at, &store).await,
        Command::RemoveMember { named, member } => set_member(named, member, false, at, &store).await,
        Command::Rename { named: Named { group, of }, new_name } => {
            let name = parse(&new_name)?;
            let shown = name.shown().to_owned();
            store.rename_group(organisation, (of.kind, group, name), at.actor(), now()).await?;
            at.show(&json!({ "name": shown }), &format!("It is called {shown} now."))
        }
        Command::Delete(Named { group, of }) => {
            let group = store.delete_group(organisation, (of.kind, group), at.actor(), now()).await?;
            let text = format!(
                "Group {} deleted, with {} members and {} accesses. Undo within 30 days: trasa-server group restore {}",
                group.name, group.members, group.accesses, group.id
            );
            at.show(&group, &text)
        }
        Command::Restore { group_id } => {
            store.restore_group(organisation, (None, group_id), at.actor(), now()).await?;
            at.show(&json!({ "group_id": group_id }), "The group is back, with its members and accesses.")
        }
    }
}

async fn set_member(
    Named { group, of }: Named,
    member: String,
    is_member: bool,
    at: &Console,
    store: &crate::store::Store,
) -> Result<(), Failure> {
    let whose = (of.kind, group, member);
    let group = store.set_member(OrganisationId::DEFAULT, whose, is_member, (at.actor(), now())).await?;
    at.show(&group, &format!("{} has {} members now.", group.name, group.members))
}

fn line(group: &Group) -> Vec<String> {
    vec![
        group.name.clone(),
        format!("{}s", group.kind.as_str()),
        group.members.to_string(),
        group.accesses.to_string(),
        group.id.to_string(),
    ]
}

fn parse(name: &str) -> Result<Name, Failure> {
    Name::parse("name", name).map_err(|error| Failure::usage(error.to_string()))
}

fn kind(text: &str) -> Result<Kind, String> {
    [Kind::User, Kind::Service]
        .into_iter()
        .find(|kind| kind.as_str() == text)
        .ok_or_else(|| "expected user or service".to_owned())
}

fn group_id(text: &str) -> Result<GroupId, String> {
    GroupId::parse(text).ok_or_else(|| "expected the 22 characters of a group's id".to_owned())
}
