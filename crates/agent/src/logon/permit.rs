//! What GetSerialization gives out, and the right to do so.

use super::view::Status;
use crate::Password;
use crate::account::LogonName;
use crate::proof::Proof;

/// GetSerialization's answer.
#[derive(Debug)]
pub enum Serialization {
    /// Serialize this credential, once.
    Credential(Permit),
    /// No credential, and the tile goes on (`CPGSR_NO_CREDENTIAL_NOT_FINISHED`).
    NotFinished(Option<Status>),
}

/// A credential with the right to serialize it. Only the state machine makes one, and only from a
/// proof; the shell packs it and lets it go, which wipes it.
#[derive(Debug)]
pub struct Permit {
    credential: Credential,
    _right: Right,
}

/// The strings are the very ones that were checked.
#[derive(Debug)]
pub enum Credential {
    /// `KERB_INTERACTIVE_LOGON`, or its unlock twin.
    Logon {
        /// User and domain.
        name: LogonName,
        /// Password.
        password: Password,
    },
    /// `KERB_CHANGEPASSWORD_REQUEST`.
    ChangePassword {
        /// Domain; the computer's name for a local account.
        domain: String,
        /// User.
        user: String,
        /// The password that expired.
        old: Password,
        /// The one that was chosen.
        new: Password,
    },
}

/// Stands for a proof that has been spent. Made from a proof and from nothing else; while a new
/// password is chosen it is what remains of the proof.
#[derive(Debug)]
pub(super) struct Right(());

impl Right {
    pub(super) fn spend(proof: Proof) -> Self {
        drop(proof);
        Self(())
    }

    /// After Windows asked for a new password, the same proof covers the change and the logon after it.
    pub(super) const fn for_change(&self) -> Self {
        Self(())
    }
}

impl Permit {
    pub(super) const fn new(credential: Credential, right: Right) -> Self {
        Self { credential, _right: right }
    }

    /// What to serialize.
    #[must_use]
    pub const fn credential(&self) -> &Credential {
        &self.credential
    }
}
