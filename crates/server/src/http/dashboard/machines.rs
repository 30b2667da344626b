//! Machines: state, last seen, versions; approve, revoke, take back, release.

use super::PageError;
use super::frame::{Frame, Place, page};
use super::words::{Fact, Instant, ago, facts, words};
use crate::administrators::Right;
use crate::app::App;
use crate::clock::now;
use crate::http::guard::{Caller, Fields};
use crate::store::machine_states::{Machine, MachineChange};
use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use serde::Deserialize;
use std::sync::Arc;

/// A machine is silent when it was not heard for so long, in seconds: three missed heartbeats.
pub(super) const SILENT_SECS: i64 = 3 * 3600;

/// A machine in a list.
pub(super) struct MachineLine {
    pub id: String,
    pub name: String,
    pub service: String,
    pub service_id: String,
    pub state: Shown,
    pub seen: String,
    pub agent: String,
}

/// A state in a word and a colour.
pub(super) struct Shown {
    pub word: &'static str,
    /// `good`, `warn` or `bad`.
    pub tone: &'static str,
}

#[derive(Template)]
#[template(path = "pages/machines.html")]
struct ListView {
    frame: Frame,
    q: String,
    state: String,
    machines: Vec<MachineLine>,
    any: bool,
}

#[derive(Template)]
#[template(path = "pages/machine.html")]
struct OneView {
    frame: Frame,
    machine: Machine,
    line: MachineLine,
    since: Instant,
    admitted: Instant,
    by: String,
    versions: Vec<Fact>,
    report: Vec<Fact>,
    may_change: bool,
    may_release: bool,
}

#[derive(Template)]
#[template(path = "pages/machine_release.html")]
struct ReleaseView {
    frame: Frame,
    machine: Machine,
}

fn shown(machine: &Machine, now: i64) -> Shown {
    let silent = machine.last_seen.is_none_or(|seen| now - seen > SILENT_SECS);
    match machine.state.as_str() {
        "waiting" => Shown { word: "waits for approval", tone: "warn" },
        "approved" if silent => Shown { word: "silent", tone: "warn" },
        "approved" => Shown { word: "approved", tone: "good" },
        "revoked" => Shown { word: "removed", tone: "bad" },
        _ => Shown { word: "released", tone: "warn" },
    }
}

fn line(machine: &Machine, now: i64) -> MachineLine {
    MachineLine {
        id: machine.id.to_string(),
        name: machine.name.clone(),
        service: machine.service.clone(),
        service_id: machine.service_id.to_string(),
        state: shown(machine, now),
        seen: machine.last_seen.map_or_else(|| "never".to_owned(), |seen| ago(seen, now)),
        agent: machine.versions.get("agent").and_then(|v| v.as_str()).unwrap_or("?").to_owned(),
    }
}

/// Machines as lines, those that wait first.
pub(super) fn lines(machines: impl Iterator<Item = Machine>, now: i64) -> Vec<MachineLine> {
    let mut machines: Vec<_> = machines.collect();
    machines.sort_by_key(|machine| match machine.state.as_str() {
        "waiting" => 0,
        "revoked" => 2,
        _ => 1,
    });
    machines.iter().map(|machine| line(machine, now)).collect()
}

/// What is looked for.
#[derive(Debug, Deserialize)]
pub(super) struct Search {
    #[serde(default)]
    q: String,
    #[serde(default)]
    state: String,
}

/// `GET /machines`
pub(super) async fn list(
    State(app): State<Arc<App>>,
    caller: Caller,
    Query(Search { q, state }): Query<Search>,
) -> Result<Response, PageError> {
    let machines = app.store.machines(caller.organisation).await?;
    let any = !machines.is_empty();
    let key = crate::names::key(&q);
    let fits = |m: &Machine| {
        (state.is_empty() || m.state == state)
            && (crate::names::key(&m.name).contains(&key)
                || crate::names::key(&m.service).contains(&key)
                || m.last_address.as_deref().is_some_and(|address| address == key))
    };
    let machines = lines(machines.into_iter().filter(fits), now());
    page(&ListView { frame: Frame::of(&caller, Place::Machines, "Machines"), q, state, machines, any })
}

/// `GET /machines/{id}`
pub(super) async fn one(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    caller: Caller,
) -> Result<Response, PageError> {
    let machine = app.store.read(|read| read.machine(caller.organisation, &id))?;
    let by = match machine.admitted_by.split_once(':') {
        Some(("key", generation)) => format!("with the ServiceKey, number {generation}"),
        Some(("token", id)) => format!("with the token {id}"),
        _ => "known from before a restore".to_owned(),
    };
    page(&OneView {
        frame: Frame::of(&caller, Place::Machines, machine.name.clone()),
        line: line(&machine, now()),
        since: Instant::of(machine.state_since),
        admitted: Instant::of(machine.admitted),
        by,
        versions: facts(&machine.versions),
        report: machine.report.as_ref().map(facts).unwrap_or_default(),
        may_change: caller.may(Right::Change),
        may_release: caller.may(Right::Own),
        machine,
    })
}

/// `POST /machines/{id}`: the button says which change.
pub(super) async fn change(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    caller: Caller,
    fields: Fields,
) -> Result<Response, PageError> {
    let machine = app.store.read(|read| read.machine(caller.organisation, &id))?;
    let change = match fields.text("do") {
        "approve" => MachineChange::Approve,
        "revoke" => MachineChange::Revoke,
        "readmit" => MachineChange::Readmit,
        other => return Err(PageError::Invalid(format!("there is nothing called {:?}", words(other)))),
    };
    let id = machine.id.to_string();
    app.store.change_machine(caller.organisation, (id, change), caller.actor.clone(), now()).await?;
    Ok(Redirect::to(&format!("/machines/{}", machine.id)).into_response())
}

/// `GET /machines/{id}/release`
pub(super) async fn ask_release(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    caller: Caller,
) -> Result<Response, PageError> {
    let machine = app.store.read(|read| read.machine(caller.organisation, &id))?;
    page(&ReleaseView { frame: Frame::of(&caller, Place::Machines, machine.name.clone()), machine })
}

/// `POST /machines/{id}/release`
pub(super) async fn release(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    caller: Caller,
) -> Result<Response, PageError> {
    let change = (id, MachineChange::Release);
    let machine = app.store.change_machine(caller.organisation, change, caller.actor.clone(), now()).await?;
    Ok(Redirect::to(&format!("/machines/{}", machine.id)).into_response())
}
