//! Who may have which page or call. Nothing is served to administrators and programs but through a
//! `Routes`, and nothing gets into one without saying what it needs: there is no default, and what is
//! not declared does not exist.

mod api;
mod caller;
mod cookie;
mod fields;
mod headers;
mod origin;
mod pages;

pub(crate) use api::finish;
pub use api::{Api, TOKEN_PREFIX};
pub use caller::{Caller, MaybeCaller};
pub use cookie::{clear_cookie, session_cookie};
pub use fields::Fields;
pub use headers::{browser, request_id, with_page_headers};
pub use pages::Pages;

use crate::administrators::{Right, Role};
use axum::http::Method;

/// What a page or a call needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Needs {
    /// Nothing: whoever asks, signed in or not. The doors themselves, and what is public.
    Nothing,
    /// A right.
    Right(Right),
    /// A right, and a full sign-in within the last minutes: what is dangerous. A page that changes
    /// something so has a page of the same path that asks before.
    Fresh(Right),
}

impl Needs {
    /// Whether a role may have it; `None` is somebody who is not signed in.
    #[must_use]
    pub fn allows(self, role: Option<Role>) -> bool {
        match (self, role) {
            (Self::Nothing, _) => true,
            (Self::Right(right) | Self::Fresh(right), Some(role)) => role.may(right),
            (Self::Right(_) | Self::Fresh(_), None) => false,
        }
    }
}

/// A route with what it needs, for the table that tests walk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Declared {
    /// The method.
    pub method: Method,
    /// The path, as axum writes it.
    pub path: String,
    /// What it needs.
    pub needs: Needs,
}
