//! One signed request on its way to a signed answer.

use super::fault::{self, Fault};
use crate::keys::ServerKeys;
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use protocol::SIGNATURE_AGE_SECS;
use protocol::error_code::ErrorCode;
use protocol::signing::{
    self, CONTENT_DIGEST, Parameters, SIGNATURE, SIGNATURE_INPUT, SignedRequest, Signer as _, Tag,
    Unverified, Verifier,
};
use protocol::v2::Answer;
use serde::de::DeserializeOwned;
use std::net::IpAddr;

/// A request whose signature has the right form.
pub(super) struct Call {
    /// What the answer refers to.
    pub request: SignedRequest,
    /// The signature, not verified yet.
    pub unverified: Unverified,
    /// The answer's tag.
    pub tag: Tag,
    /// The receipt that a machine shows.
    pub receipt: Option<String>,
    /// The address that the server sees.
    pub source: IpAddr,
    /// The body.
    pub body: Bytes,
    /// When the request had arrived, Unix seconds.
    pub now: i64,
}

impl Call {
    /// Verifies the signature, and only then its time.
    pub(super) fn verify(&self, key: &impl Verifier) -> Result<(), Fault> {
        if !self.unverified.verify(key) {
            return Err(Fault::error(ErrorCode::SignatureInvalid, "the signature does not verify"));
        }
        self.in_time()
    }

    /// Whether the signature is fresh. Call it only after the signature verified.
    pub(super) fn in_time(&self) -> Result<(), Fault> {
        let age = self.now.abs_diff(self.unverified.parameters.created);
        if age > SIGNATURE_AGE_SECS.unsigned_abs() { Err(Fault::Clock) } else { Ok(()) }
    }

    /// Reads the body as JSON.
    pub(super) fn body<T: DeserializeOwned>(&self) -> Result<T, Fault> {
        serde_json::from_slice(&self.body).map_err(|error| Fault::bad(excerpt(&error.to_string())))
    }

    /// Refuses a query.
    pub(super) fn without_query(&self) -> Result<(), Fault> {
        if self.request.query.is_empty() { Ok(()) } else { Err(Fault::bad("this call has no query")) }
    }

    /// Refuses a query and a body.
    pub(super) fn without_body(&self) -> Result<(), Fault> {
        if self.body.is_empty() { Ok(()) } else { Err(Fault::bad("this call has no body")) }
    }

    /// The signed answer.
    pub(super) fn answer(&self, keys: &ServerKeys, result: Result<Answer, Fault>) -> Response {
        let (status, answer) = match result {
            Ok(answer) => (StatusCode::OK, answer),
            Err(fault) => fault.into_answer(self.now),
        };
        if let Answer::Error(error) = &answer {
            tracing::debug!(
                client_ip = %self.source,
                key_id = %self.unverified.parameters.key_id,
                reason_code = error.code.code(),
                "A call was refused"
            );
        }
        let body = fault::to_bytes(&answer);
        let parameters = Parameters {
            created: crate::clock::now(),
            key_id: keys.signing.key_id(),
            nonce: self.unverified.parameters.nonce,
            tag: self.tag,
        };
        let signed =
            signing::sign_response(&self.request, status.as_u16(), &body, &parameters, &keys.signing);
        let mut response = (status, fault::json(body)).into_response();
        for (name, value) in [
            (CONTENT_DIGEST, signed.content_digest),
            (SIGNATURE_INPUT, signed.signature_input),
            (SIGNATURE, signed.signature),
        ] {
            // Base64 and the profile's own characters always are a header's value.
            if let Ok(value) = HeaderValue::try_from(value) {
                response.headers_mut().insert(HeaderName::from_static(name), value);
            }
        }
        response
    }
}

/// What is said of a body in an answer: short, and without what could forge a line of a log.
fn excerpt(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(200).collect()
}
