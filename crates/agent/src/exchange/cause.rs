//! Why an address gave no authentic answer.

use crate::ports::TransportError;
use crate::texts;

/// Why an address led to no decision.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Cause {
    /// The transport brought nothing.
    Transport(TransportError),
    /// Something answered, but no key of the list that we trust had signed it.
    NotAuthentic,
    /// It corrected our clock twice.
    Clock,
    /// Its store is down.
    Unavailable,
    /// Its store was restored to before this machine's admission, and the receipt is valid.
    Restored,
    /// The time for all addresses ran out before this one.
    NoTimeLeft,
}

impl Cause {
    /// A clause for texts and logs.
    #[must_use]
    pub const fn text(&self) -> &'static str {
        match self {
            Self::Transport(error) => texts::address_failure(error),
            Self::NotAuthentic => "something other than your TRASA server answered",
            Self::Clock => "its clock and this computer's could not be brought together",
            Self::Unavailable => "it cannot read its records",
            Self::Restored => "it was restored and waits for an administrator to approve this computer again",
            Self::NoTimeLeft => "it did not answer in time",
        }
    }

    /// A code for the report.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Transport(error) => match error {
                TransportError::NameResolution => "name_resolution",
                TransportError::Connect => "connect",
                TransportError::Tls { .. } => "tls",
                TransportError::UnexpectedKey(_) => "unexpected_key",
                TransportError::Timeout => "timeout",
                TransportError::Cancelled => "cancelled",
                TransportError::TooLarge => "too_large",
                TransportError::Malformed => "malformed",
            },
            Self::NotAuthentic => "not_authentic",
            Self::Clock => "clock",
            Self::Unavailable => "unavailable",
            Self::Restored => "restored",
            Self::NoTimeLeft => "timeout",
        }
    }

    /// Whether the server itself answered, only without a decision.
    #[must_use]
    pub const fn is_reached(&self) -> bool {
        matches!(self, Self::Clock | Self::Unavailable | Self::Restored)
    }

    pub(super) const fn is_cancel(&self) -> bool {
        matches!(self, Self::Transport(TransportError::Cancelled))
    }
}
