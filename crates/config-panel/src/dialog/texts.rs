//! Every text of the panel: what is, what happened, what to do next. The words of the fields are
//! those of the manual.

use crate::console::{Exit, Failure, Field};
use crate::dialog::diagnosis::Finding;
use crate::dialog::job::Problem;
use crate::dialog::standing::Standing;
use crate::flow::verify_and_save::{SAVED, Saved};
use agent::check::Verdict;
use agent::config::{Generation, State};
use agent::ports::AddressError;
use agent::texts::duration;
use protocol::v2::Mode;

/// Name of the panel, also in message boxes.
pub const TITLE: &str = "TrasaWIN";

/// Below the ServiceID.
pub const SERVICE_ID_HINT: &str = "Copy from service profile page.";
/// Below the ServiceKey, while nothing is saved.
pub const SERVICE_KEY_HINT: &str = "Copy from service profile page. A token serves as well.";
/// Below the ServiceKey, once it was used.
pub const SERVICE_KEY_KEPT: &str = "Never shown. Leave it empty unless the service changes.";
/// Below the address.
pub const SERVER_HINT: &str =
    "IP or domain of where TRASA server is hosted. Several with commas, tried in order.";
/// Below the offline users.
pub const OFFLINE_HINT: &str =
    "Usernames which are allowed to login if the agent could not contact TRASA server, with commas.";

/// An empty ServiceID.
pub const SERVICE_ID_MISSING: &str = "Enter the ServiceID.";
/// A ServiceID of another form.
pub const SERVICE_ID_ODD: &str = "This is no ServiceID. Copy it again, whole.";
/// No ServiceKey.
pub const SERVICE_KEY_MISSING: &str = "Enter the ServiceKey, or a token.";
/// A ServiceKey of another form.
pub const SERVICE_KEY_ODD: &str = "This is no ServiceKey. Copy it again, whole.";

/// While the state is read.
pub const LOOKING: &str = "Reading...";
/// While the configuration is verified.
pub const VERIFYING: &str = "Verifying...";
/// While the check runs.
pub const CHECKING: &str = "Checking...";
/// While it is armed.
pub const ARMING: &str = "Arming...";
/// While it is disarmed.
pub const DISARMING: &str = "Disarming...";
/// While a trial logon runs.
pub const TRYING: &str = "Trial logon...";
/// Until the thread notices that it was cancelled.
pub const CANCELLING: &str = "Cancelling...";

/// Without an administrator's rights.
pub const NEEDS_ADMINISTRATOR: &str = "TrasaWIN changes how people sign in to this computer, so it must run as administrator.\n\nStart it again and agree when Windows asks, or ask an administrator of this computer.";

/// A server's address that cannot be one.
#[must_use]
pub fn address(why: AddressError) -> String {
    match why {
        AddressError::Empty => "Enter the address of the TRASA server.".to_owned(),
        why => format!("The {why}. Write host or host:port."),
    }
}

/// The state in large letters.
#[must_use]
pub const fn headline(standing: &Standing) -> &'static str {
    match standing.state {
        State::Absent => "Not configured",
        State::Verified => "Verified and saved, not guarding yet",
        State::Armed => "Armed: the Windows logon is guarded",
        State::Damaged(_) => "Damaged: only offline users can sign in",
    }
}

/// What the state means and what comes next.
#[must_use]
pub fn explanation(standing: &Standing) -> String {
    match standing.state {
        State::Absent => "Windows signs in as ever. Enter the values from the service profile page and press Save Configuration: they are verified first and saved after.".to_owned(),
        State::Verified if !standing.approved => "This computer waits for an administrator's approval in TRASA. Once it is approved: Check, Try, Arm. Until then Windows signs in as ever.".to_owned(),
        State::Verified if standing.arming_waits => "The Windows logon will be guarded by itself as soon as nothing is in the way any more. Check says what is. Until then Windows signs in as ever.".to_owned(),
        State::Verified if standing.trial.is_some() => "A trial logon passed. Press Arm to guard the Windows logon. Until then Windows signs in as ever.".to_owned(),
        State::Verified => "Next: Check whether anything is in the way, Try a logon, then Arm. Until it is armed Windows signs in as ever.".to_owned(),
        State::Armed if standing.mode.is_some_and(|(mode, _)| mode == Mode::Watch) => "The service only watches for now: everybody passes, and what would have been refused is recorded.".to_owned(),
        State::Armed => "Nobody gets past the logon without the TRASA server's decision, or by the list of offline users. To change the configuration, press Disarm first.".to_owned(),
        State::Damaged(damage) => format!("What is wrong: {damage}. Everybody is refused except offline users. Enter the values again and press Save Configuration, or press Disarm."),
    }
}

/// The row "State".
#[must_use]
pub fn state(standing: &Standing) -> String {
    let more = match (&standing.state, &standing.trial) {
        (State::Verified, _) if !standing.approved => ", waits for approval".to_owned(),
        (State::Verified, _) if standing.arming_waits => ", waits to be armed".to_owned(),
        (State::Verified, Some(account)) => format!(", trial logon passed ({account})"),
        _ => String::new(),
    };
    format!("{}{more}", standing.state.name())
}

/// The row "Mode".
#[must_use]
pub fn mode(standing: &Standing) -> String {
    let protocol = match standing.generation {
        Some(Generation::V1) => ", original protocol (v1)",
        Some(Generation::V2) | None => "",
    };
    match standing.mode {
        None => NOTHING.to_owned(),
        Some((Mode::Watch, Some(until))) => {
            format!("watch, for {} more{protocol}", left(until, standing.now))
        }
        Some((Mode::Watch, None)) => format!("watch{protocol}"),
        Some((Mode::Guard, _)) => format!("guard{protocol}"),
    }
}

/// The row "Last contact".
#[must_use]
pub fn contact(standing: &Standing) -> String {
    match standing.last_contact {
        None => NOTHING.to_owned(),
        Some(at) if at > standing.now.saturating_sub(60) => "less than a minute ago".to_owned(),
        Some(at) => format!("{} ago", left(standing.now, at)),
    }
}

/// The row "Probation".
#[must_use]
pub fn probation(standing: &Standing) -> String {
    match standing.probation_until {
        None => NOTHING.to_owned(),
        Some(until) => format!("{} left, or until the first logon", left(until, standing.now)),
    }
}

/// A row without a value.
pub const NOTHING: &str = "\u{2013}";

fn left(until: i64, now: i64) -> String {
    duration(u64::try_from(until.saturating_sub(now)).unwrap_or(0))
}

/// What to say after the configuration was saved.
#[must_use]
pub fn saved(saved: &Saved) -> Vec<String> {
    let service = saved.service_name.as_ref().unwrap_or(&saved.service_id);
    let mut lines = vec![SAVED.to_owned(), format!("Service: {service}")];
    if let Some(key) = &saved.tls_key {
        lines.push(format!("Only this TLS key is good from now on (SHA-256): {key}"));
    }
    lines.extend(saved.clock_offset_secs.map(clock));
    for user in &saved.offline_users {
        let sid = user.account.sid.as_ref().map_or("no SID", agent::Sid::as_str);
        lines.push(format!("Offline user: {} -> {} ({sid})", user.typed, user.account));
    }
    if saved.offline_users.is_empty() {
        lines.push("No offline users: nobody can sign in while the server cannot be reached.".to_owned());
    }
    if saved.mode == Mode::Watch {
        lines.push("The service only watches for now: nobody is refused.".to_owned());
    }
    lines.push(if saved.approved {
        "Next: Check, then Try, then Arm. Until then Windows signs in as ever.".to_owned()
    } else {
        "This computer waits for an administrator's approval in TRASA. Then: Check, Try, Arm.".to_owned()
    });
    lines
}

/// The clock is off; `offset`: the server's time minus ours, in seconds.
#[must_use]
pub fn clock(offset: i64) -> String {
    let way = if offset > 0 { "behind" } else { "ahead of" };
    format!("The clock of this computer is {} {way} the server's. Set it.", duration(offset.unsigned_abs()))
}

/// A line of the check.
#[must_use]
pub fn checked(verdict: Verdict, text: &str) -> String {
    let mark = match verdict {
        Verdict::Good => "OK:",
        Verdict::Warns => "Note:",
        Verdict::Refuses => "In the way:",
    };
    format!("{mark} {text}")
}

/// What to say after the check; its verdict comes first.
#[must_use]
pub const fn check_verdict(passed: bool, state: State) -> &'static str {
    match (passed, state) {
        (true, State::Verified) => "Nothing is in the way. Next: Try, then Arm.",
        (true, _) => "Nothing is in the way.",
        (false, _) => "Something is in the way:",
    }
}

/// What to say after arming.
#[must_use]
pub fn armed(warnings: &[String], probation: bool) -> Vec<String> {
    let mut lines = vec!["The Windows logon of this computer is guarded from now on.".to_owned()];
    lines.push(
        "You will be prompted for TRASA in the next login. To see it, lock this computer and sign in again; do not sign out before."
            .to_owned(),
    );
    if probation {
        lines.push("Probation, for 24 hours or until the first logon that the server allows: should two starts of Windows refuse accounts whose password is right, the guard is taken off again.".to_owned());
    }
    lines.extend(warnings.iter().map(|text| checked(Verdict::Warns, text)));
    lines
}

/// What to say after disarming.
#[must_use]
pub fn disarmed(told: bool) -> Vec<String> {
    let mut lines = vec!["The Windows logon of this computer is no longer guarded.".to_owned()];
    if !told {
        lines.push("The server could not be told; the next report does.".to_owned());
    }
    lines
}

/// What to say after a trial logon that passed.
#[must_use]
pub fn tried(account: &str) -> Vec<String> {
    vec![
        format!("The trial logon of {account} passed: password and second factor are right."),
        "Next: Arm. Nothing is guarded yet.".to_owned(),
    ]
}

/// What to say after a file of the original was read.
pub const IMPORTED: &str =
    "The file was read. Look through the fields and press Save Configuration: nothing is saved yet.";
/// What to say once the file is gone.
pub const REMOVED: &str = "The imported file was deleted.";

/// Beside a field, where there is room for two lines: the fault alone.
#[must_use]
pub fn beside(problem: &Problem) -> String {
    let failure = &problem.failure;
    match (failure.field(), failure.code()) {
        (Some(Field::ServiceKey), "usage") => SERVICE_KEY_MISSING.to_owned(),
        (Some(Field::ServiceKey), "service_key_malformed") => SERVICE_KEY_ODD.to_owned(),
        (Some(Field::ServiceKey), "wrong_server") => "Not the key of this server's service.".to_owned(),
        (Some(Field::ServiceKey), "service_refused") => "Does not belong to this ServiceID.".to_owned(),
        (Some(Field::ServiceKey), "token_spent") => "This token is used up.".to_owned(),
        (Some(Field::ServiceKey), "token_expired") => "This token has expired.".to_owned(),
        (Some(Field::ServiceId), "service_deleted") => "This service was deleted.".to_owned(),
        (Some(Field::Server), _) => match problem.findings.first() {
            Some(finding) => server(finding),
            None => first_sentence(failure.message()).to_owned(),
        },
        _ => first_sentence(failure.message()).to_owned(),
    }
}

/// What is the matter with an address, beside the field.
fn server(finding: &Finding) -> String {
    match finding {
        Finding::Certificate { key: Some(key), .. } => {
            format!("Certificate not trusted. SHA-256 of its key:\n{key}")
        }
        finding => finding.text(),
    }
}

/// In the messages, in full.
#[must_use]
pub fn failed(problem: &Problem) -> Vec<String> {
    let failure = &problem.failure;
    let mut lines = Vec::new();
    // The original's words, where the original says something.
    match (failure.field(), failure.exit()) {
        (Some(Field::Server), _) => lines.push("Failed. TRASA host value is invalid.".to_owned()),
        (Some(_), _) => lines.push("Failed. Please check your configurations again.".to_owned()),
        (None, Exit::Elevation) => lines.push(NEEDS_ADMINISTRATOR.to_owned()),
        (None, _) => {}
    }
    let own = match (failure.field(), failure.code()) {
        (Some(Field::ServiceKey), "usage") => SERVICE_KEY_MISSING,
        (Some(Field::ServiceKey), "service_key_malformed") => {
            "What was typed is no ServiceKey and no token. Copy it again, whole, from the service profile page."
        }
        _ => failure.message(),
    };
    if failure.exit() != Exit::Elevation {
        lines.push(own.to_owned());
    }
    lines.extend(problem.findings.iter().flat_map(Finding::explanation));
    lines
}

/// What to say where a field is wrong before anybody was asked.
pub const LOOK_AT_THE_FIELDS: &str = "Failed. Please check your configurations again. What is wrong stands below each field. Nothing was saved.";
/// What to say when the person gave up.
pub const CANCELLED: &str = "Cancelled. Nothing was changed.";

/// Up to the first full stop.
fn first_sentence(text: &str) -> &str {
    text.find(". ").and_then(|end| text.get(..=end)).unwrap_or(text)
}

/// A failure without findings.
impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        Self { failure, findings: Vec::new() }
    }
}
