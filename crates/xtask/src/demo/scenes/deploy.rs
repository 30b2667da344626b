//! What the installer's actions do, run as msiexec would run them.

use anyhow::{Result, bail, ensure};
use serde_json::Value;

use super::{Scene, Seen, Stage, log_on};
use crate::demo::people::{ANNA, OLGA, SERVICE, text};

pub const UNATTENDED: Scene = Scene {
    name: "unattended",
    title: "installed without a person: a token file, armed once the computer is approved, and removed again",
    run: unattended,
};

fn unattended(stage: &mut Stage, seen: &mut Seen) -> Result<String> {
    seen.line("> TrasaConfig disarm; TrasaConfig forget --yes");
    stage.config(&["disarm"])?.well("TrasaConfig disarm")?;
    stage.config(&["forget", "--yes"])?.well("TrasaConfig forget")?;
    state_is(stage, "absent")?;
    seen.line("> trasa-server service set office --admit approval; trasa-server service token office");
    stage.server.cli(&["service", "set", SERVICE, "--admit", "approval"])?;
    let made = stage.server.cli(&["service", "token", SERVICE, "--uses", "1", "--until", "2037-01-31"])?;
    let file = stage.file("token.txt");
    std::fs::write(&file, text(&made, "token")?)?;
    let (server, service) = (stage.server.address(), stage.office.service_id.clone());
    let token_file = stage.windows_path(&file);
    let line = |more: &[&str]| {
        let mut words = vec!["unattended".to_owned(), "--json".to_owned(), format!("--service-id={service}")];
        words.extend([format!("--server={server}"), format!("--token-file={token_file}")]);
        words.extend(["--skip-tls=1", "--probation="].map(str::to_owned));
        words.extend(more.iter().map(|word| (*word).to_owned()));
        words
    };
    let run = |stage: &Stage, more: &[&str]| {
        let words = line(more);
        stage.config(&words.iter().map(String::as_str).collect::<Vec<_>>())
    };
    let refused = run(stage, &["--offline-users=", "--arm=1", "--without-offline-user="])?;
    seen.line(format!("ARM=1 without OFFLINEUSERS: {}", refused.text));
    ensure!(refused.code == 2 && file.is_file(), "it should be refused before the token is used");
    let offline = format!("--offline-users={}", OLGA.name);
    let done =
        run(stage, &[&offline, "--arm=1", "--without-offline-user="])?.well("TrasaConfig unattended")?;
    seen.line(format!("> TrasaConfig unattended …: {done}"));
    let done: Value = serde_json::from_str(&done)?;
    ensure!(done["admitted"] == true && done["arming"] == "waits", "admitted, and arming waits: {done}");
    ensure!(!file.exists(), "the token file is still there");
    state_is(stage, "verified")?;
    let shown: Value = serde_json::from_str(&stage.config(&["show", "--json"])?.well("TrasaConfig show")?)?;
    let machine = text(&shown, "machine_id")?;
    seen.line(format!("> trasa-server machine approve {machine}; the report task runs"));
    stage.server.cli(&["machine", "approve", &machine])?;
    stage.config(&["report"])?.well("TrasaConfig report")?;
    state_is(stage, "armed")?;
    log_on(stage, seen, &ANNA)?;
    let again = run(stage, &[&offline, "--arm=1"])?.well("TrasaConfig unattended")?;
    ensure!(again.contains("\"admitted\":false"), "an upgrade with the same line changes nothing: {again}");
    state_is(stage, "armed")?;
    seen.line("> TrasaConfig unregister --removal");
    let removed = stage.config(&["unregister", "--removal", "--json"])?.well("TrasaConfig unregister")?;
    ensure!(removed.contains("\"removed\":true") && removed.contains("\"reported\":true"), "{removed}");
    state_is(stage, "verified")?;
    stage.config(&["register"])?.well("TrasaConfig register")?;
    Ok("the token is used once and gone; nothing is guarded before the approval, and nothing after the removal"
        .to_owned())
}

pub const POLICY_TOKEN: Scene = Scene {
    name: "policy-token",
    title: "a token from a group policy, which everybody can read: the computer waits for approval",
    run: policy_token,
};

fn policy_token(stage: &mut Stage, seen: &mut Seen) -> Result<String> {
    seen.line("> TrasaConfig disarm; TrasaConfig forget --yes; trasa-server service token office");
    stage.config(&["disarm"])?.well("TrasaConfig disarm")?;
    stage.config(&["forget", "--yes"])?.well("TrasaConfig forget")?;
    let made = stage.server.cli(&["service", "token", SERVICE, "--uses", "9", "--until", "2037-01-31"])?;
    let (server, service) = (stage.server.address(), stage.office.service_id.clone());
    for (name, kind, value) in [
        ("ServiceID", "REG_SZ", service.as_str()),
        ("Token", "REG_SZ", &text(&made, "token")?),
        ("Server", "REG_SZ", &server),
        ("OfflineUsers", "REG_SZ", OLGA.name),
        ("SkipTlsVerification", "REG_DWORD", "1"),
    ] {
        stage.policy(name, kind, value)?;
    }
    seen.line("> the report task runs, with nothing but the policy");
    stage.config(&["report"])?.well("TrasaConfig report")?;
    state_is(stage, "verified")?;
    let waits = stage.config(&["arm", "--when-approved", "--json"])?.well("TrasaConfig arm")?;
    seen.line(format!("> TrasaConfig arm --when-approved: {waits}"));
    ensure!(waits.contains("machine_waiting"), "it should wait for approval: {waits}");
    let shown: Value = serde_json::from_str(&stage.config(&["show", "--json"])?.well("TrasaConfig show")?)?;
    let machine = text(&shown, "machine_id")?;
    seen.line(format!("> trasa-server machine approve {machine}; the report task runs"));
    stage.server.cli(&["machine", "approve", &machine])?;
    stage.config(&["report"])?.well("TrasaConfig report")?;
    state_is(stage, "armed")?;
    log_on(stage, seen, &ANNA)?;
    Ok("a stolen token of a policy admits nobody by itself".to_owned())
}

fn state_is(stage: &Stage, wanted: &str) -> Result<()> {
    let state = stage.agent_state()?;
    if state == wanted { Ok(()) } else { bail!("the agent is {state}, not {wanted}") }
}
