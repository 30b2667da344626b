//! Groups of users and of services: members, accesses, deletion.

use super::PageError;
use super::accesses::{Line, grant, lines};
use super::frame::{Frame, Place, page};
use crate::administrators::Right;
use crate::app::App;
use crate::clock::now;
use crate::http::guard::{Caller, Fields};
use crate::names::Name;
use crate::store::accesses::{Where, Whom};
use crate::store::groups::{Group, Kind, Member};
use crate::store::{AccessId, GroupId, StoreError};
use askama::Template;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use std::sync::Arc;

#[derive(Template)]
#[template(path = "pages/groups.html")]
struct ListView {
    frame: Frame,
    groups: Vec<Group>,
    may_change: bool,
}

#[derive(Template)]
#[template(path = "pages/group.html")]
struct OneView {
    frame: Frame,
    group: Group,
    members: Vec<Member>,
    accesses: Vec<Line>,
    /// What an access of the group may be about: value and label.
    places: Vec<(String, String)>,
    policies: Vec<String>,
    may_change: bool,
}

#[derive(Template)]
#[template(path = "pages/group_delete.html")]
struct DeleteView {
    frame: Frame,
    group: Group,
}

/// `GET /groups`
pub(super) async fn list(State(app): State<Arc<App>>, caller: Caller) -> Result<Response, PageError> {
    page(&ListView {
        frame: Frame::of(&caller, Place::Groups, "Groups"),
        groups: app.store.groups(caller.organisation).await?,
        may_change: caller.may(Right::Change),
    })
}

/// `POST /groups`: adds one.
pub(super) async fn new(
    State(app): State<Arc<App>>,
    caller: Caller,
    fields: Fields,
) -> Result<Response, PageError> {
    let kind = match fields.text("kind") {
        "user" => Kind::User,
        "service" => Kind::Service,
        _ => return Err(PageError::Invalid("say whether the group holds users or services".to_owned())),
    };
    let name = Name::parse("name", fields.text("name"))?;
    let id = GroupId::random()?;
    app.store.add_group(caller.organisation, (id, kind, name), caller.actor, now()).await?;
    Ok(to(kind, id))
}

/// `GET /groups/{kind}/{id}`
pub(super) async fn one(
    State(app): State<Arc<App>>,
    Path((kind, id)): Path<(Kind, String)>,
    caller: Caller,
) -> Result<Response, PageError> {
    let organisation = caller.organisation;
    let (group, members) = app.store.group(organisation, (kind, id)).await?;
    let accesses = app.store.accesses_of_group(organisation, group.id).await?;
    let services = app.store.services(organisation).await?;
    let services = services.into_iter().map(|service| (format!("service:{}", service.id), service.name));
    let groups = app.store.groups(organisation).await?;
    let groups = groups.into_iter().filter(|group| group.kind == Kind::Service);
    let groups = groups.map(|group| (format!("group:{}", group.id), format!("the group {}", group.name)));
    page(&OneView {
        frame: Frame::of(&caller, Place::Groups, group.name.clone()),
        members,
        accesses: lines(accesses),
        places: services.chain(groups).collect(),
        policies: app.store.policies(organisation).await?.into_iter().map(|p| p.name).collect(),
        may_change: caller.may(Right::Change),
        group,
    })
}

/// `POST /groups/{kind}/{id}`: a member in or out, an access granted or revoked.
pub(super) async fn change(
    State(app): State<Arc<App>>,
    Path((kind, id)): Path<(Kind, String)>,
    caller: Caller,
    fields: Fields,
) -> Result<Response, PageError> {
    let (organisation, actor, now) = (caller.organisation, caller.actor, now());
    let (group, _) = app.store.group(organisation, (kind, id)).await?;
    let name = group.id.to_string();
    if let Some(member) = fields.given("add") {
        app.store.set_member(organisation, (kind, name, member.to_owned()), true, (actor, now)).await?;
    } else if let Some(member) = fields.given("remove") {
        app.store.set_member(organisation, (kind, name, member.to_owned()), false, (actor, now)).await?;
    } else if let Some(access) = fields.given("revoke") {
        let of_group = app.store.accesses_of_group(organisation, group.id).await?;
        let access = AccessId::parse(access)
            .filter(|access| of_group.iter().any(|a| a.id == *access))
            .ok_or_else(|| StoreError::not_found("access", "of this group"))?;
        app.store.set_access_revoked(organisation, (access, true), actor, now).await?;
    } else if kind == Kind::User && fields.given("account").is_some() {
        let grant = grant(&fields, Whom::Group(name), place(&fields)?)?;
        app.store.grant_access(organisation, grant, actor, now).await?;
    } else {
        return Err(PageError::Invalid("the form says nothing to be done".to_owned()));
    }
    Ok(to(kind, group.id))
}

/// Where the form grants an access: a service, or a group of them.
fn place(fields: &Fields) -> Result<Where, PageError> {
    match fields.text("place").split_once(':') {
        Some(("service", id)) => Ok(Where::Service(id.to_owned())),
        Some(("group", id)) => Ok(Where::Group(id.to_owned())),
        _ => Err(PageError::Invalid("say on which service or group of services".to_owned())),
    }
}

/// `GET /groups/{kind}/{id}/delete`
pub(super) async fn ask_delete(
    State(app): State<Arc<App>>,
    Path(place): Path<(Kind, String)>,
    caller: Caller,
) -> Result<Response, PageError> {
    let (group, _) = app.store.group(caller.organisation, place).await?;
    page(&DeleteView { frame: Frame::of(&caller, Place::Groups, group.name.clone()), group })
}

/// `POST /groups/{kind}/{id}/delete`
pub(super) async fn delete(
    State(app): State<Arc<App>>,
    Path(place): Path<(Kind, String)>,
    caller: Caller,
) -> Result<Response, PageError> {
    app.store.delete_group(caller.organisation, place, caller.actor, now()).await?;
    Ok(Redirect::to("/groups").into_response())
}

fn to(kind: Kind, id: GroupId) -> Response {
    Redirect::to(&format!("/groups/{}/{id}", kind.as_str())).into_response()
}
