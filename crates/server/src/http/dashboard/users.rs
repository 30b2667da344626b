//! People: find, add, enable and disable, devices, what they may sign in to.

use super::PageError;
use super::accesses::{Line, grant, lines};
use super::frame::{Frame, Place, page};
use super::qr::{Enrolment, drawn};
use super::words::Instant;
use crate::administration::devices::add_totp;
use crate::administrators::Right;
use crate::app::App;
use crate::clock::now;
use crate::http::guard::{Caller, Fields};
use crate::names::Name;
use crate::store::accesses::{Where, Whom};
use crate::store::users::User;
use crate::store::{AccessId, DeviceId, StoreError, UserId};
use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use serde::Deserialize;
use std::sync::Arc;

/// Lines of a page.
const LINES: u32 = 50;

#[derive(Template)]
#[template(path = "pages/users.html")]
struct ListView {
    frame: Frame,
    q: String,
    first: bool,
    users: Vec<User>,
    next: Option<UserId>,
    may_change: bool,
}

#[derive(Template)]
#[template(path = "pages/user_new.html")]
struct NewView {
    frame: Frame,
}

#[derive(Template)]
#[template(path = "pages/user.html")]
struct OneView {
    frame: Frame,
    user: User,
    since: Instant,
    devices: Vec<DeviceLine>,
    accesses: Vec<Line>,
    services: Vec<String>,
    policies: Vec<String>,
    may_help: bool,
    may_change: bool,
}

struct DeviceLine {
    id: String,
    name: String,
    used: Option<Instant>,
}

#[derive(Template)]
#[template(path = "pages/user_device.html")]
struct DeviceView {
    frame: Frame,
    user: String,
    enrolment: Enrolment,
}

/// What is looked for.
#[derive(Debug, Deserialize)]
pub(super) struct Search {
    #[serde(default)]
    q: String,
    after: Option<String>,
}

/// `GET /users`
pub(super) async fn list(
    State(app): State<Arc<App>>,
    caller: Caller,
    Query(Search { q, after }): Query<Search>,
) -> Result<Response, PageError> {
    let after = after.as_deref().and_then(UserId::parse);
    let users = app.store.users_after(caller.organisation, (q.clone(), after, LINES)).await?;
    let full = u32::try_from(users.len()).is_ok_and(|count| count == LINES);
    page(&ListView {
        frame: Frame::of(&caller, Place::Users, "Users"),
        q,
        first: after.is_none(),
        next: users.last().filter(|_| full).map(|user| user.id),
        users,
        may_change: caller.may(Right::Change),
    })
}

/// `GET /users/new`
pub(super) async fn ask_new(caller: Caller) -> Result<Response, PageError> {
    page(&NewView { frame: Frame::of(&caller, Place::Users, "Add a user") })
}

/// `POST /users/new`
pub(super) async fn new(
    State(app): State<Arc<App>>,
    caller: Caller,
    fields: Fields,
) -> Result<Response, PageError> {
    let name = Name::parse("username", fields.text("username"))?;
    let email = Name::parse_email(fields.text("email"))?;
    let id = UserId::random()?;
    app.store.add_user(caller.organisation, (id, name, email), caller.actor.clone(), now()).await?;
    Ok(Redirect::to(&format!("/users/{id}")).into_response())
}

/// `GET /users/{id}`
pub(super) async fn one(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    caller: Caller,
) -> Result<Response, PageError> {
    let organisation = caller.organisation;
    let user = app.store.read(|read| read.user(organisation, &id))?;
    let devices = app.store.devices(organisation, Some(user.id.to_string())).await?;
    let devices = devices
        .into_iter()
        .map(|d| DeviceLine { id: d.id.to_string(), name: d.name, used: Instant::maybe(d.last_used) })
        .collect();
    let accesses = app.store.accesses_of(organisation, user.id).await?;
    let services = app.store.services(organisation).await?.into_iter().map(|s| s.name).collect();
    let policies = app.store.policies(organisation).await?.into_iter().map(|p| p.name).collect();
    page(&OneView {
        frame: Frame::of(&caller, Place::Users, user.username.clone()),
        since: Instant::of(user.created),
        user,
        devices,
        accesses: lines(accesses),
        services,
        policies,
        may_help: caller.may(Right::Help),
        may_change: caller.may(Right::Change),
    })
}

/// `POST /users/{id}/help`: what the help desk does; the button says what.
pub(super) async fn help(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    caller: Caller,
    fields: Fields,
) -> Result<Response, PageError> {
    let (organisation, actor, now) = (caller.organisation, caller.actor.clone(), now());
    let user = app.store.read(|read| read.user(organisation, &id))?;
    let id = user.id.to_string();
    match fields.text("do") {
        "enable" | "disable" => {
            let enabled = fields.text("do") == "enable";
            app.store.set_user_enabled(organisation, (id, enabled), actor, now).await?;
        }
        "add-device" => {
            let name = Name::parse("device name", fields.given("name").unwrap_or("authenticator app"))?;
            let made = add_totp(&app.store, organisation, (id, name), actor, now).await?;
            let frame = Frame::of(&caller, Place::Users, made.username.clone());
            return page(&DeviceView { frame, user: id_of(&user), enrolment: drawn(made.secret)? });
        }
        "remove-device" => {
            let device = fields.text("device");
            let mine = app.store.devices(organisation, Some(id)).await?;
            let device = DeviceId::parse(device)
                .filter(|device| mine.iter().any(|d| d.id == *device))
                .ok_or_else(|| StoreError::not_found("device", "of this user"))?;
            app.store.remove_device(organisation, device, actor, now).await?;
        }
        _ => return Err(PageError::Invalid("the form says nothing to be done".to_owned())),
    }
    Ok(Redirect::to(&format!("/users/{}", user.id)).into_response())
}

fn id_of(user: &User) -> String {
    user.id.to_string()
}

/// `POST /users/{id}/accesses`: grants one, or revokes one.
pub(super) async fn accesses(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    caller: Caller,
    fields: Fields,
) -> Result<Response, PageError> {
    let (organisation, actor, now) = (caller.organisation, caller.actor.clone(), now());
    let user = app.store.read(|read| read.user(organisation, &id))?;
    if let Some(access) = fields.given("revoke") {
        let of_user = app.store.accesses_of(organisation, user.id).await?;
        let access = AccessId::parse(access)
            .filter(|access| of_user.iter().any(|a| a.id == *access && !a.user_is_group))
            .ok_or_else(|| StoreError::not_found("access", "of this user"))?;
        app.store.set_access_revoked(organisation, (access, true), actor, now).await?;
    } else {
        let whom = Whom::User(user.id.to_string());
        let grant = grant(&fields, whom, Where::Service(fields.text("service").to_owned()))?;
        app.store.grant_access(organisation, grant, actor, now).await?;
    }
    Ok(Redirect::to(&format!("/users/{}", user.id)).into_response())
}
