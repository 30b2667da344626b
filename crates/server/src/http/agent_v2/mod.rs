//! The agent protocol, version 2: see `docs/protocol.md`.

use crate::app::App;
use axum::Router;
use std::sync::Arc;

/// The routes below `/agent/v2`.
pub fn routes() -> Router<Arc<App>> {
    Router::new()
}
