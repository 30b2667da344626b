//! Accesses, policies and the audit.

use super::ApiError;
use super::error::ErrorBody;
use super::page::{Listed, Part, Sent};
use crate::administration::policies;
use crate::app::App;
use crate::audit::Row;
use crate::clock::now;
use crate::http::guard::Caller;
use crate::names::Name;
use crate::store::accesses::{Access, Grant, Where, Whom};
use crate::store::policies::{Policy, PolicyText};
use crate::store::{AccessId, StoreError};
use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use decision::account::Pattern;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;

/// An access to be granted.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewAccess {
    /// Whom, by id, username or email address.
    user: Option<String>,
    /// Or a group of users, by id or name.
    user_group: Option<String>,
    /// On which service, by ServiceID or name.
    service: Option<String>,
    /// Or on a group of services, by id or name.
    service_group: Option<String>,
    /// As which account: `DOMAIN\name`, or `.\name` for the local account of any machine.
    account: String,
    /// Under which policy, by id or name; without one always.
    policy: Option<String>,
    /// The first instant at which it allows nothing, Unix seconds; without one it has no end.
    until: Option<i64>,
}

impl NewAccess {
    fn ends(&self) -> Result<(Whom, Where), ApiError> {
        let whom = match (&self.user, &self.user_group) {
            (Some(user), None) => Whom::User(user.clone()),
            (None, Some(group)) => Whom::Group(group.clone()),
            _ => return Err(ApiError::invalid("bad_user", "give either user or user_group")),
        };
        let place = match (&self.service, &self.service_group) {
            (Some(service), None) => Where::Service(service.clone()),
            (None, Some(group)) => Where::Group(group.clone()),
            _ => return Err(ApiError::invalid("bad_service", "give either service or service_group")),
        };
        Ok((whom, place))
    }
}

/// What was made.
#[derive(Debug, Serialize, ToSchema)]
pub struct AccessMade {
    /// Its id.
    access_id: String,
}

/// A policy to be added. What is left out allows everything.
#[derive(Debug, Deserialize, ToSchema)]
pub struct NewPolicy {
    /// Its name.
    name: String,
    /// Its rules.
    #[serde(flatten)]
    rules: PolicyText,
}

/// What was made.
#[derive(Debug, Serialize, ToSchema)]
pub struct PolicyMade {
    /// Its id.
    policy_id: String,
}

/// List the accesses in force, by user.
#[utoipa::path(get, path = "/accesses", tag = "rules", params(Part),
    responses((status = 200, body = Listed<Access>), (status = "4XX", body = ErrorBody)))]
pub(super) async fn accesses(
    State(app): State<Arc<App>>,
    caller: Caller,
    Query(part): Query<Part>,
) -> Result<Json<Listed<Access>>, ApiError> {
    let accesses = app.store.accesses(caller.organisation).await?;
    part.of(accesses, |access| access.id.to_string()).map(Json)
}

/// Grant an access.
#[utoipa::path(post, path = "/accesses", tag = "rules", request_body = NewAccess,
    responses((status = 201, body = AccessMade), (status = "4XX", body = ErrorBody)))]
pub(super) async fn grant(
    State(app): State<Arc<App>>,
    caller: Caller,
    Sent(new): Sent<NewAccess>,
) -> Result<(StatusCode, Json<AccessMade>), ApiError> {
    let (user, service) = new.ends()?;
    let NewAccess { account: shown, policy, until, .. } = new;
    let account = Pattern::parse(&shown).map_err(|error| {
        ApiError::invalid(
            "bad_account",
            format!("{shown:?} is no account: {error}; write DOMAIN\\name or .\\name"),
        )
    })?;
    let id = AccessId::random().map_err(StoreError::from)?;
    let grant = Grant { id, user, service, account, shown, policy, until };
    app.store.grant_access(caller.organisation, grant, caller.actor, now()).await?;
    Ok((StatusCode::CREATED, Json(AccessMade { access_id: id.to_string() })))
}

/// Revoke an access.
///
/// `trasa-server access restore` undoes it.
#[utoipa::path(delete, path = "/accesses/{access}", tag = "rules", params(("access" = String, Path)),
    responses((status = 204), (status = "4XX", body = ErrorBody)))]
pub(super) async fn revoke(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(access): Path<String>,
) -> Result<StatusCode, ApiError> {
    let id = AccessId::parse(&access).ok_or_else(ApiError::not_found)?;
    app.store.set_access_revoked(caller.organisation, (id, true), caller.actor, now()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// List the policies, by name.
#[utoipa::path(get, path = "/policies", tag = "rules", params(Part),
    responses((status = 200, body = Listed<Policy>), (status = "4XX", body = ErrorBody)))]
pub(super) async fn policies(
    State(app): State<Arc<App>>,
    caller: Caller,
    Query(part): Query<Part>,
) -> Result<Json<Listed<Policy>>, ApiError> {
    let policies = app.store.policies(caller.organisation).await?;
    part.of(policies, |policy| policy.id.to_string()).map(Json)
}

/// Add a policy.
#[utoipa::path(post, path = "/policies", tag = "rules", request_body = NewPolicy,
    responses((status = 201, body = PolicyMade), (status = "4XX", body = ErrorBody)))]
pub(super) async fn add_policy(
    State(app): State<Arc<App>>,
    caller: Caller,
    Sent(new): Sent<NewPolicy>,
) -> Result<(StatusCode, Json<PolicyMade>), ApiError> {
    let named = (Name::parse("name", &new.name)?, new.rules);
    let id = policies::add(&app.store, caller.organisation, named, caller.actor, now()).await?;
    Ok((StatusCode::CREATED, Json(PolicyMade { policy_id: id.to_string() })))
}

/// List the audit, the newest rows first.
#[utoipa::path(get, path = "/audit", tag = "audit", params(Part),
    responses((status = 200, body = Listed<Row>), (status = "4XX", body = ErrorBody)))]
pub(super) async fn audit(
    State(app): State<Arc<App>>,
    caller: Caller,
    Query(part): Query<Part>,
) -> Result<Json<Listed<Row>>, ApiError> {
    let limit = part.limit()?;
    let place = |_| ApiError::invalid("after", "this is no place in the list");
    let before = part.after.as_deref().map(str::parse).transpose().map_err(place)?;
    let items = app.store.read(|read| read.audit_rows_before(caller.organisation, (before, None), limit))?;
    let full = u32::try_from(items.len()).is_ok_and(|count| count == limit);
    let next = items.last().filter(|_| full).map(|row| row.number.to_string());
    Ok(Json(Listed { items, next }))
}
