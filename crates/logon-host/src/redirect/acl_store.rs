//! Where access control lists are kept: `acls.json` in the state folder, one SDDL text for each path.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io;
use std::os::windows::fs::OpenOptionsExt;
use std::os::windows::io::AsRawHandle;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use windows::Win32::Foundation::HANDLE;
use windows::Win32::Storage::FileSystem::{BY_HANDLE_FILE_INFORMATION, GetFileInformationByHandle};

use super::active;
use crate::world::acl::{Descriptor, Thing};

/// What was set on one path.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    sddl: String,
    /// Number of the file that it was set on; another file at the same path has not got it. None: whatever stands there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    file: Option<String>,
}

/// All of them, by lower-case path; registry keys as `key:machine\…`.
type Entries = BTreeMap<String, Entry>;

/// The store, locked against other processes while it is open.
pub(super) struct Store {
    path: PathBuf,
    entries: Entries,
    /// Unlocked when closed.
    _lock: File,
}

impl Store {
    pub(super) fn open() -> io::Result<Self> {
        let folder = &active().state_folder;
        std::fs::create_dir_all(folder)?;
        let lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .open(folder.join("acls.lock"))?;
        lock.lock()?;
        let path = folder.join("acls.json");
        let entries = match std::fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes).map_err(io::Error::other)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Entries::new(),
            Err(error) => return Err(error),
        };
        Ok(Self { path, entries, _lock: lock })
    }

    fn save(&self) -> io::Result<()> {
        let text = serde_json::to_vec_pretty(&self.entries).map_err(io::Error::other)?;
        std::fs::write(&self.path, text)
    }

    /// What a file or folder has: its own descriptor, or what it inherits from the next one above that has one.
    pub(super) fn of_file(&self, path: &Path) -> Descriptor {
        let thing = thing_at(path);
        if let Some(own) = self.own(path) {
            return own;
        }
        let above = path.ancestors().skip(1).find_map(|it| self.own(it));
        above.map_or_else(|| Descriptor::open(thing), |it| it.inherited_by(thing))
    }

    fn own(&self, path: &Path) -> Option<Descriptor> {
        let entry = self.entries.get(&name_of(path))?;
        let is_this_file = entry.file.is_none() || entry.file == file_number(path);
        Descriptor::parse(&entry.sddl).filter(|_| is_this_file)
    }

    pub(super) fn set_file(&mut self, path: &Path, descriptor: &Descriptor) -> io::Result<()> {
        let entry = Entry { sddl: descriptor.to_string(), file: file_number(path) };
        self.entries.insert(name_of(path), entry);
        self.save()
    }

    pub(super) fn forget_file(&mut self, path: &Path) -> io::Result<()> {
        if self.entries.remove(&name_of(path)).is_some() { self.save() } else { Ok(()) }
    }

    /// A renamed file keeps its list.
    pub(super) fn rename_file(&mut self, from: &Path, to: &Path) -> io::Result<()> {
        let replaced = self.entries.remove(&name_of(to));
        let moved = self.entries.remove(&name_of(from));
        let changed = replaced.is_some() || moved.is_some();
        self.entries.extend(moved.map(|entry| (name_of(to), entry)));
        if changed { self.save() } else { Ok(()) }
    }

    /// What a registry key has.
    pub(super) fn of_key(&self, path: &str) -> Descriptor {
        let own = |path: &str| self.entries.get(&key_name(path)).and_then(|it| Descriptor::parse(&it.sddl));
        if let Some(own) = own(path) {
            return own;
        }
        let mut above = path;
        while let Some((next, _)) = above.rsplit_once('\\') {
            if let Some(found) = own(next) {
                return found.inherited_by(Thing::Key);
            }
            above = next;
        }
        Descriptor::open(Thing::Key)
    }

    pub(super) fn set_key(&mut self, path: &str, descriptor: &Descriptor) -> io::Result<()> {
        self.entries.insert(key_name(path), Entry { sddl: descriptor.to_string(), file: None });
        self.save()
    }

    /// Of the key and of all below it.
    pub(super) fn forget_key(&mut self, path: &str) -> io::Result<()> {
        let (name, below) = (key_name(path), format!("{}\\", key_name(path)));
        let before = self.entries.len();
        self.entries.retain(|it, _| *it != name && !it.starts_with(&below));
        if self.entries.len() == before { Ok(()) } else { self.save() }
    }
}

fn name_of(path: &Path) -> String {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let text = absolute.to_string_lossy().to_lowercase();
    text.strip_prefix(r"\\?\").unwrap_or(&text).trim_end_matches('\\').to_owned()
}

fn key_name(path: &str) -> String {
    format!("key:{}", path.to_lowercase().trim_end_matches('\\'))
}

fn thing_at(path: &Path) -> Thing {
    if path.is_dir() { Thing::Folder } else { Thing::File }
}

/// Volume and index, which a renamed file keeps.
fn file_number(path: &Path) -> Option<String> {
    const BACKUP_SEMANTICS: u32 = 0x0200_0000;
    let file = OpenOptions::new().access_mode(0).custom_flags(BACKUP_SEMANTICS).open(path).ok()?;
    let mut found = BY_HANDLE_FILE_INFORMATION::default();
    // SAFETY: the file is open and the place ours.
    unsafe { GetFileInformationByHandle(HANDLE(file.as_raw_handle()), &raw mut found) }.ok()?;
    Some(format!("{:x}-{:x}{:08x}", found.dwVolumeSerialNumber, found.nFileIndexHigh, found.nFileIndexLow))
}
