//! Machines. Releasing one, which lets its agent disarm, is for an owner who signs in again.

use super::ApiError;
use super::error::ErrorBody;
use super::page::{Listed, Part};
use crate::app::App;
use crate::clock::now;
use crate::http::guard::Caller;
use crate::store::machine_states::{Machine, MachineChange};
use axum::Json;
use axum::extract::{Path, Query, State};
use std::sync::Arc;

/// List the machines, by service and name.
#[utoipa::path(get, path = "/machines", tag = "machines", params(Part),
    responses((status = 200, body = Listed<Machine>), (status = "4XX", body = ErrorBody)))]
pub(super) async fn list(
    State(app): State<Arc<App>>,
    caller: Caller,
    Query(part): Query<Part>,
) -> Result<Json<Listed<Machine>>, ApiError> {
    let machines = app.store.machines(caller.organisation).await?;
    part.of(machines, |machine| machine.id.to_string()).map(Json)
}

/// A machine, by id or name.
#[utoipa::path(get, path = "/machines/{machine}", tag = "machines", params(("machine" = String, Path)),
    responses((status = 200, body = Machine), (status = "4XX", body = ErrorBody)))]
pub(super) async fn show(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(machine): Path<String>,
) -> Result<Json<Machine>, ApiError> {
    Ok(Json(app.store.read(|read| read.machine(caller.organisation, &machine))?))
}

/// Let a waiting machine in.
#[utoipa::path(post, path = "/machines/{machine}/approve", tag = "machines", params(("machine" = String, Path)),
    responses((status = 200, body = Machine), (status = "4XX", body = ErrorBody)))]
pub(super) async fn approve(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(machine): Path<String>,
) -> Result<Json<Machine>, ApiError> {
    change(&app, caller, machine, MachineChange::Approve).await
}

/// Remove a machine.
///
/// It is refused from now on, its key for good.
#[utoipa::path(post, path = "/machines/{machine}/revoke", tag = "machines", params(("machine" = String, Path)),
    responses((status = 200, body = Machine), (status = "4XX", body = ErrorBody)))]
pub(super) async fn revoke(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(machine): Path<String>,
) -> Result<Json<Machine>, ApiError> {
    change(&app, caller, machine, MachineChange::Revoke).await
}

/// Undo a mistaken removal.
///
/// Also takes a machine back that a restored store did not know.
#[utoipa::path(post, path = "/machines/{machine}/readmit", tag = "machines", params(("machine" = String, Path)),
    responses((status = 200, body = Machine), (status = "4XX", body = ErrorBody)))]
pub(super) async fn readmit(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(machine): Path<String>,
) -> Result<Json<Machine>, ApiError> {
    change(&app, caller, machine, MachineChange::Readmit).await
}

async fn change(
    app: &App,
    caller: Caller,
    machine: String,
    change: MachineChange,
) -> Result<Json<Machine>, ApiError> {
    Ok(Json(app.store.change_machine(caller.organisation, (machine, change), caller.actor, now()).await?))
}
