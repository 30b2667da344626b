//! Services.

use super::ApiError;
use super::error::ErrorBody;
use super::page::{Listed, Part, Sent};
use crate::administration::services::Keyed;
use crate::app::App;
use crate::clock::now;
use crate::http::guard::Caller;
use crate::names::Name;
use crate::store::services::Service;
use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;

/// A service to be added.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewService {
    /// Its name.
    name: String,
}

/// A service with its key, which is shown this once.
#[derive(Serialize, ToSchema)]
pub struct ServiceKey {
    /// The ServiceID.
    service_id: String,
    /// The ServiceKey. It is kept nowhere in this form.
    service_key: String,
}

impl From<Keyed> for ServiceKey {
    fn from(keyed: Keyed) -> Self {
        Self { service_id: keyed.id.to_string(), service_key: keyed.key.as_str().to_owned() }
    }
}

/// List the services, by name.
#[utoipa::path(get, path = "/services", tag = "services", params(Part),
    responses((status = 200, body = Listed<Service>), (status = "4XX", body = ErrorBody)))]
pub(super) async fn list(
    State(app): State<Arc<App>>,
    caller: Caller,
    Query(part): Query<Part>,
) -> Result<Json<Listed<Service>>, ApiError> {
    let services = app.store.services(caller.organisation).await?;
    part.of(services, |service| service.id.to_string()).map(Json)
}

/// Add a service.
///
/// Its key admits machines without an approval for 7 days.
#[utoipa::path(post, path = "/services", tag = "services", request_body = NewService,
    responses((status = 201, body = ServiceKey), (status = "4XX", body = ErrorBody)))]
pub(super) async fn add(
    State(app): State<Arc<App>>,
    caller: Caller,
    Sent(new): Sent<NewService>,
) -> Result<(StatusCode, Json<ServiceKey>), ApiError> {
    let name = Name::parse("name", &new.name)?;
    let keyed =
        crate::administration::services::add(&app.store, caller.organisation, name, caller.actor, now())
            .await?;
    Ok((StatusCode::CREATED, Json(keyed.into())))
}

/// A service, by ServiceID or name.
#[utoipa::path(get, path = "/services/{service}", tag = "services", params(("service" = String, Path)),
    responses((status = 200, body = Service), (status = "4XX", body = ErrorBody)))]
pub(super) async fn show(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(service): Path<String>,
) -> Result<Json<Service>, ApiError> {
    Ok(Json(app.store.read(|read| read.service(caller.organisation, &service))?))
}

/// Delete a service, by ServiceID or name.
///
/// Refused while machines of it were seen within 30 days. `trasa-server service restore` undoes it.
#[utoipa::path(delete, path = "/services/{service}", tag = "services", params(("service" = String, Path)),
    responses((status = 204), (status = "4XX", body = ErrorBody)))]
pub(super) async fn delete(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(service): Path<String>,
) -> Result<StatusCode, ApiError> {
    app.store.delete_service(caller.organisation, service, caller.actor, now()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Replace the ServiceKey of a service, by ServiceID or name.
///
/// Admitted machines do not notice.
#[utoipa::path(post, path = "/services/{service}/rotate-key", tag = "services", params(("service" = String, Path)),
    responses((status = 200, body = ServiceKey), (status = "4XX", body = ErrorBody)))]
pub(super) async fn rotate_key(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(service): Path<String>,
) -> Result<Json<ServiceKey>, ApiError> {
    let (organisation, actor) = (caller.organisation, caller.actor);
    let keyed =
        crate::administration::services::rotate_key(&app.store, organisation, service, actor, now()).await?;
    Ok(Json(keyed.into()))
}
