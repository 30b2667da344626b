//! Why the store did not do what was asked.

use crate::random::NoRandomness;
use crate::sealing::SealError;
use std::path::PathBuf;

/// Why the store did not do what was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// What was asked cannot be done as things stand: the caller's to put right.
    #[error("{message}")]
    Refused {
        /// A stable code, such as `name_taken`.
        code: &'static str,
        /// One sentence for a person.
        message: String,
    },
    /// There is no store in this folder.
    #[error(
        "there is no TRASA store in {0}; make one with `trasa-server init`, or name its folder with --data"
    )]
    Missing(PathBuf),
    /// The file is no store, or damaged.
    #[error("the store {0} cannot be read ({1}); restore a backup with `trasa-server restore`")]
    Damaged(PathBuf, String),
    /// The store is of a newer release than this program.
    #[error(
        "the store is of a newer trasa-server (migration {found}, this program knows {known}); install that release"
    )]
    TooNew {
        /// Migration of the store.
        found: i64,
        /// Newest migration of this program.
        known: i64,
    },
    /// A sealed value or the sealing key.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// The store cannot be used now: disk full, locked for long, input or output failed.
    #[error("the store is not available: {0}")]
    Unavailable(String),
}

impl StoreError {
    /// A refusal with its stable code.
    #[must_use]
    pub fn refused(code: &'static str, message: impl Into<String>) -> Self {
        Self::Refused { code, message: message.into() }
    }

    /// There is no such thing: code `not_found`.
    #[must_use]
    pub fn not_found(noun: &str, name: impl std::fmt::Display) -> Self {
        Self::refused("not_found", format!("there is no {noun} {:?}", name.to_string()))
    }

    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Refused { code, .. } => code,
            Self::Missing(_) => "store_missing",
            Self::Damaged(..) => "store_damaged",
            Self::TooNew { .. } => "store_too_new",
            Self::Seal(_) => "sealing",
            Self::Unavailable(_) => "store_unavailable",
        }
    }

    /// Whether a unique key was hit; for turning it into a refusal that names the field.
    #[must_use]
    pub fn is_conflict(error: &rusqlite::Error) -> bool {
        matches!(error.sqlite_error_code(), Some(rusqlite::ErrorCode::ConstraintViolation))
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Unavailable(error.to_string())
    }
}

impl From<rusqlite::types::FromSqlError> for StoreError {
    fn from(error: rusqlite::types::FromSqlError) -> Self {
        Self::Unavailable(format!("a stored value is not what it should be: {error}"))
    }
}

impl From<NoRandomness> for StoreError {
    fn from(error: NoRandomness) -> Self {
        Self::Unavailable(error.to_string())
    }
}

impl From<serde_json::Error> for StoreError {
    fn from(error: serde_json::Error) -> Self {
        Self::Unavailable(format!("a stored value is not what it should be: {error}"))
    }
}
