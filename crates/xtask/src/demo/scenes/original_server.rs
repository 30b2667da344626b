//! Our agent at an original server, as far as that server's protocol allows.

use anyhow::{Result, bail};

use super::{
    NOT_REACHED, Scene, Seen, Stage, expect_in, expect_refused, offline_user_passes, to_step_2, type_code,
};
use crate::demo::host::Scenario;
use crate::demo::original_server::OriginalServer;
use crate::demo::people::{ANNA, OLGA, code_of};
use crate::server::free_port;

/// The stand-in's one user is Anna.
const USER: [&str; 2] = ["--user", ANNA.name];
/// The line that answers the question for the TRASA username.
const TYPE_ANNA: &str = "type \"TRASA username or email address\" anna\n";

pub const ORIGINAL_SERVER: Scene = Scene {
    name: "original-server",
    title: "our agent, set to the original's protocol, at an original server",
    run: original_server,
};

fn original_server(stage: &mut Stage, seen: &mut Seen) -> Result<String> {
    let port = free_port()?;
    let server = stage.original_server(port, &[&USER[..], &["--quirk", "push=approve:4"]].concat())?;
    guard_by(stage, seen, &server)?;
    let code = code_of(&server.kept("totp_secret")?, 0)?;
    let wrong = if code == "123456" { "123457" } else { "123456" };
    let script = [
        to_step_2(&ANNA),
        TYPE_ANNA.to_owned(),
        type_code(wrong),
        "list\nexpect step 2\nexpect never serialized\n".to_owned(),
        type_code(&code),
        expect_in(&ANNA),
    ];
    stage.walk(Scenario::Logon, &script.concat(), seen)?;
    seen.line("a push, approved after 4 s:");
    let script = [to_step_2(&ANNA), TYPE_ANNA.to_owned(), "submit\n".to_owned(), expect_in(&ANNA)];
    stage.walk(Scenario::Logon, &script.concat(), seen)?;
    seen.line("the server stopped:");
    drop(server);
    offline_user_passes(stage, seen, &OLGA)?;
    refused_with_a_code(stage, seen, &code, NOT_REACHED)?;
    Ok("a wrong code stays at step 2, a late approval counts, and without a server only the offline user passes"
        .to_owned())
}

pub const ORIGINAL_ODDITIES: Scene = Scene {
    name: "original-oddities",
    title: "an original server's oddities, and what answers in its place: none of them is an allow",
    run: original_oddities,
};

fn original_oddities(stage: &mut Stage, seen: &mut Seen) -> Result<String> {
    let port = free_port()?;
    let server = stage.original_server(port, &USER)?;
    guard_by_import(stage, seen, &server)?;
    let (secret, key) = (server.kept("totp_secret")?, server.kept("service_key")?);
    drop(server);
    // What is no envelope is no silence either: the offline user is refused as everybody is.
    for (quirk, person) in [
        ("http=500", &OLGA),
        ("portal", &OLGA),
        ("redirect", &OLGA),
        ("truncated", &OLGA),
        ("success-with=INVALID_TOTP", &ANNA),
        ("check-answer", &ANNA),
    ] {
        let server = stage.original_server(port, &[&USER[..], &["--quirk", quirk]].concat())?;
        seen.line(format!("{quirk}:"));
        let code = code_of(&secret, 0)?;
        let script = [to_step_2(person), TYPE_ANNA.to_owned(), type_code(&code), expect_refused("")].concat();
        stage.walk(Scenario::Logon, &script, seen)?;
        if server.requests()?.is_empty() {
            bail!("nobody asked the stand-in, so this shows nothing");
        }
    }
    let odd = ["--quirk", "data=comma", "--quirk", "more-fields", "--quirk", "late=3"];
    let server = stage.original_server(port, &[&USER[..], &odd].concat())?;
    seen.line("a list in comma form, unknown members, 3 s late:");
    let script = [to_step_2(&ANNA), TYPE_ANNA.to_owned(), type_code(&code_of(&secret, 0)?), expect_in(&ANNA)];
    stage.walk(Scenario::Logon, &script.concat(), seen)?;
    drop(server);
    let other = stage.original_server(port, &[&USER[..], &["--tls", "new"]].concat())?;
    seen.line("another TLS key than the one that was pinned:");
    refused_with_a_code(stage, seen, &code_of(&secret, 0)?, NOT_REACHED)?;
    offline_user_passes(stage, seen, &OLGA)?;
    if other.requests()?.iter().any(|request| request.to_string().contains(&key)) {
        bail!("an unknown TLS key was told the ServiceKey");
    }
    Ok("an answer that is no plain allow refuses everybody; what cannot be an answer leaves the offline user"
        .to_owned())
}

/// Sets the machine up for an original server, arms it, and shows what it is then.
fn guard_by(stage: &Stage, seen: &mut Seen, server: &OriginalServer) -> Result<()> {
    stage.config(&["disarm"])?.well("TrasaConfig disarm")?;
    let (id, address) = (server.kept("service_id")?, server.address());
    let words = ["--protocol", "v1", "--service-id", &id, "--server", &address, "--skip-tls-verification"];
    seen.line(format!("> TrasaConfig set {}", words.join(" ")));
    let words = [&words[..], &["--offline-users", OLGA.name]].concat();
    stage.set_with(&words, &server.kept("service_key")?)?.well("TrasaConfig set")?;
    stage.config(&["arm", "--without-trial"])?.well("TrasaConfig arm")?;
    let shown = stage.config(&["show"])?.well("TrasaConfig show")?;
    shown.lines().for_each(|line| seen.line(format!("  {line}")));
    Ok(())
}

/// The same from the file that the original's agents have.
fn guard_by_import(stage: &Stage, seen: &mut Seen, server: &OriginalServer) -> Result<()> {
    stage.config(&["disarm"])?.well("TrasaConfig disarm")?;
    seen.line("> TrasaConfig set --import config.trasa");
    let file = stage.windows_path(&server.config_trasa());
    let words = ["set", "--import", &file, "--offline-users", OLGA.name];
    stage.config(&words)?.well("TrasaConfig set --import")?;
    stage.config(&["arm", "--without-trial"])?.well("TrasaConfig arm").map(drop)
}

fn refused_with_a_code(stage: &mut Stage, seen: &mut Seen, code: &str, text: &str) -> Result<()> {
    let script = [to_step_2(&ANNA), TYPE_ANNA.to_owned(), type_code(code), expect_refused(text)].concat();
    stage.walk(Scenario::Logon, &script, seen).map(drop)
}
