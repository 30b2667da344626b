//! Files and registry values, on a system that keeps access control lists and on one that does not.
//!
//! Wine's file systems keep no list as it was set. There everything that is written must read as `Loose`: that is what
//! the agent promises about a place that lets others in.

use std::path::PathBuf;

use agent::ports::{Armed, ProtectedFile, ProtectedFiles as _, StateRegistry as _, StateValue, Stored};
use agent_windows::{Key, WindowsFiles, WindowsState};

fn scratch(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("trasa-{name}-{}", std::process::id()));
    let _may_not_exist = std::fs::remove_dir_all(&folder);
    folder
}

/// What a written file reads as here.
fn expected(files: &WindowsFiles, bytes: &[u8]) -> Stored {
    files.write(ProtectedFile::Agent, b"probe").unwrap();
    match files.read(ProtectedFile::Agent) {
        Stored::Loose => Stored::Loose,
        _ => Stored::Bytes(bytes.to_vec()),
    }
}

#[test]
fn a_file_is_written_as_a_whole() {
    let folder = scratch("whole");
    let files = WindowsFiles::in_folder(folder.clone());
    assert_eq!(files.read(ProtectedFile::Agent), Stored::Missing);
    files.remove(ProtectedFile::Agent).unwrap();
    for content in [b"one".as_slice(), b"", &[0xA5; 100_000]] {
        let expected = expected(&files, content);
        files.write(ProtectedFile::Agent, content).unwrap();
        assert_eq!(files.read(ProtectedFile::Agent), expected);
        assert_eq!(std::fs::read(folder.join("agent.json")).unwrap(), content);
    }
    // What a cut-off write left beside the file is in nobody's way.
    std::fs::write(folder.join("agent.json.new"), b"half").unwrap();
    files.write(ProtectedFile::Agent, b"two").unwrap();
    assert_eq!(std::fs::read(folder.join("agent.json")).unwrap(), b"two");
    assert!(!folder.join("agent.json.new").exists());
    files.remove(ProtectedFile::Agent).unwrap();
    assert_eq!(files.read(ProtectedFile::Agent), Stored::Missing);
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn lines_are_appended() {
    let folder = scratch("lines");
    let files = WindowsFiles::in_folder(folder.clone());
    files.append(ProtectedFile::OfflineLog, "{\"a\":1}").unwrap();
    files.append(ProtectedFile::OfflineLog, "{\"b\":2}").unwrap();
    let content = std::fs::read_to_string(folder.join("offline-log.jsonl")).unwrap();
    assert_eq!(content, "{\"a\":1}\n{\"b\":2}\n");
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn a_place_that_is_no_folder_is_not_written_to() {
    let folder = scratch("nofolder");
    std::fs::write(&folder, b"a file").unwrap();
    let files = WindowsFiles::in_folder(folder.clone());
    assert!(files.write(ProtectedFile::Agent, b"x").is_err());
    assert!(files.append(ProtectedFile::OfflineLog, "x").is_err());
    assert!(!matches!(files.read(ProtectedFile::Agent), Stored::Bytes(_)));
    std::fs::remove_file(folder).unwrap();
}

/// Everybody may make a folder in `ProgramData` before we do, and put links into it.
#[test]
fn what_somebody_linked_into_the_folder_is_not_written_to() {
    let folder = scratch("links");
    std::fs::create_dir_all(&folder).unwrap();
    let victim = folder.with_extension("victim");
    for file in ["offline-log.jsonl", "agent.json"] {
        std::fs::write(&victim, b"somebody else's").unwrap();
        std::fs::hard_link(&victim, folder.join(file)).unwrap();
        let files = WindowsFiles::in_folder(folder.clone());
        assert!(!matches!(files.read(ProtectedFile::Agent), Stored::Bytes(_)));
        files.append(ProtectedFile::OfflineLog, "{\"a\":1}").unwrap();
        files.append(ProtectedFile::OfflineLog, "{\"b\":2}").unwrap();
        files.write(ProtectedFile::Agent, b"ours").unwrap();
        assert_eq!(std::fs::read(&victim).unwrap(), b"somebody else's", "{file}");
        let log = std::fs::read_to_string(folder.join("offline-log.jsonl")).unwrap();
        assert!(log.ends_with("{\"a\":1}\n{\"b\":2}\n"), "{log}");
        std::fs::remove_file(folder.join("agent.json")).unwrap();
    }
    std::fs::remove_file(victim).unwrap();
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn state_in_the_registry() {
    const ROOT: &str = r"SOFTWARE\TRASA tests\state";
    let parent = Key::create(r"SOFTWARE\TRASA tests").unwrap();
    parent.remove_tree("state").unwrap();
    let state = WindowsState::below(ROOT);

    assert_eq!(state.armed(), Armed::No);
    state.set_armed(true).unwrap();
    assert_eq!(state.armed(), Armed::Yes);
    state.set_armed(false).unwrap();
    assert_eq!(state.armed(), Armed::No);
    Key::create(ROOT).unwrap().set_text("Armed", "1").unwrap();
    assert_eq!(state.armed(), Armed::Unreadable);

    assert_eq!(state.read(StateValue::Learned), Stored::Missing);
    state.remove(StateValue::Learned).unwrap();
    for bytes in [b"{}".as_slice(), &[0x5A; 40_000]] {
        state.write(StateValue::Learned, bytes).unwrap();
        assert_eq!(state.read(StateValue::Learned), Stored::Bytes(bytes.to_vec()));
    }
    assert_eq!(state.read(StateValue::OfflineCopy), Stored::Missing);
    state.remove(StateValue::Learned).unwrap();
    assert_eq!(state.read(StateValue::Learned), Stored::Missing);

    // A key that somebody else made first.
    parent.remove_tree("state").unwrap();
    let theirs = Key::create(&format!("{ROOT}\\State")).unwrap();
    theirs.set_bytes("Learned", b"theirs").unwrap();
    assert_eq!(state.read(StateValue::Learned), Stored::Loose);
    state.write(StateValue::Learned, b"ours").unwrap();
    assert_eq!(state.read(StateValue::Learned), Stored::Bytes(b"ours".to_vec()));
    parent.remove_tree("state").unwrap();
}
