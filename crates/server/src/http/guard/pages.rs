//! The guard of pages: cookie, same origin, token of the form, right, fresh sign-in.

use super::{Caller, Declared, Fields, Needs, cookie, origin};
use crate::app::App;
use crate::clock::now;
use crate::http::body::WholeBody;
use crate::http::dashboard::{PageError, bounce};
use axum::Router;
use axum::extract::{FromRequest as _, Request, State};
use axum::handler::Handler;
use axum::http::Method;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::{MethodRouter, get, post};
use std::sync::Arc;
use subtle::ConstantTimeEq as _;

/// Pages with what each needs.
#[derive(Debug)]
pub struct Pages {
    app: Arc<App>,
    router: Router<Arc<App>>,
    declared: Vec<Declared>,
}

impl Pages {
    /// None yet.
    #[must_use]
    pub fn new(app: Arc<App>) -> Self {
        Self { app, router: Router::new(), declared: Vec::new() }
    }

    /// A page.
    #[must_use]
    pub fn get<H, T>(self, path: &str, needs: Needs, handler: H) -> Self
    where
        H: Handler<T, Arc<App>>,
        T: 'static,
    {
        self.add(Method::GET, path, needs, get(handler))
    }

    /// What a form does.
    #[must_use]
    pub fn post<H, T>(self, path: &str, needs: Needs, handler: H) -> Self
    where
        H: Handler<T, Arc<App>>,
        T: 'static,
    {
        self.add(Method::POST, path, needs, post(handler))
    }

    fn add(mut self, method: Method, path: &str, needs: Needs, handler: MethodRouter<Arc<App>>) -> Self {
        let guard = from_fn_with_state((Arc::clone(&self.app), needs), guard);
        self.declared.push(Declared { method, path: path.to_owned(), needs });
        self.router = self.router.route(path, handler.layer(guard));
        self
    }

    /// What was declared.
    #[must_use]
    pub fn declared(&self) -> &[Declared] {
        &self.declared
    }

    /// The guarded router.
    pub fn into_router(self) -> Router<Arc<App>> {
        self.router
    }
}

async fn guard(State((app, needs)): State<(Arc<App>, Needs)>, request: Request, next: Next) -> Response {
    match admit(&app, needs, request).await {
        Ok(request) => next.run(request).await,
        Err(response) => *response,
    }
}

async fn admit(app: &App, needs: Needs, request: Request) -> Result<Request, Box<Response>> {
    let changes = request.method() == Method::POST;
    let refuse = |error: PageError| Box::new(error.into_response());
    if changes && !origin::is_same(request.headers()) {
        return Err(refuse(PageError::ForeignForm));
    }
    let now = now();
    let caller = caller(app, &request, now).map_err(refuse)?;
    if caller.is_none() && !changes && origin::is_cross(request.headers()) {
        return Err(Box::new(bounce()));
    }
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str()).to_owned();
    match (needs, &caller) {
        (Needs::Nothing, _) => {}
        (_, None) => return Err(Box::new(Redirect::to(&door("/sign-in", &path)).into_response())),
        (Needs::Right(right) | Needs::Fresh(right), Some(caller)) if !caller.may(right) => {
            return Err(refuse(PageError::Forbidden(caller.role)));
        }
        (Needs::Fresh(_), Some(caller)) if !is_fresh(caller, now) => {
            return Err(Box::new(Redirect::to(&door("/sign-in/again", &path)).into_response()));
        }
        (Needs::Right(_) | Needs::Fresh(_), Some(_)) => {}
    }
    // The doors have their token in nobody's session; that the form is ours suffices there.
    let bound = caller.as_ref().filter(|_| needs != Needs::Nothing);
    let mut request = if changes { with_fields(request, bound).await? } else { request };
    if let Some(caller) = caller {
        if let Some(of) = &caller.session {
            app.store.touch_session(&of.session, now).await.map_err(|error| refuse(error.into()))?;
        }
        request.extensions_mut().insert(caller);
    }
    Ok(request)
}

fn caller(app: &App, request: &Request, now: i64) -> Result<Option<Caller>, PageError> {
    let Some(secret) = cookie::shown(app.public_url(), request.headers()) else { return Ok(None) };
    let session = app.store.session(&secret.hash(), now)?;
    Ok(session.map(|session| Caller::browser(session, secret)))
}

fn is_fresh(caller: &Caller, now: i64) -> bool {
    caller.session.as_ref().is_some_and(|of| of.session.is_fresh(now))
}

/// Reads the form, and compares the token that every form of a session carries.
async fn with_fields(request: Request, caller: Option<&Caller>) -> Result<Request, Box<Response>> {
    let (parts, body) = request.into_parts();
    let whole = WholeBody::from_request(Request::from_parts(parts.clone(), body), &())
        .await
        .map_err(|error| Box::new(error.into_response()))?;
    let fields = Fields::read(&whole.0);
    if let Some(of) = caller.and_then(|caller| caller.session.as_ref()) {
        let given = fields.text("csrf").as_bytes();
        if !bool::from(of.csrf().as_bytes().ct_eq(given)) {
            return Err(Box::new(PageError::ForeignForm.into_response()));
        }
    }
    let mut request = Request::from_parts(parts, axum::body::Body::empty());
    request.extensions_mut().insert(fields);
    Ok(request)
}

fn door(door: &str, then: &str) -> String {
    let then: String = form_urlencoded::byte_serialize(then.as_bytes()).collect();
    format!("{door}?then={then}")
}
