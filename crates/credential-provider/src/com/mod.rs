//! What any COM server in a DLL needs: exports, class factory, life time, guarded methods, owned memory.

mod exports;
mod factory;
mod fault;
mod guard;
pub(crate) mod interfaces;
mod lifetime;
mod task_memory;

pub(crate) use factory::PROVIDER_CLSID;
pub(crate) use fault::Fault;
#[cfg(not(test))]
pub(crate) use guard::listen;
pub(crate) use guard::{guard, guarded, install_panic_hook, lock, out};
pub(crate) use lifetime::{ModuleReference, ObjectCount};
pub(crate) use task_memory::{CoTaskMemString, SecretTaskMemory, TaskMemory};
