//! A picture of a Windows in Wine: its files, and its registry.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result, bail};

/// Keys below these are a running Wine's own affair: devices, screens, counters.
const NOT_OURS: [&str; 6] = [
    "hardware\\",
    "system\\currentcontrolset\\control\\",
    "system\\currentcontrolset\\enum\\",
    "system\\currentcontrolset\\hardware profiles\\",
    // Whether it is started by itself changes when somebody needs it.
    "system\\currentcontrolset\\services\\schedule",
    "software\\wine\\",
];
/// Keys that stay, empty. A real Windows has them before anything is installed.
const STAY_EMPTY: [&str; 4] = [
    "software\\classes\\installer",
    "software\\microsoft\\windows\\currentversion\\installer\\",
    "software\\microsoft\\windows\\currentversion\\authentication",
    "system\\currentcontrolset\\services\\eventlog\\application",
];
/// Folders in which anybody leaves anything, and what the Task Scheduler and the Start menu keep their things in.
const PASSING_FILES: [&str; 3] = ["windows/temp/", "/Temp/", "windows/Installer"];

/// Files with their sizes, keys with their values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    files: BTreeMap<String, u64>,
    keys: BTreeMap<String, BTreeMap<String, String>>,
}

impl Picture {
    /// Of a drive, and of an exported registry.
    ///
    /// # Errors
    /// When one of them cannot be read.
    pub fn take(drive: &Path, registry: &Path) -> Result<Self> {
        let mut files = BTreeMap::new();
        let mut folders = vec![drive.to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(&folder)? {
                let entry = entry?;
                let path = entry.path();
                let name = path.strip_prefix(drive).unwrap_or(&path).display().to_string();
                let kind = entry.file_type()?;
                if kind.is_dir() {
                    files.insert(name, 0);
                    folders.push(path);
                } else {
                    files.insert(name, entry.metadata()?.len());
                }
            }
        }
        files.retain(|name, _| !PASSING_FILES.iter().any(|passing| name.contains(passing)));
        let bytes = std::fs::read(registry).with_context(|| format!("no {}", registry.display()))?;
        Ok(Self { files, keys: keys(&utf16(&bytes)) })
    }

    /// Is the file or folder there?
    pub fn has_file(&self, name: &str) -> bool {
        self.files.contains_key(name)
    }

    /// Where files of this name lie.
    pub fn files_named<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.files.keys().map(String::as_str).filter(move |path| path.rsplit('/').next() == Some(name))
    }

    /// A value, as the export writes it; the empty name is the key's own. Names are compared without case.
    pub fn value(&self, key: &str, value: &str) -> Option<&str> {
        let values = self.keys.iter().find(|(name, _)| name.eq_ignore_ascii_case(key))?.1;
        let name = if value.is_empty() { "@".to_owned() } else { format!("\"{value}\"") };
        values.get(&name).map(String::as_str)
    }

    /// How many versions of TRASA are in the list of programs.
    pub fn products(&self) -> usize {
        let listed = |(key, values): &(&String, &BTreeMap<String, String>)| {
            key.contains("\\Uninstall\\") && values.values().any(|value| value == "\"TRASA for Windows\"")
        };
        self.keys.iter().filter(listed).count()
    }

    /// What differs, in words.
    pub fn changes(&self, after: &Self) -> Vec<String> {
        let mut changes = Vec::new();
        for name in self.files.keys().chain(after.files.keys()) {
            match (self.files.get(name), after.files.get(name)) {
                (Some(one), Some(other)) if one == other => {}
                (Some(_), None) => changes.push(format!("gone: {name}")),
                (None, _) => changes.push(format!("new: {name}")),
                (Some(_), Some(_)) => changes.push(format!("changed: {name}")),
            }
        }
        let empty = BTreeMap::new();
        for key in self.keys.keys().chain(after.keys.keys()) {
            let (one, other) = (self.keys.get(key), after.keys.get(key));
            let lower = key.to_ascii_lowercase();
            // Where a package came from last, Windows Installer writes down each time.
            let is_passing = lower.contains("\\sourcelist")
                || NOT_OURS.iter().any(|not_ours| format!("{lower}\\").starts_with(not_ours));
            let may_be_empty = STAY_EMPTY.iter().any(|stays| format!("{lower}\\").starts_with(stays))
                && one.unwrap_or(&empty) == other.unwrap_or(&empty);
            if one != other && !is_passing && !may_be_empty {
                changes.push(format!("{}: {key}", if one.is_none() { "new" } else { "changed" }));
            }
        }
        changes.sort();
        changes.dedup();
        changes
    }

    /// Nothing differs.
    ///
    /// # Errors
    /// Names what does.
    pub fn must_be(&self, after: &Self, what: &str) -> Result<()> {
        let changes = self.changes(after);
        if changes.is_empty() { Ok(()) } else { bail!("after {what}:\n  {}", changes.join("\n  ")) }
    }
}

fn utf16(bytes: &[u8]) -> String {
    let units = bytes.chunks_exact(2).filter_map(|unit| unit.try_into().ok().map(u16::from_le_bytes));
    String::from_utf16_lossy(&units.collect::<Vec<_>>())
}

/// Reads an export: `[KEY]`, then `"name"=value` lines, long values continued after a backslash.
fn keys(text: &str) -> BTreeMap<String, BTreeMap<String, String>> {
    let mut keys = BTreeMap::new();
    let mut key = String::new();
    let joined = text.replace("\\\r\n", "").replace("\\\n", "");
    for line in joined.lines().map(str::trim_end) {
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            key = name.strip_prefix("HKEY_LOCAL_MACHINE\\").unwrap_or(name).to_owned();
            keys.entry(key.clone()).or_insert_with(BTreeMap::new);
        } else if let Some((name, value)) = split(line)
            && let Some(values) = keys.get_mut(&key)
        {
            values.insert(name.to_owned(), value.to_owned());
        }
    }
    keys
}

/// A name may hold an equals sign, and an escaped quote.
fn split(line: &str) -> Option<(&str, &str)> {
    if let Some(value) = line.strip_prefix("@=") {
        return Some(("@", value));
    }
    let at = line.strip_prefix('"')?.find("\"=")? + 1;
    Some((line.get(..=at)?, line.get(at + 2..)?))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    const EXPORT: &str = "Windows Registry Editor Version 5.00\r\n\r\n[HKEY_LOCAL_MACHINE\\Software\\TRASA]\r\n@=\"x\"\r\n\"Armed\"=dword:00000001\r\n\"Long\"=hex:01,\\\r\n  02\r\n\r\n[HKEY_LOCAL_MACHINE\\Hardware\\Video]\r\n\"a\"=\"b\"\r\n";

    fn of(export: &str, files: &[(&str, u64)]) -> Picture {
        let files = files.iter().map(|(name, size)| ((*name).to_owned(), *size)).collect();
        Picture { files, keys: keys(export) }
    }

    #[test]
    fn an_export_is_read_back() {
        let picture = of(EXPORT, &[]);
        assert_eq!(picture.value("software\\trasa", "Armed"), Some("dword:00000001"));
        assert_eq!(picture.value("Software\\TRASA", ""), Some("\"x\""));
        assert_eq!(picture.value("Software\\TRASA", "Long"), Some("hex:01,  02"));
        assert_eq!(picture.value("Software\\TRASA", "None"), None);
    }

    #[test]
    fn what_changed_is_told_and_what_passes_is_not() {
        let before = of(EXPORT, &[("a", 1), ("b", 2)]);
        let after = of(
            &EXPORT.replace("dword:00000001", "dword:00000000").replace("\"b\"", "\"c\""),
            &[("a", 1), ("b", 3), ("c", 0)],
        );
        assert_eq!(before.changes(&after), ["changed: Software\\TRASA", "changed: b", "new: c"]);
        assert!(before.must_be(&after, "a test").unwrap_err().to_string().contains("after a test"));
        before.must_be(&before.clone(), "nothing").unwrap();
    }
}
