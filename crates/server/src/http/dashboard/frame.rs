//! What is around every page: navigation, who is signed in, what pages are drawn with.

use super::PageError;
use super::assets::ASSETS;
use crate::administrators::Right;
use crate::http::guard::Caller;
use askama::Template;
use axum::response::{Html, IntoResponse as _, Response};
use zeroize::Zeroizing;

/// Places in the navigation; only what exists, and only what the role may see.
const PLACES: [(Place, &str, &str, Right); 9] = [
    (Place::Home, "/", "Home", Right::See),
    (Place::Services, "/services", "Services", Right::See),
    (Place::Machines, "/machines", "Machines", Right::See),
    (Place::Users, "/users", "Users", Right::See),
    (Place::Groups, "/groups", "Groups", Right::See),
    (Place::Policies, "/policies", "Policies", Right::See),
    (Place::Logons, "/logons", "Logons", Right::See),
    (Place::Audit, "/audit", "Audit", Right::SeeAudit),
    (Place::Administrators, "/administrators", "Administrators", Right::Own),
];

/// Where in the navigation a page is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// `/`
    Home,
    /// Services.
    Services,
    /// Machines.
    Machines,
    /// Users.
    Users,
    /// Groups.
    Groups,
    /// Policies.
    Policies,
    /// Logons.
    Logons,
    /// Audit.
    Audit,
    /// Administrators.
    Administrators,
    /// None of them.
    Elsewhere,
}

/// A line of the navigation.
pub(super) struct Link {
    pub href: &'static str,
    pub label: &'static str,
    pub here: bool,
}

/// Around a page.
pub(super) struct Frame {
    pub title: String,
    pub css: &'static str,
    pub js: &'static str,
    pub mark: &'static str,
    pub who: Option<Who>,
    pub csrf: Zeroizing<String>,
    pub links: Vec<Link>,
}

/// Who is signed in.
pub(super) struct Who {
    pub name: String,
    pub role: &'static str,
}

impl Frame {
    /// Around a page for somebody who is signed in.
    pub fn of(caller: &Caller, place: Place, title: impl Into<String>) -> Self {
        let links = PLACES
            .into_iter()
            .filter(|(.., right)| caller.may(*right))
            .map(|(to, href, label, _)| Link { href, label, here: to == place })
            .collect();
        let csrf = caller.session.as_ref().map(|of| of.csrf()).unwrap_or_default();
        let who = Some(Who { name: caller.name.clone(), role: caller.role.title() });
        Self { who, csrf, links, ..Self::bare(title) }
    }

    /// Around a page before anybody is signed in.
    pub fn bare(title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            css: &ASSETS.css.path,
            js: &ASSETS.js.path,
            mark: &ASSETS.mark.path,
            who: None,
            csrf: Zeroizing::default(),
            links: Vec::new(),
        }
    }
}

/// A page from its view.
pub(super) fn page(view: &impl Template) -> Result<Response, PageError> {
    Ok(Html(view.render()?).into_response())
}
