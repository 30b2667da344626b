//! The doors: in, in again, out.

use super::PageError;
use super::error::sentence;
use super::frame::{Frame, Place, page};
use crate::administrators::sign_in::{Attempt, Refused, again, sign_in};
use crate::app::App;
use crate::clock::now;
use crate::http::guard::{Caller, Fields, MaybeCaller, browser, clear_cookie, session_cookie};
use crate::http::peer::Peer;
use askama::Template;
use axum::extract::{Query, State};
use axum::http::header::{RETRY_AFTER, SET_COOKIE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Redirect, Response};
use serde::Deserialize;
use std::sync::Arc;

#[derive(Template)]
#[template(path = "pages/sign_in.html")]
struct View {
    frame: Frame,
    then: String,
    name: String,
    error: Option<String>,
    /// Somebody who is signed in shows again that it is them.
    again: bool,
    /// Nobody administers yet.
    nobody: bool,
}

/// Where to go afterwards.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Then {
    #[serde(default)]
    then: String,
}

/// A path of this server, whatever was asked for: `//host` and `/\host` lead elsewhere.
fn own_path(then: &str) -> &str {
    let elsewhere = !then.starts_with('/')
        || then.starts_with("//")
        || then.contains('\\')
        || then.chars().any(char::is_control);
    if elsewhere { "/" } else { then }
}

/// `GET /sign-in`
pub(super) async fn show(
    State(app): State<Arc<App>>,
    MaybeCaller(caller): MaybeCaller,
    Query(Then { then }): Query<Then>,
) -> Result<Response, PageError> {
    if caller.is_some() {
        return Ok(Redirect::to(own_path(&then)).into_response());
    }
    let nobody = app.store.administrators(app.organisation)?.is_empty();
    let frame = Frame::bare("Sign in");
    page(&View { frame, then, name: String::new(), error: None, again: false, nobody })
}

/// `POST /sign-in`
pub(super) async fn send(
    State(app): State<Arc<App>>,
    Peer(address): Peer,
    headers: HeaderMap,
    fields: Fields,
) -> Result<Response, PageError> {
    let name = fields.text("name").to_owned();
    let attempt = Attempt {
        name: name.clone(),
        password: fields.secret("password"),
        code: fields.secret("code"),
        address,
        browser: browser(&headers),
    };
    let then = fields.text("then").to_owned();
    match sign_in(&app.store, app.organisation, attempt, now()).await {
        Ok(secret) => {
            let cookie = session_cookie(app.public_url(), &secret).map(|cookie| [(SET_COOKIE, cookie)]);
            Ok((cookie, Redirect::to(own_path(&then))).into_response())
        }
        Err(Refused::Store(error)) => Err(error.into()),
        Err(refused) => {
            let frame = Frame::bare("Sign in");
            let error = Some(sentence(&refused.to_string()));
            let view = View { frame, then, name, error, again: false, nobody: false };
            refusal(&refused, page(&view)?)
        }
    }
}

/// `GET /sign-in/again`
pub(super) async fn show_again(
    caller: Caller,
    Query(Then { then }): Query<Then>,
) -> Result<Response, PageError> {
    let frame = Frame::of(&caller, Place::Elsewhere, "Sign in again");
    let name = caller.name.clone();
    page(&View { frame, then, name, error: None, again: true, nobody: false })
}

/// `POST /sign-in/again`
pub(super) async fn send_again(
    State(app): State<Arc<App>>,
    Peer(address): Peer,
    headers: HeaderMap,
    caller: Caller,
    fields: Fields,
) -> Result<Response, PageError> {
    let Some(of) = &caller.session else { return Err(PageError::Forbidden(caller.role)) };
    let attempt = Attempt {
        name: String::new(),
        password: fields.secret("password"),
        code: fields.secret("code"),
        address,
        browser: browser(&headers),
    };
    let then = fields.text("then").to_owned();
    match again(&app.store, app.organisation, (attempt, &of.session), now()).await {
        Ok(()) => Ok(Redirect::to(own_path(&then)).into_response()),
        Err(Refused::Store(error)) => Err(error.into()),
        Err(refused) => {
            let frame = Frame::of(&caller, Place::Elsewhere, "Sign in again");
            let error = Some(sentence(&refused.to_string()));
            let name = caller.name.clone();
            let view = View { frame, then, name, error, again: true, nobody: false };
            refusal(&refused, page(&view)?)
        }
    }
}

/// `POST /sign-out`
pub(super) async fn out(State(app): State<Arc<App>>, caller: Caller) -> Result<Response, PageError> {
    if let Some(of) = &caller.session {
        let session = &of.session;
        let ended = app
            .store
            .end_session(
                session.organisation,
                (session.administrator, session.id),
                caller.actor.clone(),
                now(),
            )
            .await;
        match ended {
            // Ended from elsewhere at the same moment.
            Err(error) if error.code() != "not_found" => return Err(error.into()),
            _ => {}
        }
    }
    let cookie = clear_cookie(app.public_url()).map(|cookie| [(SET_COOKIE, cookie)]);
    Ok((cookie, Redirect::to("/sign-in")).into_response())
}

fn refusal(refused: &Refused, page: Response) -> Result<Response, PageError> {
    Ok(match refused {
        Refused::Locked { wait_secs } => {
            (StatusCode::TOO_MANY_REQUESTS, [(RETRY_AFTER, wait_secs.to_string())], page).into_response()
        }
        _ => (StatusCode::FORBIDDEN, page).into_response(),
    })
}

#[cfg(test)]
mod tests {
    use super::own_path;

    #[test]
    fn signing_in_never_leads_elsewhere() {
        for path in ["/", "/machines?x=1", "/logons/K7M2QX"] {
            assert_eq!(own_path(path), path);
        }
        for path in ["", "https://evil.example", "//evil.example", "/\\evil.example", "/a\\b", "/a\nb", "x"] {
            assert_eq!(own_path(path), "/", "{path:?}");
        }
    }
}
