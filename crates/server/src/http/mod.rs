//! What is served. Each group of routes is a module with a function that returns its router.

pub mod admin;
pub mod agent_v1;
pub mod agent_v2;
pub mod body;
pub mod dashboard;
pub mod guard;
pub mod peer;

use crate::app::App;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use std::sync::Arc;

/// Everything, over one state.
pub fn router(app: Arc<App>) -> Router {
    Router::new()
        .route("/healthz", get(health))
        .merge(agent_v1::routes())
        .merge(agent_v2::routes())
        .merge(admin::router(&app))
        .merge(dashboard::router(&app))
        .with_state(app)
}

/// 200 while the store answers and the server does not drain; load balancers ask this.
async fn health(State(app): State<Arc<App>>) -> (StatusCode, &'static str) {
    if *app.draining().borrow() {
        return (StatusCode::SERVICE_UNAVAILABLE, "draining\n");
    }
    match app.store.data_version() {
        Ok(_) => (StatusCode::OK, "ok\n"),
        Err(error) => {
            tracing::error!(error = %error, "The store does not answer");
            (StatusCode::SERVICE_UNAVAILABLE, "store unavailable\n")
        }
    }
}
