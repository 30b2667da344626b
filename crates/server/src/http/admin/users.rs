//! Users and their devices.

use super::ApiError;
use super::error::ErrorBody;
use super::page::{Listed, Part, Sent};
use crate::administration::devices::add_totp;
use crate::app::App;
use crate::clock::now;
use crate::http::guard::Caller;
use crate::names::Name;
use crate::store::users::{Device, User};
use crate::store::{DeviceId, UserId};
use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;

/// A user to be added.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewUser {
    /// The username; nobody else's username or email address.
    username: String,
    /// The email address; nobody else's either.
    email: String,
}

/// A device to be added.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewDevice {
    /// What it is called; `authenticator app` without it.
    name: Option<String>,
}

/// A device with its secret, which is shown this once.
#[derive(Serialize, ToSchema)]
pub struct DeviceSecret {
    /// Its id.
    device_id: String,
    /// Base32.
    secret: String,
    /// The key URI that authenticator apps read, as a QR code.
    otpauth_uri: String,
}

/// List the users, by username.
#[utoipa::path(get, path = "/users", tag = "users", params(Part),
    responses((status = 200, body = Listed<User>), (status = "4XX", body = ErrorBody)))]
pub(super) async fn list(
    State(app): State<Arc<App>>,
    caller: Caller,
    Query(part): Query<Part>,
) -> Result<Json<Listed<User>>, ApiError> {
    let limit = part.limit()?;
    let place = || ApiError::invalid("after", "there is no such place in the list");
    let after = part.after.as_deref().map(|text| UserId::parse(text).ok_or_else(place)).transpose()?;
    let items = app.store.users_after(caller.organisation, (String::new(), after, limit)).await?;
    let full = u32::try_from(items.len()).is_ok_and(|count| count == limit);
    let next = items.last().filter(|_| full).map(|user| user.id.to_string());
    Ok(Json(Listed { items, next }))
}

/// Add a user.
#[utoipa::path(post, path = "/users", tag = "users", request_body = NewUser,
    responses((status = 201, body = User), (status = "4XX", body = ErrorBody)))]
pub(super) async fn add(
    State(app): State<Arc<App>>,
    caller: Caller,
    Sent(new): Sent<NewUser>,
) -> Result<(StatusCode, Json<User>), ApiError> {
    let (name, email) = (Name::parse("username", &new.username)?, Name::parse_email(&new.email)?);
    let id = UserId::random().map_err(crate::store::StoreError::from)?;
    app.store.add_user(caller.organisation, (id, name, email), caller.actor, now()).await?;
    let user = app.store.read(|read| read.user(caller.organisation, &id.to_string()))?;
    Ok((StatusCode::CREATED, Json(user)))
}

/// A user, by id, username or email address.
#[utoipa::path(get, path = "/users/{user}", tag = "users", params(("user" = String, Path)),
    responses((status = 200, body = User), (status = "4XX", body = ErrorBody)))]
pub(super) async fn show(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(user): Path<String>,
) -> Result<Json<User>, ApiError> {
    Ok(Json(app.store.read(|read| read.user(caller.organisation, &user))?))
}

/// Let a user sign in again.
#[utoipa::path(post, path = "/users/{user}/enable", tag = "users", params(("user" = String, Path)),
    responses((status = 200, body = User), (status = "4XX", body = ErrorBody)))]
pub(super) async fn enable(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(user): Path<String>,
) -> Result<Json<User>, ApiError> {
    Ok(Json(app.store.set_user_enabled(caller.organisation, (user, true), caller.actor, now()).await?))
}

/// Refuse a user from now on.
#[utoipa::path(post, path = "/users/{user}/disable", tag = "users", params(("user" = String, Path)),
    responses((status = 200, body = User), (status = "4XX", body = ErrorBody)))]
pub(super) async fn disable(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(user): Path<String>,
) -> Result<Json<User>, ApiError> {
    Ok(Json(app.store.set_user_enabled(caller.organisation, (user, false), caller.actor, now()).await?))
}

/// A user's devices.
#[utoipa::path(get, path = "/users/{user}/devices", tag = "users", params(("user" = String, Path)),
    responses((status = 200, body = Vec<Device>), (status = "4XX", body = ErrorBody)))]
pub(super) async fn devices(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(user): Path<String>,
) -> Result<Json<Vec<Device>>, ApiError> {
    Ok(Json(app.store.devices(caller.organisation, Some(user)).await?))
}

/// Give a user a one-time code device.
///
/// Hand the secret over in person, or over a channel that you trust.
#[utoipa::path(post, path = "/users/{user}/devices", tag = "users", params(("user" = String, Path)),
    request_body = NewDevice,
    responses((status = 201, body = DeviceSecret), (status = "4XX", body = ErrorBody)))]
pub(super) async fn add_device(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(user): Path<String>,
    Sent(new): Sent<NewDevice>,
) -> Result<(StatusCode, Json<DeviceSecret>), ApiError> {
    let name = Name::parse("device name", new.name.as_deref().unwrap_or("authenticator app"))?;
    let made = add_totp(&app.store, caller.organisation, (user, name), caller.actor, now()).await?;
    let shown = DeviceSecret {
        device_id: made.id.to_string(),
        secret: made.secret.text.as_str().to_owned(),
        otpauth_uri: made.secret.uri.as_str().to_owned(),
    };
    Ok((StatusCode::CREATED, Json(shown)))
}

/// Remove a device for good.
#[utoipa::path(delete, path = "/devices/{device}", tag = "users", params(("device" = String, Path)),
    responses((status = 204), (status = "4XX", body = ErrorBody)))]
pub(super) async fn remove_device(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(device): Path<String>,
) -> Result<StatusCode, ApiError> {
    let id = DeviceId::parse(&device).ok_or_else(ApiError::not_found)?;
    app.store.remove_device(caller.organisation, id, caller.actor, now()).await?;
    Ok(StatusCode::NO_CONTENT)
}
