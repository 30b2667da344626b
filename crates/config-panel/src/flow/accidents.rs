//! Accidents, each with who gets in meanwhile, what the tile says, and how it heals.
//!
//! The computer and its server are the fakes of [`agent::testing`]; what happens with the DLL that ships
//! and a real server, the demo's scenes show.

mod at_the_server;
mod in_the_configuration;
mod on_the_computer;

use crate::testing::{Fixture, lets_in};
use agent::config::{self, State};
use agent::ports::TransportError;
use agent::testing::{Reply, Tile};

/// Armed with these offline users, at a server that lets in `bat` (an administrator) and `anna`.
fn armed(offline: &str) -> Fixture {
    let fixture = Fixture::ready(offline);
    lets_in(&fixture, &["bat", "anna"]);
    let ran = fixture.run("arm --without-trial --without-offline-user");
    assert_eq!(ran.exit, 0, "{ran:?}");
    fixture
}

/// Whether somebody with the right password and code gets in, and else what the tile says.
fn try_as(fixture: &Fixture, user: &str) -> Result<(), String> {
    let mut tile = Tile::open(&fixture.world);
    tile.type_credentials(user, "right");
    tile.submit();
    // A damaged agent asks for no second factor: nobody could look at it. Who is refused at step 1 reads
    // why there.
    let passed = tile.serialize().is_some()
        || (tile.logon.step() == "second-factor"
            && tile.second_factor("somebody@example.com", "287082").is_some());
    if passed { Ok(()) } else { Err(tile.status()) }
}

fn gets_in(fixture: &Fixture, user: &str) {
    assert_eq!(try_as(fixture, user), Ok(()), "{user}");
}

fn is_told(fixture: &Fixture, user: &str, text: &str) {
    let told = try_as(fixture, user).expect_err(user);
    assert!(told.contains(text), "{user}: {told}");
}

fn state(fixture: &Fixture) -> &'static str {
    config::load(&fixture.world.services).state.name()
}

/// The way back that the texts name.
fn set_anew(fixture: &Fixture, offline: &str) {
    assert_eq!(fixture.run("disarm").exit, 0);
    fixture.world.server.unscript();
    assert_eq!(fixture.set(&format!("--offline-users={offline}")).exit, 0);
    lets_in(fixture, &["bat", "anna"]);
    let ran = fixture.run("arm --without-trial --without-offline-user");
    assert_eq!(ran.exit, 0, "{ran:?}");
    assert_eq!(config::load(&fixture.world.services).state, State::Armed);
}

fn cut_off(fixture: &Fixture) {
    fixture.world.server.script(|_, _, _| Reply::Fails(TransportError::Connect));
}

const NO_SERVER: &str = "The TRASA server could not be reached";
