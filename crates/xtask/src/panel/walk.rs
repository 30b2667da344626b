//! From an empty panel to a guarded logon and back.

use std::time::Duration;

use anyhow::{Result, bail, ensure};

use super::Stage;
use super::screen::Screen;
use crate::demo::people::{ANNA, OLGA};
use crate::demo::windows;

/// The panel's window, and its message boxes.
const PANEL: &str = "TrasaWIN";
/// The trial logon's window.
const TRIAL: &str = "Trial logon";
/// How to copy what the panel says.
const NEWS: &[&str] = &["alt+g"];
/// Nothing selected in the messages any more, and the focus behind them.
const CALM: &[&str] = &["ctrl+Home", "Tab"];
/// Large enough for the panel at 200 %.
const SIZE: &str = "1800x1200";

pub(super) fn walk(stage: &mut Stage) -> Result<usize> {
    let mut screen = Screen::open(SIZE, &stage.folder)?;
    let took = begin(stage, &mut screen, "panel")?;
    println!("  the panel's window was there {} ms after its start under Wine", took.as_millis());
    screen.photograph("empty")?;
    configure(stage, &screen)?;
    check_and_try(stage, &screen)?;
    arm(stage, &screen)?;
    close(&mut screen)?;
    damaged(stage, &mut screen)?;
    long_values(stage, &mut screen)?;
    resolutions(stage, &mut screen)?;
    without_rights(stage, &mut screen)?;
    Ok(screen.taken())
}

/// Starts the panel in a desktop of this name and waits until it has looked at the computer and takes keys; gives how
/// long its window took. The ServiceID is empty each time.
fn begin(stage: &Stage, screen: &mut Screen, desktop: &str) -> Result<Duration> {
    let took = screen.start(&mut stage.panel(desktop, SIZE), PANEL)?;
    screen.says(&["alt+i", "asterisk"], "*")?;
    // What was copied is selected.
    screen.press(&["Delete"])?;
    Ok(took)
}

/// Every fault stands beside its field, and nothing is saved before the server has proved the key.
fn configure(stage: &Stage, screen: &Screen) -> Result<()> {
    screen.press(&["Return"])?;
    screen.says(NEWS, "What is wrong stands below each field")?;
    screen.press(&["alt+i"])?;
    screen.photograph("fields-missing")?;
    let address = stage.server.address();
    screen.fill("alt+i", &stage.office.service_id)?;
    screen.fill("alt+k", &stage.office.service_key)?;
    screen.fill("alt+e", &address)?;
    screen.fill("alt+o", OLGA.name)?;
    screen.press(&["Return"])?;
    // The focus is in the field that is wrong; the messages name the certificate's key.
    screen.says(NEWS, "Skip TLS verification")?;
    screen.press(CALM)?;
    screen.photograph("certificate")?;
    ensure!(stage.state_name()? == "absent", "saved although the certificate is not trusted");

    screen.press(&["alt+t"])?;
    screen.fill("alt+e", "localhost:1")?;
    screen.press(&["Return"])?;
    screen.says(NEWS, "TRASA host value is invalid")?;
    screen.press(CALM)?;
    screen.photograph("unreachable")?;
    screen.fill("alt+e", &address)?;
    screen.fill("alt+o", "nobdoy")?;
    screen.press(&["Return"])?;
    screen.says(NEWS, "Offline user nobdoy")?;
    screen.press(CALM)?;
    screen.photograph("account-not-found")?;
    screen.fill("alt+o", OLGA.name)?;
    // Half a key has no form; a whole one of somebody else's does not fit.
    screen.fill("alt+k", stage.office.service_key.split('.').next().unwrap_or_default())?;
    screen.press(&["Return"])?;
    screen.says(NEWS, "no ServiceKey and no token")?;
    let other = stage.office.service_key.replace(['a', 'b', 'c', 'd', 'e'], "f");
    screen.fill("alt+k", &other)?;
    screen.press(&["Return"])?;
    screen.says(NEWS, "check your configurations again")?;
    screen.press(CALM)?;
    screen.photograph("wrong-key")?;
    ensure!(stage.state_name()? == "absent", "saved with a wrong key");

    screen.fill("alt+k", &stage.office.service_key)?;
    screen.press(&["Return"])?;
    let said = screen.says(NEWS, "Successfully verified and saved config data.")?;
    ensure!(said.contains(&format!("{} -> {}", OLGA.name, OLGA.account())), "{said}");
    screen.press(CALM)?;
    screen.photograph("saved")?;
    ensure!(stage.state_name()? == "verified", "said to be saved, and is not");
    // The key is gone from its field: nothing can be copied out of it.
    ensure!(screen.says(&["alt+k"], "")?.is_empty(), "the ServiceKey stands there still");
    Ok(())
}

fn check_and_try(stage: &Stage, screen: &Screen) -> Result<()> {
    screen.press(&["alt+c"])?;
    let said = screen.says(NEWS, "Next: Try, then Arm.")?;
    ensure!(said.contains(&ANNA.account()), "the check names nobody: {said}");
    screen.press(CALM)?;
    screen.photograph("checked")?;

    screen.press(&["alt+y"])?;
    screen.until(TRIAL, 1)?;
    // The first page may still be on its way; what is typed before would be lost.
    screen.says(&["alt+u", "asterisk"], "*")?;
    screen.press(&["BackSpace"])?;
    screen.photograph("trial-password")?;
    screen.fill("alt+u", ANNA.name)?;
    screen.fill("alt+p", ANNA.password)?;
    screen.press(&["Return"])?;
    // From the code the Tab key leads to what the tile says.
    const TILE: &[&str] = &["alt+d", "Tab"];
    screen.says(TILE, "Signing in as")?;
    screen.fill("alt+u", ANNA.name)?;
    screen.fill("alt+d", "000000")?;
    screen.press(&["Return"])?;
    screen.says(TILE, "wrong")?;
    screen.press(&["ctrl+Home", "alt+d"])?;
    screen.photograph("trial-code-wrong")?;
    screen.fill("alt+d", &stage.office.code(&ANNA)?)?;
    screen.press(&["Return"])?;
    screen.until(TRIAL, 0)?;
    let said = screen.says(NEWS, "trial logon")?;
    ensure!(said.contains("passed"), "{said}");
    ensure!(!stage.state()?["trial"].is_null(), "the trial is not written down");
    Ok(())
}

fn arm(stage: &Stage, screen: &Screen) -> Result<()> {
    screen.press(&["alt+a"])?;
    screen.until(PANEL, 2)?;
    screen.photograph("arm-question")?;
    // Enter is no: nothing is armed by leaning on the keyboard.
    screen.press(&["Return"])?;
    screen.until(PANEL, 1)?;
    ensure!(stage.state_name()? == "verified", "armed without a yes");
    screen.press(&["alt+a"])?;
    screen.until(PANEL, 2)?;
    screen.press(&["alt+y"])?;
    screen.says(NEWS, "guarded from now on")?;
    screen.press(CALM)?;
    screen.photograph("armed")?;
    let state = stage.state()?;
    ensure!(state["state"] == "armed" && state["probation_until"].is_number(), "{state}");
    Ok(())
}

fn close(screen: &mut Screen) -> Result<()> {
    screen.press(&["Escape"])?;
    screen.ended()
}

/// A deleted file is damage; the panel says so and takes the guard off.
fn damaged(stage: &Stage, screen: &mut Screen) -> Result<()> {
    std::fs::remove_file(windows::configuration(&stage.place()))?;
    begin(stage, screen, "damaged")?;
    screen.photograph("damaged")?;
    screen.press(&["alt+d"])?;
    screen.until(PANEL, 2)?;
    screen.press(&["alt+y"])?;
    screen.says(NEWS, "no longer guarded")?;
    ensure!(stage.state_name()? == "absent", "still guarding");
    close(screen)
}

/// Values far longer than their fields; Escape asks before it throws them away.
fn long_values(stage: &Stage, screen: &mut Screen) -> Result<()> {
    begin(stage, screen, "long")?;
    let names: Vec<String> = (1..=12).map(|n| format!("PC-07\\administrator-{n}")).collect();
    let servers: Vec<String> = (1..=6).map(|n| format!("trasa-{n}.a-long-name.example.com:8443")).collect();
    screen.fill("alt+i", &"x".repeat(80))?;
    screen.fill("alt+e", &servers.join(","))?;
    screen.fill("alt+o", &names.join(","))?;
    screen.press(&["alt+s"])?;
    screen.says(NEWS, "What is wrong")?;
    screen.press(CALM)?;
    screen.photograph("long-values")?;
    let copied = screen.says(&["alt+e"], "trasa-1.")?;
    ensure!(copied == servers.join(","), "a long value is cut off: {copied}");
    screen.press(&["Escape"])?;
    screen.until(PANEL, 2)?;
    screen.press(&["alt+y"])?;
    screen.ended()
}

/// Everything grows with the screen's resolution.
fn resolutions(stage: &Stage, screen: &mut Screen) -> Result<()> {
    let mut sizes = Vec::new();
    for percent in [100, 150, 200] {
        stage.resolution(96 * percent / 100)?;
        begin(stage, screen, &format!("at-{percent}"))?;
        sizes.push((percent, screen.size(PANEL)?));
        screen.press(&["Return"])?;
        screen.says(NEWS, "What is wrong")?;
        screen.press(CALM)?;
        screen.photograph(&format!("at-{percent}-percent"))?;
        close(screen)?;
    }
    stage.resolution(96)?;
    let (_, at_100) = sizes[0];
    for (percent, (width, height)) in &sizes {
        let grown = |now: u32, was: u32| f64::from(now) / f64::from(was) * 100.0;
        for grown in [grown(*width, at_100.0), grown(*height, at_100.1)] {
            if (grown - f64::from(*percent)).abs() > 15.0 {
                bail!("at {percent} % the panel has {width}x{height}, at 100 % {at_100:?}");
            }
        }
    }
    Ok(())
}

/// Without an administrator's rights the panel starts itself anew, and a command says exit code 4.
fn without_rights(stage: &mut Stage, screen: &mut Screen) -> Result<()> {
    stage.without_rights()?;
    let (code, said) = stage.command(&["show", "--json"])?;
    ensure!(code == Some(4), "show ended with {code:?}: {said}");
    // The second one is started by Windows, outside of the world, where it has the rights.
    begin(stage, screen, "rights")?;
    screen.photograph("started-anew")?;
    screen.press(&["Escape"])?;
    screen.until(PANEL, 0)
}
