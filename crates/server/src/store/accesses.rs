//! Accesses: "this user or group may be this account on this service or group of services, under this
//! policy, until then".

use super::access_queries::PLACES;
use super::groups::{self, Kind};
use super::services::future;
use super::{AccessId, GroupId, OrganisationId, PolicyId, Store, StoreError, UserId, Write};
use super::{policies, users};
use crate::audit::{Actor, Entry};
use decision::account::Pattern;
use protocol::encoding::Bytes;
use protocol::id::ServiceId;
use rusqlite::{Row, params};
use serde::Serialize;

/// An access, as administrators see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Access {
    /// The id.
    #[serde(rename = "access_id")]
    #[schema(value_type = String)]
    pub id: AccessId,
    /// The user's username, or the group's name.
    pub user: String,
    /// Whether `user` is a group.
    pub user_is_group: bool,
    /// The service's name, or the group's.
    pub service: String,
    /// Whether `service` is a group.
    pub service_is_group: bool,
    /// The ServiceID, or the group's id.
    #[schema(value_type = String)]
    pub service_id: ServiceId,
    /// The account as it was written.
    pub account: String,
    /// The policy's name; none: always, by any method.
    pub policy: Option<String>,
    /// The first instant at which it allows nothing, Unix seconds.
    pub until: Option<i64>,
    /// When it was granted, Unix seconds.
    pub created: i64,
}

/// Who is granted an access, by id or name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Whom {
    /// A user, also by email address.
    User(String),
    /// Everybody in a group of users.
    Group(String),
}

/// Where an access is granted, by id or name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Where {
    /// A service.
    Service(String),
    /// Every service in a group of services.
    Group(String),
}

/// What is granted; nouns by id or name.
#[derive(Debug, Clone)]
pub struct Grant {
    /// The new id.
    pub id: AccessId,
    /// Who.
    pub user: Whom,
    /// On which service.
    pub service: Where,
    /// As which account, `DOMAIN\name` or `.\name`.
    pub account: Pattern,
    /// The account as it was typed.
    pub shown: String,
    /// Under which policy.
    pub policy: Option<String>,
    /// The first instant at which it allows nothing, Unix seconds.
    pub until: Option<i64>,
}

/// An end of an access: the id in its column and the name.
struct Of {
    id: [u8; 16],
    name: String,
}

fn whom(write: &Write<'_>, organisation: OrganisationId, whom: &Whom) -> Result<Of, StoreError> {
    Ok(match whom {
        Whom::User(text) => {
            let user = users::find(write, organisation, text)?;
            Of { id: user.id.0.0, name: user.username }
        }
        Whom::Group(text) => of_group(groups::find(write, organisation, (Kind::User, text))?),
    })
}

fn place(write: &Write<'_>, organisation: OrganisationId, place: &Where) -> Result<Of, StoreError> {
    Ok(match place {
        Where::Service(text) => {
            let service = write.service(organisation, text)?;
            Of { id: service.id.0.0, name: service.name }
        }
        Where::Group(text) => of_group(groups::find(write, organisation, (Kind::Service, text))?),
    })
}

fn of_group(group: groups::Group) -> Of {
    Of { id: group.id.0.0, name: group.name }
}

fn access(row: &Row<'_>) -> rusqlite::Result<Access> {
    Ok(Access {
        id: row.get(0)?,
        user: row.get(1)?,
        user_is_group: row.get(2)?,
        service: row.get(3)?,
        service_is_group: row.get(4)?,
        service_id: ServiceId::new(row.get(5)?),
        account: row.get(6)?,
        policy: row.get(7)?,
        until: row.get(8)?,
        created: row.get(9)?,
    })
}

/// The columns in which a pattern is stored: domain (`.` for the machine itself) and name.
#[must_use]
pub fn columns(account: &Pattern) -> (String, String) {
    match account {
        Pattern::Local(name) => (".".to_owned(), name.as_str().to_owned()),
        Pattern::InDomain(domain, name) => (domain.as_str().to_owned(), name.as_str().to_owned()),
    }
}

/// Who may sign in to the machines of a service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ServiceAccess {
    /// The username.
    pub user: String,
    /// Whether the user may log on at all.
    pub enabled: bool,
    /// How many devices the user has.
    pub devices: i64,
    /// The account, as it was typed.
    pub account: String,
    /// The policy's name.
    pub policy: Option<String>,
    /// The group through which the user has it.
    pub group: Option<String>,
    /// The first instant at which it allows nothing, Unix seconds.
    pub until: Option<i64>,
}

impl ServiceAccess {
    /// Whether it allows nothing any more.
    #[must_use]
    pub fn has_ended(&self, now: &i64) -> bool {
        self.until.is_some_and(|until| until <= *now)
    }
}

impl Store {
    /// The accesses that end after one instant and up to another, both Unix seconds, with their ends; none
    /// that a deletion has ended already.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn accesses_ending(
        &self,
        organisation: OrganisationId,
        (after, up_to): (i64, i64),
    ) -> Result<Vec<(AccessId, i64)>, StoreError> {
        self.scan(move |read| {
            let mut statement = read.prepare_cached(
                "SELECT a.id, a.until FROM accesses a
                 WHERE a.organisation_id = ?1 AND a.until > ?2 AND a.until <= ?3 AND a.deleted IS NULL
                    AND (EXISTS (SELECT 1 FROM users u
                            WHERE u.organisation_id = ?1 AND u.id = a.user_id AND u.deleted IS NULL)
                        OR EXISTS (SELECT 1 FROM groups g
                            WHERE g.organisation_id = ?1 AND g.id = a.user_id AND g.deleted IS NULL))
                    AND (EXISTS (SELECT 1 FROM services s
                            WHERE s.organisation_id = ?1 AND s.id = a.service_id AND s.deleted IS NULL)
                        OR EXISTS (SELECT 1 FROM groups g
                            WHERE g.organisation_id = ?1 AND g.id = a.service_id AND g.deleted IS NULL))
                 ORDER BY a.until",
            )?;
            let rows = statement
                .query_map(params![organisation, after, up_to], |row| Ok((row.get(0)?, row.get(1)?)))?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
        .await
    }

    /// The accesses to one service, by user; at most so many.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn service_accesses(
        &self,
        organisation: OrganisationId,
        service: ServiceId,
        most: u32,
    ) -> Result<Vec<ServiceAccess>, StoreError> {
        self.scan(move |read| {
            let mut statement = read.prepare_cached(&format!(
                "WITH {PLACES}, named(user_id, access_id, through) AS (
                    SELECT a.user_id, a.id, NULL FROM places CROSS JOIN accesses a
                    WHERE a.organisation_id = ?1 AND a.service_id = places.id AND a.deleted IS NULL
                    UNION ALL
                    SELECT m.member_id, a.id, g.name
                    FROM places CROSS JOIN accesses a CROSS JOIN groups g CROSS JOIN group_members m
                    WHERE a.organisation_id = ?1 AND a.service_id = places.id AND a.deleted IS NULL
                        AND g.organisation_id = ?1 AND g.id = a.user_id AND g.kind = 'user' AND g.deleted IS NULL
                        AND m.organisation_id = ?1 AND m.group_id = g.id)
                 SELECT u.username, u.enabled, (SELECT count(*) FROM devices d
                    WHERE d.organisation_id = u.organisation_id AND d.user_id = u.id AND d.deleted IS NULL),
                    a.account_shown, p.name, named.through, a.until
                 FROM named CROSS JOIN users u CROSS JOIN accesses a
                 LEFT JOIN policies p ON p.organisation_id = a.organisation_id AND p.id = a.policy_id
                 WHERE u.organisation_id = ?1 AND u.id = named.user_id AND u.deleted IS NULL
                    AND a.organisation_id = ?1 AND a.id = named.access_id AND p.deleted IS NULL
                 ORDER BY u.username_key, a.account_domain, a.account_name LIMIT ?3"
            ))?;
            let rows = statement.query_map(params![organisation, service.0.0, most], |row| {
                Ok(ServiceAccess {
                    user: row.get(0)?,
                    enabled: row.get(1)?,
                    devices: row.get(2)?,
                    account: row.get(3)?,
                    policy: row.get(4)?,
                    group: row.get(5)?,
                    until: row.get(6)?,
                })
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
        .await
    }

    /// Grants an access.
    ///
    /// # Errors
    /// `not_found`; `access_exists` where the same was granted before; `until_past`.
    pub async fn grant_access(
        &self,
        organisation: OrganisationId,
        grant: Grant,
        actor: Actor,
        now: i64,
    ) -> Result<(), StoreError> {
        self.write(move |write| {
            let user = whom(write, organisation, &grant.user)?;
            let service = place(write, organisation, &grant.service)?;
            let until = grant.until.map(|until| future(Some(until), now, "the access")).transpose()?;
            let policy = grant.policy.as_deref().map(|text| policies::find(write, organisation, text)).transpose()?;
            let policy_id: Option<PolicyId> = policy.as_ref().map(|policy| policy.id);
            let (domain, name) = columns(&grant.account);
            let exists = write
                .prepare_cached(
                    "SELECT 1 FROM accesses WHERE organisation_id = ?1 AND user_id = ?2 AND service_id = ?3
                        AND +account_domain = ?4 AND +account_name = ?5 AND policy_id IS ?6 AND deleted IS NULL
                        AND (until IS NULL OR until > ?7)",
                )?
                .exists(params![organisation, user.id, service.id, domain, name, policy_id, now])?;
            if exists {
                return Err(StoreError::refused(
                    "access_exists",
                    format!("{} may be {} on {:?} already", user.name, grant.shown, service.name),
                ));
            }
            write
                .prepare_cached(
                    "INSERT INTO accesses (organisation_id, id, user_id, service_id, account_domain, account_name,
                        account_shown, policy_id, until, created) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
                )?
                .execute(params![
                    organisation,
                    grant.id,
                    user.id,
                    service.id,
                    domain,
                    name,
                    grant.shown,
                    policy_id,
                    until,
                    now
                ])?;
            let entry = Entry::new("access.grant", actor, grant.id)
                .detail("user", Bytes(user.id))
                .detail("service", Bytes(service.id))
                .detail("account", &grant.shown)
                .detail("policy", policy_id)
                .detail("until", until);
            write.audit(organisation, now, &entry)
        })
        .await
    }

    /// All accesses in force, by user.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn accesses(&self, organisation: OrganisationId) -> Result<Vec<Access>, StoreError> {
        self.accesses_where(organisation, ("TRUE", None)).await
    }

    /// The accesses in force of one user, own and through groups.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn accesses_of(
        &self,
        organisation: OrganisationId,
        user: UserId,
    ) -> Result<Vec<Access>, StoreError> {
        let which = "(a.user_id = ?2 OR a.user_id IN (SELECT group_id FROM group_members
                        WHERE organisation_id = ?1 AND member_id = ?2))";
        self.accesses_where(organisation, (which, Some(user.0.0))).await
    }

    /// The accesses in force that name a group, on either side.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn accesses_of_group(
        &self,
        organisation: OrganisationId,
        group: GroupId,
    ) -> Result<Vec<Access>, StoreError> {
        self.accesses_where(organisation, ("(a.user_id = ?2 OR a.service_id = ?2)", Some(group.0.0))).await
    }

    /// The accesses in force under a policy.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn accesses_under(
        &self,
        organisation: OrganisationId,
        policy: PolicyId,
    ) -> Result<Vec<Access>, StoreError> {
        self.accesses_where(organisation, ("a.policy_id = ?2", Some(policy.0.0))).await
    }

    /// The accesses in force for which a condition about `?2` holds.
    async fn accesses_where(
        &self,
        organisation: OrganisationId,
        (which, about): (&'static str, Option<[u8; 16]>),
    ) -> Result<Vec<Access>, StoreError> {
        self.scan(move |read| {
            let mut statement = read.prepare_cached(&format!(
                "SELECT a.id, coalesce(u.username, ug.name), u.id IS NULL, coalesce(s.name, sg.name), s.id IS NULL,
                    a.service_id, a.account_shown, p.name, a.until, a.created
                 FROM accesses a
                 LEFT JOIN users u ON u.organisation_id = a.organisation_id AND u.id = a.user_id AND u.deleted IS NULL
                 LEFT JOIN groups ug ON ug.organisation_id = a.organisation_id AND ug.id = a.user_id
                    AND ug.kind = 'user' AND ug.deleted IS NULL
                 LEFT JOIN services s ON s.organisation_id = a.organisation_id AND s.id = a.service_id AND s.deleted IS NULL
                 LEFT JOIN groups sg ON sg.organisation_id = a.organisation_id AND sg.id = a.service_id
                    AND sg.kind = 'service' AND sg.deleted IS NULL
                 LEFT JOIN policies p ON p.organisation_id = a.organisation_id AND p.id = a.policy_id
                 WHERE a.organisation_id = ?1 AND a.deleted IS NULL AND p.deleted IS NULL
                    AND coalesce(u.id, ug.id) IS NOT NULL AND coalesce(s.id, sg.id) IS NOT NULL
                    AND (?2 IS NULL OR {which})
                 ORDER BY coalesce(u.username_key, ug.name_key), coalesce(s.name_key, sg.name_key),
                    a.account_domain, a.account_name"
            ))?;
            let rows = statement.query_map(params![organisation, about], access)?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
        .await
    }

    /// Revokes an access, or brings a revoked one back.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn set_access_revoked(
        &self,
        organisation: OrganisationId,
        (id, revoked): (AccessId, bool),
        actor: Actor,
        now: i64,
    ) -> Result<(), StoreError> {
        self.write(move |write| {
            let changed = write
                .prepare_cached(
                    "UPDATE accesses SET deleted = ?3
                     WHERE organisation_id = ?1 AND id = ?2 AND (deleted IS NULL) = (?3 IS NOT NULL)",
                )?
                .execute(params![organisation, id, revoked.then_some(now)])?;
            if changed == 0 {
                return Err(StoreError::not_found(if revoked { "access" } else { "revoked access" }, id));
            }
            let kind = if revoked { "access.revoke" } else { "access.restore" };
            write.audit(organisation, now, &Entry::new(kind, actor, id))
        })
        .await
    }
}
