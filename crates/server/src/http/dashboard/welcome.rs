//! A one-time link: name, password and phone, and somebody administers. Opening it spends nothing;
//! only the finished form does.

use super::PageError;
use super::error::sentence;
use super::frame::{Frame, page};
use super::qr::{Enrolment, enrolment};
use crate::administrators::secret::Shown;
use crate::administrators::sign_in::{confirmed_step, session};
use crate::administrators::{Role, password};
use crate::app::App;
use crate::clock::now;
use crate::http::guard::{Fields, browser, session_cookie};
use crate::http::peer::Peer;
use crate::names::Name;
use crate::store::StoreError;
use crate::store::administrator_links::{Chosen, OpenLink};
use askama::Template;
use axum::extract::{Path, State};
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Redirect, Response};
use std::sync::Arc;

#[derive(Template)]
#[template(path = "pages/welcome.html")]
struct View {
    frame: Frame,
    role: Role,
    renews: bool,
    name: String,
    enrolment: Enrolment,
    min_chars: usize,
    error: Option<String>,
}

fn opened(app: &App, secret: &str, now: i64) -> Result<OpenLink, PageError> {
    let over = || {
        PageError::Store(StoreError::refused(
            "not_found",
            "this link was used already, or its time is over; ask an owner for another, or run \
             `trasa-server admin new-owner-link` at the server",
        ))
    };
    let secret = Shown::parse(secret).ok_or_else(over)?;
    app.store.read(|read| read.administrator_link(&secret.hash(), now))?.ok_or_else(over)
}

fn view(link: &OpenLink, name: &str, error: Option<String>) -> Result<View, PageError> {
    let shown = if link.renews.is_some() { link.name.as_deref().unwrap_or(name) } else { name };
    let account = if shown.is_empty() { link.role.as_str() } else { shown };
    Ok(View {
        frame: Frame::bare("Welcome"),
        role: link.role,
        renews: link.renews.is_some(),
        name: shown.to_owned(),
        enrolment: enrolment(&link.totp, account)?,
        min_chars: password::MIN_CHARS,
        error,
    })
}

/// `GET /welcome/{secret}`
pub(super) async fn show(
    State(app): State<Arc<App>>,
    Path(secret): Path<String>,
) -> Result<Response, PageError> {
    let link = opened(&app, &secret, now())?;
    page(&view(&link, link.name.as_deref().unwrap_or_default(), None)?)
}

/// `POST /welcome/{secret}`
pub(super) async fn send(
    State(app): State<Arc<App>>,
    Path(secret): Path<String>,
    Peer(address): Peer,
    headers: HeaderMap,
    fields: Fields,
) -> Result<Response, PageError> {
    let now = now();
    let link = opened(&app, &secret, now)?;
    let typed =
        if link.renews.is_some() { link.name.as_deref().unwrap_or_default() } else { fields.text("name") };
    let again = |error: String| {
        let view = view(&link, typed, Some(sentence(&error)))?;
        Ok((StatusCode::UNPROCESSABLE_ENTITY, page(&view)?).into_response())
    };
    let name = match Name::parse("name", typed) {
        Ok(name) => name,
        Err(error) => return again(error.to_string()),
    };
    let chosen = fields.secret("password");
    if let Err(error) = password::check(&chosen, name.shown()) {
        return again(error.to_string());
    }
    if *chosen != *fields.secret("repeated") {
        return again("the two passwords are not the same".to_owned());
    }
    let Some(step) = confirmed_step(&link.totp, fields.text("code"), now) else {
        return again(
            "the code does not fit; check the phone's clock, and type the code it shows now".to_owned(),
        );
    };
    let hash = password::hash(chosen).await?;
    let shown = Shown::random()?;
    let session = session(&shown, address, &browser(&headers))?;
    let chosen = Chosen { name, password: hash, step, session };
    let (renewed, id) = (link.renews.is_some(), link.id);
    match app.store.accept_link((link, chosen), now).await {
        Ok(administrator) => {
            tracing::info!(administrator_id = %administrator, link_id = %id, renewed, "A link was used");
            let cookie = session_cookie(app.public_url(), &shown).map(|cookie| [(SET_COOKIE, cookie)]);
            Ok((cookie, Redirect::to("/")).into_response())
        }
        Err(error) => Err(error.into()),
    }
}
