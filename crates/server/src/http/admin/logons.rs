//! Logons.

use super::ApiError;
use super::error::ErrorBody;
use super::page::{Listed, Part};
use crate::app::App;
use crate::http::guard::Caller;
use crate::store::logon_list::Logon;
use axum::Json;
use axum::extract::{Path, Query, State};
use std::sync::Arc;

/// List the logons, the newest first, without the facts that they were decided from.
#[utoipa::path(get, path = "/logons", tag = "logons", params(Part),
    responses((status = 200, body = Listed<Logon>), (status = "4XX", body = ErrorBody)))]
pub(super) async fn list(
    State(app): State<Arc<App>>,
    caller: Caller,
    Query(part): Query<Part>,
) -> Result<Json<Listed<Logon>>, ApiError> {
    let limit = part.limit()?;
    let before = match &part.after {
        None => None,
        Some(text) => {
            let number =
                text.parse().map_err(|_| ApiError::invalid("after", "this is no place in the list"))?;
            Some(number)
        }
    };
    let items = app.store.logons_before(caller.organisation, before, limit).await?;
    let full = u32::try_from(items.len()).is_ok_and(|count| count == limit);
    let next = items.last().filter(|_| full).map(|logon| logon.number.to_string());
    Ok(Json(Listed { items, next }))
}

/// The logons with a short code or an id, the newest first, with the facts that they were decided from.
#[utoipa::path(get, path = "/logons/{code}", tag = "logons", params(("code" = String, Path)),
    responses((status = 200, body = Vec<Logon>), (status = "4XX", body = ErrorBody)))]
pub(super) async fn show(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(code): Path<String>,
) -> Result<Json<Vec<Logon>>, ApiError> {
    Ok(Json(app.store.logons_called(caller.organisation, code).await?))
}
