//! The tile: what LogonUI sees of a logon.

#[cfg(windows)]
mod connectable;
#[cfg(windows)]
mod credential;
#[cfg(windows)]
mod fields;
mod screen;
#[cfg(windows)]
mod stage;
#[cfg(windows)]
mod timer;
#[cfg(windows)]
mod values;

#[cfg(windows)]
pub(crate) use credential::Tile;
#[cfg(windows)]
pub(crate) use fields::descriptor;
#[cfg(windows)]
pub(crate) use stage::{Bell, Stage};
