//! Accesses: "this user may be this account on this service, under this policy".

use super::{AccessId, OrganisationId, PolicyId, Store, StoreError, UserId};
use super::{policies, users};
use crate::audit::{Actor, Entry};
use decision::account::Pattern;
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
    /// The user's username.
    pub user: String,
    /// The service's name.
    pub service: String,
    /// The service's ServiceID.
    #[schema(value_type = String)]
    pub service_id: ServiceId,
    /// The account as it was written.
    pub account: String,
    /// The policy's name; none: always, by any method.
    pub policy: Option<String>,
    /// When it was granted, Unix seconds.
    pub created: i64,
}

/// What is granted; nouns by id or name.
#[derive(Debug, Clone)]
pub struct Grant {
    /// The new id.
    pub id: AccessId,
    /// Who.
    pub user: String,
    /// On which service.
    pub service: String,
    /// As which account, `DOMAIN\name` or `.\name`.
    pub account: Pattern,
    /// The account as it was typed.
    pub shown: String,
    /// Under which policy.
    pub policy: Option<String>,
}

fn access(row: &Row<'_>) -> rusqlite::Result<Access> {
    Ok(Access {
        id: row.get(0)?,
        user: row.get(1)?,
        service: row.get(2)?,
        service_id: ServiceId::new(row.get(3)?),
        account: row.get(4)?,
        policy: row.get(5)?,
        created: row.get(6)?,
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
}

impl Store {
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
            let mut statement = read.prepare_cached(
                "SELECT u.username, u.enabled, (SELECT count(*) FROM devices d
                    WHERE d.organisation_id = u.organisation_id AND d.user_id = u.id AND d.deleted IS NULL),
                    a.account_shown, p.name
                 FROM accesses a
                 JOIN users u ON u.organisation_id = a.organisation_id AND u.id = a.user_id AND u.deleted IS NULL
                 LEFT JOIN policies p ON p.organisation_id = a.organisation_id AND p.id = a.policy_id
                 WHERE a.organisation_id = ?1 AND a.service_id = ?2 AND a.deleted IS NULL
                 ORDER BY u.username_key, a.account_domain, a.account_name LIMIT ?3",
            )?;
            let rows = statement.query_map(params![organisation, service.0.0, most], |row| {
                Ok(ServiceAccess {
                    user: row.get(0)?,
                    enabled: row.get(1)?,
                    devices: row.get(2)?,
                    account: row.get(3)?,
                    policy: row.get(4)?,
                })
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
        .await
    }

    /// Grants an access.
    ///
    /// # Errors
    /// `not_found`; `access_exists` where the same was granted before.
    pub async fn grant_access(
        &self,
        organisation: OrganisationId,
        grant: Grant,
        actor: Actor,
        now: i64,
    ) -> Result<(), StoreError> {
        self.write(move |write| {
            let user = users::find(write, organisation, &grant.user)?;
            let service = write.service(organisation, &grant.service)?;
            let policy = grant.policy.as_deref().map(|text| policies::find(write, organisation, text)).transpose()?;
            let policy_id: Option<PolicyId> = policy.as_ref().map(|policy| policy.id);
            let (domain, name) = columns(&grant.account);
            let exists = write
                .prepare_cached(
                    "SELECT 1 FROM accesses WHERE organisation_id = ?1 AND user_id = ?2 AND service_id = ?3
                        AND +account_domain = ?4 AND +account_name = ?5 AND policy_id IS ?6 AND deleted IS NULL",
                )?
                .exists(params![organisation, user.id, service.id.0.0, domain, name, policy_id])?;
            if exists {
                return Err(StoreError::refused(
                    "access_exists",
                    format!("{} may be {} on {:?} already", user.username, grant.shown, service.name),
                ));
            }
            write
                .prepare_cached(
                    "INSERT INTO accesses (organisation_id, id, user_id, service_id, account_domain, account_name,
                        account_shown, policy_id, created) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
                )?
                .execute(params![
                    organisation,
                    grant.id,
                    user.id,
                    service.id.0.0,
                    domain,
                    name,
                    grant.shown,
                    policy_id,
                    now
                ])?;
            let entry = Entry::new("access.grant", actor, grant.id)
                .detail("user", user.id)
                .detail("service", service.id)
                .detail("account", &grant.shown)
                .detail("policy", policy_id);
            write.audit(organisation, now, &entry)
        })
        .await
    }

    /// All accesses in force, by user.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn accesses(&self, organisation: OrganisationId) -> Result<Vec<Access>, StoreError> {
        self.accesses_of(organisation, None).await
    }

    /// The accesses in force of one user, or of all.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn accesses_of(
        &self,
        organisation: OrganisationId,
        user: Option<UserId>,
    ) -> Result<Vec<Access>, StoreError> {
        self.scan(move |read| {
            let mut statement = read.prepare_cached(
                "SELECT a.id, u.username, s.name, s.id, a.account_shown, p.name, a.created
                 FROM accesses a
                 JOIN users u ON u.organisation_id = a.organisation_id AND u.id = a.user_id
                 JOIN services s ON s.organisation_id = a.organisation_id AND s.id = a.service_id
                 LEFT JOIN policies p ON p.organisation_id = a.organisation_id AND p.id = a.policy_id
                 WHERE a.organisation_id = ?1 AND a.deleted IS NULL AND (?2 IS NULL OR a.user_id = ?2)
                 ORDER BY u.username_key, s.name_key, a.account_domain, a.account_name",
            )?;
            let rows = statement.query_map(params![organisation, user], access)?;
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
