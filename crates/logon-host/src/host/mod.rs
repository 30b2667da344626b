//! Plays LogonUI to one provider.

mod com;
mod events;
mod expectations;
mod filter;
mod library;
mod raw_calls;
mod shared;
mod submit;
mod tile;
mod verbs;
mod walk;

pub use walk::{Options, Outcome, run};
