//! A logon at the server: what the agent asked is read here, decided by `decision` over facts of the
//! store, and put into words for the answer, for administrators and for the audit.

pub mod names;
mod read;
mod record;
mod replay;
mod short_code;
pub mod v1;
pub mod waiting;

pub use read::{Question, read};
pub use record::record;
pub use replay::{Replay, replay};
pub use short_code::short_code;
