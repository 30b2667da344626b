//! What the command line and the panel's window both do, without console and without window: values
//! in, values out, nothing printed. A window calls it from a worker thread.

#[cfg(test)]
mod accidents;
pub mod arm;
pub mod check;
pub mod diagnosis;
pub mod disarm;
pub mod import;
pub mod trial;
pub mod unattended;
pub mod verify_and_save;
