//! What was lost and is had again.

use anyhow::{Context, Result, bail};

use super::{
    Scene, Seen, Stage, expect_in, expect_refused, log_on, offline_user_passes, refused_unheard, to_step_2,
    type_code,
};
use crate::demo::host::Scenario;
use crate::demo::people::{ANNA, OLGA};

pub const CONFIGURATION_DELETED: Scene = Scene {
    name: "configuration-deleted",
    title: "the configuration is deleted while armed: damage, not freedom",
    run: configuration_deleted,
};

fn configuration_deleted(stage: &mut Stage, seen: &mut Seen) -> Result<String> {
    std::fs::remove_file(stage.configuration())?;
    damaged(stage, seen)?;
    Ok("still guarding: the offline user passes, nobody else does".to_owned())
}

/// Still guarding, and nobody can be asked: only the offline user passes.
fn damaged(stage: &mut Stage, seen: &mut Seen) -> Result<()> {
    seen.line(format!("TrasaConfig show: {}", stage.agent_state()?));
    // There is no step 2.
    let script = format!("start\ntype \"User name\" {}\ntype Password $password\nsubmit\n", OLGA.name);
    stage.walk(Scenario::Logon, &[script, expect_in(&OLGA)].concat(), seen)?;
    let script = "start\nlist\ntype \"User name\" anna\ntype Password $password\nsubmit\n";
    let script = [script, &expect_refused("damaged")].concat();
    stage.walk(Scenario::Logon, &script, seen).map(drop)
}

/// Configures the machine anew, as after every damage.
fn configured_anew(stage: &mut Stage, seen: &mut Seen) -> Result<()> {
    seen.line("> TrasaConfig disarm, set, arm");
    stage.config(&["disarm"])?.well("TrasaConfig disarm")?;
    let key = stage.office.service_key.clone();
    stage.set(&key, &[])?.well("TrasaConfig set")?;
    stage.config(&["arm", "--without-trial"])?.well("TrasaConfig arm")?;
    log_on(stage, seen, &ANNA).map(drop)
}

pub const CONFIGURATION_HALF_WRITTEN: Scene = Scene {
    name: "configuration-half-written",
    title: "the configuration is cut off in the middle, as by a power loss",
    run: configuration_half_written,
};

fn configuration_half_written(stage: &mut Stage, seen: &mut Seen) -> Result<String> {
    let file = stage.configuration();
    let whole = std::fs::read(&file)?;
    std::fs::write(&file, whole.get(..whole.len() / 2).unwrap_or_default())?;
    damaged(stage, seen)?;
    configured_anew(stage, seen)?;
    Ok("still guarding for the offline user alone, until it is configured anew".to_owned())
}

pub const PERMISSIONS_RESET: Scene = Scene {
    name: "permissions-reset",
    title: "somebody resets the permissions of the configuration, so that every user can write it",
    run: permissions_reset,
};

fn permissions_reset(stage: &mut Stage, seen: &mut Seen) -> Result<String> {
    let path = r"C:\ProgramData\TRASA\agent.json";
    let open = format!("acl {path} D:(A;;FA;;;SY)(A;;FA;;;BA)(A;;FA;;;BU)\n");
    stage.walk(Scenario::Logon, &open, seen)?;
    damaged(stage, seen)?;
    configured_anew(stage, seen)?;
    Ok("what every user could have written is not believed; configured anew, all is as before".to_owned())
}

pub const HOST_RENAMED: Scene =
    Scene { name: "host-renamed", title: "the machine gets another name", run: host_renamed };

fn host_renamed(stage: &mut Stage, seen: &mut Seen) -> Result<String> {
    stage.change_machine("host", "PC-99".into())?;
    let code = stage.office.code(&ANNA)?;
    let expected = format!("expect serialized PC-99\\{}\nexpect logged-on\n", ANNA.name);
    stage.walk(Scenario::Logon, &[to_step_2(&ANNA), type_code(&code), expected].concat(), seen)?;
    stage.config(&["report"])?.well("TrasaConfig report")?;
    let machines = stage.server.cli(&["machine", "list"])?;
    seen.line(format!("> trasa-server machine list: {machines}"));
    Ok("it keeps its key, and its local accounts are who they were".to_owned())
}

pub const IMAGE_CLONED: Scene = Scene {
    name: "image-cloned",
    title: "the machine's disk is copied to another machine, which gets a SID of its own",
    run: image_cloned,
};

fn image_cloned(stage: &mut Stage, seen: &mut Seen) -> Result<String> {
    stage.change_machine("machine_sid", "S-1-5-21-2001-2002-2003".into())?;
    damaged(stage, seen)?;
    configured_anew(stage, seen)?;
    Ok("the copied key is not used; the copy is admitted as a machine of its own".to_owned())
}

pub const DATABASE_RESTORED: Scene = Scene {
    name: "database-restored",
    title: "the server's database is restored to before this machine was admitted",
    run: database_restored,
};

fn database_restored(stage: &mut Stage, seen: &mut Seen) -> Result<String> {
    stage.restore_to_before_admission()?;
    seen.line("the server knows the machine's receipt, not the machine:");
    refused_unheard(stage, seen, &ANNA, "could not decide")?;
    offline_user_passes(stage, seen, &OLGA)?;
    let machines = stage.server.cli(&["machine", "list"])?;
    let waiting = machines.as_array().and_then(|rows| rows.first()).context("no machine waits")?;
    let id = crate::demo::people::text(waiting, "machine_id")?;
    seen.line(format!("> trasa-server machine approve {id}"));
    stage.server.cli(&["machine", "approve", &id])?;
    log_on(stage, seen, &ANNA)?;
    Ok("no decision until an administrator approved the machine again; then all is as before".to_owned())
}

pub const SIGNING_KEY_LOST: Scene = Scene {
    name: "signing-key-lost",
    title: "the server's signing key is replaced with the recovery key",
    run: signing_key_lost,
};

fn signing_key_lost(stage: &mut Stage, seen: &mut Seen) -> Result<String> {
    stage.server.stop()?;
    let recovery = stage.recovery_key().display().to_string();
    seen.line("> trasa-server key recover --recovery-key FILE");
    let said = stage.server.cli(&["key", "recover", "--recovery-key", &recovery])?;
    seen.line(format!("  {said}"));
    stage.server.start()?;
    log_on(stage, seen, &ANNA)?;
    let stranger = stage.another_servers_recovery_key()?;
    let refusal = stage.server.cli(&["key", "recover", "--recovery-key", &stranger]);
    let Err(error) = refusal else { bail!("another server's recovery key was taken") };
    seen.line(format!("another server's recovery key: {error:#}"));
    Ok("the machine follows the chain to the new key by itself; a foreign recovery key is refused".to_owned())
}
