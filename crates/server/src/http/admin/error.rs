//! The one shape of every error: `{code, message, request_id}`.

use crate::administrators::Role;
use crate::http::body::BodyError;
use crate::names::NameError;
use crate::store::StoreError;
use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

/// Why a call did nothing. The guard writes the body, as it knows the request's id.
#[derive(Debug, Clone)]
pub struct ApiError {
    status: StatusCode,
    code: &'static str,
    message: String,
}

/// As it is sent.
#[derive(Debug, Serialize, ToSchema)]
pub struct ErrorBody<'a> {
    /// A stable code, such as `name_taken`.
    code: &'a str,
    /// One sentence for a person.
    message: &'a str,
    /// By which the request is found in the server's log.
    request_id: &'a str,
}

impl ApiError {
    fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into() }
    }

    /// 422: a value of the request cannot be.
    #[must_use]
    pub fn invalid(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, code, message)
    }

    /// 404
    #[must_use]
    pub fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", "there is no such call or thing")
    }

    pub(crate) fn unauthorized() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "unauthorized", "show a token: `Authorization: Bearer trasa_…`")
    }

    pub(crate) fn forbidden(role: Role) -> Self {
        let message = format!("the role of this token, {}, does not allow this", role.as_str());
        Self::new(StatusCode::FORBIDDEN, "forbidden", message)
    }

    pub(crate) fn for_people() -> Self {
        let message = "this wants a person who signs in again; use the dashboard or the console";
        Self::new(StatusCode::FORBIDDEN, "for_people", message)
    }

    pub(crate) fn unfinished() -> Self {
        let message = "a request with this Idempotency-Key runs, or was cut off; look before you repeat it";
        Self::new(StatusCode::CONFLICT, "idempotency_unfinished", message)
    }

    pub(crate) fn key_reused() -> Self {
        let message = "this Idempotency-Key was used with another request";
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "idempotency_key_reused", message)
    }

    pub(crate) fn of_status(status: StatusCode) -> Self {
        let code = match status {
            StatusCode::NOT_FOUND => "not_found",
            StatusCode::METHOD_NOT_ALLOWED => "method_not_allowed",
            StatusCode::PAYLOAD_TOO_LARGE => "body_too_large",
            _ => "invalid_request",
        };
        let message = status.canonical_reason().unwrap_or("the request cannot be understood").to_lowercase();
        Self::new(status, code, message)
    }

    pub(crate) fn to_response(&self, request_id: &str) -> Response {
        if self.status.is_server_error() {
            tracing::error!(error = %self.message, request_id, "A call failed");
        }
        let message = if self.status.is_server_error() {
            "the server cannot do that now; try again in a moment"
        } else {
            &self.message
        };
        (self.status, Json(ErrorBody { code: self.code, message, request_id })).into_response()
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        let code = error.code();
        let status = match (&error, code) {
            (StoreError::Refused { .. }, "not_found") => StatusCode::NOT_FOUND,
            (StoreError::Refused { .. }, "until_past" | "until_missing" | "bad_policy") => {
                StatusCode::UNPROCESSABLE_ENTITY
            }
            (StoreError::Refused { .. }, _) => StatusCode::CONFLICT,
            (StoreError::Unavailable(_), _) => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        };
        Self::new(status, code, error.to_string())
    }
}

impl From<BodyError> for ApiError {
    fn from(error: BodyError) -> Self {
        Self::new(error.status(), "body", error.to_string())
    }
}

impl From<NameError> for ApiError {
    fn from(error: NameError) -> Self {
        Self::invalid("bad_name", error.to_string())
    }
}
