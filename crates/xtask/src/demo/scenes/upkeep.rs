//! What happens to a server in its life: its certificate, its address, its clock.

use anyhow::{Result, bail};

use super::{
    NOT_REACHED, Scene, Seen, Stage, log_on, log_on_again, offline_user_passes, refused, refused_unheard,
};
use crate::demo::clock::DAY_SECS;
use crate::demo::people::{ANNA, OLGA};
use crate::demo::stand_in::Identity;
use crate::server::free_port;

pub const CERTIFICATE_RENEWED: Scene = Scene {
    name: "certificate-renewed",
    title: "the server's certificate renewed with the same key, and with another one announced before",
    run: certificate_renewed,
};

fn certificate_renewed(stage: &mut Stage, seen: &mut Seen) -> Result<String> {
    seen.line("> trasa-server cert renew");
    stage.server.cli(&["cert", "renew"])?;
    stage.server.stop()?;
    stage.server.start()?;
    log_on(stage, seen, &ANNA)?;
    let fresh = Identity::make(&stage.file(""))?;
    seen.line("> trasa-server key accept-tls NEW.pem");
    stage.server.cli(&["key", "accept-tls", &fresh.certificate.display().to_string()])?;
    stage.config(&["report"])?.well("TrasaConfig report")?;
    seen.line("the machine reports within the hour; then the new key is put in place:");
    stage.use_identity(&fresh)?;
    log_on_again(stage, seen, &ANNA)?;
    Ok("nobody notices, with TLS verification skipped and only known keys taken".to_owned())
}

pub const CERTIFICATE_REPLACED: Scene = Scene {
    name: "certificate-replaced",
    title: "another TLS key that nobody announced: the server does not start with it until it is accepted",
    run: certificate_replaced,
};

fn certificate_replaced(stage: &mut Stage, seen: &mut Seen) -> Result<String> {
    let fresh = Identity::make(&stage.file(""))?;
    let Err(error) = stage.use_identity(&fresh) else {
        bail!("the server starts with a key of its own choice")
    };
    let said = format!("{error:#}");
    seen.line(format!("> trasa-server serve: {}", said.lines().last().unwrap_or_default()));
    if !said.contains("key accept-tls") {
        bail!("it does not say what to do");
    }
    seen.line("until somebody says what to do, there is no server:");
    refused_unheard(stage, seen, &ANNA, NOT_REACHED)?;
    offline_user_passes(stage, seen, &OLGA)?;
    seen.line("> trasa-server key accept-tls NEW.pem");
    stage.server.cli(&["key", "accept-tls", &fresh.certificate.display().to_string()])?;
    stage.server.start()?;
    log_on(stage, seen, &ANNA)?;
    Ok("the server says at its start what to do; the machine then finds the new key in the signed list"
        .to_owned())
}

pub const SERVER_MOVED: Scene = Scene {
    name: "server-moved",
    title: "the server moves to another address, and the machine is told by hand",
    run: server_moved,
};

fn server_moved(stage: &mut Stage, seen: &mut Seen) -> Result<String> {
    let port = free_port()?;
    stage.server.stop()?;
    stage.server.move_to(port);
    stage.server.start()?;
    refused_unheard(stage, seen, &ANNA, NOT_REACHED)?;
    offline_user_passes(stage, seen, &OLGA)?;
    seen.line("> TrasaConfig set --server NEW --while-armed …");
    let key = stage.office.service_key.clone();
    stage.set(&key, &["--while-armed"])?.well("TrasaConfig set")?;
    if stage.agent_state()? != "armed" {
        bail!("the machine should still be armed");
    }
    log_on(stage, seen, &ANNA)?;
    Ok("only the offline user passes until the machine knows the new address; armed all the time".to_owned())
}

pub const MACHINES_CLOCK_OFF: Scene = Scene {
    name: "machines-clock-off",
    title: "the machine's clock a day fast, then a day slow: nobody notices",
    run: machines_clock_off,
};

fn machines_clock_off(stage: &mut Stage, seen: &mut Seen) -> Result<String> {
    seen.line("a day fast:");
    stage.change_machine("time_offset_s", DAY_SECS.into())?;
    log_on(stage, seen, &ANNA)?;
    seen.line("a day slow:");
    stage.change_machine("time_offset_s", (-DAY_SECS).into())?;
    log_on_again(stage, seen, &ANNA)?;
    Ok("the server says what time it is, signed, and the machine goes by that for the logon".to_owned())
}

pub const SERVERS_CLOCK_OFF: Scene = Scene {
    name: "servers-clock-off",
    title: "the server's clock a day fast, then a day slow: codes are refused, and it heals with the clock",
    run: servers_clock_off,
};

fn servers_clock_off(stage: &mut Stage, seen: &mut Seen) -> Result<String> {
    seen.line("a day fast:");
    refused_by_a_clock_off(stage, seen, DAY_SECS)?;
    seen.line("and right again:");
    log_on(stage, seen, &ANNA)?;
    seen.line("a day slow:");
    refused_by_a_clock_off(stage, seen, -DAY_SECS)?;
    seen.line("and right again:");
    log_on_again(stage, seen, &ANNA)?;
    Ok("the phone's right code is refused and counted as a wrong one; it is right as soon as the clock is"
        .to_owned())
}

fn refused_by_a_clock_off(stage: &mut Stage, seen: &mut Seen, secs: i64) -> Result<()> {
    stage.turn_servers_clock(secs)?;
    refused(stage, seen, &ANNA, "code is wrong")?;
    stage.turn_servers_clock(0)
}
