//! Texts of refusals in version 1. Of the server's words only known ones are understood; none is
//! ever shown.

use super::reason;
use crate::exchange::v1::Refusal;
use protocol::reason::Reason;
use protocol::v1::FailedReason;
use protocol::v2::Params;

/// What the tile says.
#[must_use]
pub fn refusal(refusal: &Refusal) -> String {
    let same_as = |of| reason(of, &Params::new());
    let fixed = match refusal {
        Refusal::Reason(reason) => return failed(*reason),
        Refusal::PhoneUnanswered => return same_as(Reason::PushExpired),
        Refusal::CodeMissing => return same_as(Reason::CodeRequired),
        Refusal::PushNeedsPassword => return same_as(Reason::PushNeedsPassword),
        Refusal::TrasaIdMissing => super::TRASA_ID_MISSING,
        Refusal::NotUnderstood(_) => {
            "The TRASA server gave no answer that this computer understands, so the logon was refused. Try again, or ask your administrator."
        }
    };
    fixed.to_owned()
}

/// The sentence for a word of the original's. Unknown user, disabled and no access are one text: the
/// wire tells them apart, the tile does not.
#[must_use]
pub fn failed(why: FailedReason) -> String {
    let same_as = |of| reason(of, &Params::new());
    let fixed = match why {
        FailedReason::UserNotFound
        | FailedReason::UserNotFoundCode
        | FailedReason::UserDisabled
        | FailedReason::UserDisabledCode
        | FailedReason::PolicyNotAssigned
        | FailedReason::NoPolicyAssigned
        | FailedReason::InvalidPrivilege => return same_as(Reason::NotPermitted),
        FailedReason::TimePolicy => return same_as(Reason::OutsideHours),
        FailedReason::IpPolicy | FailedReason::CountryPolicy => return same_as(Reason::NetworkNotAllowed),
        FailedReason::PolicyExpired => return same_as(Reason::PolicyExpired),
        FailedReason::InvalidTotp => {
            "The code was not accepted. Enter the next code that your authenticator app shows."
        }
        FailedReason::U2fFailed | FailedReason::U2fyFailed => {
            "The logon was not approved on the phone. Try again, or use a one-time code."
        }
        FailedReason::DeviceNotFound => {
            "TRASA found no device of yours for this 2FA method. Use the other method, or ask your administrator."
        }
        FailedReason::AdhocPolicy => {
            "This logon needs an approval that TRASA did not find. Ask your administrator."
        }
        FailedReason::DevicePolicy => {
            "Your device does not meet the policy for this computer. Ask your administrator."
        }
        FailedReason::InvalidServiceDetails
        | FailedReason::InvalidServiceId
        | FailedReason::InvalidServiceSecret
        | FailedReason::InvalidServiceCreds
        | FailedReason::ServiceIdInvalid
        | FailedReason::InvalidOrganisation => {
            "The TRASA server does not accept the configuration of this computer. Ask your administrator."
        }
        _ => "TRASA refused this logon. Ask your administrator.",
    };
    fixed.to_owned()
}

/// What version 1 cannot protect, whoever runs it: a sentence each, for the administrator.
pub const LIMITS: [&str; 6] = [
    "Answers are not signed: whoever holds a TLS key that this computer accepts can let everybody in.",
    "The ServiceKey travels in every request and is the same on all computers of the service: whoever reads it on one can ask, and guess, for all.",
    "The server does not know this computer: it can be neither approved nor revoked nor released alone.",
    "An answer names neither account nor logon: only TLS keeps another one from standing in for it.",
    "A push shows no number to compare, and one that was cancelled at the tile stays on the phone.",
    "Nothing is reported: offline logons and a guard that was switched off are seen in this computer's event log only.",
];

/// Why a configuration was not verified.
#[must_use]
pub const fn not_verified(why: FailedReason) -> &'static str {
    match why {
        FailedReason::InvalidServiceId | FailedReason::ServiceIdInvalid => {
            "The TRASA server knows no service with this ServiceID, or does not speak version 1 for it. Copy it again from the service profile page."
        }
        FailedReason::InvalidServiceSecret
        | FailedReason::InvalidServiceCreds
        | FailedReason::InvalidServiceDetails => {
            "ServiceID and ServiceKey do not belong together. Copy both again from the service profile page."
        }
        _ => "The TRASA server refused the configuration. Check all values again.",
    }
}

#[cfg(test)]
mod tests {
    use super::{failed, not_verified};
    use protocol::v1::FailedReason;

    #[test]
    fn every_word_has_a_sentence_and_users_are_not_told_apart() {
        for why in FailedReason::ALL {
            for text in [failed(*why), not_verified(*why).to_owned()] {
                assert!(text.ends_with('.') && text.len() < 200 && text.is_ascii(), "{text}");
                assert!(!text.contains(why.code()), "the server's word is not shown");
            }
        }
        assert!(super::LIMITS.iter().all(|text| text.ends_with('.') && text.is_ascii()));
        let one = failed(FailedReason::UserNotFound);
        assert_eq!(failed(FailedReason::UserDisabled), one);
        assert_eq!(failed(FailedReason::PolicyNotAssigned), one);
    }
}
