//! Other kinds of logon, and not guarding.

use anyhow::{Result, bail};

use super::{Scene, Seen, Stage, expect_in, newest_logon, to_step_2, type_code};
use crate::demo::host::{Scenario, WINDOWS_CLSID};
use crate::demo::people::{ANNA, BOB, SERVICE};

pub const WATCH_MODE: Scene = Scene {
    name: "watch-mode",
    title: "a service that only watches lets everybody pass and records what it would have refused",
    run: watch_mode,
};

fn watch_mode(stage: &mut Stage, seen: &mut Seen) -> Result<String> {
    stage.server.cli(&["service", "set", SERVICE, "--mode", "watch", "--until", "2099-12-31"])?;
    stage.config(&["report"])?.well("TrasaConfig report")?;
    let script = [to_step_2(&BOB), "submit\n".to_owned(), expect_in(&BOB)].concat();
    stage.walk(Scenario::Logon, &script, seen)?;
    newest_logon(stage, "allow", "watch")?;
    Ok("bob, who has no access, passes; the log says what guarding would have done".to_owned())
}

pub const DISARMED: Scene =
    Scene { name: "disarmed", title: "disarmed: Windows exactly as before", run: disarmed };

fn disarmed(stage: &mut Stage, seen: &mut Seen) -> Result<String> {
    stage.config(&["disarm"])?.well("TrasaConfig disarm")?;
    let state = stage.agent_state()?;
    seen.line(format!("TrasaConfig show: {state}"));
    if state != "verified" {
        bail!("disarmed, the machine should be verified, and it is {state}");
    }
    let script =
        format!("raw SetUsageScenario logon\nexpect hresult E_NOTIMPL\nexpect remains {WINDOWS_CLSID}\n");
    stage.walk(Scenario::Logon, &script, seen)?;
    Ok("no tile of ours, and Windows' own password provider is back".to_owned())
}

pub const UNLOCK: Scene =
    Scene { name: "unlock", title: "the session's owner unlocks it with a code", run: unlock };

fn unlock(stage: &mut Stage, seen: &mut Seen) -> Result<String> {
    let code = stage.office.code(&ANNA)?;
    let script = [
        "start\nlist\ntype Password $password(PC-07\\anna)\nsubmit\nexpect step 2\nlist\n".to_owned(),
        type_code(&code),
        expect_in(&ANNA),
    ];
    stage.walk(Scenario::Unlock(ANNA.name), &script.concat(), seen)?;
    newest_logon(stage, "allow", "code_accepted")?;
    Ok("the owner's name is filled in; password and code unlock".to_owned())
}

pub const RDP_WITH_NLA: Scene = Scene {
    name: "rdp-with-nla",
    title: "Remote Desktop, where Windows already knows the password: opens at step 2",
    run: rdp_with_nla,
};

fn rdp_with_nla(stage: &mut Stage, seen: &mut Seen) -> Result<String> {
    let code = stage.office.code(&ANNA)?;
    let script = [
        format!("nla {} $password({})\nstart\nexpect step 2\nlist\n", ANNA.account(), ANNA.account()),
        type_code(&code),
        expect_in(&ANNA),
    ];
    stage.walk(Scenario::Rdp, &script.concat(), seen)?;
    newest_logon(stage, "allow", "code_accepted")?;
    Ok("no second typing of the password, and no way round the code".to_owned())
}

pub const RANDOM_ORDERS: Scene = Scene {
    name: "random-orders",
    title: "calls in random orders, with nulls and indices out of range: no credential, no crash, no hang",
    run: random_orders,
};

/// The same walks each time.
const SEED: u32 = 2_025;
/// Walks from each beginning.
const WALKS: u32 = 40;

fn random_orders(stage: &mut Stage, seen: &mut Seen) -> Result<String> {
    // Bob has a password and a device, and no access: whatever is done, nothing may come out.
    let people = [BOB];
    for (scenario, beginning, script) in [
        (Scenario::Logon, "an untouched tile", "start\n".to_owned()),
        (Scenario::Logon, "step 2", to_step_2(&BOB)),
        (Scenario::Rdp, "a credential that came by Remote Desktop", {
            let account = BOB.account();
            format!("nla {account} $password({account})\nstart\n")
        }),
    ] {
        stage.walk_at_random((scenario, &people), &script, (SEED, WALKS))?;
        seen.line(format!("{WALKS} walks from {beginning}"));
    }
    Ok("no order of calls leads to a credential".to_owned())
}
