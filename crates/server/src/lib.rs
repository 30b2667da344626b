//! `trasa-server`: decides every Windows logon of an organisation.
//!
//! - [`http`]: what is served; [`serve`]: TLS, listening, drain.
//! - [`logon`], [`admission`], [`heartbeat`]: what a call of an agent comes to.
//! - [`store`]: the one interface to the database; no SQL exists elsewhere.
//! - [`administration`]: what administrators do, for command line, pages and programs alike.
//! - [`administrators`]: who administers, and how they sign in.
//! - [`sealing`]: secrets at rest. [`keys`]: the server's own keys. [`audit`]: rows and segments.
//! - [`cli`]: the command line, usable while the server runs.
#![forbid(unsafe_code)]

pub mod administration;
pub mod administrators;
pub mod admission;
pub mod app;
pub mod audit;
pub mod backup;
pub mod cli;
pub mod clock;
pub mod dates;
pub mod folder;
pub mod heartbeat;
pub mod http;
pub mod init;
pub mod keys;
pub mod logon;
pub mod names;
pub mod random;
pub mod sealing;
pub mod serve;
pub mod store;
