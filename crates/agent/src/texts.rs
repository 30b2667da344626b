//! Every text for people: what happened, and what to do next. Made here from codes and parameters,
//! never taken from a server. Plain text in one place, so that another language can take its place.

mod outcome;
mod reason;
pub mod v1;

pub use outcome::{address_failure, no_decision, refusal, resolve_error, stop, typed_error};
pub use reason::{denial, reason};

/// Large text of the tile.
pub const BANNER: &str =
    "This system is protected with TRASA. Use your local or domain account for authentication.";
/// Label of the user name.
pub const USER_NAME: &str = "User name";
/// Label of the password.
pub const PASSWORD: &str = "Password";
/// Label of the trasa id.
pub const TRASA_ID: &str = "TRASA username or email address";
/// Label of the method list.
pub const METHOD: &str = "2FA method";
/// First entry of the method list.
pub const METHOD_PUSH: &str = "Push to my phone";
/// Second entry of the method list.
pub const METHOD_CODE: &str = "One-time code";
/// Label of the code.
pub const CODE: &str = "One-time code";
/// Label of the new password.
pub const NEW_PASSWORD: &str = "New password";
/// Label of its repetition.
pub const REPEAT_PASSWORD: &str = "Repeat new password";
/// The submit button.
pub const SUBMIT: &str = "Submit";
/// Back to user name and password.
pub const START_OVER: &str = "Start over";
/// Ends the wait for the phone or the network.
pub const CANCEL: &str = "Cancel";

/// Step 1 while there is no network.
pub const NO_NETWORK: &str = "There is no network. Without the TRASA server only offline users can sign in.";
/// While Windows checks the password.
pub const CHECKING_PASSWORD: &str = "Checking the password...";
/// While the server is asked.
pub const ASKING_SERVER: &str = "Asking the TRASA server...";
/// While the network is not up yet.
pub const WAITING_FOR_NETWORK: &str = "Waiting for the network...";
/// Damaged.
pub const DAMAGED: &str = "The TRASA configuration of this computer is damaged. Only offline users can sign in. Ask your administrator.";
/// Watch mode, at step 2.
pub const WATCHING: &str =
    "TRASA is being introduced. You can submit without an answer; nobody is refused yet.";
/// Step 2 without a trasa id.
pub const TRASA_ID_MISSING: &str = "Enter your TRASA username or email address.";
/// Step 2 with a trasa id that cannot be one.
pub const TRASA_ID_ODD: &str = "That cannot be a TRASA username or email address. Check what you typed.";
/// Step 2 with something else than six digits.
pub const CODE_NOT_SIX_DIGITS: &str = "Enter the six digits that your authenticator app shows.";
/// Step 2 where push is not possible.
pub const CODE_ONLY: &str =
    "Windows could not check the password yet. Enter a one-time code; Windows decides after.";
/// The person gave up waiting.
pub const GIVEN_UP: &str = "Cancelled. Try again, or enter a one-time code.";
/// An allow was not used in time.
pub const TOOK_TOO_LONG: &str = "That took too long. Please sign in again.";
/// Something that must work did not.
pub const INTERNAL: &str = "TRASA could not complete this logon because of an internal error. Please try again; if it happens again, ask your administrator.";
/// The answer was signed but does not belong to the question, or says something unknown.
pub const ANSWER_DOES_NOT_FIT: &str =
    "The TRASA server's answer does not belong to this logon, so it was refused. Ask your administrator.";
/// The new password is asked for.
pub const CHOOSE_NEW_PASSWORD: &str = "Your password must be changed. Enter a new one twice.";
/// New password and repetition differ.
pub const NEW_PASSWORDS_DIFFER: &str = "The two new passwords are not the same. Enter them again.";
/// No new password.
pub const NEW_PASSWORD_MISSING: &str = "Enter a new password.";
/// The old one again.
pub const NEW_PASSWORD_IS_OLD: &str = "The new password must differ from the old one.";
/// Windows refused the new password.
pub const NEW_PASSWORD_REFUSED: &str = "Windows did not accept the new password. It may be too short, too simple or used before. Choose another.";
/// Windows took the new password.
pub const NEW_PASSWORD_TAKEN: &str = "Your password was changed. Signing in...";
/// Allowed, and Windows goes on.
pub const SIGNING_IN: &str = "Allowed. Signing in...";

/// Who is signing in, at step 2.
#[must_use]
pub fn signing_in_as(account: &crate::account::Account) -> String {
    format!("Signing in as {account}")
}

/// While the phone is awaited.
#[must_use]
pub fn waiting_for_phone(seconds: u64) -> String {
    format!("Answer on your phone with the number shown here. {seconds} seconds left.")
}

/// While the phone is awaited, and there is no number to compare.
#[must_use]
pub fn waiting_without_number(seconds: u64) -> String {
    format!("Your phone is asked. Approve there only what you started here yourself. {seconds} seconds left.")
}

/// A number of seconds as people say it.
#[must_use]
pub fn duration(seconds: u64) -> String {
    let (count, unit) = match seconds {
        0..=119 => (seconds, "second"),
        120..=7_199 => (seconds.div_ceil(60), "minute"),
        7_200..=172_799 => (seconds.div_ceil(3_600), "hour"),
        _ => (seconds.div_ceil(86_400), "day"),
    };
    format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests;
