//! Identifiers of rows. What the agent protocol names as well ([`protocol::id`]) keeps its type from
//! there; its 16 bytes go into a statement as `id.0.0`.

use crate::random::{self, NoRandomness};
use protocol::encoding::Bytes;
use rusqlite::types::{FromSql, FromSqlResult, ToSql, ToSqlOutput, ValueRef};

pub use protocol::id::{LogonId, MachineId, ServiceId};

/// The organisation that a row belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct OrganisationId(pub i64);

impl OrganisationId {
    /// The one that `init` makes.
    pub const DEFAULT: Self = Self(1);
}

impl ToSql for OrganisationId {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::from(self.0))
    }
}

impl FromSql for OrganisationId {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        i64::column_result(value).map(Self)
    }
}

macro_rules! row_ids {
    ($($(#[$doc:meta])* $name:ident,)+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Bytes<16>);

        impl $name {
            /// A new random one.
            ///
            /// # Errors
            /// [`NoRandomness`].
            pub fn random() -> Result<Self, NoRandomness> {
                random::identifier().map(|bytes| Self(Bytes(bytes)))
            }

            /// Reads the 22 characters.
            #[must_use]
            pub fn parse(text: &str) -> Option<Self> {
                Bytes::parse(text).map(Self)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                std::fmt::Display::fmt(&self.0, f)
            }
        }

        impl ToSql for $name {
            fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
                Ok(ToSqlOutput::from(&self.0.0[..]))
            }
        }

        impl FromSql for $name {
            fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
                <[u8; 16]>::column_result(value).map(|bytes| Self(Bytes(bytes)))
            }
        }
    )+};
}

row_ids! {
    /// A person in TRASA.
    UserId,
    /// What a user proves themself with.
    DeviceId,
    /// When and from where.
    PolicyId,
    /// Users or services under one name.
    GroupId,
    /// "This user may be this account on this service".
    AccessId,
    /// An account let past at one machine for some minutes.
    BypassId,
    /// Somebody who administers.
    AdministratorId,
    /// A one-time link by which somebody becomes an administrator.
    LinkId,
    /// A browser in which an administrator is signed in.
    SessionId,
    /// A program's token.
    ApiTokenId,
}
