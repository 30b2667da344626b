//! What the agent keeps on the machine: files, registry values, and what guards them.

mod files;
mod key;
mod policies;
mod seal;
mod security;
mod state;

pub use files::WindowsFiles;
pub use key::{Key, ValueError};
pub use policies::WindowsPolicies;
pub use seal::MachineSeal;
pub use state::WindowsState;
