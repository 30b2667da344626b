//! Passwords and one-time codes.

use anyhow::{Result, bail};

use super::{Scene, Seen, Stage, expect_in, newest_logon, to_step_2, type_code};
use crate::demo::host::Scenario;
use crate::demo::people::ANNA;

pub const WRONG_PASSWORD: Scene = Scene {
    name: "wrong-password",
    title: "a wrong password stops at Windows; the server hears nothing",
    run: wrong_password,
};

fn wrong_password(stage: &mut Stage, seen: &mut Seen) -> Result<String> {
    let script = "start\nlist\ntype \"User name\" anna\ntype Password not-her-password\nsubmit\n\
        list\nexpect step 1\nexpect text \"incorrect\"\nexpect never serialized\n";
    stage.walk(Scenario::Logon, script, seen)?;
    let logons = stage.logons()?;
    if !logons.is_empty() {
        bail!("the server heard of it: {logons:?}");
    }
    Ok("Windows' own message at step 1, and no logon at the server".to_owned())
}

pub const WRONG_CODE: Scene = Scene {
    name: "wrong-code",
    title: "the right password and a wrong code: stays at step 2",
    run: wrong_code,
};

fn wrong_code(stage: &mut Stage, seen: &mut Seen) -> Result<String> {
    let wrong = stage.office.wrong_code(&ANNA)?;
    let right = stage.office.code(&ANNA)?;
    let script = [
        to_step_2(&ANNA),
        type_code(&wrong),
        "list\nexpect step 2\nexpect text \"code is wrong\"\nexpect never serialized\n".to_owned(),
        // The password is kept: only the code is typed again.
        type_code(&right),
        expect_in(&ANNA),
    ];
    stage.walk(Scenario::Logon, &script.concat(), seen)?;
    Ok("refused at step 2 with the password kept; the right code then lets her in".to_owned())
}

pub const RIGHT_CODE: Scene = Scene {
    name: "right-code",
    title: "the right password and the right code: Windows gets the right account",
    run: right_code,
};

fn right_code(stage: &mut Stage, seen: &mut Seen) -> Result<String> {
    super::log_on(stage, seen, &ANNA)?;
    newest_logon(stage, "allow", "code_accepted")?;
    Ok(format!("the credential handed to Windows is {}, with the password that was checked", ANNA.account()))
}

pub const SAME_CODE_AGAIN: Scene = Scene {
    name: "same-code-again",
    title: "a code that was used once is worth nothing",
    run: same_code_again,
};

fn same_code_again(stage: &mut Stage, seen: &mut Seen) -> Result<String> {
    let code = stage.office.code(&ANNA)?;
    let first = [to_step_2(&ANNA), type_code(&code), expect_in(&ANNA)].concat();
    stage.walk(Scenario::Logon, &first, seen)?;
    seen.line("And the same code again:");
    let second = [
        to_step_2(&ANNA),
        type_code(&code),
        "list\nexpect step 2\nexpect text \"already been used\"\nexpect never serialized\n".to_owned(),
    ];
    stage.walk(Scenario::Logon, &second.concat(), seen)?;
    newest_logon(stage, "deny", "code_used")?;
    Ok("refused, and told why".to_owned())
}
