//! Groups of users and of services.
//!
//! An access may name a group instead of a user or a service, in the same columns: ids are 128 random
//! bits. Deleting a group sets its own tombstone and nothing else; whoever reads accesses asks every
//! end whether it is deleted, and so an undone deletion brings back exactly what was.

use super::services::taken;
use super::{GroupId, OrganisationId, Store, StoreError, Write, users};
use crate::audit::{Actor, Entry};
use crate::names::Name;
use protocol::encoding::Bytes;
use rusqlite::{Connection, OptionalExtension as _, Row, params};
use serde::{Deserialize, Serialize};

/// How long a deletion can be undone, in seconds.
pub const UNDO_SECS: i64 = 30 * 86_400;

/// What a group holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Users.
    User,
    /// Services.
    Service,
}

impl Kind {
    /// As it stands in the store, in JSON and on the command line.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Service => "service",
        }
    }
}

/// A group, as administrators see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Group {
    /// The id.
    #[serde(rename = "group_id")]
    #[schema(value_type = String)]
    pub id: GroupId,
    /// What it holds.
    pub kind: Kind,
    /// Its name.
    pub name: String,
    /// How many members it has.
    pub members: i64,
    /// How many accesses name it.
    pub accesses: i64,
    /// When it was added, Unix seconds.
    pub created: i64,
}

/// A member of a group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Member {
    /// The user's id or the ServiceID.
    #[schema(value_type = String)]
    pub id: Bytes<16>,
    /// The username or the service's name.
    pub name: String,
    /// Since when, Unix seconds.
    pub since: i64,
}

const LIVE_MEMBERS: &str = "SELECT m.member_id, coalesce(u.username, s.name) AS name, m.since
     FROM group_members m
     LEFT JOIN users u ON u.organisation_id = m.organisation_id AND u.id = m.member_id AND u.deleted IS NULL
     LEFT JOIN services s ON s.organisation_id = m.organisation_id AND s.id = m.member_id AND s.deleted IS NULL
     WHERE m.organisation_id = g.organisation_id AND m.group_id = g.id AND (u.id IS NOT NULL OR s.id IS NOT NULL)";

fn query() -> String {
    format!(
        "SELECT g.id, g.kind, g.name, (SELECT count(*) FROM ({LIVE_MEMBERS})),
            (SELECT count(*) FROM accesses a WHERE a.organisation_id = g.organisation_id AND a.deleted IS NULL
                AND (a.user_id = g.id OR a.service_id = g.id)), g.created
         FROM groups g WHERE g.organisation_id = ?1 AND g.deleted IS NULL"
    )
}

fn group(row: &Row<'_>) -> rusqlite::Result<Group> {
    Ok(Group {
        id: row.get(0)?,
        kind: if row.get_ref(1)?.as_str()? == "user" { Kind::User } else { Kind::Service },
        name: row.get(2)?,
        members: row.get(3)?,
        accesses: row.get(4)?,
        created: row.get(5)?,
    })
}

/// A live group of a kind by id or name.
pub(super) fn find(
    connection: &Connection,
    organisation: OrganisationId,
    (kind, text): (Kind, &str),
) -> Result<Group, StoreError> {
    let of_kind = format!("{} AND g.kind = ?2 AND (g.id = ?3 OR g.name_key = ?4)", query());
    connection
        .prepare_cached(&of_kind)?
        .query_row(
            params![organisation, kind.as_str(), GroupId::parse(text.trim()), crate::names::key(text)],
            group,
        )
        .optional()?
        .ok_or_else(|| StoreError::not_found(noun(kind), text))
}

const fn noun(kind: Kind) -> &'static str {
    match kind {
        Kind::User => "group of users",
        Kind::Service => "group of services",
    }
}

/// The id of who or what is to be a member, with its name.
fn member(
    write: &Write<'_>,
    organisation: OrganisationId,
    (kind, text): (Kind, &str),
) -> Result<(Bytes<16>, String), StoreError> {
    Ok(match kind {
        Kind::User => {
            let user = users::find(write, organisation, text)?;
            (user.id.0, user.username)
        }
        Kind::Service => {
            let service = write.service(organisation, text)?;
            (service.id.0, service.name)
        }
    })
}

impl Store {
    /// Adds an empty group.
    ///
    /// # Errors
    /// `name_taken`.
    pub async fn add_group(
        &self,
        organisation: OrganisationId,
        (id, kind, name): (GroupId, Kind, Name),
        actor: Actor,
        now: i64,
    ) -> Result<(), StoreError> {
        self.write(move |write| {
            write
                .prepare_cached(
                    "INSERT INTO groups (organisation_id, id, kind, name, name_key, created)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                )?
                .execute(params![organisation, id, kind.as_str(), name.shown(), name.key(), now])
                .map_err(|error| taken(error, noun(kind), name.shown()))?;
            let entry =
                Entry::new("group.add", actor, id).detail("kind", kind.as_str()).detail("name", name.shown());
            write.audit(organisation, now, &entry)
        })
        .await
    }

    /// All groups, by kind and name.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn groups(&self, organisation: OrganisationId) -> Result<Vec<Group>, StoreError> {
        self.scan(move |read| {
            let mut statement =
                read.prepare_cached(&format!("{} ORDER BY g.kind DESC, g.name_key", query()))?;
            let rows = statement.query_map([organisation], group)?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
        .await
    }

    /// A group with its members by name.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn group(
        &self,
        organisation: OrganisationId,
        (kind, text): (Kind, String),
    ) -> Result<(Group, Vec<Member>), StoreError> {
        self.scan(move |read| {
            let found = find(read, organisation, (kind, &text))?;
            let query = format!(
                "SELECT l.* FROM groups g CROSS JOIN ({}) l WHERE g.organisation_id = ?1 AND g.id = ?2 ORDER BY l.name",
                LIVE_MEMBERS.replace("g.organisation_id", "?1").replace("g.id", "?2")
            );
            let mut statement = read.prepare_cached(&query)?;
            let rows = statement.query_map(params![organisation, found.id], |row| {
                Ok(Member { id: Bytes(row.get(0)?), name: row.get(1)?, since: row.get(2)? })
            })?;
            let members = rows.collect::<Result<_, _>>()?;
            Ok((found, members))
        })
        .await
    }

    /// Takes a member in, or out.
    ///
    /// # Errors
    /// `not_found`; `member_already`, `no_member`.
    pub async fn set_member(
        &self,
        organisation: OrganisationId,
        (kind, group, who): (Kind, String, String),
        is_member: bool,
        (actor, now): (Actor, i64),
    ) -> Result<Group, StoreError> {
        self.write(move |write| {
            let found = find(write, organisation, (kind, &group))?;
            let (id, name) = member(write, organisation, (kind, &who))?;
            let changed = if is_member {
                write
                    .prepare_cached(
                        "INSERT INTO group_members (organisation_id, group_id, member_id, since)
                         VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING",
                    )?
                    .execute(params![organisation, found.id, id.0, now])?
            } else {
                write
                    .prepare_cached(
                        "DELETE FROM group_members WHERE organisation_id = ?1 AND group_id = ?2 AND member_id = ?3",
                    )?
                    .execute(params![organisation, found.id, id.0])?
            };
            if changed == 0 {
                let (code, is) =
                    if is_member { ("member_already", "already in") } else { ("no_member", "not in") };
                return Err(StoreError::refused(code, format!("{name} is {is} {:?}", found.name)));
            }
            let word = if is_member { "group.add_member" } else { "group.remove_member" };
            let entry = Entry::new(word, actor, found.id).detail("member", id).detail("name", &name);
            write.audit(organisation, now, &entry)?;
            find(write, organisation, (kind, &found.id.to_string()))
        })
        .await
    }

    /// Renames a group.
    ///
    /// # Errors
    /// `not_found`, `name_taken`.
    pub async fn rename_group(
        &self,
        organisation: OrganisationId,
        (kind, group, name): (Kind, String, Name),
        actor: Actor,
        now: i64,
    ) -> Result<(), StoreError> {
        self.write(move |write| {
            let found = find(write, organisation, (kind, &group))?;
            write
                .prepare_cached(
                    "UPDATE groups SET name = ?3, name_key = ?4 WHERE organisation_id = ?1 AND id = ?2",
                )?
                .execute(params![organisation, found.id, name.shown(), name.key()])
                .map_err(|error| taken(error, noun(kind), name.shown()))?;
            let entry = Entry::new("group.rename", actor, found.id)
                .detail("was", &found.name)
                .detail("name", name.shown());
            write.audit(organisation, now, &entry)
        })
        .await
    }

    /// Deletes a group; its members and accesses stay in the store and give nothing. Answers what it was.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn delete_group(
        &self,
        organisation: OrganisationId,
        (kind, group): (Kind, String),
        actor: Actor,
        now: i64,
    ) -> Result<Group, StoreError> {
        self.write(move |write| {
            let found = find(write, organisation, (kind, &group))?;
            write
                .prepare_cached("UPDATE groups SET deleted = ?3 WHERE organisation_id = ?1 AND id = ?2")?
                .execute(params![organisation, found.id, now])?;
            let entry = Entry::new("group.delete", actor, found.id)
                .detail("name", &found.name)
                .detail("members", found.members)
                .detail("accesses", found.accesses);
            write.audit(organisation, now, &entry)?;
            Ok(found)
        })
        .await
    }

    /// Undoes a deletion, with everything that went with it; of a group of this kind, or of either.
    ///
    /// # Errors
    /// `not_found`; `name_taken` where another group has the name now; `undo_over` after [`UNDO_SECS`].
    pub async fn restore_group(
        &self,
        organisation: OrganisationId,
        (kind, id): (Option<Kind>, GroupId),
        actor: Actor,
        now: i64,
    ) -> Result<(), StoreError> {
        self.write(move |write| {
            let deleted: (String, i64) = write
                .prepare_cached(
                    "SELECT name, deleted FROM groups
                     WHERE organisation_id = ?1 AND id = ?2 AND deleted IS NOT NULL AND (?3 IS NULL OR kind = ?3)",
                )?
                .query_row(params![organisation, id, kind.map(Kind::as_str)], |row| Ok((row.get(0)?, row.get(1)?)))
                .optional()?
                .ok_or_else(|| StoreError::not_found("deleted group", id))?;
            if now.saturating_sub(deleted.1) > UNDO_SECS {
                return Err(StoreError::refused("undo_over", "it was deleted more than 30 days ago"));
            }
            write
                .prepare_cached("UPDATE groups SET deleted = NULL WHERE organisation_id = ?1 AND id = ?2")?
                .execute(params![organisation, id])
                .map_err(|error| taken(error, "group", &deleted.0))?;
            write.audit(organisation, now, &Entry::new("group.restore", actor, id).detail("name", &deleted.0))
        })
        .await
    }
}
