//! The guard of calls by programs: bearer token, right, one shape for every error, an id for every
//! request, and answers that may be asked for again.

use super::{Caller, Declared, Needs, request_id};
use crate::administrators::Role;
use crate::administrators::secret::{Shown, sha256};
use crate::app::App;
use crate::audit::Actor;
use crate::clock::now;
use crate::http::admin::ApiError;
use crate::http::body::WholeBody;
use crate::http::peer::Peer;
use crate::store::repeated_requests::{Known, Repeatable};
use axum::body::Body;
use axum::extract::{FromRequest as _, Request, State};
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use http_body_util::BodyExt as _;
use std::sync::Arc;
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::security::SecurityRequirement;
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouter};
use zeroize::Zeroizing;

/// What stands before the token's 43 characters, so that scanners for leaked secrets find it.
pub const TOKEN_PREFIX: &str = "trasa_";
/// Most characters of an idempotency key.
const KEY_CHARS: usize = 200;

/// Calls with what each needs; the OpenAPI description grows beside them.
pub struct Api {
    app: Arc<App>,
    router: OpenApiRouter<Arc<App>>,
    declared: Vec<Declared>,
}

impl std::fmt::Debug for Api {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Api").field("declared", &self.declared).finish_non_exhaustive()
    }
}

impl Api {
    /// None yet; `openapi` holds what is said about all of them.
    #[must_use]
    pub fn new(app: Arc<App>, openapi: utoipa::openapi::OpenApi) -> Self {
        Self { app, router: OpenApiRouter::with_openapi(openapi), declared: Vec::new() }
    }

    /// Calls as `routes!` collects them, all with the same need.
    #[must_use]
    pub fn add(mut self, needs: Needs, routes: UtoipaMethodRouter<Arc<App>>) -> Self {
        let (schemas, mut paths, handlers) = routes;
        for (path, item) in &mut paths.paths {
            for (method, operation) in operations(item) {
                say(operation, needs);
                self.declared.push(Declared { method, path: path.clone(), needs });
            }
        }
        let guard = from_fn_with_state((Arc::clone(&self.app), needs), guard);
        self.router = self.router.routes((schemas, paths, handlers.layer(guard)));
        self
    }

    /// What was declared.
    #[must_use]
    pub fn declared(&self) -> &[Declared] {
        &self.declared
    }

    /// The guarded router, and its description.
    pub fn into_parts(self) -> (axum::Router<Arc<App>>, utoipa::openapi::OpenApi) {
        self.router.split_for_parts()
    }
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = (Method, &mut Operation)> {
    [
        (Method::GET, &mut item.get),
        (Method::POST, &mut item.post),
        (Method::PUT, &mut item.put),
        (Method::PATCH, &mut item.patch),
        (Method::DELETE, &mut item.delete),
    ]
    .into_iter()
    .filter_map(|(method, operation)| operation.as_mut().map(|operation| (method, operation)))
}

/// Writes into the description who may call it.
fn say(operation: &mut Operation, needs: Needs) {
    let roles: Vec<_> = Role::ALL.into_iter().filter(|role| needs.allows(Some(*role))).collect();
    let who = if needs == Needs::Nothing {
        "Public.".to_owned()
    } else {
        let names: Vec<_> = roles.iter().map(|role| format!("`{}`", role.as_str())).collect();
        operation.security = Some(vec![SecurityRequirement::new("token", Vec::<String>::new())]);
        format!("Roles: {}.", names.join(", "))
    };
    operation.description = Some(match operation.description.take() {
        Some(text) if !text.is_empty() => format!("{text}\n\n{who}"),
        _ => who,
    });
}

async fn guard(
    State((app, needs)): State<(Arc<App>, Needs)>,
    peer: Peer,
    request: Request,
    next: Next,
) -> Response {
    let id = request_id();
    let response = match admit(&app, needs, peer, request).await {
        Err(error) => error.into_response(),
        Ok(request) => run(&app, request, next).await.unwrap_or_else(ApiError::into_response),
    };
    finish(response, &id)
}

async fn admit(app: &App, needs: Needs, peer: Peer, mut request: Request) -> Result<Request, ApiError> {
    let now = now();
    let caller = match bearer(request.headers()) {
        None => None,
        Some(secret) => app.store.api_token(&secret.hash(), now)?,
    };
    let allowed = match (needs, &caller) {
        (Needs::Nothing, _) => true,
        (_, None) => return Err(ApiError::unauthorized()),
        // No program signs in again.
        (Needs::Fresh(_), Some(_)) => return Err(ApiError::for_people()),
        (Needs::Right(right), Some((_, token))) => token.role.may(right),
    };
    if let Some((organisation, token)) = caller {
        if !allowed {
            return Err(ApiError::forbidden(token.role));
        }
        app.store.touch_api_token(organisation, (&token, peer.0), now).await?;
        request.extensions_mut().insert(Caller {
            organisation,
            role: token.role,
            actor: Actor::Token(token.id),
            name: token.name,
            session: None,
        });
    }
    Ok(request)
}

fn bearer(headers: &HeaderMap) -> Option<Shown> {
    let text = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = text.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return None;
    }
    Shown::parse(token.trim().strip_prefix(TOKEN_PREFIX)?)
}

/// Runs the call, once for each idempotency key.
async fn run(app: &App, request: Request, next: Next) -> Result<Response, ApiError> {
    let caller = request.extensions().get::<Caller>().cloned();
    let key = request.headers().get("idempotency-key").cloned();
    let (Some(key), Some(caller), &Method::POST) = (key, caller, request.method()) else {
        return Ok(next.run(request).await);
    };
    let sound = key.to_str().is_ok_and(|key| !key.is_empty() && key.len() <= KEY_CHARS);
    if !sound {
        return Err(ApiError::invalid(
            "idempotency_key",
            "an Idempotency-Key is 1 to 200 visible characters",
        ));
    }
    let (parts, body) = request.into_parts();
    let whole = WholeBody::from_request(Request::from_parts(parts.clone(), body), &()).await?;
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    let hashed = [path.as_bytes(), b"\n", &whole.0[..]].concat();
    let repeatable = Repeatable {
        key_hash: sha256(&[caller.actor.to_string().as_bytes(), b"\n", key.as_bytes()].concat()),
        request_hash: sha256(&hashed),
    };
    match app.store.begin_repeatable(caller.organisation, repeatable, now()).await? {
        Known::New => {}
        Known::Answered((status, body)) => return Ok(replayed(status, &body)),
        Known::Unfinished => return Err(ApiError::unfinished()),
        Known::Other => return Err(ApiError::key_reused()),
    }
    let response = next.run(Request::from_parts(parts, Body::from(whole.0))).await;
    let (parts, body) = finish(response, "").into_parts();
    let collected = body.collect().await.map_err(|_| ApiError::unfinished())?.to_bytes();
    let kept = !parts.status.is_server_error();
    let answer = kept.then(|| (parts.status.as_u16(), Zeroizing::new(collected.to_vec())));
    app.store.finish_repeatable(caller.organisation, (repeatable, answer)).await?;
    Ok(Response::from_parts(parts, Body::from(collected)))
}

fn replayed(status: u16, body: &[u8]) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
    let headers = [(CONTENT_TYPE.as_str(), "application/json"), ("idempotency-replayed", "true")];
    (status, headers, body.to_vec()).into_response()
}

/// Gives every error its one shape, and every answer its id.
pub(crate) fn finish(response: Response, id: &str) -> Response {
    let status = response.status();
    let is_json = response
        .headers()
        .get(CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(b"application/json"));
    let mut response = match response.extensions().get::<ApiError>() {
        Some(error) => error.to_response(id),
        // An extractor of axum's, or a body that was too long.
        None if status.is_client_error() && !is_json => ApiError::of_status(status).to_response(id),
        None => response,
    };
    if response.status() == StatusCode::UNAUTHORIZED {
        response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    if let Ok(id) = HeaderValue::from_str(id)
        && !id.is_empty()
    {
        response.headers_mut().insert("x-request-id", id);
    }
    response
}
