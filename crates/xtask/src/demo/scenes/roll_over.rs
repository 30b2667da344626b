//! The roll-over of an original fleet, as docs/roll-over.md walks it.

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::original_words::{ALLOWED, NO_SERVICE, says};
use super::{Scene, Seen, Stage, log_on_again};
use crate::demo::clock::date_in;
use crate::demo::original_agent::OriginalAgent;
use crate::demo::people::{ANNA, HOST, code_of, text};

pub const ROLL_OVER: Scene = Scene {
    name: "roll-over",
    title: "an original fleet moves over: its server replaced, its agents replaced, its protocol switched off",
    run: roll_over,
};

/// Another machine of the fleet, whose turn has not come yet.
const OTHER_HOST: &str = "PC-08";
/// The service that takes the fleet over.
const FLEET: &str = "fleet";

fn roll_over(stage: &mut Stage, seen: &mut Seen) -> Result<String> {
    let agents = at_the_original_server(stage, seen)?;
    seen.line("1. Our server takes its place, at its address, under its ServiceID and ServiceKey:");
    let key = import(stage, seen, &agents)?;
    stage.server.start()?;
    for agent in &agents {
        says(seen, &format!("the check of {}, unchanged", agent.workstation), checked(agent), "success")?;
    }
    let code = stage.office.code(&ANNA)?;
    let [mine, other] = &agents;
    says(seen, "a logon there, unchanged", mine.login(&ANNA.account(), "anna", &code), ALLOWED)?;
    seen.line(format!("2. {HOST} gets our agent, admitted by the ServiceKey of our own:"));
    stage.config(&["disarm"])?.well("TrasaConfig disarm")?;
    let id = service_id(stage)?;
    stage.set_for(&id, &key, &[])?.well("TrasaConfig set")?;
    original_agent_first(stage, seen)?;
    stage.config(&["arm", "--without-trial"])?.well("TrasaConfig arm")?;
    log_on_again(stage, seen, &ANNA)?;
    seen.line("3. Who still asks by the original's protocol?");
    let at_other = other.login(r"PC-08\\carl", "carl", "123456");
    let refused = r#"{"status":"failed","reason":"user not found","intent":"AgentLogin","data":[null]}"#;
    says(seen, &format!("{OTHER_HOST}, not yet moved"), at_other, refused)?;
    callers(stage, seen)?;
    seen.line(format!("4. > trasa-server service deny-v1 {FLEET}"));
    stage.server.cli(&["service", "deny-v1", FLEET])?;
    let code = stage.office.code_in(&ANNA, 30)?;
    for agent in &agents {
        let asked = agent.login(&ANNA.account(), "anna", &code);
        says(seen, &format!("an original request from {}", agent.workstation), asked, NO_SERVICE)?;
    }
    stage.config(&["report"])?.well("TrasaConfig report")?;
    seen.line("our agent goes on: TrasaConfig report is answered");
    seen.line("5. And back, if something was forgotten:");
    let until = date_in(60)?;
    seen.line(format!("> trasa-server service allow-v1 {FLEET} --until {until}"));
    stage.server.cli(&["service", "allow-v1", FLEET, "--until", &until])?;
    says(seen, &format!("{OTHER_HOST} once more"), checked(other), "success")?;
    Ok("no machine was without its second factor on the way, and each step can be taken back".to_owned())
}

/// The fleet as it was: two machines at an original server, whose address ours will have.
fn at_the_original_server(stage: &mut Stage, seen: &mut Seen) -> Result<[OriginalAgent; 2]> {
    stage.server.stop()?;
    let original = stage.original_server(stage.server.port(), &["--user", ANNA.name])?;
    let mine = original.agent()?;
    let other = OriginalAgent { workstation: OTHER_HOST, ..mine.clone() };
    let code = code_of(&original.kept("totp_secret")?, 0)?;
    seen.line("0. The fleet at its original server:");
    says(seen, "a logon", mine.login(&ANNA.account(), "anna", &code), ALLOWED)?;
    Ok([mine, other])
}

/// Takes the fleet's id and key over; returns the ServiceKey of our own protocol.
fn import(stage: &Stage, seen: &mut Seen, [agent, _]: &[OriginalAgent; 2]) -> Result<String> {
    let key = text(&stage.server.cli(&["service", "add", FLEET])?, "service_key")?;
    let account = ANNA.privilege();
    let grant = ["access", "grant", "--user", ANNA.name, "--service", FLEET, "--account", &account];
    stage.server.cli(&grant)?;
    let until = date_in(60)?;
    let words =
        ["service", "import", FLEET, "--service-id", &agent.service_id, "--v1-key-stdin", "--until", &until];
    seen.line(format!("> trasa-server {} < key", words.join(" ")));
    stage.server.cli_with(&words, &agent.service_key)?;
    Ok(key)
}

/// While the original agent is installed, its filter and ours would hide each other's tile.
fn original_agent_first(stage: &Stage, seen: &mut Seen) -> Result<()> {
    stage.other_filter(Some(r"C:\Program Files\TrasaWin\TrasaCredProv.dll"))?;
    let said = stage.config(&["arm", "--without-trial"]);
    stage.other_filter(None)?;
    let said = said?;
    seen.line(format!("> TrasaConfig arm, with the original agent still installed: {}", said.text));
    if said.code == 1 && said.text.contains("TrasaCredProv.dll") && stage.agent_state()? == "verified" {
        return Ok(());
    }
    bail!("arming should have been refused, with the name of the other filter")
}

/// The status of a configuration check.
fn checked(agent: &OriginalAgent) -> Result<String> {
    text(&serde_json::from_str(&agent.check_config()?).context("no JSON")?, "status")
}

fn service_id(stage: &Stage) -> Result<String> {
    let services = stage.server.cli(&["service", "list"])?;
    let named = |row: &&Value| row.get("name").and_then(Value::as_str) == Some(FLEET);
    text(
        services.as_array().and_then(|rows| rows.iter().find(named)).context("no such service")?,
        "service_id",
    )
}

/// What `service show` tells of those who still ask by the original's protocol.
fn callers(stage: &Stage, seen: &mut Seen) -> Result<()> {
    let shown = stage.server.cli(&["service", "show", FLEET])?;
    let rows =
        shown.pointer("/v1/callers").and_then(Value::as_array).context("service show names no callers")?;
    for row in rows {
        seen.line(format!("  {row}"));
    }
    for host in [HOST, OTHER_HOST] {
        if !rows.iter().any(|row| row.get("machine").and_then(Value::as_str) == Some(host)) {
            bail!("{host} called and is not named");
        }
    }
    Ok(())
}
