//! Lists in pages, and bodies as JSON.

use super::ApiError;
use crate::http::body::WholeBody;
use axum::extract::{FromRequest, Request};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// Which part of a list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct Part {
    /// Most items, 1 to 1000; 100 without it.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<u32>,
    /// `next` of the part before.
    pub after: Option<String>,
}

/// A part of a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct Listed<T> {
    /// The items.
    pub items: Vec<T>,
    /// What to send as `after` for the next part; none: this is the end.
    pub next: Option<String>,
}

impl Part {
    /// How many items.
    ///
    /// # Errors
    /// Outside 1 to 1000.
    pub fn limit(&self) -> Result<u32, ApiError> {
        match self.limit.unwrap_or(100) {
            limit @ 1..=1000 => Ok(limit),
            _ => Err(ApiError::invalid("limit", "a limit is 1 to 1000")),
        }
    }

    /// Cuts the part out of a whole list, whose items are told apart by `id`.
    ///
    /// # Errors
    /// The limit; an `after` that is no item's.
    pub fn of<T>(&self, all: Vec<T>, id: impl Fn(&T) -> String) -> Result<Listed<T>, ApiError> {
        let limit = usize::try_from(self.limit()?).unwrap_or(usize::MAX);
        let start = match &self.after {
            None => 0,
            Some(after) => {
                let known = all.iter().position(|item| id(item) == *after);
                known.ok_or_else(|| ApiError::invalid("after", "there is no such place in the list"))? + 1
            }
        };
        let more = all.len() > start.saturating_add(limit);
        let items: Vec<_> = all.into_iter().skip(start).take(limit).collect();
        let next = items.last().filter(|_| more).map(id);
        Ok(Listed { items, next })
    }
}

/// A body of JSON.
#[derive(Debug)]
pub struct Sent<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Sent<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let body = WholeBody::from_request(request, state).await?;
        serde_json::from_slice(&body.0).map(Self).map_err(|error| {
            ApiError::invalid("invalid_body", format!("the body is not as described: {error}"))
        })
    }
}
