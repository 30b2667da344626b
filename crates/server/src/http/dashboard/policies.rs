//! Policies: the list, a new one, and when one would allow.

use super::PageError;
use super::frame::{Frame, Place, page};
use crate::administration::policies::{add, spans, words};
use crate::administrators::Right;
use crate::app::App;
use crate::clock::now;
use crate::dates;
use crate::http::guard::{Caller, Fields};
use crate::names::Name;
use crate::store::accesses::Access;
use crate::store::policies::{Policy, PolicyText};
use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use decision::policy::{Circumstances, SessionSeen};
use protocol::v2::{Method, Session};
use serde::Deserialize;
use std::sync::Arc;

#[derive(Template)]
#[template(path = "pages/policies.html")]
struct ListView {
    frame: Frame,
    policies: Vec<(Policy, String)>,
    may_change: bool,
}

#[derive(Template)]
#[template(path = "pages/policy.html")]
struct OneView {
    frame: Frame,
    policy: Policy,
    rules: String,
    zone: String,
    week: Vec<(String, String)>,
    accesses: Vec<Access>,
    asked: Asked,
    answer: Option<Result<(), String>>,
}

/// "When would this allow?"
#[derive(Debug, Default, Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    at: String,
    #[serde(default)]
    from: String,
    #[serde(default)]
    session: String,
}

impl Asked {
    /// What was asked about; an empty field is not asked about, but the instant: it is now then.
    fn read(&self, now: i64) -> Result<Circumstances, PageError> {
        let given = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        let at = given(&self.at).map(|text| dates::until(&text)).transpose().map_err(PageError::Invalid)?;
        let source = given(&self.from)
            .map(|text| text.parse().map_err(|_| PageError::Invalid(format!("{text:?} is no IP address"))))
            .transpose()?;
        let session = match self.session.as_str() {
            "console" => SessionSeen::Told(Session::Console),
            "remote" => SessionSeen::Told(Session::Remote),
            _ => SessionSeen::NotAsked,
        };
        Ok(Circumstances { source, session, now: at.unwrap_or(now) })
    }

    const fn is_asked(&self) -> bool {
        !self.at.is_empty() || !self.from.is_empty() || !self.session.is_empty()
    }
}

/// `GET /policies`
pub(super) async fn list(State(app): State<Arc<App>>, caller: Caller) -> Result<Response, PageError> {
    let policies = app.store.policies(caller.organisation).await?;
    page(&ListView {
        frame: Frame::of(&caller, Place::Policies, "Policies"),
        policies: policies.into_iter().map(|policy| (policy.clone(), words(&policy.text))).collect(),
        may_change: caller.may(Right::Change),
    })
}

/// `POST /policies`: adds one.
pub(super) async fn new(
    State(app): State<Arc<App>>,
    caller: Caller,
    fields: Fields,
) -> Result<Response, PageError> {
    let name = Name::parse("name", fields.text("name"))?;
    let lines = |field: &str| -> Vec<String> {
        fields.text(field).lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect()
    };
    let when = lines("when");
    let zone = fields.given("zone").map(str::to_owned);
    if zone.is_some() && when.is_empty() {
        return Err(PageError::Invalid("a time zone is for days and hours, and none are given".to_owned()));
    }
    let text = PolicyText {
        when,
        zone,
        networks: lines("networks"),
        session: match fields.text("session") {
            "console" => Some(Session::Console),
            "remote" => Some(Session::Remote),
            _ => None,
        },
        expires: fields.given("expires").map(dates::until).transpose().map_err(PageError::Invalid)?,
        methods: fields
            .all("method")
            .filter_map(|method| match method {
                "push" => Some(Method::Push),
                "totp" => Some(Method::Totp),
                _ => None,
            })
            .collect(),
    };
    let id = add(&app.store, caller.organisation, (name, text), caller.actor, now()).await?;
    Ok(Redirect::to(&format!("/policies/{id}")).into_response())
}

/// `GET /policies/{id}`
pub(super) async fn one(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
    caller: Caller,
) -> Result<Response, PageError> {
    let organisation = caller.organisation;
    let policy = app.store.read(|read| read.policy(organisation, &id))?;
    let read = policy.text.read().map_err(PageError::Invalid)?;
    let now = now();
    let answer = if asked.is_asked() {
        Some(read.evaluate(&asked.read(now)?).map_err(|unmet| unmet.text))
    } else {
        None
    };
    page(&OneView {
        frame: Frame::of(&caller, Place::Policies, policy.name.clone()),
        rules: words(&policy.text),
        zone: policy.text.zone.clone().unwrap_or_else(|| "UTC".to_owned()),
        week: spans(&read, policy.text.zone.as_deref(), now),
        accesses: app.store.accesses_under(organisation, policy.id).await?,
        policy,
        asked,
        answer,
    })
}
