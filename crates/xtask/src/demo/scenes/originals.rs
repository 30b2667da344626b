//! The original's protocol at our server: its agents go on as they are, until a date.

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::original_words::{
    ALLOWED, DISABLED, NO_SERVICE, NO_USER, PASSED_THROUGH, common_questions, refused, says,
};
use super::{Scene, Seen, Stage};
use crate::demo::clock::{DAY_SECS, date_in};
use crate::demo::original_agent::{DEPRECATED, OriginalAgent, UNIX, WINDOWS};
use crate::demo::people::{ANNA, BOB, DORA, HOST, NORA, SERVICE, code_of, text};
use crate::server::free_port;

pub const ORIGINAL_WORDS: Scene = Scene {
    name: "original-words",
    title: "an original agent's requests to the stand-in of an original server, byte for byte",
    run: original_words,
};

fn original_words(stage: &mut Stage, seen: &mut Seen) -> Result<String> {
    let server = stage.original_server(free_port()?, &["--user", ANNA.name, "--quirk", "push=none"])?;
    let agent = server.agent()?;
    common_questions(seen, &agent)?;
    let code = code_of(&server.kept("totp_secret")?, 0)?;
    let wrong = if code == "123456" { "123457" } else { "123456" };
    let account = ANNA.account();
    says(seen, "a wrong code", agent.login(&account, "anna", wrong), &refused("INVALID_TOTP"))?;
    says(seen, "no phone", agent.login(&account, "anna", ""), &refused("DEVICE_NOT_FOUND"))?;
    for path in [WINDOWS, UNIX, DEPRECATED] {
        says(
            seen,
            &format!("the right code at {path}"),
            agent.login_at(path, &account, "anna", &code),
            ALLOWED,
        )?;
    }
    let by_address = agent.login(r"\anna", "anna@acme.example", &code);
    says(seen, "the same code once more, the user by email address", by_address, ALLOWED)?;
    Ok("each answer is the original's; the fault is played too: it takes a code as often as it comes"
        .to_owned())
}

pub const ORIGINAL_AGENT: Scene = Scene {
    name: "original-agent",
    title: "an original agent, unchanged, at our server: before and after the date that was set for it",
    run: original_agent,
};

/// For how long the service answers original agents.
const DAYS: i64 = 30;

fn original_agent(stage: &mut Stage, seen: &mut Seen) -> Result<String> {
    let agent = allow(stage, seen, &[])?;
    common_questions(seen, &agent)?;
    let office = agent.with_key(&stage.office.service_key);
    says(seen, "the ServiceKey of our own agents", office.login(r"\anna", "anna", "123456"), NO_SERVICE)?;
    people(stage, seen, &agent)?;
    let stranger = r"PC-07\carl";
    says(seen, "an account that no access names", agent.login(stranger, "", ""), NO_USER)?;
    allow(stage, seen, &["--pass-through"])?;
    says(seen, "the same, with pass-through", agent.login(stranger, "", ""), PASSED_THROUGH)?;
    let wrong = stage.office.wrong_code(&BOB)?;
    let named = agent.login(&ANNA.account(), "anna", &wrong);
    says(seen, "an account that one names", named, &refused("INVALID_TOTP"))?;
    told(stage, seen)?;
    seen.line(format!("{} days later:", DAYS + 1));
    let later = (DAYS + 1) * DAY_SECS;
    stage.turn_servers_clock(later)?;
    let code = stage.office.code_in(&ANNA, later)?;
    says(seen, "a right code", agent.login(&ANNA.account(), "anna", &code), NO_SERVICE)?;
    says(seen, "with pass-through", agent.login(stranger, "", ""), NO_SERVICE)?;
    newest_of_v1(stage, "deny", "v1_closed")?;
    Ok("each answer is the original's, its faults are not: a code counts once, and after the date nobody passes"
        .to_owned())
}

/// Allows original agents on the demo's service, and returns one of them.
fn allow(stage: &Stage, seen: &mut Seen, more: &[&str]) -> Result<OriginalAgent> {
    let until = date_in(DAYS)?;
    let words = [&["service", "allow-v1", SERVICE, "--until", &until], more].concat();
    seen.line(format!("> trasa-server {}", words.join(" ")));
    let allowed = stage.server.cli(&words)?;
    let (service_id, service_key) = (text(&allowed, "service_id")?, text(&allowed, "v1_key")?);
    Ok(OriginalAgent { address: stage.server.address(), service_id, service_key, workstation: HOST })
}

/// Each person of the demo, at her own account.
fn people(stage: &Stage, seen: &mut Seen, agent: &OriginalAgent) -> Result<()> {
    let account = ANNA.account();
    let wrong = agent.login(&account, "anna", &stage.office.wrong_code(&ANNA)?);
    says(seen, "a wrong code", wrong, &refused("INVALID_TOTP"))?;
    says(seen, "no code and no phone", agent.login(&account, "anna", ""), &refused("DEVICE_NOT_FOUND"))?;
    let code = stage.office.code(&ANNA)?;
    says(seen, "a right code", agent.login(&account, "anna", &code), ALLOWED)?;
    says(seen, "the same code again", agent.login(&account, "anna", &code), &refused("INVALID_TOTP"))?;
    let next = stage.office.code_in(&ANNA, 30)?;
    let deprecated = agent.login_at(DEPRECATED, r"\anna", "anna@acme.example", &next);
    says(seen, "the old path, a bare account, the email address", deprecated, ALLOWED)?;
    for (person, answer) in [
        (BOB, refused("policy not assigned")),
        (NORA, refused("TIME_POLICY_FAILED")),
        (DORA, DISABLED.to_owned()),
    ] {
        let code = stage.office.code(&person)?;
        let asked = agent.login_at(UNIX, &person.account(), person.name, &code);
        says(seen, &format!("{} at the path of Unix", person.name), asked, &answer)?;
    }
    Ok(())
}

/// What an administrator sees of it.
fn told(stage: &Stage, seen: &mut Seen) -> Result<()> {
    let shown = stage.server.cli(&["service", "show", SERVICE])?;
    let callers = shown.pointer("/v1/callers").or_else(|| shown.get("v1_callers"));
    seen.line(format!("> trasa-server service show {SERVICE}: {}", callers.unwrap_or(&shown)));
    let named = |row: &Value| row.get("machine").and_then(Value::as_str) == Some(HOST);
    if !callers.and_then(Value::as_array).is_some_and(|rows| rows.iter().any(named)) {
        bail!("it does not tell that {HOST} called: {shown}");
    }
    newest_of_v1(stage, "deny", "code_wrong")
}

/// Checks the newest logon of the server's log, and that it came by version 1.
fn newest_of_v1(stage: &Stage, result: &str, reason: &str) -> Result<()> {
    super::newest_logon(stage, result, reason)?;
    let logons = stage.logons()?;
    let newest = logons.first().context("no logon")?;
    if newest.get("protocol").and_then(Value::as_str) == Some("v1") {
        return Ok(());
    }
    bail!("the log does not tell that it came by version 1: {newest}")
}
