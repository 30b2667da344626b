//! Who may, when, and on whose word; and what is written down of it.

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::{NOT_PERMITTED, Scene, Seen, Stage, expect_refused, newest_logon, refused, to_step_2, type_code};
use crate::demo::host::Scenario;
use crate::demo::people::{ANNA, BOB, DORA, NORA, Person};

pub const NO_ACCESS: Scene =
    Scene { name: "no-access", title: "a user with a device and without an access", run: no_access };

fn no_access(stage: &mut Stage, seen: &mut Seen) -> Result<String> {
    not_permitted(stage, seen, &BOB)?;
    newest_logon(stage, "deny", "no_access")?;
    Ok("refused; the exact reason stands in the server's log only".to_owned())
}

pub const DISABLED_USER: Scene =
    Scene { name: "disabled-user", title: "a user who was disabled", run: disabled_user };

fn disabled_user(stage: &mut Stage, seen: &mut Seen) -> Result<String> {
    not_permitted(stage, seen, &DORA)?;
    newest_logon(stage, "deny", "user_disabled")?;
    Ok("refused with the same words as somebody without access".to_owned())
}

/// A person whose trasa id the tile has to ask for.
fn not_permitted(stage: &mut Stage, seen: &mut Seen, person: &Person) -> Result<()> {
    let code = stage.office.code(person)?;
    let id = format!("type \"TRASA username\" {}\n", person.name);
    let script = [to_step_2(person), id, type_code(&code), expect_refused(NOT_PERMITTED)].concat();
    stage.walk(Scenario::Logon, &script, seen).map(drop)
}

pub const OUTSIDE_HOURS: Scene =
    Scene { name: "outside-hours", title: "the right code outside the policy's hours", run: outside_hours };

fn outside_hours(stage: &mut Stage, seen: &mut Seen) -> Result<String> {
    refused(stage, seen, &NORA, "may not sign in at this time")?;
    newest_logon(stage, "deny", "outside_hours")?;
    Ok("refused, with the time that counts".to_owned())
}

pub const WRONG_SERVICE_KEY: Scene = Scene {
    name: "wrong-service-key",
    title: "a ServiceKey that is not the service's, at TrasaConfig set",
    run: wrong_key,
};

fn wrong_key(stage: &mut Stage, seen: &mut Seen) -> Result<String> {
    let (secret, anchor) = stage.office.service_key.split_once('.').context("a ServiceKey has two parts")?;
    // The same length and form, another key.
    let wrong = format!("{}.{anchor}", secret.chars().rev().skip(1).collect::<String>() + "A");
    let said = stage.set(&wrong, &["--while-armed"])?;
    seen.line("> TrasaConfig set with another key");
    seen.line(format!("  exit {}: {}", said.code, said.text));
    if said.code != 1 || !said.text.contains("ServiceKey") {
        bail!("it should have been refused with 1 and a word about the ServiceKey");
    }
    let state = stage.agent_state()?;
    if state != "armed" {
        bail!("the machine should be as it was, and it is {state}");
    }
    super::log_on(stage, seen, &ANNA)?;
    Ok("refused; the configuration that was there is untouched and works".to_owned())
}

pub const RECORDS: Scene =
    Scene { name: "records", title: "what the server wrote down, and that nothing is missing", run: records };

fn records(stage: &mut Stage, seen: &mut Seen) -> Result<String> {
    super::log_on(stage, seen, &ANNA)?;
    refused(stage, seen, &NORA, "may not sign in at this time")?;
    for row in stage.logons()? {
        let word = |name: &str| row.get(name).and_then(Value::as_str).unwrap_or("-").to_owned();
        seen.line(format!(
            "  logon {} {} {}: {}",
            word("short_code"),
            word("account"),
            word("result"),
            word("reason")
        ));
    }
    let audit = stage.server.cli(&["audit", "list"])?;
    let rows = audit.as_array().map_or(0, Vec::len);
    // The sealer closes a segment a second.
    std::thread::sleep(std::time::Duration::from_millis(2_500));
    let verified = stage.server.cli(&["audit", "verify"])?;
    seen.line(format!("  audit: {rows} rows; verify: {verified}"));
    if rows < 10 {
        bail!("an audit of {rows} rows cannot hold all that was done");
    }
    Ok("every change and both logons are in the audit, and its seals hold".to_owned())
}
