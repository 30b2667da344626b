//! Who administers: owners invite, change roles, remove.

use super::PageError;
use super::frame::{Frame, Place, page};
use super::words::Instant;
use crate::administrators::Role;
use crate::administrators::link::{INVITATION_SECS, NewLink, OWNER_SECS, Url};
use crate::app::App;
use crate::clock::now;
use crate::http::guard::{Caller, Fields};
use crate::names::Name;
use crate::store::administrators::Administrator;
use crate::store::{LinkId, StoreError};
use askama::Template;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use std::sync::Arc;

#[derive(Template)]
#[template(path = "pages/administrators.html")]
struct ListView {
    frame: Frame,
    administrators: Vec<Line>,
    invitations: Vec<Waiting>,
}

struct Line {
    id: String,
    name: String,
    role: &'static str,
    signed_in: Option<Instant>,
}

struct Waiting {
    id: String,
    name: Option<String>,
    role: &'static str,
    until: Instant,
}

#[derive(Template)]
#[template(path = "pages/administrator_invite.html")]
struct InviteView {
    frame: Frame,
    roles: [Role; 4],
}

#[derive(Template)]
#[template(path = "pages/administrator_link.html")]
struct LinkView {
    frame: Frame,
    url: Url,
    whom: String,
    until: Instant,
}

#[derive(Template)]
#[template(path = "pages/administrator.html")]
struct OneView {
    frame: Frame,
    administrator: Administrator,
    roles: [Role; 4],
    created: Instant,
    signed_in: Option<Instant>,
}

/// `GET /administrators`
pub(super) async fn show(State(app): State<Arc<App>>, caller: Caller) -> Result<Response, PageError> {
    let administrators = app
        .store
        .administrators(caller.organisation)?
        .into_iter()
        .map(|a| Line {
            id: a.id.to_string(),
            name: a.name,
            role: a.role.title(),
            signed_in: Instant::maybe(a.last_sign_in),
        })
        .collect();
    let invitations = app
        .store
        .invitations(caller.organisation, now())?
        .into_iter()
        .map(|i| Waiting {
            id: i.id.to_string(),
            name: i.name,
            role: i.role.title(),
            until: Instant::of(i.until),
        })
        .collect();
    let frame = Frame::of(&caller, Place::Administrators, "Administrators");
    page(&ListView { frame, administrators, invitations })
}

/// `GET /administrators/invite`
pub(super) async fn ask(caller: Caller) -> Result<Response, PageError> {
    let frame = Frame::of(&caller, Place::Administrators, "Invite an administrator");
    page(&InviteView { frame, roles: Role::ALL })
}

/// `POST /administrators/invite`
pub(super) async fn invite(
    State(app): State<Arc<App>>,
    caller: Caller,
    fields: Fields,
) -> Result<Response, PageError> {
    let name = Name::parse("name", fields.text("name"))?;
    let role = role(&fields)?;
    let whom = name.shown().to_owned();
    let link = NewLink::invite(role, Some(name), now() + INVITATION_SECS)?;
    let (url, until) = (link.url(app.public_url()), link.until);
    app.store.invite_administrator(caller.organisation, link, caller.actor.clone(), now()).await?;
    let frame = Frame::of(&caller, Place::Administrators, "Invitation");
    page(&LinkView { frame, url, whom, until: Instant::of(until) })
}

/// `POST /administrators/withdraw`
pub(super) async fn withdraw(
    State(app): State<Arc<App>>,
    caller: Caller,
    fields: Fields,
) -> Result<Response, PageError> {
    let id = LinkId::parse(fields.text("link"))
        .ok_or_else(|| StoreError::not_found("invitation", "of this id"))?;
    app.store.withdraw_invitation(caller.organisation, id, caller.actor.clone(), now()).await?;
    Ok(Redirect::to("/administrators").into_response())
}

/// `GET /administrators/{id}`
pub(super) async fn one(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    caller: Caller,
) -> Result<Response, PageError> {
    let administrator = app.store.read(|read| read.administrator(caller.organisation, &id))?;
    let frame = Frame::of(&caller, Place::Administrators, administrator.name.clone());
    let (created, signed_in) =
        (Instant::of(administrator.created), Instant::maybe(administrator.last_sign_in));
    page(&OneView { frame, administrator, roles: Role::ALL, created, signed_in })
}

/// `POST /administrators/{id}`: the button says which change.
pub(super) async fn change(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    caller: Caller,
    fields: Fields,
) -> Result<Response, PageError> {
    let (organisation, actor, now) = (caller.organisation, caller.actor.clone(), now());
    app.store.read(|read| read.administrator(organisation, &id))?;
    match fields.text("do") {
        "role" => {
            app.store.set_role(organisation, (id, role(&fields)?), actor, now).await?;
        }
        "remove" => {
            app.store.remove_administrator(organisation, id, actor, now).await?;
        }
        "renew" => {
            let link = NewLink::invite(Role::Auditor, None, now + OWNER_SECS)?;
            let url = link.url(app.public_url());
            let made = app.store.renew_administrator(organisation, (id, link), actor, now).await?;
            let frame = Frame::of(&caller, Place::Administrators, "New password and phone");
            let whom = made.name.unwrap_or_default();
            return page(&LinkView { frame, url, whom, until: Instant::of(made.until) });
        }
        _ => return Err(PageError::Invalid("the form says nothing to be done".to_owned())),
    }
    Ok(Redirect::to("/administrators").into_response())
}

fn role(fields: &Fields) -> Result<Role, PageError> {
    Role::parse(fields.text("role")).ok_or_else(|| PageError::Invalid("choose a role".to_owned()))
}
