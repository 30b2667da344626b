//! The file: exports, imports.

use object::read::pe::{Import, PeFile64};
use std::collections::BTreeSet;

/// One DLL a line, then its functions.
const WINDOWS_7: &str = include_str!("windows7.txt");

fn with_file<T>(look: impl FnOnce(&PeFile64<'_>) -> T) -> T {
    let bytes = std::fs::read(super::dll()).expect("the DLL was built beside this test");
    look(&PeFile64::parse(&*bytes).expect("a 64-bit DLL"))
}

/// Every import of every descriptor: one DLL may have several.
fn imports() -> BTreeSet<String> {
    with_file(|file| {
        let table = file.import_table().unwrap().expect("it imports something");
        let mut descriptors = table.descriptors().unwrap();
        let mut all = BTreeSet::new();
        while let Some(descriptor) = descriptors.next().unwrap() {
            let dll = table.name(descriptor.name.get(object::LittleEndian)).unwrap();
            let dll = String::from_utf8(dll.to_ascii_lowercase()).unwrap();
            let first = descriptor.original_first_thunk.get(object::LittleEndian);
            let mut thunks = table.thunks(first).unwrap();
            while let Some(thunk) = thunks.next::<object::pe::ImageNtHeaders64>().unwrap() {
                match table.import::<object::pe::ImageNtHeaders64>(thunk).unwrap() {
                    Import::Name(_, name) => all.insert(format!("{dll} {}", String::from_utf8_lossy(name))),
                    Import::Ordinal(ordinal) => all.insert(format!("{dll} #{ordinal}")),
                };
            }
        }
        all
    })
}

#[test]
fn every_import_is_in_windows_7() {
    let allowed: BTreeSet<String> = WINDOWS_7
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_once(' '))
        .flat_map(|(dll, functions)| functions.split(' ').map(move |function| format!("{dll} {function}")))
        .collect();
    let imports = imports();
    let new: Vec<_> = imports.difference(&allowed).collect();
    assert!(new.is_empty(), "not known to be in Windows 7: {new:#?}");
    assert!(
        imports.iter().any(|import| import == "advapi32.dll LogonUserW"),
        "the logon host redirects these"
    );
}

#[test]
fn dll_loads_only_from_system32() {
    // Every DLL of the list is Windows' own and comes from System32: none is shipped beside ours, and none is loaded
    // by name at run time.
    let imports = imports();
    assert!(!imports.iter().any(|import| import.contains(" LoadLibrary")), "{imports:#?}");
    assert!(!imports.iter().any(|import| import.starts_with("lib")), "{imports:#?}");
}

#[test]
fn tile_opens_no_window() {
    let shows = [
        "CreateWindow",
        "DialogBox",
        "MessageBox",
        "CreateDialog",
        "ShellExecute",
        "CreateProcess",
        "WinExec",
    ];
    let imports = imports();
    for import in &imports {
        assert!(!shows.iter().any(|name| import.contains(name)), "{import}");
    }
}

#[test]
fn no_ipc_serves_secrets_to_users() {
    let serves = [
        "Pipe",
        "Mailslot",
        "FileMapping",
        "RpcServer",
        "CoRegisterClassObject",
        "HttpCreate",
        "listen",
        "bind",
    ];
    for import in &imports() {
        assert!(!serves.iter().any(|name| import.contains(name)), "{import}");
        assert!(!import.starts_with("ws2_32") && !import.starts_with("rpcrt4"), "{import}");
    }
}

#[test]
fn two_functions_are_exported() {
    let names = with_file(|file| {
        let table = file.export_table().unwrap().expect("it exports something");
        let exports = table.exports().unwrap();
        exports
            .iter()
            .map(|export| String::from_utf8_lossy(export.name.unwrap_or(b"#")).into_owned())
            .collect::<Vec<_>>()
    });
    assert_eq!(names, ["DllCanUnloadNow", "DllGetClassObject"]);
}
