//! The file: imports, subsystem, manifest.

use object::read::pe::{Import, PeFile64};
use std::collections::BTreeSet;

/// One DLL a line, then its functions.
const WINDOWS_7: [&str; 2] =
    [include_str!("../../../credential-provider/tests/it/windows7.txt"), include_str!("windows7.txt")];

#[test]
fn every_import_is_in_windows_7() {
    let allowed: BTreeSet<String> = WINDOWS_7
        .iter()
        .flat_map(|list| list.lines())
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_once(' '))
        .flat_map(|(dll, functions)| functions.split(' ').map(move |function| format!("{dll} {function}")))
        .collect();
    let bytes = std::fs::read(super::PROGRAM).unwrap();
    let file = PeFile64::parse(&*bytes).unwrap();
    let table = file.import_table().unwrap().unwrap();
    let mut descriptors = table.descriptors().unwrap();
    let mut new = Vec::new();
    while let Some(descriptor) = descriptors.next().unwrap() {
        let dll = table.name(descriptor.name.get(object::LittleEndian)).unwrap();
        let dll = String::from_utf8(dll.to_ascii_lowercase()).unwrap();
        let mut thunks = table.thunks(descriptor.original_first_thunk.get(object::LittleEndian)).unwrap();
        while let Some(thunk) = thunks.next::<object::pe::ImageNtHeaders64>().unwrap() {
            let name = match table.import::<object::pe::ImageNtHeaders64>(thunk).unwrap() {
                Import::Name(_, name) => format!("{dll} {}", String::from_utf8_lossy(name)),
                Import::Ordinal(ordinal) => format!("{dll} #{ordinal}"),
            };
            if !allowed.contains(&name) {
                new.push(name);
            }
        }
    }
    assert!(new.is_empty(), "not known to be in Windows 7: {new:#?}");
}

#[test]
fn the_program_is_a_console_program_that_elevates_itself_and_is_sharp() {
    let bytes = std::fs::read(super::PROGRAM).unwrap();
    let file = PeFile64::parse(&*bytes).unwrap();
    let subsystem = file.nt_headers().optional_header.subsystem.get(object::LittleEndian);
    // Commands keep their streams, and a prompt waits for them.
    assert_eq!(subsystem, object::pe::IMAGE_SUBSYSTEM_WINDOWS_CUI);
    let has = |text: &[u8]| bytes.windows(text.len()).any(|window| window == text);
    for part in [
        &b"level=\"asInvoker\""[..],
        b"PerMonitorV2",
        b"Microsoft.Windows.Common-Controls",
        b"consoleAllocationPolicy",
        concat!("version=\"", env!("CARGO_PKG_VERSION"), ".0\"").as_bytes(),
    ] {
        assert!(has(part), "{} is not in the manifest", String::from_utf8_lossy(part));
    }
}
