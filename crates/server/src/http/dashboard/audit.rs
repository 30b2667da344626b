//! The audit, the newest rows first.

use super::PageError;
use super::frame::{Frame, Place, page};
use super::words::{Fact, Instant, facts, words};
use crate::app::App;
use crate::http::guard::Caller;
use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use serde::Deserialize;
use std::sync::Arc;

/// Lines of a page.
const LINES: u32 = 50;

#[derive(Template)]
#[template(path = "pages/audit.html")]
struct View {
    frame: Frame,
    rows: Vec<Line>,
    next: Option<i64>,
    first: bool,
    alarms: bool,
}

struct Line {
    number: i64,
    time: Instant,
    what: String,
    actor: String,
    subject: String,
    details: Vec<Fact>,
}

/// Which part.
#[derive(Debug, Deserialize)]
pub(super) struct Part {
    before: Option<i64>,
    #[serde(default)]
    kind: String,
}

/// `GET /audit`
pub(super) async fn show(
    State(app): State<Arc<App>>,
    caller: Caller,
    Query(Part { before, kind }): Query<Part>,
) -> Result<Response, PageError> {
    let alarms = kind == crate::audit::ALARM;
    let kind = alarms.then_some(crate::audit::ALARM);
    let rows = app.store.read(|read| read.audit_rows_before(caller.organisation, (before, kind), LINES))?;
    let administrators = app.store.administrators(caller.organisation)?;
    let full = u32::try_from(rows.len()).is_ok_and(|count| count == LINES);
    let next = rows.last().filter(|_| full).map(|row| row.number);
    let named = |actor: &str| {
        let id = actor.strip_prefix("administrator:")?;
        administrators.iter().find(|a| a.id.to_string() == id).map(|a| a.name.clone())
    };
    let rows = rows
        .into_iter()
        .map(|row| Line {
            number: row.number,
            time: Instant::of(row.time),
            what: words(&row.kind),
            actor: named(&row.actor).unwrap_or(row.actor),
            subject: row.subject,
            details: serde_json::from_str(&row.details).map(|details| facts(&details)).unwrap_or_default(),
        })
        .collect();
    let frame = Frame::of(&caller, Place::Audit, "Audit");
    page(&View { frame, rows, next, first: before.is_none(), alarms })
}
