//! A file that an administrator named and that may lie where others can write: it is opened once, never through a
//! link, and what is removed in the end is the very file that was read (B6).

use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::os::windows::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::os::windows::io::AsRawHandle as _;
use std::path::Path;

use windows::Win32::Foundation::{GENERIC_READ, HANDLE};
use windows::Win32::Storage::FileSystem::{
    DELETE, FILE_ATTRIBUTE_REPARSE_POINT, FILE_DISPOSITION_INFO, FILE_FLAG_OPEN_REPARSE_POINT,
    FILE_SHARE_READ, FileDispositionInfo, SetFileInformationByHandle,
};

/// The open file. While it is open nobody writes, renames or removes it.
#[derive(Debug)]
pub struct NamedFile(File);

impl NamedFile {
    /// Opens it.
    ///
    /// # Errors
    /// As the system says; `PermissionDenied` where it is a link.
    pub fn open(path: &Path) -> io::Result<Self> {
        let file = OpenOptions::new()
            .access_mode(GENERIC_READ.0 | DELETE.0)
            .share_mode(FILE_SHARE_READ.0)
            .custom_flags(FILE_FLAG_OPEN_REPARSE_POINT.0)
            .open(path)?;
        if file.metadata()?.file_attributes() & FILE_ATTRIBUTE_REPARSE_POINT.0 != 0 {
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, "it is a link"));
        }
        Ok(Self(file))
    }

    /// Removes this very file.
    ///
    /// # Errors
    /// As the system says; it is still there then.
    pub fn remove(self) -> io::Result<()> {
        let wish = FILE_DISPOSITION_INFO { DeleteFile: true };
        let size = u32::try_from(size_of::<FILE_DISPOSITION_INFO>()).unwrap_or(u32::MAX);
        // SAFETY: the handle is this open file's; the structure is of the kind that is named, and lives through the call.
        unsafe {
            SetFileInformationByHandle(
                HANDLE(self.0.as_raw_handle()),
                FileDispositionInfo,
                (&raw const wish).cast(),
                size,
            )
        }?;
        Ok(())
    }
}

impl Read for NamedFile {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::NamedFile;
    use std::io::Read as _;

    /// B6: the token file of a silent installation.
    #[test]
    fn installer_follows_no_user_link() {
        let folder = std::env::temp_dir().join(format!("trasa-named-file-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let path = folder.join("token.txt");
        std::fs::write(&path, "a token").unwrap();
        let mut file = NamedFile::open(&path).unwrap();
        let mut text = String::new();
        file.read_to_string(&mut text).unwrap();
        assert_eq!(text, "a token");
        // Nobody puts another file into its place meanwhile.
        assert!(std::fs::rename(&path, folder.join("other.txt")).is_err());
        assert!(std::fs::write(&path, "something else").is_err());
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "a token", "others may read");
        file.remove().unwrap();
        assert!(!path.exists());
        assert!(NamedFile::open(&path).is_err());
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
