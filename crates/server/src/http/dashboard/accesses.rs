//! What pages of users and of groups share about accesses.

use super::PageError;
use super::words::Instant;
use crate::dates;
use crate::http::guard::Fields;
use crate::store::AccessId;
use crate::store::accesses::{Access, Grant, Where, Whom};
use decision::account::Pattern;

/// A line of a list of accesses.
pub(super) struct Line {
    pub access: Access,
    pub until: Option<Instant>,
}

/// The lines of a list.
pub(super) fn lines(accesses: Vec<Access>) -> Vec<Line> {
    accesses.into_iter().map(|access| Line { until: Instant::maybe(access.until), access }).collect()
}

/// Reads the form that grants an access.
pub(super) fn grant(fields: &Fields, user: Whom, service: Where) -> Result<Grant, PageError> {
    let shown = fields.text("account").trim().to_owned();
    let account = Pattern::parse(&shown).map_err(|error| {
        PageError::Invalid(format!("{shown:?} is no account: {error}; write DOMAIN\\name or .\\name"))
    })?;
    let policy = fields.given("policy").map(str::to_owned);
    let until = fields.given("until").map(dates::until).transpose().map_err(PageError::Invalid)?;
    Ok(Grant { id: AccessId::random()?, user, service, account, shown, policy, until })
}
