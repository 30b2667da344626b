//! Windows accounts: passwords, names, SIDs.

mod administrators;
mod local;
mod lookup;
mod password;
pub(crate) mod sid;
pub(crate) mod token;

pub use administrators::local_administrators;
pub use local::{LocalAccount, local_accounts};
pub use lookup::WindowsAccounts;
pub use password::WindowsPasswords;
