//! One-time links: how the first owner comes in, and everybody whom an owner invites.
//!
//! The link holds 32 random bytes, of which the store keeps the SHA-256. It ends, works once, and
//! brings its own one-time code secret, so that opening it twice shows the same QR code.

use super::Role;
use super::secret::Shown;
use crate::names::Name;
use crate::random;
use crate::store::{AdministratorId, LinkId, StoreError};
use serde::{Serialize, Serializer};
use std::fmt;
use zeroize::Zeroizing;

/// How long an owner's link holds, in seconds.
pub const OWNER_SECS: i64 = 86_400;
/// How long an invitation holds, in seconds.
pub const INVITATION_SECS: i64 = 7 * 86_400;

/// A link to be written down.
#[derive(Debug)]
pub struct NewLink {
    /// Its id.
    pub id: LinkId,
    /// What is in the link.
    pub secret: Shown,
    /// What whoever opens it becomes.
    pub role: Role,
    /// The name that is proposed.
    pub name: Option<Name>,
    /// Whose password and phone it renews; none: it makes an administrator.
    pub renews: Option<AdministratorId>,
    /// The one-time code secret that the page shows.
    pub totp: Zeroizing<[u8; 20]>,
    /// Until when, Unix seconds.
    pub until: i64,
}

impl NewLink {
    /// A link for somebody new.
    ///
    /// # Errors
    /// Where the system gives no randomness.
    pub fn invite(role: Role, name: Option<Name>, until: i64) -> Result<Self, StoreError> {
        Ok(Self {
            id: LinkId::random()?,
            secret: Shown::random()?,
            role,
            name,
            renews: None,
            totp: random::secret()?,
            until,
        })
    }

    /// The link as a person opens it.
    #[must_use]
    pub fn url(&self, public_url: &str) -> Url {
        Url(Zeroizing::new(format!("{public_url}/welcome/{}", *self.secret.to_text())))
    }
}

/// A link that lets in whoever has it: shown once, never in a log.
#[derive(Clone)]
pub struct Url(Zeroizing<String>);

impl Url {
    /// The text, to be shown.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Url([REDACTED])")
    }
}

impl Serialize for Url {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}
