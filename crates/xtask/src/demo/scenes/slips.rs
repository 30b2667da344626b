//! An administrator's slips: who gets in, what the tile says, and what brings it back.

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::{
    Scene, Seen, Stage, expect_in, expect_refused, log_on, newest_logon, refused, to_step_2, type_code,
};
use crate::demo::clock::{DAY_SECS, instant_in};
use crate::demo::host::Scenario;
use crate::demo::people::{ANNA, HOST, OLGA, SERVICE, text};

pub const NOBODY_ENROLLED: Scene = Scene {
    name: "nobody-enrolled",
    title: "a service that lets nobody in yet: arming is refused, the logon stays as Windows has it",
    run: nobody_enrolled,
};

fn nobody_enrolled(stage: &mut Stage, seen: &mut Seen) -> Result<String> {
    let service = stage.server.cli(&["service", "add", "branch"])?;
    let (id, key) = (text(&service, "service_id")?, text(&service, "service_key")?);
    stage.config(&["disarm"])?.well("TrasaConfig disarm")?;
    stage.set_for(&id, &key, &[])?.well("TrasaConfig set")?;
    let said = stage.config(&["arm", "--without-trial"])?;
    seen.line("> TrasaConfig arm --without-trial");
    said.text.lines().for_each(|line| seen.line(format!("  {line}")));
    if said.code != 1 || !said.text.contains("Nobody would get in") || stage.agent_state()? != "verified" {
        bail!("arming should have been refused with 1");
    }
    stage.server.cli(&[
        "access",
        "grant",
        "--user",
        ANNA.name,
        "--service",
        "branch",
        "--account",
        &ANNA.privilege(),
    ])?;
    seen.line("> trasa-server access grant --user anna --service branch …, and once more:");
    stage.config(&["arm", "--without-trial"])?.well("TrasaConfig arm")?;
    log_on(stage, seen, &ANNA)?;
    Ok("refused while nobody would get in, and armed as soon as one does".to_owned())
}

pub const ADMINISTRATOR_WITHOUT_ACCESS: Scene = Scene {
    name: "administrator-without-access",
    title: "a local administrator whom TRASA does not know, with the server there",
    run: administrator_without_access,
};

fn administrator_without_access(stage: &mut Stage, seen: &mut Seen) -> Result<String> {
    stage.config(&["disarm"])?.well("TrasaConfig disarm")?;
    let said = stage.config(&["check"])?;
    let told = said.text.lines().find(|line| line.contains(r"\olga") && line.contains("would not get in"));
    let told = told.with_context(|| format!("check does not tell of olga: {}", said.text))?;
    seen.line(format!("> TrasaConfig check: {}", told.trim()));
    stage.config(&["arm", "--without-trial"])?.well("TrasaConfig arm")?;
    // The server is there, so the offline rule says nothing.
    let typed = "type \"TRASA username\" olga\n".to_owned();
    let script = [to_step_2(&OLGA), typed, type_code("123456"), expect_refused(super::NOT_PERMITTED)];
    stage.walk(Scenario::Logon, &script.concat(), seen)?;
    let account = OLGA.account();
    let words = ["logon", "bypass", "--machine", HOST, "--account", &account, "--minutes", "10"];
    seen.line(format!("> trasa-server {}", words.join(" ")));
    stage.server.cli(&words)?;
    let script = [to_step_2(&OLGA), "submit\n".to_owned(), expect_in(&OLGA)].concat();
    stage.walk(Scenario::Logon, &script, seen)?;
    newest_logon(stage, "allow", "bypass")?;
    Ok("refused until the server's administrator lets her past for ten minutes, audited".to_owned())
}

pub const POLICY_ENDED: Scene =
    Scene { name: "policy-ended", title: "the policy of an access comes to its end", run: policy_ended };

fn policy_ended(stage: &mut Stage, seen: &mut Seen) -> Result<String> {
    stage.server.cli(&["policy", "add", "visitors", "--expires", &instant_in(1)?])?;
    let old = access_of(stage, ANNA.name)?;
    stage.server.cli(&["access", "revoke", &old])?;
    let account = ANNA.privilege();
    let words = ["access", "grant", "--user", ANNA.name, "--service", SERVICE, "--account", &account];
    let ending = stage.server.cli(&[&words[..], &["--policy", "visitors"]].concat())?;
    std::thread::sleep(std::time::Duration::from_millis(1_200));
    refused(stage, seen, &ANNA, "access to this computer has ended")?;
    newest_logon(stage, "deny", "policy_expired")?;
    seen.line("> trasa-server access revoke …, access restore …");
    stage.server.cli(&["access", "revoke", &text(&ending, "access_id")?])?;
    stage.server.cli(&["access", "restore", &old])?;
    log_on(stage, seen, &ANNA)?;
    Ok("refused with the reason; the former access, restored, lets her in".to_owned())
}

fn access_of(stage: &Stage, user: &str) -> Result<String> {
    let accesses = stage.server.cli(&["access", "list"])?;
    let of_user = |row: &&Value| row.get("user").and_then(Value::as_str) == Some(user);
    let row = accesses.as_array().and_then(|rows| rows.iter().find(of_user));
    text(row.with_context(|| format!("{user} has no access"))?, "access_id")
}

pub const USER_DISABLED_AND_BACK: Scene = Scene {
    name: "user-disabled-and-back",
    title: "a user disabled by mistake, and enabled again",
    run: user_disabled_and_back,
};

fn user_disabled_and_back(stage: &mut Stage, seen: &mut Seen) -> Result<String> {
    stage.server.cli(&["user", "disable", ANNA.name])?;
    let code = stage.office.code(&ANNA)?;
    let typed = "type \"TRASA username\" anna\n".to_owned();
    let script = [to_step_2(&ANNA), typed, type_code(&code), expect_refused(super::NOT_PERMITTED)];
    stage.walk(Scenario::Logon, &script.concat(), seen)?;
    seen.line("> trasa-server user enable anna");
    stage.server.cli(&["user", "enable", ANNA.name])?;
    log_on(stage, seen, &ANNA)?;
    Ok("refused at once, and in at once with the device she had".to_owned())
}

pub const MACHINE_REVOKED_AND_BACK: Scene = Scene {
    name: "machine-revoked-and-back",
    title: "a machine removed by mistake, and taken back",
    run: machine_revoked_and_back,
};

fn machine_revoked_and_back(stage: &mut Stage, seen: &mut Seen) -> Result<String> {
    seen.line(format!("> trasa-server machine revoke {HOST}"));
    stage.server.cli(&["machine", "revoke", HOST])?;
    everybody_refused(stage, seen, "removed from TRASA")?;
    seen.line(format!("> trasa-server machine readmit {HOST}"));
    stage.server.cli(&["machine", "readmit", HOST])?;
    log_on(stage, seen, &ANNA)?;
    Ok("everybody is refused, the offline user too, since that is an answer; readmitted, all is as before"
        .to_owned())
}

pub const SERVICE_DELETED: Scene = Scene {
    name: "service-deleted",
    title: "a service deleted: not while its machines are seen, and undone by one command",
    run: service_deleted,
};

fn service_deleted(stage: &mut Stage, seen: &mut Seen) -> Result<String> {
    let Err(error) = stage.server.cli(&["service", "delete", SERVICE]) else {
        bail!("a service whose machine was seen a moment ago was deleted");
    };
    seen.line(format!("> trasa-server service delete {SERVICE}: {error:#}"));
    // The machine was switched off for a month; nobody but the server has to believe that.
    stage.server.set_clock_off(31 * DAY_SECS);
    seen.line("and 31 days later:");
    let deleted = stage.server.cli(&["service", "delete", SERVICE]);
    stage.server.set_clock_off(0);
    let id = text(&deleted?, "service_id")?;
    everybody_refused(stage, seen, "was deleted")?;
    seen.line("> trasa-server service restore ID");
    stage.server.cli(&["service", "restore", &id])?;
    log_on(stage, seen, &ANNA)?;
    Ok("its machines are refused, not free; restored, all is as before".to_owned())
}

/// Anna with a right code and the offline user are refused alike: the server is there and says so.
fn everybody_refused(stage: &mut Stage, seen: &mut Seen, with: &str) -> Result<()> {
    for person in [&ANNA, &OLGA] {
        let code = stage.office.code(&ANNA)?;
        let typed = format!("type \"TRASA username\" {}\n", person.name);
        let script = [to_step_2(person), typed, type_code(&code), expect_refused(with)].concat();
        stage.walk(Scenario::Logon, &script, seen)?;
    }
    Ok(())
}
