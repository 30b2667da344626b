//! Groups of users and of services.

use super::ApiError;
use super::error::ErrorBody;
use super::page::{Listed, Part, Sent};
use crate::app::App;
use crate::clock::now;
use crate::http::guard::Caller;
use crate::names::Name;
use crate::store::groups::{Group, Kind, Member};
use crate::store::{GroupId, StoreError};
use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;

/// A group to be added.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewGroup {
    /// What it holds: `user` or `service`.
    kind: Kind,
    /// Its name.
    name: String,
}

/// What was made.
#[derive(Debug, Serialize, ToSchema)]
pub struct GroupMade {
    /// Its id.
    group_id: String,
}

/// A new name.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Renamed {
    /// The name.
    name: String,
}

/// A group with its members.
#[derive(Debug, Serialize, ToSchema)]
pub struct Whole {
    /// The group.
    group: Group,
    /// Its members by name.
    members: Vec<Member>,
}

type Place = Path<(Kind, String)>;
type MemberPlace = Path<(Kind, String, String)>;

/// List the groups, by kind and name.
#[utoipa::path(get, path = "/groups", tag = "groups", params(Part),
    responses((status = 200, body = Listed<Group>), (status = "4XX", body = ErrorBody)))]
pub(super) async fn list(
    State(app): State<Arc<App>>,
    caller: Caller,
    Query(part): Query<Part>,
) -> Result<Json<Listed<Group>>, ApiError> {
    let groups = app.store.groups(caller.organisation).await?;
    part.of(groups, |group| group.id.to_string()).map(Json)
}

/// Add an empty group.
#[utoipa::path(post, path = "/groups", tag = "groups", request_body = NewGroup,
    responses((status = 201, body = GroupMade), (status = "4XX", body = ErrorBody)))]
pub(super) async fn add(
    State(app): State<Arc<App>>,
    caller: Caller,
    Sent(new): Sent<NewGroup>,
) -> Result<(StatusCode, Json<GroupMade>), ApiError> {
    let id = GroupId::random().map_err(StoreError::from)?;
    let group = (id, new.kind, Name::parse("name", &new.name)?);
    app.store.add_group(caller.organisation, group, caller.actor, now()).await?;
    Ok((StatusCode::CREATED, Json(GroupMade { group_id: id.to_string() })))
}

/// A group with its members, by id or name.
#[utoipa::path(get, path = "/groups/{kind}/{group}", tag = "groups",
    params(("kind" = Kind, Path), ("group" = String, Path)),
    responses((status = 200, body = Whole), (status = "4XX", body = ErrorBody)))]
pub(super) async fn show(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(place): Place,
) -> Result<Json<Whole>, ApiError> {
    let (group, members) = app.store.group(caller.organisation, place).await?;
    Ok(Json(Whole { group, members }))
}

/// Rename a group.
#[utoipa::path(patch, path = "/groups/{kind}/{group}", tag = "groups", request_body = Renamed,
    params(("kind" = Kind, Path), ("group" = String, Path)),
    responses((status = 204), (status = "4XX", body = ErrorBody)))]
pub(super) async fn rename(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path((kind, group)): Place,
    Sent(renamed): Sent<Renamed>,
) -> Result<StatusCode, ApiError> {
    let named = (kind, group, Name::parse("name", &renamed.name)?);
    app.store.rename_group(caller.organisation, named, caller.actor, now()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Delete a group; what it gave comes back by `restore` within 30 days.
#[utoipa::path(delete, path = "/groups/{kind}/{group}", tag = "groups",
    params(("kind" = Kind, Path), ("group" = String, Path)),
    responses((status = 200, body = Group), (status = "4XX", body = ErrorBody)))]
pub(super) async fn delete(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(place): Place,
) -> Result<Json<Group>, ApiError> {
    Ok(Json(app.store.delete_group(caller.organisation, place, caller.actor, now()).await?))
}

/// Undo a deletion, by the group's id.
#[utoipa::path(post, path = "/groups/{kind}/{group}/restore", tag = "groups",
    params(("kind" = Kind, Path), ("group" = String, Path)),
    responses((status = 204), (status = "4XX", body = ErrorBody)))]
pub(super) async fn restore(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path((kind, group)): Place,
) -> Result<StatusCode, ApiError> {
    let id = GroupId::parse(&group).ok_or_else(ApiError::not_found)?;
    app.store.restore_group(caller.organisation, (Some(kind), id), caller.actor, now()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Take a member in: a user by id, username or email address, or a service by ServiceID or name.
#[utoipa::path(put, path = "/groups/{kind}/{group}/members/{member}", tag = "groups",
    params(("kind" = Kind, Path), ("group" = String, Path), ("member" = String, Path)),
    responses((status = 200, body = Group), (status = "4XX", body = ErrorBody)))]
pub(super) async fn add_member(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(whose): MemberPlace,
) -> Result<Json<Group>, ApiError> {
    Ok(Json(app.store.set_member(caller.organisation, whose, true, (caller.actor, now())).await?))
}

/// Take a member out.
#[utoipa::path(delete, path = "/groups/{kind}/{group}/members/{member}", tag = "groups",
    params(("kind" = Kind, Path), ("group" = String, Path), ("member" = String, Path)),
    responses((status = 200, body = Group), (status = "4XX", body = ErrorBody)))]
pub(super) async fn remove_member(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(whose): MemberPlace,
) -> Result<Json<Group>, ApiError> {
    Ok(Json(app.store.set_member(caller.organisation, whose, false, (caller.actor, now())).await?))
}
