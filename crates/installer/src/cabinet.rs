//! The cabinet inside of the package.

use crate::description::File;
use std::io::{self, Cursor, Write as _};
use time::{Date, Month, PrimitiveDateTime, Time};

/// Name of the stream that holds it.
pub const STREAM: &str = "trasa.cab";

/// Packs the files, each under its key, in the order given.
///
/// # Errors
/// When a file is too large for a cabinet.
pub fn pack(files: &[File]) -> io::Result<Vec<u8>> {
    let mut builder = cab::CabinetBuilder::new();
    let folder = builder.add_folder(cab::CompressionType::MsZip);
    for file in files {
        let entry = folder.add_file(file.key());
        if let Some(time) = file_time() {
            entry.set_datetime(time);
        }
    }
    let mut writer = builder.build(Cursor::new(Vec::new()))?;
    let mut left = files.iter();
    while let Some(mut entry) = writer.next_file()? {
        let content = left.next().map_or(&[][..], |file| &file.content);
        entry.write_all(content)?;
    }
    Ok(writer.finish()?.into_inner())
}

/// The same for every build, so that the same files give the same package.
fn file_time() -> Option<PrimitiveDateTime> {
    let date = Date::from_calendar_date(2026, Month::January, 1).ok()?;
    Some(PrimitiveDateTime::new(date, Time::MIDNIGHT))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use crate::description::Folder;
    use std::io::Read as _;

    #[test]
    fn what_is_packed_is_unpacked() {
        let file = |name, content| File { name, folder: Folder::Program, content };
        // More than one block of 32 KiB, and an empty one.
        let long: Vec<u8> = (0..100_000_u32).flat_map(|n| n.to_le_bytes()).collect();
        let files = [file("a.dll", long), file("empty.txt", Vec::new()), file("b-c.exe", b"MZ".to_vec())];
        let packed = pack(&files).unwrap();
        assert_eq!(packed, pack(&files).unwrap(), "always the same");
        let mut cabinet = cab::Cabinet::new(Cursor::new(packed)).unwrap();
        for file in &files {
            let mut content = Vec::new();
            cabinet.read_file(&file.key()).unwrap().read_to_end(&mut content).unwrap();
            assert!(content == file.content, "{}", file.name);
        }
    }
}
