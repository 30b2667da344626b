//! Services, and "Protect a machine": from a name to a machine that appears.

use super::PageError;
use super::frame::{Frame, Place, page};
use super::machines::{MachineLine, lines};
use super::words::{Instant, ago};
use crate::administration::services::{Keyed, add, rotate_key};
use crate::administrators::Right;
use crate::app::App;
use crate::clock::now;
use crate::dates;
use crate::http::guard::{Caller, Fields};
use crate::names::Name;
use crate::store::accesses::ServiceAccess;
use crate::store::services::{Admit, NewToken, Service};
use askama::Template;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use protocol::service_key::AdmissionSecret;
use protocol::v2::Mode;
use std::sync::Arc;
use zeroize::Zeroizing;

/// Most accesses on a service's page.
const MOST_ACCESSES: u32 = 200;

#[derive(Template)]
#[template(path = "pages/services.html")]
struct ListView {
    frame: Frame,
    services: Vec<Line>,
    may_change: bool,
}

struct Line {
    id: String,
    name: String,
    mode: String,
    watches: bool,
    admits: String,
    machines: i64,
}

#[derive(Template)]
#[template(path = "pages/service_new.html")]
struct NewView {
    frame: Frame,
}

#[derive(Template)]
#[template(path = "pages/service_key.html")]
struct KeyView {
    frame: Frame,
    id: String,
    name: String,
    key: Zeroizing<String>,
    server: String,
    installer: bool,
    rotated: bool,
}

#[derive(Template)]
#[template(path = "pages/service.html")]
struct OneView {
    frame: Frame,
    id: String,
    name: String,
    mode: String,
    admits: String,
    v1: Option<String>,
    machines: Vec<MachineLine>,
    accesses: Vec<ServiceAccess>,
    now: i64,
    missing: Vec<Missing>,
    may_change: bool,
}

/// Something without which nobody gets in, and what to do.
struct Missing {
    what: String,
    how: String,
}

#[derive(Template)]
#[template(path = "pages/service_ask.html")]
struct AskView {
    frame: Frame,
    id: String,
    name: String,
    ask: Ask,
}

#[derive(PartialEq, Eq)]
enum Ask {
    RotateKey,
    Token,
    Delete { machines: i64 },
}

#[derive(Template)]
#[template(path = "pages/service_token.html")]
struct TokenView {
    frame: Frame,
    id: String,
    name: String,
    token: Zeroizing<String>,
    uses: u32,
    until: Instant,
    line: String,
    installer: bool,
}

fn mode(service: &Service) -> String {
    match (service.mode, service.mode_until) {
        (Mode::Watch, Some(until)) => format!("watches until {}", Instant::of(until).text),
        (Mode::Watch, None) => "watches".to_owned(),
        (Mode::Guard, _) => "guards".to_owned(),
    }
}

fn admits(service: &Service, now: i64) -> String {
    match (service.admit, service.admit_until) {
        (Admit::Open, _) => "whoever has the ServiceKey".to_owned(),
        (Admit::Until, Some(until)) if until > now => {
            format!("whoever has the ServiceKey, until {}; then by approval", Instant::of(until).text)
        }
        (Admit::Until | Admit::Approval, _) => "after an approval".to_owned(),
        (Admit::Token, _) => "only with a token".to_owned(),
    }
}

/// The host and port by which agents reach the server, as `SERVER` wants it.
fn server(app: &App) -> String {
    let url = app.public_url();
    url.split_once("://").map_or(url, |(_, host)| host).to_owned()
}

/// `GET /services`
pub(super) async fn list(State(app): State<Arc<App>>, caller: Caller) -> Result<Response, PageError> {
    let now = now();
    let services = app.store.services(caller.organisation).await?;
    let services = services
        .into_iter()
        .map(|service| Line {
            id: service.id.to_string(),
            mode: mode(&service),
            watches: service.mode == Mode::Watch,
            admits: admits(&service, now),
            machines: service.machines,
            name: service.name,
        })
        .collect();
    let may_change = caller.may(Right::Change);
    page(&ListView { frame: Frame::of(&caller, Place::Services, "Services"), services, may_change })
}

/// `GET /services/new`
pub(super) async fn ask_new(caller: Caller) -> Result<Response, PageError> {
    page(&NewView { frame: Frame::of(&caller, Place::Services, "Protect machines") })
}

/// `POST /services/new`
pub(super) async fn new(
    State(app): State<Arc<App>>,
    caller: Caller,
    fields: Fields,
) -> Result<Response, PageError> {
    let name = Name::parse("name", fields.text("name"))?;
    let keyed = add(&app.store, caller.organisation, name, caller.actor.clone(), now()).await?;
    key_page(&app, &caller, keyed, false)
}

fn key_page(app: &App, caller: &Caller, keyed: Keyed, rotated: bool) -> Result<Response, PageError> {
    page(&KeyView {
        frame: Frame::of(caller, Place::Services, keyed.name.clone()),
        id: keyed.id.to_string(),
        name: keyed.name,
        key: keyed.key,
        server: server(app),
        installer: app.installer().is_some(),
        rotated,
    })
}

/// `GET /services/{id}`
pub(super) async fn one(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    caller: Caller,
) -> Result<Response, PageError> {
    let now = now();
    let service = app.store.read(|read| read.service(caller.organisation, &id))?;
    let machines = app.store.machines(caller.organisation).await?;
    let machines = lines(machines.into_iter().filter(|m| m.service_id == service.id), now);
    let accesses = app.store.service_accesses(caller.organisation, service.id, MOST_ACCESSES).await?;
    let v1 = service.v1.as_ref().filter(|v1| v1.is_open(now)).map(|v1| {
        let last = v1.last_call.map_or_else(|| "never".to_owned(), |last| ago(last, now));
        format!("answered until {}; last call: {last}", Instant::of(v1.until).text)
    });
    page(&OneView {
        frame: Frame::of(&caller, Place::Services, service.name.clone()),
        id: service.id.to_string(),
        mode: mode(&service),
        admits: admits(&service, now),
        v1,
        missing: missing(&service, &machines, &accesses),
        machines,
        accesses,
        now,
        may_change: caller.may(Right::Change),
        name: service.name,
    })
}

fn missing(service: &Service, machines: &[MachineLine], accesses: &[ServiceAccess]) -> Vec<Missing> {
    let mut missing = Vec::new();
    if machines.is_empty() {
        let how = "Install TrasaWin.msi on it, and verify it with this service's ServiceID and ServiceKey.";
        missing.push(Missing { what: "No machine has come yet".to_owned(), how: how.to_owned() });
    }
    if accesses.is_empty() {
        let how = format!(
            "trasa-server access grant --user NAME --service {} --account 'DOMAIN\\name'",
            service.id
        );
        missing.push(Missing { what: "Nobody may sign in to its machines".to_owned(), how });
    }
    for access in accesses.iter().filter(|access| access.devices == 0) {
        missing.push(Missing {
            what: format!("{} has no device", access.user),
            how: format!("trasa-server device add-totp {}", access.user),
        });
    }
    missing.dedup_by(|one, other| one.what == other.what);
    missing
}

async fn ask_about(
    app: &App,
    caller: &Caller,
    id: &str,
    ask: impl FnOnce(&Service) -> Ask,
) -> Result<Response, PageError> {
    let service = app.store.read(|read| read.service(caller.organisation, id))?;
    page(&AskView {
        frame: Frame::of(caller, Place::Services, service.name.clone()),
        id: service.id.to_string(),
        ask: ask(&service),
        name: service.name,
    })
}

/// `GET /services/{id}/rotate-key`
pub(super) async fn ask_rotate(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    caller: Caller,
) -> Result<Response, PageError> {
    ask_about(&app, &caller, &id, |_| Ask::RotateKey).await
}

/// `POST /services/{id}/rotate-key`
pub(super) async fn rotate(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    caller: Caller,
) -> Result<Response, PageError> {
    app.store.read(|read| read.service(caller.organisation, &id))?;
    let keyed = rotate_key(&app.store, caller.organisation, id, caller.actor.clone(), now()).await?;
    key_page(&app, &caller, keyed, true)
}

/// `GET /services/{id}/token`
pub(super) async fn ask_token(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    caller: Caller,
) -> Result<Response, PageError> {
    ask_about(&app, &caller, &id, |_| Ask::Token).await
}

/// `POST /services/{id}/token`
pub(super) async fn token(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    caller: Caller,
    fields: Fields,
) -> Result<Response, PageError> {
    let service = app.store.read(|read| read.service(caller.organisation, &id))?;
    let uses = fields.text("uses").parse().ok().filter(|uses| (1..=1_000_000).contains(uses));
    let uses = uses.ok_or_else(|| PageError::Invalid("a token is for 1 to 1,000,000 machines".to_owned()))?;
    let until = dates::until(fields.text("until")).map_err(PageError::Invalid)?;
    let new = NewToken::random(service.id.to_string(), uses, until)?;
    let anchor = app.store.anchor(caller.organisation)?.fingerprint();
    let text = AdmissionSecret::token(new.id, *new.secret, anchor).to_text();
    app.store.add_token(caller.organisation, new, caller.actor.clone(), now()).await?;
    let line = format!(
        "msiexec /i TrasaWin.msi /qn SERVICEID={} SERVER={} TOKENFILE=C:\\deploy\\token.txt OFFLINEUSERS=.\\admin ARM=1",
        service.id,
        server(&app)
    );
    page(&TokenView {
        frame: Frame::of(&caller, Place::Services, service.name.clone()),
        id: service.id.to_string(),
        name: service.name,
        token: text,
        uses,
        until: Instant::of(until),
        line,
        installer: app.installer().is_some(),
    })
}

/// `GET /services/{id}/delete`
pub(super) async fn ask_delete(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    caller: Caller,
) -> Result<Response, PageError> {
    ask_about(&app, &caller, &id, |service| Ask::Delete { machines: service.machines }).await
}

/// `POST /services/{id}/delete`
pub(super) async fn delete(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    caller: Caller,
) -> Result<Response, PageError> {
    app.store.delete_service(caller.organisation, id, caller.actor.clone(), now()).await?;
    Ok(Redirect::to("/services").into_response())
}
