//! The agent protocol, version 2: see `docs/protocol.md`.
//!
//! Each call reads a signed request (`incoming`), finds whose key signed it (`caller`), does its
//! work, and signs the answer (`call`). What cannot be read as a signed request at all is answered
//! without a signature and reaches nobody's counters.

mod admit;
mod call;
mod caller;
mod check;
mod fault;
mod incoming;
mod logons;
mod report;

use crate::app::App;
use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::{any, get, post, put};
use fault::Fault;
use incoming::Incoming;
use protocol::error_code::ErrorCode;
use protocol::signing::Tag;
use protocol::v2::{Answer, path};
use std::sync::Arc;

/// The routes below `/agent/v2`.
pub fn routes() -> Router<Arc<App>> {
    let logon = put(put_logon).get(get_logon).delete(delete_logon).fallback(nothing_here);
    Router::new()
        .route(path::MACHINES, post(machines).fallback(nothing_here))
        .route(path::KEYS, get(keys).fallback(nothing_here))
        .route(path::CHECK, post(check_call).fallback(nothing_here))
        .route(path::REPORT, post(report_call).fallback(nothing_here))
        .route(&format!("{}{{id}}", path::LOGONS), logon)
        .route("/agent/v2/{*rest}", any(nothing_here))
}

async fn machines(State(app): State<Arc<App>>, incoming: Incoming) -> Response {
    match incoming.read(Tag::AdmitRequest) {
        Ok(call) => call.answer(&app.keys(), admit::admit(&app, &call).await),
        Err(fault) => fault.unsigned(),
    }
}

async fn keys(State(app): State<Arc<App>>) -> Response {
    fault::plain(&Answer::Keys { keys: app.keys().chain.clone() })
}

async fn put_logon(State(app): State<Arc<App>>, incoming: Incoming) -> Response {
    match incoming.read(Tag::Request) {
        Ok(call) => call.answer(&app.keys(), logons::put(&app, &call).await),
        Err(fault) => fault.unsigned(),
    }
}

async fn get_logon(State(app): State<Arc<App>>, incoming: Incoming) -> Response {
    match incoming.read(Tag::Request) {
        Ok(call) => call.answer(&app.keys(), logons::get(&app, &call).await),
        Err(fault) => fault.unsigned(),
    }
}

async fn delete_logon(State(app): State<Arc<App>>, incoming: Incoming) -> Response {
    match incoming.read(Tag::Request) {
        Ok(call) => call.answer(&app.keys(), logons::delete(&app, &call).await),
        Err(fault) => fault.unsigned(),
    }
}

async fn check_call(State(app): State<Arc<App>>, incoming: Incoming) -> Response {
    match incoming.read(Tag::Request) {
        Ok(call) => call.answer(&app.keys(), check::check(&app, &call).await),
        Err(fault) => fault.unsigned(),
    }
}

async fn report_call(State(app): State<Arc<App>>, incoming: Incoming) -> Response {
    match incoming.read(Tag::Request) {
        Ok(call) => call.answer(&app.keys(), report::report(&app, &call).await),
        Err(fault) => fault.unsigned(),
    }
}

async fn nothing_here() -> Response {
    Fault::error(ErrorCode::NotFound, "nothing is served here with this method").unsigned()
}
