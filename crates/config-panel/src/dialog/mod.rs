//! The configuration panel "TrasaWIN": what TrasaConfig.exe is without a command line.
//!
//! What it shows and does is decided in [`model`], which takes events and gives actions and is tested
//! everywhere. `window` is the thin shell: a dialog of Windows that shows what the model says. What
//! takes time runs as a [`job`] on a thread of its own, through the same functions as the commands,
//! and can be cancelled.

pub mod diagnosis;
pub mod form;
pub mod ids;
pub mod job;
pub mod model;
pub mod question;
pub mod standing;
pub mod start;
pub mod texts;
pub mod trial;
pub mod view;
#[cfg(windows)]
mod window;

#[cfg(test)]
mod tests;

#[cfg(windows)]
pub(crate) use window::{leave_console, run};
