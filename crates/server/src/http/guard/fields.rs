//! The fields of a form.

use axum::extract::FromRequestParts;
use axum::http::StatusCode;
use axum::http::request::Parts;
use std::sync::Arc;
use zeroize::Zeroizing;

/// What a form sent, read and checked by the guard. Wiped when dropped: passwords are among it.
#[derive(Clone)]
pub struct Fields(Arc<Vec<(String, Zeroizing<String>)>>);

impl std::fmt::Debug for Fields {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.0.iter().map(|(name, _)| name)).finish()
    }
}

impl Fields {
    pub(super) fn read(body: &[u8]) -> Self {
        let pairs = form_urlencoded::parse(body)
            .map(|(name, value)| (name.into_owned(), Zeroizing::new(value.into_owned())));
        Self(Arc::new(pairs.collect()))
    }

    /// A field's value; empty where it was not sent.
    #[must_use]
    pub fn text(&self, name: &str) -> &str {
        self.0.iter().find(|(field, _)| field == name).map_or("", |(_, value)| value)
    }

    /// A field's value, trimmed; none where it is empty.
    #[must_use]
    pub fn given(&self, name: &str) -> Option<&str> {
        Some(self.text(name).trim()).filter(|text| !text.is_empty())
    }

    /// Every value of a field: of boxes that are ticked.
    pub fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |(field, _)| field == name).map(|(_, value)| value.as_str())
    }

    /// A secret of its own.
    #[must_use]
    pub fn secret(&self, name: &str) -> Zeroizing<String> {
        Zeroizing::new(self.text(name).to_owned())
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Fields {
    type Rejection = StatusCode;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, StatusCode> {
        parts.extensions.get::<Self>().cloned().ok_or(StatusCode::INTERNAL_SERVER_ERROR)
    }
}
