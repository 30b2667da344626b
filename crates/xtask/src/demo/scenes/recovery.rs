//! What was lost and is had again.

use anyhow::{Context, Result, bail};

use super::{Scene, Seen, Stage, expect_in, expect_refused, log_on, offline_user_passes, refused_unheard};
use crate::demo::host::Scenario;
use crate::demo::people::{ANNA, OLGA};

pub const CONFIGURATION_DELETED: Scene = Scene {
    name: "configuration-deleted",
    title: "the configuration is deleted while armed: damage, not freedom",
    run: configuration_deleted,
};

fn configuration_deleted(stage: &mut Stage, seen: &mut Seen) -> Result<String> {
    stage.delete_configuration()?;
    seen.line(format!("TrasaConfig show: {}", stage.agent_state()?));
    // Nobody can be asked, so there is no step 2.
    let script = format!("start\ntype \"User name\" {}\ntype Password $password\nsubmit\n", OLGA.name);
    stage.walk(Scenario::Logon, &[script, expect_in(&OLGA)].concat(), seen)?;
    let script = "start\nlist\ntype \"User name\" anna\ntype Password $password\nsubmit\n";
    let script = [script, &expect_refused("damaged")].concat();
    stage.walk(Scenario::Logon, &script, seen)?;
    Ok("still guarding: the offline user passes, nobody else does".to_owned())
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
