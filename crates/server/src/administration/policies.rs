//! Policies, read before they are written.

use crate::audit::Actor;
use crate::dates::instant;
use crate::names::Name;
use crate::store::policies::PolicyText;
use crate::store::{OrganisationId, PolicyId, Store, StoreError};
use protocol::v2::{Method, Session};

/// Adds a policy, if its rules can be read and it does not end before it begins.
///
/// # Errors
/// `bad_policy` with the part at fault; `until_past`; `name_taken`.
pub async fn add(
    store: &Store,
    organisation: OrganisationId,
    (name, text): (Name, PolicyText),
    actor: Actor,
    now: i64,
) -> Result<PolicyId, StoreError> {
    text.read().map_err(|message| StoreError::refused("bad_policy", message))?;
    if text.expires.is_some_and(|expires| expires <= now) {
        let message = "the policy's end is over already: it would allow nothing";
        return Err(StoreError::refused("until_past", message));
    }
    let id = PolicyId::random()?;
    store.add_policy(organisation, (id, name, text), actor, now).await?;
    Ok(id)
}

/// The rules in a line, for people.
#[must_use]
pub fn words(text: &PolicyText) -> String {
    let mut parts = text.when.clone();
    parts.extend(text.zone.as_ref().map(|zone| format!("in {zone}")));
    parts.extend(text.networks.iter().map(|network| format!("from {network}")));
    parts.extend(
        text.session.map(|session| if session == Session::Remote { "remote" } else { "console" }.to_owned()),
    );
    parts.extend(text.expires.map(|expires| format!("until {}", instant(expires))));
    parts.extend(
        text.methods
            .iter()
            .map(|method| format!("by {}", if *method == Method::Push { "push" } else { "totp" })),
    );
    if parts.is_empty() { "always".to_owned() } else { parts.join(", ") }
}
