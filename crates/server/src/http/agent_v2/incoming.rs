//! A request as it came in: everything that a signature is about.

use super::call::Call;
use super::fault::Fault;
use crate::clock;
use crate::http::body::WholeBody;
use crate::http::peer::Peer;
use axum::extract::{FromRequest, FromRequestParts as _, Request};
use axum::http::{HeaderMap, Method, Uri};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use protocol::signing::{self, Tag};

/// Method, path, query, headers and whole body of a request.
pub(super) struct Incoming {
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    peer: Peer,
    body: Bytes,
}

impl<S: Send + Sync> FromRequest<S> for Incoming {
    type Rejection = Response;

    async fn from_request(request: Request, state: &S) -> Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        let peer = Peer::from_request_parts(&mut parts, state)
            .await
            .map_err(axum::response::IntoResponse::into_response)?;
        let (method, uri, headers) = (parts.method.clone(), parts.uri.clone(), parts.headers.clone());
        match WholeBody::from_request(Request::from_parts(parts, body), state).await {
            Ok(WholeBody(body)) => Ok(Self { method, uri, headers, peer, body }),
            Err(error) => Err(Fault::Body(error).unsigned().into_response()),
        }
    }
}

impl Incoming {
    /// Reads the signature, without verifying it.
    pub(super) fn read(self, tag: Tag) -> Result<Call, Fault> {
        let (path, query) = (self.uri.path(), self.uri.query().unwrap_or_default());
        let read = signing::read_request(
            (self.method.as_str(), path, query),
            &self.body,
            |name| self.header(name),
            tag,
        );
        let (request, unverified) = read?;
        Ok(Call {
            request,
            unverified,
            tag: if tag == Tag::AdmitRequest { Tag::AdmitResponse } else { Tag::Response },
            receipt: self.header(signing::RECEIPT),
            source: self.peer.0,
            body: self.body,
            now: clock::now(),
        })
    }

    /// A header's value. One that was sent several times has none: whoever stands between could pick.
    fn header(&self, name: &str) -> Option<String> {
        let mut values = self.headers.get_all(name).iter();
        let value = values.next()?.to_str().ok()?;
        if values.next().is_none() { Some(value.to_owned()) } else { None }
    }
}
