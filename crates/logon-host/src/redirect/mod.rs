//! Plays the world to a program: its imports are redirected to functions that answer from a `World`.
//!
//! The same code works inside the host, on the provider's DLL, and inside a program that `exec` started.

mod accounts;
mod acl_store;
mod active;
mod buffers;
mod clocks;
mod event_log;
mod event_query;
mod lsa;
mod machine;
mod memory;
mod modules;
mod network;
mod processes;
mod protect;
mod registry;
mod security;
mod sessions;
mod tokens;

use std::ffi::c_void;

pub use active::{Active, activate, active};
pub use modules::{own_path, redirect_module, redirect_program};
pub use processes::{Injector, set_injector};
pub use protect::{is_protected, protect};
pub use security::set_acl;

/// A function of ours that stands in for one of Windows'.
struct Stand {
    name: &'static str,
    function: *const c_void,
}

/// Lists stand-ins by the names of what they replace.
macro_rules! stands {
    ($($name:literal => $function:path,)*) => {
        pub(super) fn stands() -> Vec<crate::redirect::Stand> {
            vec![$(crate::redirect::Stand { name: $name, function: $function as *const std::ffi::c_void },)*]
        }
    };
}
use stands;

/// The stand-in for a function of Windows, by its name.
fn stand_in(name: &str) -> Option<*const c_void> {
    use std::collections::HashMap;
    use std::sync::OnceLock;
    /// Addresses as numbers, because pointers do not cross threads.
    static TABLE: OnceLock<HashMap<&'static str, usize>> = OnceLock::new();
    let table = TABLE.get_or_init(|| {
        [
            accounts::stands(),
            clocks::stands(),
            event_log::stands(),
            event_query::stands(),
            lsa::stands(),
            machine::stands(),
            modules::stands(),
            network::stands(),
            processes::stands(),
            protect::stands(),
            registry::stands(),
            security::stands(),
            sessions::stands(),
            tokens::stands(),
        ]
        .into_iter()
        .flatten()
        .map(|it| (it.name, it.function.expose_provenance()))
        .collect()
    });
    table.get(name).map(|address| std::ptr::with_exposed_provenance(*address))
}
