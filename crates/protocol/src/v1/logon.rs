use super::envelope::{Data, Envelope, Status};
use super::{ConfigAnswer, FailedReason, null_is_empty, read_object};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

const INTENT: &str = "agent-login";
const PASS_THROUGH: &str = "passthru authentication";

/// `tfaMethod` as agents write it. Servers ignore it: an empty code means push.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TfaMethod {
    /// A phone is rung ("U2F" in the original's words).
    Push,
    /// A one-time code.
    Totp,
}

impl TfaMethod {
    /// The word on the wire.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Push => "U2F",
            Self::Totp => "totp",
        }
    }
}

/// `POST /auth/agent/win` and its twins: asks for the second factor of one logon.
///
/// The members that the Windows agent writes, in its order; of those that only other agents write,
/// what is worth reading. A `password` is never read.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LogonRequest {
    /// The ServiceID.
    #[serde(rename = "serviceID", default, deserialize_with = "null_is_empty")]
    pub service_id: String,
    /// The key of version 1.
    #[serde(default, deserialize_with = "null_is_empty")]
    pub service_key: Zeroizing<String>,
    /// What was typed as "TRASA username or email address".
    #[serde(rename = "trasaID", default, deserialize_with = "null_is_empty")]
    pub trasa_id: String,
    /// See [`TfaMethod`].
    #[serde(default, deserialize_with = "null_is_empty")]
    pub tfa_method: String,
    /// Six digits, or nothing.
    #[serde(default, deserialize_with = "null_is_empty")]
    pub totp_code: Zeroizing<String>,
    /// The account: `DOMAIN\name`, `\name` or `name`.
    #[serde(default, deserialize_with = "null_is_empty")]
    pub user: String,
    /// The address that the agent claims for the person.
    #[serde(rename = "userIP", default, deserialize_with = "null_is_empty")]
    pub user_ip: String,
    /// How the machine calls itself.
    #[serde(default, deserialize_with = "null_is_empty")]
    pub workstation: String,
    /// How a Unix machine calls itself.
    #[serde(default, deserialize_with = "null_is_empty", skip_serializing_if = "String::is_empty")]
    pub hostname: String,
}

impl LogonRequest {
    /// Reads a body; `None` for everything that is no such request.
    #[must_use]
    pub fn read(body: &[u8]) -> Option<Self> {
        read_object(body)
    }
}

impl core::fmt::Debug for LogonRequest {
    // People type passwords into the name field; key and code are secrets.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("LogonRequest")
            .field("service_id", &self.service_id)
            .field("user", &self.user)
            .finish_non_exhaustive()
    }
}

/// What a logon came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LogonAnswer {
    /// Allowed.
    Allowed,
    /// Allowed without a second factor, since no access names the account.
    PassedThrough,
    /// Refused with a known reason.
    Refused(FailedReason),
    /// No allow, and no reason that is known: another word, or an answer to something else.
    NotUnderstood,
}

impl LogonAnswer {
    /// The answer on the wire; [`Self::NotUnderstood`] is never sent and becomes `UNKNOWN`.
    #[must_use]
    pub fn to_envelope(&self) -> Envelope {
        match self {
            Self::Allowed => Envelope::new(Status::Success, "", INTENT, Data::ListOfNull),
            Self::PassedThrough => Envelope::new(Status::Success, PASS_THROUGH, INTENT, Data::ListOfNull),
            Self::Refused(reason) => {
                Envelope::new(Status::Failed, reason.code(), reason.logon_intent(), Data::ListOfNull)
            }
            Self::NotUnderstood => Self::Refused(FailedReason::Unknown).to_envelope(),
        }
    }

    /// What an envelope says to somebody who asked for a logon.
    ///
    /// An allow says exactly `success`, names no error, no reason of a refusal and no other call:
    /// a success that contradicts itself is none.
    #[must_use]
    pub fn of(envelope: &Envelope) -> Self {
        if let Some(reason) = FailedReason::read(&envelope.reason) {
            return Self::Refused(reason);
        }
        if !envelope.says_success() || ConfigAnswer::is_in(envelope) {
            return Self::NotUnderstood;
        }
        if envelope.reason == PASS_THROUGH { Self::PassedThrough } else { Self::Allowed }
    }
}
