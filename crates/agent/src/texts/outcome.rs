//! Texts of everything that is not the server's reason: Windows, names, the network, refusals.

use super::duration;
use crate::account::{ResolveError, TypedError};
use crate::password::Stop;
use crate::ports::TransportError;
use protocol::error_code::ErrorCode;
use protocol::v2::Params;
use serde_json::Value;

/// What Windows would say to a password that it refuses.
#[must_use]
pub const fn stop(why: Stop) -> &'static str {
    match why {
        Stop::Wrong => "The user name or password is incorrect. Try again.",
        Stop::LockedOut => {
            "The account is locked because of too many wrong passwords. Wait, or ask your administrator."
        }
        Stop::Disabled => "The account is disabled. Ask your administrator.",
        Stop::AccountExpired => "The account has expired. Ask your administrator.",
        Stop::Hours => "The account may not sign in at this time. Try again later.",
        Stop::Workstation => "The account may not sign in to this computer. Use another computer.",
    }
}

/// A user name that cannot be one.
#[must_use]
pub const fn typed_error(why: TypedError) -> &'static str {
    match why {
        TypedError::Empty => "Enter your user name.",
        TypedError::TooLong => "That user name is too long. Check what you typed.",
        TypedError::Characters => {
            "That user name has characters that no account has. Write it as name, DOMAIN\\name or name@domain."
        }
    }
}

/// A user name that leads to no account.
#[must_use]
pub const fn resolve_error(why: ResolveError) -> &'static str {
    match why {
        ResolveError::Typed(why) => typed_error(why),
        ResolveError::NotFound | ResolveError::NotAUser => {
            "Windows finds no account of this name. Check the user name, with its domain."
        }
        ResolveError::Unavailable => {
            "Windows cannot look up this account now because no domain controller answers. Check the network and try again."
        }
    }
}

/// Why an address gave no answer, as a clause.
#[must_use]
pub const fn address_failure(why: &TransportError) -> &'static str {
    match why {
        TransportError::NameResolution => "its name could not be resolved",
        TransportError::Connect => "no connection could be made",
        TransportError::Tls { .. } => "its certificate or TLS settings were not accepted",
        TransportError::UnexpectedKey(_) => "it showed an unknown TLS key",
        TransportError::Timeout => "it did not answer in time",
        TransportError::Cancelled => "waiting was cancelled",
        TransportError::TooLarge | TransportError::Malformed => "something other than TRASA answered",
    }
}

/// No decision, and the account is not listed. Always about the server, never about the code:
/// nobody looked at the code. `reached`: the server itself answered, only without a decision.
#[must_use]
pub fn no_decision(why: &str, reached: bool) -> String {
    if reached {
        format!(
            "The TRASA server could not decide: {why}. Your code was not checked. Until it decides again only offline users can sign in. Try again, or ask your administrator."
        )
    } else {
        format!(
            "The TRASA server could not be reached: {why}. Your code was not checked. Until it can be reached only offline users can sign in. Check the network and try again."
        )
    }
}

/// A signed error of the server.
#[must_use]
pub fn refusal(code: ErrorCode, parameters: &Params) -> String {
    let fixed = match code {
        ErrorCode::MachineRevoked => "This computer was removed from TRASA. Ask your administrator.",
        ErrorCode::KeyRevoked => {
            "The key of this computer was removed from TRASA for good. Configure TRASA anew, or ask your administrator."
        }
        ErrorCode::MachineWaiting => {
            "This computer waits for an administrator's approval in TRASA. Ask your administrator."
        }
        ErrorCode::UnknownMachine => "The TRASA server does not know this computer. Ask your administrator.",
        ErrorCode::ServiceRefused => {
            "ServiceID and ServiceKey do not belong together. Copy both again from the service profile page."
        }
        ErrorCode::ServiceDeleted => {
            "The TRASA service of this computer was deleted. Ask your administrator."
        }
        ErrorCode::TokenSpent => {
            "This token has been used as often as it may. Ask your administrator for a new one."
        }
        ErrorCode::TokenExpired => "This token has expired. Ask your administrator for a new one.",
        ErrorCode::AdmissionClosed => {
            "The service does not admit computers in this way now. Ask your administrator to open it, or for a token."
        }
        ErrorCode::CheckRefused => {
            "The server answers a check only before arming, and only to an approved computer."
        }
        ErrorCode::RateLimited => {
            let wait = parameters.get("wait_secs").and_then(Value::as_u64);
            let wait = wait.map_or_else(|| "a while".to_owned(), duration);
            return format!("Too many requests from this computer. Wait {wait}, then try again.");
        }
        ErrorCode::IdReused | ErrorCode::LogonUnknown => {
            "The TRASA server lost this logon. Please sign in again."
        }
        // What remains is a disagreement between two programs; the code helps whoever looks into it.
        _ => {
            return format!("The TRASA server refused the request ({code}). Ask your administrator.");
        }
    };
    fixed.to_owned()
}
