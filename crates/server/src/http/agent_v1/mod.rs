//! The original's agent protocol ("version 1"), so that installed original agents go on working
//! during a roll-over: see `docs/protocol-v1.md`.
//!
//! Every answer is HTTP 200 with the original's envelope, whatever went wrong. Who does not show the
//! key of a service reaches no user, no counter and no logon; what the key opens is version 1 of that
//! one service until its end, and nothing of version 2.

mod check_config;
mod logon;

use crate::app::App;
use crate::http::body::{BodyError, WholeBody};
use crate::http::peer::Peer;
use crate::store::StoreError;
use crate::store::v1_doors::{Door, V1Key};
use axum::Router;
use axum::body::Body;
use axum::extract::{FromRequest as _, Request, State};
use axum::http::{HeaderValue, header};
use axum::response::Response;
use axum::routing::post;
use protocol::v1::path;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use zeroize::Zeroizing;

/// Every call is answered by then, counted from its head: agents of the original give up after a minute.
const ANSWERED_WITHIN: Duration = Duration::from_secs(55);

type Received = Result<WholeBody, BodyError>;

/// The original's routes.
pub fn routes() -> Router<Arc<App>> {
    path::LOGONS
        .into_iter()
        .fold(Router::new(), |router, path| router.route(path, post(logon)))
        .route(path::CHECK_CONFIG, post(check_config))
}

async fn logon(State(app): State<Arc<App>>, peer: Peer, request: Request) -> Response {
    let answer = async |received| logon::answer(&app, received, peer.0).await;
    in_time(request, answer, logon::undecided).await
}

async fn check_config(State(app): State<Arc<App>>, peer: Peer, request: Request) -> Response {
    let answer = async |received| check_config::answer(&app, received, peer.0).await;
    in_time(request, answer, check_config::unread).await
}

/// Reads the body and answers, or says `too_late` when the time is over.
async fn in_time(
    request: Request,
    answer: impl AsyncFnOnce(Received) -> String,
    too_late: impl FnOnce() -> String,
) -> Response {
    let mut unread = false;
    let body = tokio::time::timeout(ANSWERED_WITHIN, async {
        let received = WholeBody::from_request(request, &()).await;
        unread = received.is_err();
        answer(received).await
    });
    let body = body.await.unwrap_or_else(|_| {
        tracing::error!("A call of version 1 was not answered in time");
        too_late()
    });
    response(body, unread)
}

/// Who showed what.
enum Shown {
    /// The key of this service.
    Key(Door),
    /// Another key than the one of this service.
    WrongKey(Door),
    /// An id that no service answers to.
    UnknownId,
}

/// Looks at the id and the key that a caller shows. An unknown id takes the time of a wrong key,
/// but for the look-up.
fn shown(app: &App, (id, key): (&str, &str), now: i64) -> Result<Shown, StoreError> {
    let door = app.store.read(|read| read.v1_door(app.organisation, id, now))?;
    Ok(match door {
        Some(door) if door.key.is(key) => Shown::Key(door),
        Some(door) => Shown::WrongKey(door),
        None => {
            std::hint::black_box(V1Key::new(Zeroizing::default()).is(key));
            Shown::UnknownId
        }
    })
}

/// Writes down that a wrong key was shown. What becomes of that changes no answer.
async fn note_wrong_key(app: &App, door: &Door, source: IpAddr, now: i64) {
    tracing::debug!(client_ip = %source, service_id = %door.service, "A wrong key of version 1 was shown");
    if let Err(error) = app.store.note_wrong_v1_key(app.organisation, (door.service, source), now).await {
        tracing::error!(error = %error, "A wrong key of version 1 could not be written down");
    }
}

fn response(body: String, unread: bool) -> Response {
    let mut response = Response::new(Body::from(body));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    // As the original writes it.
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store, pragma"));
    if unread {
        // What is left of the body is not read, so the connection serves no other request.
        headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    response
}
