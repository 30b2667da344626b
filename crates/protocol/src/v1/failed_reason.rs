use crate::reason::{Reason, codes};
use crate::v2::Method;
use serde::{Deserialize, Serialize};

codes! {
    /// Why an original server refuses: the exact texts.
    FailedReason {
        /// The body of a logon cannot be read.
        InvalidRequest = "invalid request",
        /// ServiceID or key of a logon are wrong; here also: version 1 is closed for the service.
        InvalidServiceDetails = "invalid service integration details",
        /// The body of a configuration check cannot be read.
        CheckFailed = "service config check failed",
        /// No service has the ServiceID of a configuration check.
        InvalidServiceId = "invalid service ID",
        /// The key of a configuration check is wrong.
        InvalidServiceSecret = "invalid service secret or ID",
        /// No user has this username or email address.
        UserNotFound = "user not found",
        /// The user is disabled.
        UserDisabled = "User Disabled",
        /// The user may not be this account on this service.
        PolicyNotAssigned = "policy not assigned",
        /// The policy's days and hours do not hold.
        TimePolicy = "TIME_POLICY_FAILED",
        /// The policy's networks do not hold.
        IpPolicy = "IP_POLICY_FAILED",
        /// The policy's last day is over.
        PolicyExpired = "POLICY_EXPIRED",
        /// The policy's countries do not hold.
        CountryPolicy = "COUNTRY_POLICY_FAILED",
        /// Nobody approved in advance; here also: the policy wants what version 1 does not tell.
        AdhocPolicy = "ADHOC_POLICY_FAILED",
        /// The state of the device does not do.
        DevicePolicy = "DEVICE_POLICY_FAILED",
        /// There is no device for this method.
        DeviceNotFound = "DEVICE_NOT_FOUND",
        /// The code does not do.
        InvalidTotp = "INVALID_TOTP",
        /// The phone said no, or nothing.
        U2fFailed = "U2F_FAILED",
        /// The security key did not do.
        U2fyFailed = "U2FY_FAILED",
        /// The service belongs to no organisation.
        InvalidOrganisation = "INVALID_ORG_ID",
        /// The key of the service is wrong, in another place of the original's.
        InvalidServiceCreds = "INVALID_SERVICE_CREDS",
        /// No service has this ServiceID, in another place of the original's.
        ServiceIdInvalid = "INVALID_SERVICE_ID",
        /// The user is disabled, as the original logs it.
        UserDisabledCode = "USER_DISABLED",
        /// No such user, as the original logs it.
        UserNotFoundCode = "USER_NOT_FOUND",
        /// No access, as the original logs it.
        NoPolicyAssigned = "NO_POLICY_ASSIGNED",
        /// The account is not the one of the access.
        InvalidPrivilege = "INVALID_PRIVILEGE",
        /// The user's password is wrong.
        InvalidUserCreds = "INVALID_USER_CREDS",
        /// The original erred.
        TrasaError = "TRASA_ERROR",
        /// No decision could be made.
        Unknown = "UNKNOWN",
    }
}

impl FailedReason {
    /// What an original agent is told, where the decision's exact reason is this one.
    ///
    /// The original has no word for locked, used or malformed codes: like wrong ones they are
    /// `INVALID_TOTP`, so a locked user's answer does not depend on the code (B17).
    #[must_use]
    pub const fn of(reason: Reason, asked: Method) -> Self {
        match reason {
            Reason::UserUnknown | Reason::NotPermitted => Self::UserNotFound,
            Reason::UserDisabled => Self::UserDisabled,
            Reason::NoAccess => Self::PolicyNotAssigned,
            Reason::OutsideHours => Self::TimePolicy,
            Reason::NetworkNotAllowed => Self::IpPolicy,
            Reason::PolicyExpired => Self::PolicyExpired,
            Reason::SessionNotAllowed => Self::AdhocPolicy,
            Reason::NoDevice | Reason::PushNotAvailable => Self::DeviceNotFound,
            Reason::MethodNotAllowed => match asked {
                Method::Totp => Self::InvalidTotp,
                Method::Push | Method::Auto => Self::U2fFailed,
            },
            Reason::CodeRequired
            | Reason::CodeMalformed
            | Reason::CodeWrong
            | Reason::CodeUsed
            | Reason::CodeClock
            | Reason::CodeRefused
            | Reason::Locked => Self::InvalidTotp,
            Reason::PushNeedsPassword
            | Reason::PushDenied
            | Reason::PushExpired
            | Reason::PushNumberWrong
            | Reason::PushBusy
            | Reason::PushStopped => Self::U2fFailed,
            Reason::ServiceDeleted | Reason::V1Closed | Reason::MachineWaiting => Self::InvalidServiceDetails,
            Reason::CodeAccepted
            | Reason::PushApproved
            | Reason::Watch
            | Reason::Bypass
            | Reason::PassThrough
            | Reason::Cancelled
            | Reason::Expired => Self::Unknown,
        }
    }

    /// The intent that goes with it in the answer to a logon.
    pub(super) const fn logon_intent(self) -> &'static str {
        match self {
            Self::InvalidRequest | Self::InvalidServiceDetails | Self::UserNotFound | Self::UserDisabled => {
                "AgentLogin"
            }
            _ => "agent-login",
        }
    }

    /// Whether a text is one of these, in any case of letters.
    pub(super) fn read(text: &str) -> Option<Self> {
        let text = text.trim();
        Self::ALL.iter().copied().find(|reason| reason.code().eq_ignore_ascii_case(text))
    }
}
