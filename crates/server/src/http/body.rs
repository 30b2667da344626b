//! The whole body of a request, with a bound on its length and on how long it may take.

use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use protocol::MAX_BODY_BYTES;
use std::time::Duration;

/// How long a body may take to arrive.
pub const BODY_TIME: Duration = Duration::from_secs(10);

/// The body as bytes, at most [`MAX_BODY_BYTES`], within [`BODY_TIME`].
#[derive(Debug, Clone)]
pub struct WholeBody(pub Bytes);

/// Why there is no body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// 413: longer than allowed; nothing of it was looked at.
    #[error("the body is longer than {MAX_BODY_BYTES} bytes")]
    TooLarge,
    /// 408: it came too slowly.
    #[error("the body did not arrive in time")]
    TooSlow,
    /// 400: the connection broke, or the chunks are malformed.
    #[error("the body did not arrive whole")]
    Broken,
}

impl BodyError {
    /// The status that it is answered with.
    #[must_use]
    pub const fn status(self) -> StatusCode {
        match self {
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::Broken => StatusCode::BAD_REQUEST,
        }
    }
}

impl IntoResponse for BodyError {
    fn into_response(self) -> Response {
        // The rest of the body is not read, so the connection cannot serve another request.
        (self.status(), [("connection", "close")], format!("{self}\n")).into_response()
    }
}

impl<S: Send + Sync> FromRequest<S> for WholeBody {
    type Rejection = BodyError;

    async fn from_request(request: Request, _state: &S) -> Result<Self, BodyError> {
        let announced = request
            .headers()
            .get(axum::http::header::CONTENT_LENGTH)
            .and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
        if announced.is_some_and(|length| length > MAX_BODY_BYTES as u64) {
            return Err(BodyError::TooLarge);
        }
        let body = Limited::new(request.into_body(), MAX_BODY_BYTES);
        match tokio::time::timeout(BODY_TIME, body.collect()).await {
            Err(_) => Err(BodyError::TooSlow),
            Ok(Err(error)) if error.is::<LengthLimitError>() => Err(BodyError::TooLarge),
            Ok(Err(_)) => Err(BodyError::Broken),
            Ok(Ok(collected)) => Ok(Self(collected.to_bytes())),
        }
    }
}
