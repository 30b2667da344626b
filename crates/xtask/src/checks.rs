//! Checks that the documents still say what the sources hold.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::demo;
use crate::workspace::Workspace;

/// Every crate stands in ARCHITECTURE.md, as `crates/<name>`.
///
/// # Errors
/// Names the crates that are missing there.
pub fn every_crate_is_in_the_map(workspace: &Workspace) -> Result<()> {
    let map = read(&workspace.root().join("ARCHITECTURE.md"))?;
    let mut missing = Vec::new();
    for entry in std::fs::read_dir(workspace.root().join("crates"))? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.join("Cargo.toml").is_file() && !names_crate(&map, &name) {
            missing.push(name);
        }
    }
    missing.sort();
    if missing.is_empty() {
        Ok(())
    } else {
        bail!("ARCHITECTURE.md does not name crates/{}", missing.join(", crates/"))
    }
}

/// Does the map hold `crates/<name>` and not only a longer name that begins so?
fn names_crate(map: &str, name: &str) -> bool {
    let whole = format!("crates/{name}");
    map.match_indices(&whole).any(|(at, _)| {
        let next = map.get(at + whole.len()..).and_then(|rest| rest.chars().next());
        !next.is_some_and(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
    })
}

/// Every test that docs/threat-model.md names exists. Returns how many are named.
///
/// # Errors
/// Names the tests that do not exist.
pub fn every_named_test_exists(workspace: &Workspace) -> Result<usize> {
    let model = read(&workspace.root().join("docs/threat-model.md"))?;
    let mut tests = BTreeSet::new();
    let mut folders = vec![workspace.root().join("crates")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                collect_tests(&read(&path)?, &mut tests);
            }
        }
    }
    tests.extend(demo::scenes().iter().map(|scene| format!("demo:{}", scene.name)));
    let named: BTreeSet<String> = named_tests(&model).into_iter().collect();
    let missing: Vec<&str> = named.difference(&tests).map(String::as_str).collect();
    if missing.is_empty() {
        Ok(named.len())
    } else {
        bail!("docs/threat-model.md names tests that do not exist: {}", missing.join(", "))
    }
}

/// The tests that the last column of each table row names: code spans that hold `a_test_name`, a path ending in one, or
/// `demo:scene-name`. Code spans anywhere else in the document are only text.
fn named_tests(model: &str) -> Vec<String> {
    let rows = model.lines().map(str::trim).filter(|line| line.starts_with('|'));
    let cells = rows.filter_map(|row| row.trim_end_matches('|').rsplit('|').next());
    let spans = cells.flat_map(|cell| cell.split('`').skip(1).step_by(2));
    let names = spans.filter_map(|span| {
        let name = span.rsplit("::").next().unwrap_or(span);
        let plain = name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
        (span.starts_with("demo:") || (plain && name.contains('_'))).then(|| name.to_owned())
    });
    names.collect()
}

/// Adds the names of functions that stand below a `test` attribute or in `proptest!`.
fn collect_tests(source: &str, tests: &mut BTreeSet<String>) {
    let mut marked = false;
    for line in source.lines().map(str::trim) {
        if line.starts_with("#[") {
            marked |= line.starts_with("#[test]") || line.contains("::test]") || line.contains("::test(");
            continue;
        }
        let function = line.trim_start_matches("pub ").trim_start_matches("async ").strip_prefix("fn ");
        if let (true, Some(rest)) = (marked, function) {
            let name =
                rest.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').next().unwrap_or_default();
            tests.insert(name.to_owned());
        }
        marked &= line.is_empty() || line.starts_with("//");
    }
}

fn read(path: &PathBuf) -> Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("cannot read {}", Path::new(path).display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// B42: what no credential provider sees is said where an administrator begins to read.
    #[test]
    #[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    fn manual_lists_unguarded_paths() {
        let manual = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/administrator.md");
        let manual = std::fs::read_to_string(manual).unwrap();
        let first = manual.split("\n## ").nth(1).unwrap();
        for path in [
            "SMB",
            "WinRM",
            "WMI",
            "SSH",
            "scheduled tasks",
            "services",
            "`runas`",
            "consent",
            "Restricted Admin",
            "Remote Credential Guard",
            "reconnection",
            "safe mode",
            "other media",
        ] {
            assert!(first.contains(path), "{path}");
        }
    }

    #[test]
    fn a_crate_is_not_named_by_a_longer_one() {
        assert!(names_crate("- `crates/agent`: decides", "agent"));
        assert!(!names_crate("- `crates/agent-windows`: does", "agent"));
    }

    #[test]
    fn tests_are_read_from_the_last_column_only() {
        let model = "Text `not_a_test`.\n| threat | `some_call` | `agent::logon::no_way_round`, `demo:forged-allow` |\n";
        assert_eq!(named_tests(model), ["no_way_round", "demo:forged-allow"]);
    }

    #[test]
    fn only_functions_below_a_test_attribute_are_tests() {
        let source = "#[test]\nfn one() {}\nfn two() {}\n#[tokio::test]\nasync fn three() {}\n#[test]\n#[expect(x)]\n/// Why\nfn four() {}\n";
        let mut found = BTreeSet::new();
        collect_tests(source, &mut found);
        assert_eq!(found.into_iter().collect::<Vec<_>>(), ["four", "one", "three"]);
    }
}
