//! The version that a Windows program carries: Windows Installer never replaces a file by an older one.

use object::LittleEndian as LE;
use object::pe::{ImageNtHeaders64, RT_VERSION};
use object::read::pe::{PeFile, ResourceDirectoryEntryData};

/// `VS_FIXEDFILEINFO.dwSignature`.
const SIGNATURE: [u8; 4] = 0xFEEF_04BD_u32.to_le_bytes();

/// `a.b.c.d` of the version resource of a 64-bit program or DLL; `None` where the file has none or is none.
#[must_use]
pub fn file_version(content: &[u8]) -> Option<String> {
    let file = PeFile::<ImageNtHeaders64>::parse(content).ok()?;
    let sections = file.section_table();
    let resources = file.data_directories().resource_directory(content, &sections).ok()??;
    let kinds = resources.root().ok()?;
    let kind = kinds.entries.iter().find(|entry| entry.name_or_id().id() == Some(RT_VERSION))?;
    let names = kind.data(resources).ok()?.table()?;
    let languages = names.entries.first()?.data(resources).ok()?.table()?;
    let ResourceDirectoryEntryData::Data(data) = languages.entries.first()?.data(resources).ok()? else {
        return None;
    };
    let size = usize::try_from(data.size.get(LE)).ok()?;
    let bytes = sections.pe_data_at(content, data.offset_to_data.get(LE))?.get(..size)?;
    let at = bytes.windows(SIGNATURE.len()).position(|window| window == SIGNATURE)?;
    // dwSignature, dwStrucVersion, dwFileVersionMS, dwFileVersionLS.
    let half =
        |offset: usize| Some(u16::from_le_bytes(bytes.get(at + offset..at + offset + 2)?.try_into().ok()?));
    Some(format!("{}.{}.{}.{}", half(10)?, half(8)?, half(14)?, half(12)?))
}
