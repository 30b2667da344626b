//! Reason codes: why a logon was allowed or denied.
//!
//! A code is stable once released; texts for people are made from code and parameters where they
//! are shown. The server's audit keeps the exact reason; [`Reason::for_tile`] says what the wire
//! may tell the person at the tile.

use serde::{Deserialize, Serialize};

macro_rules! codes {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $code:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$doc])* #[serde(rename = $code)] $variant,)+
        }

        impl $name {
            /// Every code, in the order of declaration.
            pub const ALL: &'static [$name] = &[$($name::$variant,)+];

            /// The code as it stands on the wire and in the audit.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $($name::$variant => $code,)+ }
            }

            /// The variant of a code, or `None` for an unknown one.
            #[must_use]
            pub fn from_code(code: &str) -> Option<Self> {
                match code { $($code => Some($name::$variant),)+ _ => None }
            }
        }

        impl core::fmt::Display for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.write_str(self.code())
            }
        }
    };
}
pub(crate) use codes;

codes! {
    /// Why a logon was allowed or denied.
    Reason {
        /// Allow: the one-time code was right.
        CodeAccepted = "code_accepted",
        /// Allow: the person approved on the phone.
        PushApproved = "push_approved",
        /// Allow: the service only watches; parameter `would_be` names the refusal that would have been.
        Watch = "watch",
        /// Allow: an administrator opened this account at this machine for some minutes.
        Bypass = "bypass",
        /// Allow, in version 1 only: the service lets pass whom no access names, and none names this
        /// account.
        PassThrough = "pass_through",

        /// Nobody has this username or email address. Wire: `not_permitted`.
        UserUnknown = "user_unknown",
        /// The user is disabled. Wire: `not_permitted`.
        UserDisabled = "user_disabled",
        /// The user may not be this account on this service. Wire: `not_permitted`.
        NoAccess = "no_access",
        /// What the tile learns of the three above.
        NotPermitted = "not_permitted",

        /// The policy's days and hours do not hold now; parameters `zone`, `local_time`.
        OutsideHours = "outside_hours",
        /// The address that the server sees is in none of the policy's networks.
        NetworkNotAllowed = "network_not_allowed",
        /// The policy wants another kind of session; parameter `session`.
        SessionNotAllowed = "session_not_allowed",
        /// The policy's last day is over.
        PolicyExpired = "policy_expired",
        /// The policy does not allow this method; parameter `methods` names those it allows.
        MethodNotAllowed = "method_not_allowed",

        /// The user has no device at all to prove themself with.
        NoDevice = "no_device",
        /// No phone can be rung; parameter `methods` names what the user has.
        PushNotAvailable = "push_not_available",
        /// Push is not asked for a password that Windows did not verify.
        PushNeedsPassword = "push_needs_password",
        /// A one-time code is asked for and none was given.
        CodeRequired = "code_required",
        /// Not exactly six digits.
        CodeMalformed = "code_malformed",
        /// The code is wrong.
        CodeWrong = "code_wrong",
        /// The code was used before.
        CodeUsed = "code_used",
        /// The code fits another time: the phone's clock is off; parameter `offset_secs`.
        CodeClock = "code_clock",
        /// Too many wrong codes; parameter `wait_secs`. Says nothing about this code.
        Locked = "locked",
        /// One answer for everything about codes, where Windows did not verify the password.
        CodeRefused = "code_refused",

        /// The person denied on the phone.
        PushDenied = "push_denied",
        /// Nobody answered on the phone in time.
        PushExpired = "push_expired",
        /// The number typed on the phone was wrong.
        PushNumberWrong = "push_number_wrong",
        /// Another push of this user is open.
        PushBusy = "push_busy",
        /// Pushes of this user from this machine are stopped for a while.
        PushStopped = "push_stopped",

        /// The machine waits for an administrator's approval.
        MachineWaiting = "machine_waiting",
        /// The service was deleted.
        ServiceDeleted = "service_deleted",
        /// The service does not answer version 1, or no longer.
        V1Closed = "v1_closed",
        /// The person gave up at the tile.
        Cancelled = "cancelled",
        /// The allow is too old to be used.
        Expired = "expired",
    }
}

impl Reason {
    /// What the tile may learn: unknown, disabled and no access are one answer, so that a stranger
    /// learns nobody's name.
    #[must_use]
    pub const fn for_tile(self) -> Self {
        match self {
            Self::UserUnknown | Self::UserDisabled | Self::NoAccess => Self::NotPermitted,
            other => other,
        }
    }

    /// What the tile may learn where Windows did not verify the password: who only knows a name
    /// learns neither whether it exists nor anything about its codes.
    #[must_use]
    pub const fn for_tile_without_password(self) -> Self {
        match self.for_tile() {
            Self::CodeWrong
            | Self::CodeUsed
            | Self::CodeClock
            | Self::Locked
            | Self::NoDevice
            | Self::NotPermitted
            | Self::OutsideHours
            | Self::NetworkNotAllowed
            | Self::SessionNotAllowed
            | Self::PolicyExpired
            | Self::MethodNotAllowed => Self::CodeRefused,
            other => other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Reason;

    #[test]
    fn codes_are_unique_and_read_back() {
        for reason in Reason::ALL {
            assert_eq!(Reason::from_code(reason.code()), Some(*reason));
            let json = format!("\"{}\"", reason.code());
            assert_eq!(serde_json::to_string(reason).ok().as_deref(), Some(json.as_str()));
        }
        assert_eq!(Reason::from_code("nonsense"), None);
    }

    #[test]
    fn the_tile_learns_no_name() {
        for reason in [Reason::UserUnknown, Reason::UserDisabled, Reason::NoAccess] {
            assert_eq!(reason.for_tile(), Reason::NotPermitted);
        }
        assert_eq!(
            Reason::NoAccess.for_tile_without_password(),
            Reason::CodeWrong.for_tile_without_password()
        );
    }
}
