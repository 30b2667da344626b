//! The scenes, grouped by what they are about.

mod access;
mod arming;
mod codes;
mod deploy;
mod kinds;
mod no_server;
mod original_server;
mod original_words;
mod originals;
mod recovery;
mod roll_over;
mod slips;
mod upkeep;

use anyhow::{Result, bail};

use super::host::{Scenario, Walked};
use super::people::Person;
use super::stage::Stage;
use super::{Scene, Seen};

/// All scenes in the order they are played.
pub const ALL: &[Scene] = &[
    codes::WRONG_PASSWORD,
    codes::WRONG_CODE,
    codes::RIGHT_CODE,
    codes::SAME_CODE_AGAIN,
    access::NO_ACCESS,
    access::OUTSIDE_HOURS,
    access::DISABLED_USER,
    access::WRONG_SERVICE_KEY,
    no_server::SERVER_STOPPED,
    no_server::OFFLINE_USERS_NAME,
    no_server::SOMETHING_ELSE_ANSWERS,
    no_server::FORGED_ALLOW,
    recovery::CONFIGURATION_DELETED,
    recovery::CONFIGURATION_HALF_WRITTEN,
    recovery::PERMISSIONS_RESET,
    recovery::HOST_RENAMED,
    recovery::IMAGE_CLONED,
    recovery::DATABASE_RESTORED,
    recovery::SIGNING_KEY_LOST,
    slips::NOBODY_ENROLLED,
    slips::ADMINISTRATOR_WITHOUT_ACCESS,
    slips::POLICY_ENDED,
    slips::USER_DISABLED_AND_BACK,
    slips::MACHINE_REVOKED_AND_BACK,
    slips::SERVICE_DELETED,
    upkeep::CERTIFICATE_RENEWED,
    upkeep::CERTIFICATE_REPLACED,
    upkeep::SERVER_MOVED,
    upkeep::MACHINES_CLOCK_OFF,
    upkeep::SERVERS_CLOCK_OFF,
    originals::ORIGINAL_WORDS,
    originals::ORIGINAL_AGENT,
    original_server::ORIGINAL_SERVER,
    original_server::ORIGINAL_ODDITIES,
    roll_over::ROLL_OVER,
    arming::TRIED_AND_ARMED,
    arming::SAFE_MODE,
    deploy::UNATTENDED,
    deploy::POLICY_TOKEN,
    kinds::WATCH_MODE,
    kinds::DISARMED,
    kinds::UNLOCK,
    kinds::RDP_WITH_NLA,
    kinds::RANDOM_ORDERS,
    access::RECORDS,
];

/// The lines that bring a person to step 2: user name and the right password.
fn to_step_2(person: &Person) -> String {
    format!(
        "start\nlist\ntype \"User name\" {}\ntype Password $password\nsubmit\nexpect step 2\nlist\n",
        person.name
    )
}

/// The lines that choose and type a one-time code.
fn type_code(code: &str) -> String {
    format!("choose \"2FA method\" \"One-time code\"\ntype \"One-time code\" {code}\nsubmit\n")
}

/// The lines that expect the person's own credential handed to Windows, and Windows' consent.
fn expect_in(person: &Person) -> String {
    format!("expect serialized {}\nexpect logged-on\n", person.account())
}

/// The lines that expect a refusal with this text, and no credential.
fn expect_refused(text: &str) -> String {
    format!("list\nexpect text \"{text}\"\nexpect no-serialization\nexpect never serialized\n")
}

/// One text for unknown, disabled and no access: the tile tells nobody who exists.
const NOT_PERMITTED: &str = "does not let this user sign in";

/// What the tile says when no decision could be had; it speaks of the network, not of the code.
const NOT_REACHED: &str = "could not be reached";

/// Logs a person on with a right code.
fn log_on(stage: &mut Stage, seen: &mut Seen, person: &Person) -> Result<Walked> {
    log_on_with(stage, seen, person, 0)
}

/// Logs the same person on once more without waiting for a fresh code: with the one that comes next, which is taken
/// already, since phones' clocks are not exact.
fn log_on_again(stage: &mut Stage, seen: &mut Seen, person: &Person) -> Result<Walked> {
    log_on_with(stage, seen, person, 30)
}

fn log_on_with(stage: &mut Stage, seen: &mut Seen, person: &Person, code_in_secs: i64) -> Result<Walked> {
    let code = stage.office.code_in(person, code_in_secs)?;
    let script = [to_step_2(person), type_code(&code), expect_in(person)].concat();
    stage.walk(Scenario::Logon, &script, seen)
}

/// Has a person enter the right password and a right code, and be refused with this text.
fn refused(stage: &mut Stage, seen: &mut Seen, person: &Person, text: &str) -> Result<Walked> {
    let code = stage.office.code(person)?;
    let script = [to_step_2(person), type_code(&code), expect_refused(text)].concat();
    stage.walk(Scenario::Logon, &script, seen)
}

/// As [`refused`], where nobody could say that the TRASA username need not be typed.
fn refused_unheard(stage: &mut Stage, seen: &mut Seen, person: &Person, text: &str) -> Result<Walked> {
    let code = stage.office.code(person)?;
    let name = format!("type \"TRASA username or email address\" {}\n", person.name);
    let script = [to_step_2(person), name, type_code(&code), expect_refused(text)].concat();
    stage.walk(Scenario::Logon, &script, seen)
}

/// Has a person who is listed as an offline user log on without a decision. They have neither a TRASA username nor a
/// device: they submit step 2 empty.
fn offline_user_passes(stage: &mut Stage, seen: &mut Seen, person: &Person) -> Result<Walked> {
    let script = [to_step_2(person), "submit\n".to_owned(), expect_in(person)].concat();
    stage.walk(Scenario::Logon, &script, seen)
}

/// Checks that the newest logon of the server's log has this outcome, and why.
fn newest_logon(stage: &Stage, result: &str, reason: &str) -> Result<()> {
    let logons = stage.logons()?;
    let word = |name: &str| logons.first().and_then(|row| row.get(name)).and_then(serde_json::Value::as_str);
    if word("result") == Some(result) && word("reason") == Some(reason) {
        return Ok(());
    }
    bail!("the server's newest logon is not {result} because of {reason}: {:?}", logons.first())
}
