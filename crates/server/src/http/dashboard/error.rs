//! A page that says what went wrong, and what to do.

use super::assets::ASSETS;
use crate::administrators::Role;
use crate::http::guard::request_id;
use crate::names::NameError;
use crate::store::StoreError;
use askama::Template;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};

/// Why there is no page.
#[derive(Debug, thiserror::Error)]
pub enum PageError {
    /// The role does not allow it.
    #[error("your role, {}, does not allow this", .0.title())]
    Forbidden(Role),
    /// The form did not come from one of our pages of this session.
    #[error("this form did not come from this page; open the page again and repeat what you did")]
    ForeignForm,
    /// What was typed cannot be.
    #[error("{0}")]
    Invalid(String),
    /// The store's answer.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A page could not be written.
    #[error("the page could not be made")]
    Template(#[from] askama::Error),
}

impl From<NameError> for PageError {
    fn from(error: NameError) -> Self {
        Self::Invalid(error.to_string())
    }
}

impl From<crate::random::NoRandomness> for PageError {
    fn from(error: crate::random::NoRandomness) -> Self {
        Self::Store(error.into())
    }
}

impl PageError {
    fn status(&self) -> StatusCode {
        match self {
            Self::Forbidden(_) | Self::ForeignForm => StatusCode::FORBIDDEN,
            Self::Invalid(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Store(StoreError::Refused { code, .. }) if *code == "not_found" => StatusCode::NOT_FOUND,
            Self::Store(StoreError::Refused { .. }) => StatusCode::CONFLICT,
            Self::Store(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Template(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorView<'a> {
    css: &'a str,
    title: &'a str,
    message: String,
    request_id: Option<String>,
}

impl IntoResponse for PageError {
    fn into_response(self) -> Response {
        let status = self.status();
        let request_id = status.is_server_error().then(request_id);
        let (title, message) = match &self {
            Self::Store(StoreError::Refused { code, message }) if *code == "not_found" => {
                ("There is no such page", message.clone())
            }
            Self::Store(StoreError::Refused { message, .. }) => ("That cannot be done", message.clone()),
            // What a store says of itself is for the log.
            Self::Store(_) => ("The server cannot do that now", "try again in a moment".to_owned()),
            Self::Forbidden(_) => ("You may not do that", self.to_string()),
            _ => ("That did not work", self.to_string()),
        };
        if let Some(id) = &request_id {
            tracing::error!(error = %self, request_id = %id, "A page failed");
        }
        let view = ErrorView { css: &ASSETS.css.path, title, message: sentence(&message), request_id };
        // A template that cannot be written leaves the status.
        (status, Html(view.render().unwrap_or_default())).into_response()
    }
}

/// A message of an error as a sentence.
pub(super) fn sentence(message: &str) -> String {
    let mut characters = message.chars();
    let Some(first) = characters.next() else { return String::new() };
    let end = if message.ends_with(['.', '!', '?']) { "" } else { "." };
    format!("{}{}{end}", first.to_uppercase(), characters.as_str())
}
