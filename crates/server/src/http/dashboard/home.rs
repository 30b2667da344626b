//! What waits for a hand, and what was alarming.

use super::PageError;
use super::frame::{Frame, Place, page};
use super::machines::{MachineLine, lines};
use super::words::{Instant, detail, words};
use crate::administrators::Right;
use crate::app::App;
use crate::audit::Row;
use crate::clock::now;
use crate::http::guard::Caller;
use askama::Template;
use axum::extract::State;
use axum::response::Response;
use serde_json::{Map, Value};
use std::sync::Arc;

/// Alarms are shown for so long, in seconds.
const ALARM_SECS: i64 = 30 * 86_400;
/// Most alarms on the page.
const MOST_ALARMS: usize = 20;

#[derive(Template)]
#[template(path = "pages/home.html")]
struct View {
    frame: Frame,
    services: i64,
    may_change: bool,
    machines: i64,
    waiting: Vec<MachineLine>,
    silent: usize,
    alarms: Vec<Alarm>,
}

struct Alarm {
    time: Instant,
    name: String,
    details: String,
}

/// `GET /`
pub(super) async fn show(State(app): State<Arc<App>>, caller: Caller) -> Result<Response, PageError> {
    let services = app.store.services(caller.organisation).await?;
    let machines = app.store.machines(caller.organisation).await?;
    let lines = lines(machines.into_iter().filter(|m| m.state != "revoked"), now());
    let silent = lines.iter().filter(|line| line.state.word == "silent").count();
    let waiting = lines.into_iter().filter(|line| line.state.word == "waits for approval").collect();
    let alarms = app.store.read(|read| read.alarms_since(caller.organisation, now() - ALARM_SECS))?;
    let alarms = alarms.iter().take(MOST_ALARMS).map(alarm).collect();
    let frame = Frame::of(&caller, Place::Home, "Home");
    page(&View {
        frame,
        may_change: caller.may(Right::Change),
        services: i64::try_from(services.len()).unwrap_or(i64::MAX),
        machines: services.iter().map(|service| service.machines).sum(),
        waiting,
        silent,
        alarms,
    })
}

fn alarm(row: &Row) -> Alarm {
    let details: Map<String, Value> = serde_json::from_str(&row.details).unwrap_or_default();
    let name = details.get("alarm").and_then(Value::as_str).unwrap_or("alarm");
    let shown = details.iter().filter(|(key, _)| *key != "alarm").map(|(key, value)| detail(key, value));
    Alarm { time: Instant::of(row.time), name: words(name), details: shown.collect::<Vec<_>>().join(", ") }
}
