//! The files in `%ProgramData%\TRASA`, for SYSTEM and Administrators only.

use std::fs::{File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::os::windows::fs::OpenOptionsExt as _;
use std::os::windows::io::{AsRawHandle as _, FromRawHandle as _};
use std::path::{Path, PathBuf};

use agent::ports::{ProtectedFile, ProtectedFiles, Stored, WriteFailed};
use windows::Win32::Foundation::{
    ERROR_ACCESS_DENIED, ERROR_ALREADY_EXISTS, ERROR_FILE_NOT_FOUND, ERROR_FILE_TOO_LARGE,
    ERROR_INVALID_NAME, ERROR_PATH_NOT_FOUND, HANDLE,
};
use windows::Win32::Security::Authorization::SE_FILE_OBJECT;
use windows::Win32::Storage::FileSystem::{
    BY_HANDLE_FILE_INFORMATION, CREATE_NEW, CreateDirectoryW, CreateFileW, DeleteFileW,
    FILE_ATTRIBUTE_DIRECTORY, FILE_ATTRIBUTE_NORMAL, FILE_ATTRIBUTE_REPARSE_POINT,
    FILE_FLAG_BACKUP_SEMANTICS, FILE_FLAG_OPEN_REPARSE_POINT, FILE_FLAG_WRITE_THROUGH,
    FILE_FLAGS_AND_ATTRIBUTES, FILE_GENERIC_WRITE, FILE_LIST_DIRECTORY, FILE_READ_ATTRIBUTES,
    FILE_SHARE_MODE, FILE_SHARE_READ, FILE_SHARE_WRITE, GetFileAttributesW, GetFileInformationByHandle,
    INVALID_FILE_ATTRIBUTES, MOVEFILE_REPLACE_EXISTING, MOVEFILE_WRITE_THROUGH, MoveFileExW, READ_CONTROL,
    WRITE_DAC, WRITE_OWNER,
};
use windows::Win32::UI::Shell::{CSIDL_COMMON_APPDATA, SHGetFolderPathW};

use super::security::Descriptor;
use crate::wide::{Wide, text_until_zero};
use crate::win_error;

/// The offline log grows by some hundred bytes a logon and is emptied by each report; the others are small.
const MAX_BYTES: u64 = 16 * 1024 * 1024;
const DIRECTORY: u32 = FILE_ATTRIBUTE_DIRECTORY.0;
const REPARSE_POINT: u32 = FILE_ATTRIBUTE_REPARSE_POINT.0;
/// A failure that left no Win32 number (ERROR_GEN_FAILURE).
const GENERAL: u32 = 31;

/// The protected files.
#[derive(Debug, Clone)]
pub struct WindowsFiles {
    folder: Option<PathBuf>,
}

impl WindowsFiles {
    /// In the machine's `ProgramData`, as the shell knows it: an environment variable could be the user's own.
    #[must_use]
    pub fn new() -> Self {
        let mut path = [0u16; 260];
        // SAFETY: the buffer has the MAX_PATH units that the function asks for.
        let found = unsafe { SHGetFolderPathW(None, CSIDL_COMMON_APPDATA.cast_signed(), None, 0, &mut path) };
        Self { folder: found.ok().map(|()| Path::new(&text_until_zero(&path)).join("TRASA")) }
    }

    /// In another folder, which is made where it is missing.
    #[must_use]
    pub fn in_folder(folder: PathBuf) -> Self {
        Self { folder: Some(folder) }
    }

    fn folder(&self) -> Result<&Path, u32> {
        self.folder.as_deref().ok_or(ERROR_PATH_NOT_FOUND.0)
    }

    fn try_read(&self, file: ProtectedFile) -> Result<Stored, u32> {
        let folder = self.folder()?;
        let path = folder.join(file.file_name());
        if attributes_of(&path)?.is_none() {
            return Ok(Stored::Missing);
        }
        // The folder first: while it is tight, nobody can put another file into the place of the one that was looked at.
        if !is_tight(folder)? || !is_tight(&path)? {
            return Ok(Stored::Loose);
        }
        let opened = open_itself(OpenOptions::new().read(true), &path)?;
        let mut bytes = Vec::new();
        opened.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(|error| code(&error))?;
        if bytes.len() as u64 > MAX_BYTES {
            return Err(ERROR_FILE_TOO_LARGE.0);
        }
        Ok(Stored::Bytes(bytes))
    }

    fn try_write(&self, file: ProtectedFile, bytes: &[u8]) -> Result<(), u32> {
        let folder = self.folder()?;
        see_to_folder(folder)?;
        let path = folder.join(file.file_name());
        let beside = folder.join(format!("{}.new", file.file_name()));
        // Left over from a write that was cut off.
        delete(&beside)?;
        let written = create(&beside).and_then(|mut new| {
            new.write_all(bytes).and_then(|()| new.sync_all()).map_err(|error| code(&error))
        });
        let moved = written.and_then(|()| replace(&beside, &path));
        if moved.is_err() {
            // The old file stands; what lies beside it is of no use to anybody.
            let _ = delete(&beside);
        }
        moved?;
        tighten(&path)
    }

    fn try_append(&self, file: ProtectedFile, line: &str) -> Result<(), u32> {
        let folder = self.folder()?;
        see_to_folder(folder)?;
        let path = folder.join(file.file_name());
        let mut opened = match create(&path) {
            Ok(new) => {
                tighten(&path)?;
                new
            }
            Err(code)
                if code == ERROR_ALREADY_EXISTS.0
                    || code == windows::Win32::Foundation::ERROR_FILE_EXISTS.0 =>
            {
                let tight = if is_tight(&path)? { Ok(()) } else { tighten(&path) };
                match tight.and_then(|()| open_itself(OpenOptions::new().append(true), &path)) {
                    // A link that somebody put there before the folder was ours.
                    Err(code) if code == ERROR_ACCESS_DENIED.0 => {
                        delete(&path)?;
                        create(&path)?
                    }
                    opened => opened?,
                }
            }
            Err(code) => return Err(code),
        };
        // One write: two processes that append at once do not mix their lines.
        opened
            .write_all(format!("{line}\n").as_bytes())
            .and_then(|()| opened.sync_all())
            .map_err(|error| code(&error))
    }
}

impl Default for WindowsFiles {
    fn default() -> Self {
        Self::new()
    }
}

impl ProtectedFiles for WindowsFiles {
    fn read(&self, file: ProtectedFile) -> Stored {
        self.try_read(file).unwrap_or_else(Stored::Unreadable)
    }

    fn write(&self, file: ProtectedFile, bytes: &[u8]) -> Result<(), WriteFailed> {
        self.try_write(file, bytes).map_err(|code| WriteFailed { code })
    }

    fn append(&self, file: ProtectedFile, line: &str) -> Result<(), WriteFailed> {
        self.try_append(file, line).map_err(|code| WriteFailed { code })
    }

    fn remove(&self, file: ProtectedFile) -> Result<(), WriteFailed> {
        self.folder()
            .and_then(|folder| delete(&folder.join(file.file_name())))
            .map_err(|code| WriteFailed { code })
    }
}

/// Makes the folder, or takes back one that somebody else made: `ProgramData` lets everybody make folders.
fn see_to_folder(folder: &Path) -> Result<(), u32> {
    let name = wide(folder)?;
    let ours = Descriptor::ours()?;
    let attributes = ours.attributes();
    // SAFETY: the name ends with a zero; the descriptor behind `attributes` lives through the call.
    match unsafe { CreateDirectoryW(name.as_pcwstr(), Some(&raw const attributes)) } {
        Ok(()) => tighten_folder(folder),
        Err(error) if win_error::code_of(&error) == ERROR_ALREADY_EXISTS.0 => {
            let kind = attributes_of(folder)?.unwrap_or_default() & (DIRECTORY | REPARSE_POINT);
            if kind != DIRECTORY {
                return Err(ERROR_ACCESS_DENIED.0);
            }
            if is_tight(folder)? { Ok(()) } else { tighten_folder(folder) }
        }
        Err(error) => Err(win_error::code_of(&error)),
    }
}

/// Attributes of what stands there, of the link itself if it is one; nothing if nothing stands there.
fn attributes_of(path: &Path) -> Result<Option<u32>, u32> {
    let name = wide(path)?;
    // SAFETY: the name ends with a zero.
    let found = unsafe { GetFileAttributesW(name.as_pcwstr()) };
    if found != INVALID_FILE_ATTRIBUTES {
        return Ok(Some(found));
    }
    match win_error::last() {
        gone if gone == ERROR_FILE_NOT_FOUND.0 || gone == ERROR_PATH_NOT_FOUND.0 => Ok(None),
        code => Err(code),
    }
}

fn is_tight(path: &Path) -> Result<bool, u32> {
    Descriptor::of(&wide(path)?, SE_FILE_OBJECT).map(|it| it.is_tight())
}

fn tighten(file: &Path) -> Result<(), u32> {
    tighten_opened_with(file, FILE_READ_ATTRIBUTES.0)
}

/// With a right that counts for sharing: nobody moves it away meanwhile and puts another into its place.
fn tighten_folder(folder: &Path) -> Result<(), u32> {
    tighten_opened_with(folder, FILE_READ_ATTRIBUTES.0 | FILE_LIST_DIRECTORY.0)
}

/// Closes it to others: the very one that is looked at, never what a link leads to.
fn tighten_opened_with(path: &Path, rights: u32) -> Result<(), u32> {
    let rights = rights | READ_CONTROL.0 | WRITE_DAC.0 | WRITE_OWNER.0;
    let opened = OpenOptions::new()
        .access_mode(rights)
        .share_mode(FILE_SHARE_READ.0 | FILE_SHARE_WRITE.0)
        .custom_flags(FILE_FLAG_OPEN_REPARSE_POINT.0 | FILE_FLAG_BACKUP_SEMANTICS.0)
        .open(path)
        .map_err(|error| code(&error))?;
    if is_link(&opened)? {
        return Err(ERROR_ACCESS_DENIED.0);
    }
    Descriptor::ours()?.apply_to(&opened)
}

/// Whether a name leads to what lies elsewhere too: a link, a junction, or one of several hard links.
fn is_link(file: &File) -> Result<bool, u32> {
    let mut found = BY_HANDLE_FILE_INFORMATION::default();
    // SAFETY: the handle is the open file's; the structure lives through the call.
    unsafe { GetFileInformationByHandle(HANDLE(file.as_raw_handle()), &raw mut found) }
        .map_err(|error| win_error::code_of(&error))?;
    let is_folder = found.dwFileAttributes & DIRECTORY != 0;
    Ok(found.dwFileAttributes & REPARSE_POINT != 0 || (!is_folder && found.nNumberOfLinks > 1))
}

/// A new file with our access control list from its first moment; ERROR_FILE_EXISTS if there is one.
fn create(path: &Path) -> Result<File, u32> {
    let name = wide(path)?;
    let ours = Descriptor::ours()?;
    let attributes = ours.attributes();
    // SAFETY: the name ends with a zero; the descriptor behind `attributes` lives through the call.
    let handle = unsafe {
        CreateFileW(
            name.as_pcwstr(),
            FILE_GENERIC_WRITE.0,
            FILE_SHARE_MODE(0),
            Some(&raw const attributes),
            CREATE_NEW,
            FILE_FLAGS_AND_ATTRIBUTES(FILE_ATTRIBUTE_NORMAL.0 | FILE_FLAG_WRITE_THROUGH.0),
            None,
        )
    }
    .map_err(|error| win_error::code_of(&error))?;
    // SAFETY: just opened, and nobody else has it.
    Ok(unsafe { File::from_raw_handle(handle.0) })
}

/// Opens the file that stands there, never what a link in its place points to.
fn open_itself(options: &mut OpenOptions, path: &Path) -> Result<File, u32> {
    let file =
        options.custom_flags(FILE_FLAG_OPEN_REPARSE_POINT.0).open(path).map_err(|error| code(&error))?;
    let found = file.metadata().map_err(|error| code(&error))?;
    if !found.is_file() || is_link(&file)? {
        return Err(ERROR_ACCESS_DENIED.0);
    }
    Ok(file)
}

/// Renames over `to`; on disk when it returns.
fn replace(from: &Path, to: &Path) -> Result<(), u32> {
    let (from, to) = (wide(from)?, wide(to)?);
    // SAFETY: both names end with a zero.
    unsafe {
        MoveFileExW(from.as_pcwstr(), to.as_pcwstr(), MOVEFILE_REPLACE_EXISTING | MOVEFILE_WRITE_THROUGH)
    }
    .map_err(|error| win_error::code_of(&error))
}

/// Deletes a file or a link; a missing one is no error.
fn delete(path: &Path) -> Result<(), u32> {
    let name = wide(path)?;
    // SAFETY: the name ends with a zero.
    match unsafe { DeleteFileW(name.as_pcwstr()) } {
        Ok(()) => Ok(()),
        Err(error) => match win_error::code_of(&error) {
            gone if gone == ERROR_FILE_NOT_FOUND.0 || gone == ERROR_PATH_NOT_FOUND.0 => Ok(()),
            code => Err(code),
        },
    }
}

fn wide(path: &Path) -> Result<Wide, u32> {
    path.to_str().and_then(Wide::new).ok_or(ERROR_INVALID_NAME.0)
}

fn code(error: &std::io::Error) -> u32 {
    error
        .raw_os_error()
        .and_then(|code| u32::try_from(code).ok())
        .filter(|code| *code != 0)
        .unwrap_or(GENERAL)
}
