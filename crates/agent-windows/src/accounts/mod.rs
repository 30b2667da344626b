//! Windows accounts: passwords, names, SIDs.

mod lookup;
mod password;
pub(crate) mod sid;
pub(crate) mod token;

pub use lookup::WindowsAccounts;
pub use password::WindowsPasswords;
