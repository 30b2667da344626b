//! `/api/admin/v1`: the administration for programs. OpenAPI is made from the code, and served.
//!
//! To add a call: a handler with `#[utoipa::path]` in the file of its noun, a line in `calls` that says
//! what it needs, and a line in the table of the test `every_call_denies_by_default`.

mod error;
mod groups;
mod logons;
mod machines;
mod page;
mod rules;
mod services;
mod users;

pub use error::ApiError;

use crate::administrators::Right;
use crate::app::App;
use crate::http::guard::{Api, Declared, Needs, finish, request_id, with_page_headers};
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use axum::{Json, Router};
use std::sync::Arc;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{Components, Info, OpenApi, OpenApiBuilder, Server};
use utoipa_axum::routes;

/// Where the calls are.
pub const PREFIX: &str = "/api/admin/v1";

/// Every call with what it needs.
fn calls(app: &Arc<App>) -> Api {
    Api::new(Arc::clone(app), described())
        .add(Needs::Right(Right::See), routes!(services::list))
        .add(Needs::Right(Right::Change), routes!(services::add))
        .add(Needs::Right(Right::See), routes!(services::show))
        .add(Needs::Right(Right::Change), routes!(services::delete))
        .add(Needs::Right(Right::Change), routes!(services::rotate_key))
        .add(Needs::Right(Right::See), routes!(machines::list))
        .add(Needs::Right(Right::See), routes!(machines::show))
        .add(Needs::Right(Right::Change), routes!(machines::approve))
        .add(Needs::Right(Right::Change), routes!(machines::revoke))
        .add(Needs::Right(Right::Change), routes!(machines::readmit))
        .add(Needs::Right(Right::See), routes!(users::list))
        .add(Needs::Right(Right::Change), routes!(users::add))
        .add(Needs::Right(Right::See), routes!(users::show))
        .add(Needs::Right(Right::Help), routes!(users::enable))
        .add(Needs::Right(Right::Help), routes!(users::disable))
        .add(Needs::Right(Right::See), routes!(users::devices))
        .add(Needs::Right(Right::Help), routes!(users::add_device))
        .add(Needs::Right(Right::Help), routes!(users::remove_device))
        .add(Needs::Right(Right::See), routes!(groups::list))
        .add(Needs::Right(Right::Change), routes!(groups::add))
        .add(Needs::Right(Right::See), routes!(groups::show))
        .add(Needs::Right(Right::Change), routes!(groups::rename))
        .add(Needs::Right(Right::Change), routes!(groups::delete))
        .add(Needs::Right(Right::Change), routes!(groups::restore))
        .add(Needs::Right(Right::Change), routes!(groups::add_member))
        .add(Needs::Right(Right::Change), routes!(groups::remove_member))
        .add(Needs::Right(Right::See), routes!(rules::accesses))
        .add(Needs::Right(Right::Change), routes!(rules::grant))
        .add(Needs::Right(Right::Change), routes!(rules::revoke))
        .add(Needs::Right(Right::See), routes!(rules::policies))
        .add(Needs::Right(Right::Change), routes!(rules::add_policy))
        .add(Needs::Right(Right::SeeAudit), routes!(rules::audit))
        .add(Needs::Right(Right::See), routes!(logons::list))
        .add(Needs::Right(Right::See), routes!(logons::show))
}

fn described() -> OpenApi {
    let mut info = Info::new("TRASA administration", env!("CARGO_PKG_VERSION"));
    info.description = Some(
        "Times are Unix seconds. Lists come in parts: send `next` as `after`. A POST with an `Idempotency-Key` may be \
         repeated for a day: the same answer, and nothing is done twice. Errors are `{code, message, request_id}`; the \
         codes are stable."
            .to_owned(),
    );
    let mut components = Components::new();
    components.add_security_scheme("token", SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)));
    OpenApiBuilder::new().info(info).servers(Some([Server::new(PREFIX)])).components(Some(components)).build()
}

/// The calls, guarded, and their description, which is public.
pub fn router(app: &Arc<App>) -> Router<Arc<App>> {
    let (router, openapi) = calls(app).into_parts();
    let describe = get(move || std::future::ready(Json(openapi.clone())));
    let router = router
        .route("/openapi.json", describe)
        .fallback(|| async { ApiError::not_found() })
        .method_not_allowed_fallback(|| async {
            ApiError::of_status(axum::http::StatusCode::METHOD_NOT_ALLOWED)
        })
        .layer(from_fn(with_shape))
        .layer(from_fn(with_page_headers));
    Router::new().nest(PREFIX, router)
}

/// What never reached a call has the same shape.
async fn with_shape(request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    if response.headers().contains_key("x-request-id") {
        return response;
    }
    finish(response.into_response(), &request_id())
}

/// What every call needs, as declared.
#[must_use]
pub fn declared(app: &Arc<App>) -> Vec<Declared> {
    calls(app).declared().to_vec()
}
