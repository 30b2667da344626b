//! Who calls, once the guard has let them through.

use crate::administrators::secret::Shown;
use crate::administrators::{Right, Role};
use crate::audit::Actor;
use crate::store::OrganisationId;
use crate::store::sessions::Session;
use axum::extract::FromRequestParts;
use axum::http::StatusCode;
use axum::http::request::Parts;
use std::sync::Arc;
use zeroize::Zeroizing;

/// An administrator at a browser, or a program with a token.
#[derive(Debug, Clone)]
pub struct Caller {
    /// Whose people, services and log this is about. Never taken from a request.
    pub organisation: OrganisationId,
    /// What they may.
    pub role: Role,
    /// For the audit.
    pub actor: Actor,
    /// For people.
    pub name: String,
    /// The browser's session; a program has none.
    pub session: Option<Arc<SessionOf>>,
}

/// A session with the secret that its browser shows.
#[derive(Debug)]
pub struct SessionOf {
    /// The session.
    pub session: Session,
    /// What the browser shows.
    pub secret: Shown,
}

impl SessionOf {
    /// What every form of this session carries.
    #[must_use]
    pub fn csrf(&self) -> Zeroizing<String> {
        self.secret.derived("csrf")
    }
}

impl Caller {
    pub(super) fn browser(session: Session, secret: Shown) -> Self {
        Self {
            organisation: session.organisation,
            role: session.role,
            actor: Actor::Administrator(session.administrator),
            name: session.name.clone(),
            session: Some(Arc::new(SessionOf { session, secret })),
        }
    }

    /// Whether they have a right.
    #[must_use]
    pub fn may(&self, right: Right) -> bool {
        self.role.may(right)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = StatusCode;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, StatusCode> {
        // Missing only where a route says that it needs nothing and then asks who calls.
        parts.extensions.get::<Self>().cloned().ok_or(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

/// Who calls, where anybody may.
#[derive(Debug, Clone)]
pub struct MaybeCaller(pub Option<Caller>);

impl<S: Send + Sync> FromRequestParts<S> for MaybeCaller {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Self::Rejection> {
        Ok(Self(parts.extensions.get::<Caller>().cloned()))
    }
}
