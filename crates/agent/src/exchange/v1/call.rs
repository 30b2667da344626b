//! One request and what came back.

use super::super::CONNECT_LIMIT;
use super::super::cause::Cause;
use crate::ports::{
    Address, Cancelled, Deadlines, HttpAnswer, HttpRequest, Method, TlsExpectation, TransportError,
};
use crate::services::Services;
use core::time::Duration;
use protocol::v1::Envelope;
use serde::Serialize;

/// Room for a request's body, in bytes: a buffer that grows would leave copies of its secrets.
const BODY_BYTES: usize = 8 * 1024;

/// A `POST` of JSON; `None` where the body cannot be written. Its body is wiped with it.
pub(super) fn post(path: &str, body: &impl Serialize) -> Option<HttpRequest> {
    let mut bytes = Vec::with_capacity(BODY_BYTES);
    let written = serde_json::to_writer(&mut bytes, body);
    let request = HttpRequest {
        method: Method::Post,
        path_and_query: path.to_owned(),
        headers: vec![("content-type", "application/json".to_owned())],
        body: bytes,
    };
    written.is_ok().then_some(request)
}

/// Sends a request; `total` is for the whole exchange.
///
/// # Errors
/// [`Cause`]: nobody was reached, or what came is no HTTP answer.
pub(super) fn send(
    services: &Services,
    address: &Address,
    tls: &TlsExpectation,
    request: &HttpRequest,
    total: Duration,
    cancelled: &dyn Cancelled,
) -> Result<HttpAnswer, Cause> {
    if cancelled.is_cancelled() {
        return Err(Cause::Transport(TransportError::Cancelled));
    }
    if total.is_zero() {
        return Err(Cause::NoTimeLeft);
    }
    let deadlines = Deadlines { connect: total.min(CONNECT_LIMIT), total };
    let answer = services.transport.exchange(address, tls, request, deadlines, cancelled);
    // Whoever gave up meanwhile gets nothing any more, whatever arrived (late answers are dropped).
    if cancelled.is_cancelled() {
        return Err(Cause::Transport(TransportError::Cancelled));
    }
    answer.map_err(Cause::Transport)
}

/// The envelope of an answer; only HTTP 200 has one.
pub(super) fn envelope(answer: &HttpAnswer) -> Option<Envelope> {
    (answer.status == 200).then(|| Envelope::read(&answer.body))?
}
