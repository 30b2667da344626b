//! `TrasaWin.msi` for whoever sets a machine up.

use super::PageError;
use crate::app::App;
use crate::store::StoreError;
use axum::extract::State;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse as _, Response};
use std::sync::Arc;

/// `GET /TrasaWin.msi`
pub(super) async fn download(State(app): State<Arc<App>>) -> Result<Response, PageError> {
    let missing = || {
        let message = "there is no TrasaWin.msi beside the server; put it there, or name it with `serve --installer FILE`";
        PageError::Store(StoreError::refused("not_found", message))
    };
    let path = app.installer().ok_or_else(missing)?.to_owned();
    let read = tokio::task::spawn_blocking(move || std::fs::read(path)).await;
    let content = read.map_err(|_| missing())?.map_err(|_| missing())?;
    let headers =
        [(CONTENT_TYPE, "application/x-msi"), (CONTENT_DISPOSITION, "attachment; filename=\"TrasaWin.msi\"")];
    Ok((headers, content).into_response())
}
