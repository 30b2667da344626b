//! The dashboard over HTTP, as a browser meets it.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod administrators;
mod api;
mod browser;
mod doors;
mod machines;
mod people;
mod routes;
