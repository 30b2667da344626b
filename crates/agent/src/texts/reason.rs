//! Texts of the server's reasons.

use super::duration;
use protocol::reason::Reason;
use protocol::v2::Params;
use serde_json::Value;

/// What the tile says after a denial: the reason, and the code that names the logon.
#[must_use]
pub fn denial(of: Reason, parameters: &Params, short_code: &str) -> String {
    let text = reason(of, parameters);
    match of {
        // These the person mends alone; a code would only be in the way.
        Reason::CodeWrong
        | Reason::CodeUsed
        | Reason::CodeMalformed
        | Reason::CodeRequired
        | Reason::Cancelled
        | Reason::Expired => text,
        // Anything else than a short code is not shown. Code and word stay on one line.
        _ if is_short_code(short_code) => format!("{text} (Logon\u{a0}{short_code})"),
        _ => text,
    }
}

/// The sentence for a reason.
#[must_use]
pub fn reason(of: Reason, parameters: &Params) -> String {
    let fixed = match of {
        Reason::CodeAccepted => "The code is right.",
        Reason::PushApproved => "Approved on the phone.",
        Reason::Watch => "TRASA only watches for now; nobody is refused.",
        Reason::Bypass => "An administrator let this account in for a few minutes.",
        Reason::PassThrough => "TRASA does not guard this account yet.",
        Reason::UserUnknown | Reason::UserDisabled | Reason::NoAccess | Reason::NotPermitted => {
            "TRASA does not let this user sign in with this account here. Check the TRASA username or email address, or ask your administrator."
        }
        Reason::OutsideHours => return outside_hours(parameters),
        Reason::NetworkNotAllowed => {
            "Signing in is not allowed from the network this computer is in. Connect to your organisation's network, or ask your administrator."
        }
        Reason::SessionNotAllowed => match text(parameters, "session") {
            Some("console") => "Signing in is allowed only at the computer itself, not in a remote session.",
            Some("remote") => "Signing in is allowed only in a remote session, not at the computer itself.",
            _ => "Signing in is not allowed in this kind of session. Ask your administrator.",
        },
        Reason::PolicyExpired => {
            "Your access to this computer has ended. Ask your administrator to renew it."
        }
        Reason::MethodNotAllowed => return with_methods("This 2FA method is not allowed here.", parameters),
        Reason::NoDevice => {
            "You have no phone or one-time code set up in TRASA yet. Ask your administrator to set one up."
        }
        Reason::PushNotAvailable => return with_methods("Your phone cannot be rung.", parameters),
        Reason::PushNeedsPassword => {
            "Windows could not check the password, so the phone is not rung. Use a one-time code."
        }
        Reason::CodeRequired => "Enter a one-time code.",
        Reason::CodeMalformed => super::CODE_NOT_SIX_DIGITS,
        Reason::CodeWrong => "That code is wrong. Enter the code that your authenticator app shows now.",
        Reason::CodeUsed => "That code has already been used. Wait for the next one.",
        Reason::CodeClock => {
            "The code fits another time: the clock of your phone is off. Set it to automatic time, then enter a new code."
        }
        Reason::Locked => return locked(parameters),
        Reason::CodeRefused => {
            "TRASA did not accept this. Check name and code and try again later, or ask your administrator."
        }
        Reason::PushDenied => "The logon was denied on the phone.",
        Reason::PushExpired => "Nobody answered on the phone in time. Try again, or use a one-time code.",
        Reason::PushNumberWrong => {
            "Another number was typed on the phone. Try again with the number that is shown here."
        }
        Reason::PushBusy => {
            "Another logon already waits for your phone. Answer it or wait a minute, or use a one-time code."
        }
        Reason::PushStopped => "Your phone is not rung from this computer for a while. Use a one-time code.",
        Reason::MachineWaiting => {
            "This computer waits for an administrator's approval in TRASA. Ask your administrator."
        }
        Reason::ServiceDeleted => "The TRASA service of this computer was deleted. Ask your administrator.",
        Reason::Cancelled => super::GIVEN_UP,
        Reason::Expired => super::TOOK_TOO_LONG,
        // A reason of a newer server: `Reason` can grow.
        _ => "TRASA refused this logon. Ask your administrator.",
    };
    fixed.to_owned()
}

fn is_short_code(text: &str) -> bool {
    text.len() == 6 && text.bytes().all(|b| b.is_ascii_alphanumeric())
}

/// A parameter that is shown as it is: a zone's name, a time. Anything that could be more than that
/// is left out (B12).
fn text<'a>(parameters: &'a Params, name: &str) -> Option<&'a str> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || " +-_:.,/".contains(c);
    parameters.get(name).and_then(Value::as_str).filter(|text| text.len() <= 60 && text.chars().all(is_plain))
}

fn outside_hours(parameters: &Params) -> String {
    let now = match (text(parameters, "local_time"), text(parameters, "zone")) {
        (Some(time), Some(zone)) => format!(" It is {time} now ({zone})."),
        (Some(time), None) => format!(" It is {time} now."),
        _ => String::new(),
    };
    format!("You may not sign in at this time.{now} Try again within your hours, or ask your administrator.")
}

fn locked(parameters: &Params) -> String {
    let wait = parameters.get("wait_secs").and_then(Value::as_u64);
    let wait = wait.map_or_else(|| "a while".to_owned(), duration);
    format!("Too many wrong codes. Wait {wait}, then try again.")
}

fn with_methods(what: &str, parameters: &Params) -> String {
    let name = |value: &Value| match value.as_str() {
        Some("push") => Some("push to your phone"),
        Some("totp") => Some("a one-time code"),
        _ => None,
    };
    let methods: Vec<_> = match parameters.get("methods") {
        Some(Value::Array(list)) => list.iter().filter_map(name).collect(),
        Some(Value::String(list)) => list.split(',').filter_map(|m| name(&Value::from(m.trim()))).collect(),
        _ => Vec::new(),
    };
    if methods.is_empty() {
        format!("{what} Ask your administrator.")
    } else {
        format!("{what} Use {} instead.", methods.join(" or "))
    }
}
