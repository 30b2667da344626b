//! The Windows services that the TRASA agent needs, each behind a trait of `agent::ports`.
//!
//! Empty on other systems, so that the workspace builds everywhere. Every function of Windows is imported by name from
//! a DLL that Windows 7 has; README.md lists them.
#![cfg(windows)]

mod accounts;
mod clock;
mod console_input;
mod elevation;
mod event_log;
mod event_query;
mod http;
mod machine;
mod module_pin;
mod named_file;
mod network;
mod programs;
mod random;
mod session;
mod storage;
mod tasks;
mod wide;
mod win_error;

use std::sync::Arc;

pub use accounts::{LocalAccount, WindowsAccounts, WindowsPasswords, local_accounts, local_administrators};
pub use clock::WindowsClock;
pub use console_input::{console_line, without_echo};
pub use elevation::is_elevated;
pub use event_log::WindowsEventLog;
pub use event_query::newest_events;
pub use http::{WinHttp, machine_proxy};
pub use machine::WindowsMachine;
pub use named_file::NamedFile;
pub use network::WindowsNetwork;
pub use programs::{LoadFault, file_version, load_class};
pub use random::SystemRandom;
pub use session::WindowsSession;
pub use storage::{Key, MachineSeal, ValueError, WindowsFiles, WindowsPolicies, WindowsState};
pub use tasks::{TaskError, register_task, remove_task, task_xml};

/// Windows, as the agent takes it. Nothing is opened or asked yet.
#[must_use]
pub fn services() -> agent::services::Services {
    agent::services::Services {
        transport: Arc::new(WinHttp::new()),
        password: Arc::new(WindowsPasswords),
        lookup: Arc::new(WindowsAccounts),
        machine: Arc::new(WindowsMachine),
        session: Arc::new(WindowsSession),
        network: Arc::new(WindowsNetwork),
        clock: Arc::new(WindowsClock),
        random: Arc::new(SystemRandom),
        files: Arc::new(WindowsFiles::new()),
        seal: Arc::new(MachineSeal),
        registry: Arc::new(WindowsState::default()),
        policies: Arc::new(WindowsPolicies),
        events: Arc::new(WindowsEventLog),
    }
}
