//! `TrasaWin.msi` and the policy templates, from one typed description.
//!
//! [`trasa`] says what is installed where and what happens then; [`database`] writes that down in Windows Installer's
//! tables, [`pages`] adds what a person sees. The rest are the pieces: identities, cabinet, versions of files. Nothing
//! here runs on Windows, and nothing decides: what an installation does to a machine, `TrasaConfig.exe` does.
#![forbid(unsafe_code)]

pub mod cabinet;
pub mod database;
pub mod description;
pub mod file_version;
pub mod identity;
pub mod pages;
pub mod policy;
pub mod schema;
pub mod sequence;
pub mod trasa;
