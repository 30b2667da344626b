//! What whoever looks for a fault asks.

use std::path::{Path, PathBuf};

use agent::ports::TlsExpectation;
use agent_windows::{LoadFault, file_version, load_class, newest_events};

use crate::asking::ask;
use crate::tls_server::{Dates, Identity, Root, Server, ok};

fn in_system32(name: &str) -> PathBuf {
    Path::new(&std::env::var("SystemRoot").unwrap()).join("System32").join(name)
}

#[test]
fn the_end_of_the_certificate_is_told_also_when_it_is_past() {
    let identity = Identity::issued_by(&Root::new("r"), "localhost", Dates::Past);
    let server = Server::start(&identity, ok("{}"));
    let answer = ask(&server, &TlsExpectation::Pinned(vec![identity.key_hash()])).unwrap();
    // 2020-02-01, as the identity says.
    assert_eq!(answer.certificate_ends, Some(1_580_515_200));
}

#[test]
fn files_say_their_version_or_nothing() {
    let version = file_version(&in_system32("kernel32.dll")).unwrap();
    assert!(version.split('.').filter(|part| part.parse::<u32>().is_ok()).count() == 3, "{version}");
    assert_eq!(file_version(&in_system32("no-such-file.dll")), None);
    assert_eq!(file_version(&std::env::temp_dir()), None);
}

#[test]
fn a_dll_that_is_no_class_s_says_why() {
    const NOBODYS: u128 = 0x7B1F_3C52_5E0B_4C7E_9A36_2D64_D1A5_C0FF;
    let load = |name: &str| load_class(&in_system32(name), NOBODYS);
    assert!(matches!(load("no-such-file.dll"), Err(LoadFault::NotLoaded(code)) if code != 0));
    assert_eq!(load("kernel32.dll"), Err(LoadFault::NoExport));
    assert!(matches!(load("ole32.dll"), Err(LoadFault::NoClass(code)) if code < 0));
}

#[test]
fn a_log_that_is_not_there_says_nothing() {
    assert_eq!(newest_events("TRASA no such log", "*", 3), None);
    assert!(newest_events("System", "*", 3).is_none_or(|entries| entries.len() <= 3));
}
