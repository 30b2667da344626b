#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod script;
mod states;
mod trials;
