//! Ports that live in memory, for tests here and in other crates (feature `fakes`). Not part of
//! anything that ships.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, clippy::missing_panics_doc)]

mod original;
mod server;
mod tile;
mod windows;
mod world;

pub use server::{FakeServer, Reply};
pub use tile::Tile;
pub use windows::{FakeWindows, WindowsAccount};
pub use world::{FakeClock, FakeFiles, FakeRegistry, World};
