//! Where one is signed in.

use super::PageError;
use super::frame::{Frame, Place, page};
use super::words::Instant;
use crate::app::App;
use crate::clock::now;
use crate::http::guard::{Caller, Fields};
use crate::store::sessions::Session;
use crate::store::{SessionId, StoreError};
use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse as _, Redirect, Response};
use std::sync::Arc;

#[derive(Template)]
#[template(path = "pages/account.html")]
struct View {
    frame: Frame,
    name: String,
    role: &'static str,
    sessions: Vec<Line>,
    others: bool,
}

struct Line {
    id: String,
    browser: String,
    address: String,
    began: Instant,
    used: Instant,
    here: bool,
}

fn own(caller: &Caller) -> Result<&Session, PageError> {
    caller.session.as_ref().map(|of| &of.session).ok_or(PageError::Forbidden(caller.role))
}

/// A browser's name in the few words that tell it from others.
fn browser_name(agent: &str) -> String {
    let name = [
        ("Edg/", "Edge"),
        ("OPR/", "Opera"),
        ("Firefox/", "Firefox"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
    ]
    .into_iter()
    .find(|(mark, _)| agent.contains(mark))
    .map_or("A browser", |(_, name)| name);
    let system = [
        ("Android", "Android"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Windows", "Windows"),
        ("Mac OS", "macOS"),
        ("Linux", "Linux"),
    ]
    .into_iter()
    .find(|(mark, _)| agent.contains(mark));
    system.map_or_else(|| name.to_owned(), |(_, system)| format!("{name} on {system}"))
}

/// `GET /account`
pub(super) async fn show(State(app): State<Arc<App>>, caller: Caller) -> Result<Response, PageError> {
    let session = own(&caller)?;
    let sessions: Vec<_> = app
        .store
        .sessions(session.organisation, session.administrator, now())?
        .into_iter()
        .map(|s| Line {
            id: s.id.to_string(),
            browser: browser_name(&s.browser),
            address: s.address,
            began: Instant::of(s.created),
            used: Instant::of(s.last_used),
            here: s.id == session.id,
        })
        .collect();
    let others = sessions.iter().any(|line| !line.here);
    let frame = Frame::of(&caller, Place::Elsewhere, "Your account");
    page(&View { frame, name: caller.name.clone(), role: caller.role.title(), sessions, others })
}

/// `POST /account/sessions/end`
pub(super) async fn end(
    State(app): State<Arc<App>>,
    caller: Caller,
    fields: Fields,
) -> Result<Response, PageError> {
    let session = own(&caller)?;
    let id = SessionId::parse(fields.text("session"))
        .ok_or_else(|| StoreError::not_found("session", "of this id"))?;
    app.store
        .end_session(session.organisation, (session.administrator, id), caller.actor.clone(), now())
        .await?;
    Ok(Redirect::to("/account").into_response())
}

/// `POST /account/sessions/end-others`
pub(super) async fn end_others(State(app): State<Arc<App>>, caller: Caller) -> Result<Response, PageError> {
    let session = own(&caller)?;
    app.store
        .end_other_sessions(
            session.organisation,
            (session.administrator, session.id),
            caller.actor.clone(),
            now(),
        )
        .await?;
    Ok(Redirect::to("/account").into_response())
}

#[cfg(test)]
mod tests {
    use super::browser_name;

    #[test]
    fn browsers_are_told_apart() {
        let check = |agent: &str, expect: &str| assert_eq!(browser_name(agent), expect, "{agent}");
        check(
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/126.0 Safari/537.36 Edg/126.0",
            "Edge on Windows",
        );
        check("Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0", "Firefox on Linux");
        check(
            "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) Version/17.5 Mobile/15E148 Safari/604.1",
            "Safari on iPhone",
        );
        check("curl/8", "A browser");
    }
}
