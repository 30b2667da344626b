//! Why a call has no result of its own, and how that is answered.

use crate::http::body::BodyError;
use crate::store::StoreError;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use protocol::error_code::ErrorCode;
use protocol::signing::ProfileError;
use protocol::v2::{Answer, ErrorBody, Params};
use serde_json::Value;

/// Why a call has no result of its own.
#[derive(Debug)]
pub(super) enum Fault {
    /// It is refused.
    Error(Box<ErrorBody>),
    /// The signature is right and its time is not.
    Clock,
    /// The store is down.
    Unavailable,
    /// The body did not arrive.
    Body(BodyError),
}

impl Fault {
    /// A refusal with a sentence for whoever reads a trace.
    pub(super) fn error(code: ErrorCode, message: impl Into<String>) -> Self {
        Self::Error(Box::new(ErrorBody { code, parameters: Params::new(), message: message.into() }))
    }

    /// The request says something that the protocol does not; `detail` names it.
    pub(super) fn bad(detail: impl Into<String>) -> Self {
        Self::error(ErrorCode::BadRequest, "the request is not what the protocol says")
            .with("detail", detail.into())
    }

    /// Adds a parameter to a refusal.
    pub(super) fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        if let Self::Error(body) = &mut self {
            body.parameters.insert(name.to_owned(), value.into());
        }
        self
    }

    /// Status and body of the answer.
    pub(super) fn into_answer(self, now: i64) -> (StatusCode, Answer) {
        match self {
            Self::Error(body) => (status(body.code), Answer::Error(*body)),
            Self::Clock => (StatusCode::OK, Answer::Clock { time: now }),
            Self::Unavailable => (StatusCode::SERVICE_UNAVAILABLE, Answer::Unavailable),
            Self::Body(error) => {
                let code =
                    if error == BodyError::TooLarge { ErrorCode::TooLarge } else { ErrorCode::BadRequest };
                let message = error.to_string();
                (error.status(), Answer::Error(ErrorBody { code, parameters: Params::new(), message }))
            }
        }
    }

    /// The answer to who did not sign, or could not be answered with a signature.
    pub(super) fn unsigned(self) -> Response {
        let unread = matches!(self, Self::Body(_));
        let (status, answer) = self.into_answer(0);
        let mut response = (status, plain(&answer)).into_response();
        if unread {
            // What is left of the body is not read, so the connection serves no other request.
            response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        response
    }
}

/// An unsigned answer with status 200.
pub(super) fn plain(answer: &Answer) -> Response {
    json(to_bytes(answer)).into_response()
}

pub(super) fn json(body: Vec<u8>) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))], body)
}

pub(super) fn to_bytes(answer: &Answer) -> Vec<u8> {
    // These types have string keys only; should writing ever fail, silence is what is left to say.
    serde_json::to_vec(answer).unwrap_or_else(|_| br#"{"kind":"unavailable"}"#.to_vec())
}

/// The status is for proxies and traces; agents read the body.
const fn status(code: ErrorCode) -> StatusCode {
    match code {
        ErrorCode::NotFound | ErrorCode::UnknownMachine | ErrorCode::LogonUnknown => StatusCode::NOT_FOUND,
        ErrorCode::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        ErrorCode::SignatureMissing | ErrorCode::SignatureInvalid => StatusCode::UNAUTHORIZED,
        ErrorCode::IdReused => StatusCode::CONFLICT,
        ErrorCode::RateLimited => StatusCode::TOO_MANY_REQUESTS,
        ErrorCode::MachineRevoked
        | ErrorCode::MachineWaiting
        | ErrorCode::ServiceRefused
        | ErrorCode::ServiceDeleted
        | ErrorCode::TokenSpent
        | ErrorCode::TokenExpired
        | ErrorCode::AdmissionClosed
        | ErrorCode::KeyRevoked
        | ErrorCode::CheckRefused => StatusCode::FORBIDDEN,
        _ => StatusCode::BAD_REQUEST,
    }
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        // The cause is the administrator's to see, not the network's.
        tracing::error!(error = %error, reason_code = error.code(), "The store did not answer a call");
        Self::Unavailable
    }
}

impl From<ProfileError> for Fault {
    fn from(error: ProfileError) -> Self {
        let code = match error {
            ProfileError::Digest => ErrorCode::SignatureInvalid,
            _ => ErrorCode::SignatureMissing,
        };
        Self::error(code, error.to_string())
    }
}
