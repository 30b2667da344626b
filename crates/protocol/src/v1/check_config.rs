use super::envelope::{Data, Envelope, Status};
use super::{FailedReason, null_is_empty, read_object};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

const SUCCESSFUL: &str = "service config check successful";
const FAILED: &str = "service config check failed";
const VALID: &str = "valid integration data";

/// `POST /auth/agent/checkconfig`. The server reads ServiceID and key only.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CheckConfigRequest {
    /// The ServiceID.
    #[serde(rename = "serviceID", default, deserialize_with = "null_is_empty")]
    pub service_id: String,
    /// The key of version 1.
    #[serde(default, deserialize_with = "null_is_empty")]
    pub service_key: Zeroizing<String>,
    /// The server's address as configured.
    #[serde(default, deserialize_with = "null_is_empty")]
    pub trasa_host: String,
    /// The offline users as configured, with commas.
    #[serde(default, deserialize_with = "null_is_empty")]
    pub offline_users: String,
    /// Whether the certificate is not verified.
    #[serde(rename = "skipTLSVerification", default, deserialize_with = "null_is_empty")]
    pub skip_tls_verification: bool,
}

impl CheckConfigRequest {
    /// Reads a body; `None` for everything that is no such request.
    #[must_use]
    pub fn read(body: &[u8]) -> Option<Self> {
        read_object(body)
    }
}

impl core::fmt::Debug for CheckConfigRequest {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("CheckConfigRequest").field("service_id", &self.service_id).finish_non_exhaustive()
    }
}

/// What a configuration check came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConfigAnswer {
    /// ServiceID and key fit.
    Valid,
    /// They do not, or the body cannot be read.
    Failed(FailedReason),
}

impl ConfigAnswer {
    /// The answer on the wire, `data` and absent intent as the original has them.
    #[must_use]
    pub fn to_envelope(self) -> Envelope {
        match self {
            Self::Valid => Envelope::new(Status::Success, VALID, SUCCESSFUL, Data::ListOfNull),
            Self::Failed(reason @ FailedReason::InvalidServiceSecret) => {
                Envelope::new(Status::Failed, reason.code(), FAILED, Data::ListOfNull)
            }
            Self::Failed(FailedReason::CheckFailed) => {
                Envelope::new(Status::Failed, FailedReason::CheckFailed.code(), "", Data::Null)
            }
            Self::Failed(reason) => Envelope::new(Status::Failed, reason.code(), FAILED, Data::Null),
        }
    }

    /// What an envelope says to somebody who asked for a configuration check. A success that
    /// answers anything else, or names a failure, is none.
    #[must_use]
    pub fn of(envelope: &Envelope) -> Self {
        let fits = envelope.reason == VALID || envelope.reason.is_empty();
        if envelope.says_success() && envelope.intent == SUCCESSFUL && fits {
            return Self::Valid;
        }
        Self::Failed(FailedReason::read(&envelope.reason).unwrap_or(FailedReason::Unknown))
    }

    /// Whether the envelope is an answer to this call, and so none to a logon.
    pub(super) fn is_in(envelope: &Envelope) -> bool {
        [SUCCESSFUL, FAILED].iter().any(|intent| envelope.intent.eq_ignore_ascii_case(intent))
            || envelope.reason.trim().eq_ignore_ascii_case(VALID)
    }
}
