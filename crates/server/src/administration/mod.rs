//! What administrators do, the same for command line, dashboard and programs, where it is more than one
//! operation of the [store](crate::store).

pub mod devices;
pub mod policies;
pub mod services;
