//! Before the guard is on, and what the server hears of the machine afterwards.

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::{Scene, Seen, Stage, log_on_again, newest_logon};
use crate::demo::people::{ANNA, HOST};

pub const TRIED_AND_ARMED: Scene = Scene {
    name: "tried-and-armed",
    title: "check, a trial logon at the real server, armed, and everything verified",
    run: tried_and_armed,
};

fn tried_and_armed(stage: &mut Stage, seen: &mut Seen) -> Result<String> {
    stage.config(&["disarm"])?.well("TrasaConfig disarm")?;
    refused(stage, seen, &["arm"], "", "No trial logon passed")?;
    let trial = ["try", "--user", ANNA.name, "--trasa-id", ANNA.name, "--method", "code"];
    refused(stage, seen, &trial, "not the password", "The user name or password is incorrect")?;
    refused(stage, seen, &trial, &format!("{}\n000000", ANNA.password), "That code is wrong")?;
    newest_logon(stage, "deny", "code_wrong")?;
    refused(stage, seen, &["arm"], "", "No trial logon passed")?;
    let code = stage.office.code(&ANNA)?;
    let said = stage.config_with(&trial, &format!("{}\n{code}", ANNA.password))?.well("TrasaConfig try")?;
    seen.line("> TrasaConfig try, with the password and a right code:");
    said.lines().for_each(|line| seen.line(format!("  {line}")));
    newest_logon(stage, "allow", "code_accepted")?;
    if stage.agent_state()? != "verified" {
        bail!("a trial changes nothing of Windows");
    }
    stage.config(&["arm"])?.well("TrasaConfig arm")?;
    log_on_again(stage, seen, &ANNA)?;
    let said = stage.config(&["verify"])?.well("TrasaConfig verify")?;
    seen.line("> TrasaConfig verify:");
    said.lines().for_each(|line| seen.line(format!("  {line}")));
    // In the demo's folder, which is new each time: a bundle is written over nothing.
    let file = stage.windows_path(&stage.file("support.zip"));
    let bundle = stage.config(&["verify", "--bundle", &file])?.well("verify --bundle")?;
    if !bundle.contains("It holds no secret") {
        bail!("no bundle was written: {bundle}");
    }
    Ok("arming wants a trial that passed; the trial is a logon at the real server up to the credential"
        .to_owned())
}

fn refused(stage: &Stage, seen: &mut Seen, words: &[&str], typed: &str, text: &str) -> Result<()> {
    let said = stage.config_with(words, typed)?;
    seen.line(format!("> TrasaConfig {}:", words.join(" ")));
    said.text.lines().for_each(|line| seen.line(format!("  {line}")));
    if said.code != 1 || !said.text.contains(text) {
        bail!("it should have been refused with 1 and {text:?}, not {}", said.code);
    }
    Ok(())
}

pub const SAFE_MODE: Scene = Scene {
    name: "safe-mode",
    title: "a start in safe mode, where nothing guards: the server hears of it with the next report, once",
    run: safe_mode,
};

fn safe_mode(stage: &mut Stage, seen: &mut Seen) -> Result<String> {
    stage.config(&["report"])?.well("TrasaConfig report")?;
    stage.change_machine("boot_id", 2.into())?;
    stage.change_machine("safe_mode", true.into())?;
    seen.line("the machine starts in safe mode; whatever runs there knows of no TRASA");
    stage.config(&["--version"])?.well("a program in safe mode")?;
    stage.change_machine("boot_id", 3.into())?;
    stage.change_machine("safe_mode", false.into())?;
    seen.line("and as ever again; the report task comes twice:");
    for _ in 0..2 {
        stage.config(&["report"])?.well("TrasaConfig report")?;
    }
    let audit = stage.server.cli(&["audit", "list"])?;
    let rows = audit.as_array().context("audit list printed no array")?;
    let alarms: Vec<_> = rows.iter().filter(|row| alarm(row) == Some("safe_mode_boot")).collect();
    for row in &alarms {
        seen.line(format!("  {row}"));
    }
    match alarms[..] {
        [row] if row.to_string().contains(HOST) => {}
        _ => bail!("the server should have alarmed once, not {} times", alarms.len()),
    }
    Ok("safe mode stays the last way in, and the server alarms each time it was taken".to_owned())
}

fn alarm(row: &Value) -> Option<&str> {
    row.get("details").and_then(|details| details.get("alarm")).and_then(Value::as_str)
}
