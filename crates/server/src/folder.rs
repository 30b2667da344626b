//! The server's data folder: its files and who may read them.

use std::fs;
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

/// The TLS certificate (PEM) in the data folder.
pub const CERTIFICATE_FILE: &str = "tls-cert.pem";
/// The TLS key (PEM) in the data folder.
pub const TLS_KEY_FILE: &str = "tls-key.pem";

/// Makes a folder that only its owner can enter; its parents as usual.
///
/// # Errors
/// As of the system; it exists already among them.
pub fn create(path: &Path) -> io::Result<()> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    fs::DirBuilder::new().mode(0o700).create(path)
}

/// Writes a new file that only its owner can read, durably.
///
/// # Errors
/// As of the system; it exists already among them.
pub fn write_private(path: &Path, content: &[u8]) -> io::Result<()> {
    use io::Write as _;
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(content)?;
    file.sync_all()
}

/// Replaces a file as a whole, durably: readers see the old content or the new one.
///
/// # Errors
/// As of the system.
pub fn replace_private(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut temporary = path.as_os_str().to_owned();
    temporary.push(".new");
    let temporary = PathBuf::from(temporary);
    match fs::remove_file(&temporary) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    write_private(&temporary, content)?;
    fs::rename(&temporary, path)?;
    sync_parent(path)
}

/// Makes a rename or a new file in a folder durable.
///
/// # Errors
/// As of the system.
pub fn sync_parent(path: &Path) -> io::Result<()> {
    let parent = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    fs::File::open(parent)?.sync_all()
}

/// The permission bits that give others than the owner anything; 0 is as it should be.
///
/// # Errors
/// As of the system.
pub fn open_bits(path: &Path) -> io::Result<u32> {
    Ok(fs::metadata(path)?.permissions().mode() & 0o077)
}
