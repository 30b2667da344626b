//! Plays LogonUI to one provider.

mod bitmap;
mod com;
mod events;
mod expectations;
mod filter;
mod library;
mod pictures;
mod random;
mod raw_calls;
mod shared;
mod submit;
mod tile;
mod users;
mod verbs;
mod walk;

pub use pictures::Gallery;
pub use random::run as run_random;
pub use walk::{Options, Outcome, run};
