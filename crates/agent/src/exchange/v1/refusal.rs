use super::super::cause::Cause;
use protocol::v1::FailedReason;

/// Why a logon was refused in version 1.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    /// The server said so, in a word of the original's.
    Reason(FailedReason),
    /// Something answered, but no allow: no envelope, an answer to something else, an unknown reason.
    NotUnderstood(Described),
    /// The server was asked to ring and gave no answer in time.
    PhoneUnanswered,
    /// Nothing was asked: an empty code would ring the phone.
    CodeMissing,
    /// Nothing was asked: nobody is nobody.
    TrasaIdMissing,
    /// Nothing was asked: Windows did not verify the password, so no phone is rung (B37).
    PushNeedsPassword,
}

impl Refusal {
    /// A code for logs.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Reason(reason) => reason.code(),
            Self::NotUnderstood(_) => "not_understood",
            Self::PhoneUnanswered => "phone_unanswered",
            Self::CodeMissing => "code_required",
            Self::TrasaIdMissing => "trasa_id_required",
            Self::PushNeedsPassword => "push_needs_password",
        }
    }

    /// Whether a one-time code may succeed where this did not.
    #[must_use]
    pub const fn suggests_code(&self) -> bool {
        matches!(
            self,
            Self::Reason(FailedReason::U2fFailed | FailedReason::U2fyFailed | FailedReason::DeviceNotFound)
                | Self::PhoneUnanswered
                | Self::PushNeedsPassword
        )
    }
}

/// What came instead of an answer, as a clause for logs. Holds nothing that the other side could
/// have chosen freely, nor anything of the request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Described(String);

impl Described {
    /// Longest reason that is quoted, in bytes.
    const MAX_REASON_BYTES: usize = 64;

    pub(super) fn status(status: u16) -> Self {
        Self(format!("HTTP {status} without an answer of version 1"))
    }

    pub(super) fn cause(cause: &Cause) -> Self {
        Self(cause.text().to_owned())
    }

    /// Quotes a reason that looks like one: short, plain characters, nothing that was sent.
    pub(super) fn reason(reason: &str, secrets: [&str; 3]) -> Self {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || " _-.:".contains(c);
        let is_sent = secrets.iter().any(|secret| !secret.is_empty() && reason.contains(secret));
        if reason.is_empty() {
            Self("an answer without a reason that is no allow".to_owned())
        } else if reason.len() > Self::MAX_REASON_BYTES || !reason.chars().all(is_plain) || is_sent {
            Self("an unknown reason".to_owned())
        } else {
            Self(format!("the unknown reason \"{reason}\""))
        }
    }

    /// The clause.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
