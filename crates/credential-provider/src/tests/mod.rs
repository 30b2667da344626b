//! The DLL's objects, called as LogonUI calls them, in front of a world that lives in memory.
//!
//! The calls go through the `windows` crate's own interface definitions, so a method at a wrong place in a table of
//! this crate would show.
#![allow(clippy::multiple_unsafe_ops_per_block, reason = "each block says the same of all calls in it")]
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on ends there")]

mod calls;
mod logons;
mod orders;
mod ui;

use crate::com::Fault;
use agent::services::Services;
use std::cell::{Cell, RefCell};

thread_local! {
    #[allow(clippy::missing_const_for_thread_local, reason = "it is const; the lint does not see that on this target")]
    static SERVICES: RefCell<Option<Services>> = const { RefCell::new(None) };
}

thread_local! {
    #[allow(clippy::missing_const_for_thread_local, reason = "it is const; the lint does not see that on this target")]
    static IN_CONSENT: Cell<bool> = const { Cell::new(false) };
}

/// Whether this thread plays consent.exe.
pub(crate) fn is_consent() -> bool {
    IN_CONSENT.get()
}

/// What the objects made on this thread find.
pub(crate) fn services() -> Services {
    SERVICES.with_borrow(|services| services.clone()).expect("the test has set a world")
}

/// What Wine cannot tell.
pub(crate) const fn negotiate() -> Result<u32, Fault> {
    Ok(11)
}
