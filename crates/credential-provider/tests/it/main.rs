//! The DLL as it is built, from outside: what it exports and imports, and that it can be loaded, used and unloaded.
#![cfg(windows)]
#![allow(
    clippy::multiple_unsafe_ops_per_block,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on ends there"
)]

mod file;
mod loaded;

use std::path::PathBuf;

/// The DLL that ships: what `./x build` put into dist/, or a build with profile `windows`, whichever is newer.
fn dll() -> PathBuf {
    let program = std::env::current_exe().expect("this program has a path");
    let profile = program.parent().and_then(|deps| deps.parent()).expect("target/…/PROFILE/deps");
    let dist = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../dist/TrasaCP.dll");
    let built = profile.join("../windows/TrasaCP.dll");
    let age = |path: &PathBuf| std::fs::metadata(path).and_then(|file| file.modified()).ok();
    let newest = [dist, built].into_iter().filter(|path| age(path).is_some()).max_by_key(age);
    newest.expect("build the DLL first: ./x build, or cargo build --profile windows -p credential-provider")
}
