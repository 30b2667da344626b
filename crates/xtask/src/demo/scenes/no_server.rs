//! No server, or somebody else in its place.

use anyhow::{Result, bail};
use serde_json::Value;

use super::{
    NOT_REACHED, Scene, Seen, Stage, expect_refused, offline_user_passes, refused_unheard, to_step_2,
    type_code,
};
use crate::demo::host::Scenario;
use crate::demo::people::{ANNA, OLGA};
use crate::demo::stand_in::{Identity, Mode, StandIn};
use crate::server::free_port;

pub const SERVER_STOPPED: Scene = Scene {
    name: "server-stopped",
    title: "the server is stopped: only the listed offline user passes",
    run: server_stopped,
};

fn server_stopped(stage: &mut Stage, seen: &mut Seen) -> Result<String> {
    stage.server.stop()?;
    seen.line("olga is on the list of offline users:");
    offline_user_passes(stage, seen, &OLGA)?;
    seen.line("anna is not, and her code is right:");
    refused_unheard(stage, seen, &ANNA, NOT_REACHED)?;
    Ok("the listed one passes; the other is told that the server is away, not that her code is wrong"
        .to_owned())
}

pub const OFFLINE_USERS_NAME: Scene = Scene {
    name: "offline-users-name",
    title: "an offline user misspelt, in other letters, and renamed",
    run: offline_users_name,
};

fn offline_users_name(stage: &mut Stage, seen: &mut Seen) -> Result<String> {
    let key = stage.office.service_key.clone();
    let (id, address) = (stage.office.service_id.clone(), stage.server.address());
    let set = ["--while-armed", "--skip-tls-verification", "--service-id", &id, "--server", &address];
    let said = stage.set_with(&[&set[..], &["--offline-users", "olgaa"]].concat(), &key)?;
    seen.line(format!("> TrasaConfig set --offline-users olgaa: {}", said.text));
    if said.code == 0 || !said.text.contains("olgaa") {
        bail!("an account that does not exist was taken for an offline user");
    }
    let said = stage.set_with(&[&set[..], &["--offline-users", "OLGA"]].concat(), &key)?;
    seen.line(format!("> TrasaConfig set --offline-users OLGA: {}", said.well("TrasaConfig set")?));
    stage.server.stop()?;
    offline_user_passes(stage, seen, &OLGA)?;
    seen.line("her account is renamed in Windows:");
    let renamed = OLGA.renamed("olga.smith");
    stage.rename(OLGA.name, renamed.name)?;
    offline_user_passes(stage, seen, &renamed)?;
    Ok("a name that is nobody's is refused when it is typed; from then on the account counts, not its spelling"
        .to_owned())
}

pub const SOMETHING_ELSE_ANSWERS: Scene = Scene {
    name: "something-else-answers",
    title: "garbage, an error page or a login page on the server's port: as good as no server",
    run: something_else_answers,
};

fn something_else_answers(stage: &mut Stage, seen: &mut Seen) -> Result<String> {
    // With the server's own TLS key in the wrong hands, so that the questions really reach it.
    let stolen = stage.stolen_identity();
    for (mode, name) in
        [(Mode::Garbage, "garbage"), (Mode::Error500, "an error page"), (Mode::LoginPage, "a login page")]
    {
        let other = stage.replace_server(&stolen, mode)?;
        seen.line(format!("{name}, with the server's TLS key:"));
        offline_user_passes(stage, seen, &OLGA)?;
        refused_unheard(stage, seen, &ANNA, NOT_REACHED)?;
        if other.requests()?.is_empty() {
            bail!("nobody asked the stand-in, so this shows nothing");
        }
    }
    let own = Identity::make(&stage.file(""))?;
    let other = stage.replace_server(&own, Mode::LoginPage)?;
    seen.line("a login page, with a TLS key of its own:");
    refused_unheard(stage, seen, &ANNA, NOT_REACHED)?;
    if was_told_a_code(&other)? {
        bail!("an unknown TLS key was told a one-time code");
    }
    Ok("nobody but the offline user passes, and an unknown TLS key never sees a code".to_owned())
}

pub const FORGED_ALLOW: Scene = Scene {
    name: "forged-allow",
    title: "a man in the middle turns the server's deny into allow, with TLS verification skipped",
    run: forged_allow,
};

fn forged_allow(stage: &mut Stage, seen: &mut Seen) -> Result<String> {
    let stolen = stage.stolen_identity();
    let port = free_port()?;
    let man = stage.man_in_the_middle(&stolen, port)?;
    let wrong = stage.office.wrong_code(&ANNA)?;
    let script = [to_step_2(&ANNA), type_code(&wrong), expect_refused(NOT_REACHED)].concat();
    stage.walk(Scenario::Logon, &script, seen)?;
    if !was_told_a_code(&man)? {
        bail!("the man in the middle was not asked, so this shows nothing");
    }
    Ok("he has the server's TLS key and passes everything on; what he changed is not believed".to_owned())
}

fn was_told_a_code(other: &StandIn) -> Result<bool> {
    let bodies = other.requests()?;
    Ok(bodies
        .iter()
        .filter_map(|request| request.get("body").and_then(Value::as_str))
        .any(|body| body.contains("\"code\"")))
}
