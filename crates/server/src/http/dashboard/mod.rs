//! The dashboard: pages for administrators. Each page is a file here with its view and its template of
//! the same name; handlers gather, templates only print.
//!
//! To add a page: a handler, a template that extends `layout.html`, a line in `pages` that says what
//! it needs, a line in the table of the test `every_route_denies_by_default`, and, where it belongs
//! into the navigation, a line in `frame`.

mod accesses;
mod account;
mod administrators;
mod assets;
mod audit;
mod error;
mod explain;
mod frame;
mod groups;
mod home;
mod installer;
mod logons;
mod machines;
mod policies;
mod qr;
mod services;
mod sign_in;
mod users;
mod welcome;
mod words;

pub use error::PageError;

use crate::administrators::Right;
use crate::app::App;
use crate::http::guard::{Declared, Needs, Pages, with_page_headers};
use axum::Router;
use axum::http::header::REFRESH;
use axum::middleware::from_fn;
use axum::response::{Html, IntoResponse as _, Response};
use std::sync::Arc;

/// Every page with what it needs.
fn pages(app: &Arc<App>) -> Pages {
    Pages::new(Arc::clone(app))
        .get("/", Needs::Right(Right::See), home::show)
        .get("/sign-in", Needs::Nothing, sign_in::show)
        .post("/sign-in", Needs::Nothing, sign_in::send)
        .get("/sign-in/again", Needs::Right(Right::See), sign_in::show_again)
        .post("/sign-in/again", Needs::Right(Right::See), sign_in::send_again)
        .post("/sign-out", Needs::Right(Right::See), sign_in::out)
        .get("/welcome/{secret}", Needs::Nothing, welcome::show)
        .post("/welcome/{secret}", Needs::Nothing, welcome::send)
        .get("/account", Needs::Right(Right::See), account::show)
        .post("/account/sessions/end", Needs::Right(Right::See), account::end)
        .post("/account/sessions/end-others", Needs::Right(Right::See), account::end_others)
        .get("/services", Needs::Right(Right::See), services::list)
        .get("/services/new", Needs::Right(Right::Change), services::ask_new)
        .post("/services/new", Needs::Right(Right::Change), services::new)
        .get("/services/{id}", Needs::Right(Right::See), services::one)
        .get("/services/{id}/rotate-key", Needs::Right(Right::Change), services::ask_rotate)
        .post("/services/{id}/rotate-key", Needs::Right(Right::Change), services::rotate)
        .get("/services/{id}/token", Needs::Right(Right::Change), services::ask_token)
        .post("/services/{id}/token", Needs::Right(Right::Change), services::token)
        .get("/services/{id}/delete", Needs::Fresh(Right::Change), services::ask_delete)
        .post("/services/{id}/delete", Needs::Fresh(Right::Change), services::delete)
        .get("/TrasaWin.msi", Needs::Right(Right::See), installer::download)
        .get("/machines", Needs::Right(Right::See), machines::list)
        .get("/machines/{id}", Needs::Right(Right::See), machines::one)
        .post("/machines/{id}", Needs::Right(Right::Change), machines::change)
        .get("/machines/{id}/release", Needs::Fresh(Right::Own), machines::ask_release)
        .post("/machines/{id}/release", Needs::Fresh(Right::Own), machines::release)
        .get("/users", Needs::Right(Right::See), users::list)
        .get("/users/new", Needs::Right(Right::Change), users::ask_new)
        .post("/users/new", Needs::Right(Right::Change), users::new)
        .get("/users/{id}", Needs::Right(Right::See), users::one)
        .post("/users/{id}/help", Needs::Right(Right::Help), users::help)
        .post("/users/{id}/accesses", Needs::Right(Right::Change), users::accesses)
        .get("/groups", Needs::Right(Right::See), groups::list)
        .post("/groups", Needs::Right(Right::Change), groups::new)
        .get("/groups/{kind}/{id}", Needs::Right(Right::See), groups::one)
        .post("/groups/{kind}/{id}", Needs::Right(Right::Change), groups::change)
        .get("/groups/{kind}/{id}/delete", Needs::Right(Right::Change), groups::ask_delete)
        .post("/groups/{kind}/{id}/delete", Needs::Right(Right::Change), groups::delete)
        .get("/policies", Needs::Right(Right::See), policies::list)
        .post("/policies", Needs::Right(Right::Change), policies::new)
        .get("/policies/{id}", Needs::Right(Right::See), policies::one)
        .get("/audit", Needs::Right(Right::SeeAudit), audit::show)
        .get("/logons", Needs::Right(Right::See), logons::list)
        .get("/logons/{code}", Needs::Right(Right::See), logons::one)
        .get("/administrators", Needs::Right(Right::Own), administrators::show)
        .get("/administrators/invite", Needs::Fresh(Right::Own), administrators::ask)
        .post("/administrators/invite", Needs::Fresh(Right::Own), administrators::invite)
        .post("/administrators/withdraw", Needs::Right(Right::Own), administrators::withdraw)
        .get("/administrators/{id}", Needs::Fresh(Right::Own), administrators::one)
        .post("/administrators/{id}", Needs::Fresh(Right::Own), administrators::change)
}

/// The pages, guarded, with their headers; and what they are drawn with, which is public.
pub fn router(app: &Arc<App>) -> Router<Arc<App>> {
    pages(app).into_router().merge(assets::routes()).layer(from_fn(with_page_headers))
}

/// What every page needs, as declared.
#[must_use]
pub fn declared(app: &Arc<App>) -> Vec<Declared> {
    pages(app).declared().to_vec()
}

/// Asks for the same page again, now from our own page: a browser that came by a foreign link keeps
/// the session's cookie to itself the first time.
pub fn bounce() -> Response {
    let page = "<!doctype html><html lang=\"en\"><title>TRASA</title><p>One moment…</p></html>";
    ([(REFRESH, "0")], Html(page)).into_response()
}
