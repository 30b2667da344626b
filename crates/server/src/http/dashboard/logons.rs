//! Logons, and why one was refused.

use super::PageError;
use super::explain::{Advice, advice, meaning};
use super::frame::{Frame, Place, page};
use super::words::{Fact, Instant, facts};
use crate::app::App;
use crate::http::guard::Caller;
use crate::store::logon_list::Logon;
use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use serde::Deserialize;
use std::sync::Arc;

/// Lines of a page.
const LINES: u32 = 50;

struct Line {
    code: String,
    begun: Instant,
    machine: String,
    account: String,
    user: Option<String>,
    result: Outcome,
    meaning: &'static str,
}

/// A result in a word and a colour.
struct Outcome {
    word: &'static str,
    tone: &'static str,
}

#[derive(Template)]
#[template(path = "pages/logons.html")]
struct ListView {
    frame: Frame,
    logons: Vec<Line>,
    next: Option<i64>,
    first: bool,
}

#[derive(Template)]
#[template(path = "pages/logon.html")]
struct OneView {
    frame: Frame,
    logons: Vec<Explained>,
}

struct Explained {
    line: Line,
    logon: Logon,
    parameters: Vec<Fact>,
    facts: Vec<Fact>,
    policy_line: Option<String>,
    advice: Option<Advice>,
}

fn line(logon: &Logon) -> Line {
    let (word, tone) = match logon.result.as_str() {
        "allow" => ("let in", "good"),
        "deny" => ("refused", "bad"),
        "pending" => ("waits", "warn"),
        _ => ("given up", "warn"),
    };
    Line {
        code: logon.short_code.clone(),
        begun: Instant::of(logon.begun),
        machine: logon.machine.clone(),
        account: logon.account.clone(),
        user: logon.user.clone(),
        result: Outcome { word, tone },
        meaning: meaning(&logon.reason),
    }
}

/// Which part of the list, or which logon.
#[derive(Debug, Deserialize)]
pub(super) struct Search {
    before: Option<i64>,
    #[serde(default)]
    code: String,
}

/// `GET /logons`
pub(super) async fn list(
    State(app): State<Arc<App>>,
    caller: Caller,
    Query(Search { before, code }): Query<Search>,
) -> Result<Response, PageError> {
    let code: String = code.chars().filter(char::is_ascii_alphanumeric).collect();
    if !code.is_empty() {
        return Ok(Redirect::to(&format!("/logons/{code}")).into_response());
    }
    let logons = app.store.logons_before(caller.organisation, before, LINES).await?;
    let full = u32::try_from(logons.len()).is_ok_and(|count| count == LINES);
    let next = logons.last().filter(|_| full).map(|logon| logon.number);
    let logons = logons.iter().map(line).collect();
    let frame = Frame::of(&caller, Place::Logons, "Logons");
    page(&ListView { frame, logons, next, first: before.is_none() })
}

/// `GET /logons/{code}`
pub(super) async fn one(
    State(app): State<Arc<App>>,
    Path(code): Path<String>,
    caller: Caller,
) -> Result<Response, PageError> {
    let logons = app.store.logons_called(caller.organisation, code).await?;
    let title = logons.first().map(|logon| format!("Logon {}", logon.short_code)).unwrap_or_default();
    let logons = logons
        .into_iter()
        .map(|logon| Explained {
            line: line(&logon),
            parameters: facts(&logon.parameters),
            facts: facts(&logon.facts),
            policy_line: logon.facts.get("policy_line").and_then(|line| line.as_str()).map(str::to_owned),
            advice: advice(&logon),
            logon,
        })
        .collect();
    page(&OneView { frame: Frame::of(&caller, Place::Logons, title), logons })
}
