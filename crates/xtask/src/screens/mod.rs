//! `./x screens`: a picture of every state of the tile, compared with the one that the repository keeps.
//!
//! The DLL that ships is loaded in Wine by the logon host, against a server that says what each walk wants to see. The
//! words of a screen must be the same to the letter; its picture may differ a little, since fonts and rasterizers do.

mod compare;
mod crop;
mod guarded;
mod server;
mod walks;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::packages::{self, FONT, OPENSSL, PYTHON};
use crate::ship;
use crate::workspace::Workspace;
use guarded::Guarded;
use walks::Walk;

/// What the command can be told.
#[derive(Debug, Default)]
pub struct Options {
    /// Only these walks; all if empty.
    pub walks: Vec<String>,
    /// Take what is seen now for what is right.
    pub update: bool,
    /// On what lies in `dist/`, without building.
    pub as_built: bool,
}

/// Prints the walks and the screens that each shows.
pub fn list() {
    for walk in walks::all() {
        println!("{:<20} {}", walk.name, walk.pictures().join(" "));
    }
}

/// Walks all walks and compares what was seen. Returns how many screens were.
///
/// # Errors
/// When something cannot be set up, a walk fails, or a screen is not what it was.
pub fn play(workspace: &Workspace, options: &Options) -> Result<usize> {
    let all = walks::all();
    if let Some(unknown) = options.walks.iter().find(|name| !all.iter().any(|it| it.name == name.as_str())) {
        bail!("no walk {unknown}; ./x screens --list names them");
    }
    let chosen: Vec<&Walk> =
        all.iter().filter(|it| options.walks.is_empty() || options.walks.contains(&it.name)).collect();
    packages::ensure(workspace, &[FONT, PYTHON, OPENSSL])?;
    if !options.as_built {
        ship::windows(workspace)?;
    }
    let folder = workspace.target("screens");
    if folder.exists() {
        std::fs::remove_dir_all(&folder).context("cannot remove the last screens")?;
    }
    let seen = folder.join("seen");
    std::fs::create_dir_all(&seen)?;
    let mut guarded = Guarded::set_up(workspace, &folder)?;
    for walk in &chosen {
        guarded.walk(walk, &seen)?;
    }
    let names: Vec<String> = chosen.iter().flat_map(|it| it.pictures()).collect();
    let kept = Kept(workspace);
    if options.update {
        kept.take(&seen, &names, options.walks.is_empty())?;
        println!("{} screens are in {} now; look at each", names.len(), workspace.shown(&kept.folder()));
    } else {
        kept.compare(&seen, &names, &folder.join("differing"), options.walks.is_empty())?;
        println!("{} screens as they were", names.len());
    }
    Ok(names.len())
}

/// The screens that the repository keeps.
struct Kept<'a>(&'a Workspace);

/// Pictures of the manual: what it calls them, and the screen that each is cut from.
const IN_THE_MANUAL: [(&str, &str); 7] = [
    ("step-1", "step-1"),
    ("step-2", "step-2"),
    ("code-wrong", "code-wrong"),
    ("push", "push-number"),
    ("no-network", "no-network"),
    ("new-password", "new-password"),
    ("not-reached", "not-reached"),
];

impl Kept<'_> {
    fn folder(&self) -> PathBuf {
        self.0.root().join("crates/credential-provider/screens")
    }

    fn manual(&self) -> PathBuf {
        self.0.root().join("docs/images")
    }

    /// Makes what was seen what is right.
    fn take(&self, seen: &Path, names: &[String], all: bool) -> Result<()> {
        let folder = self.folder();
        std::fs::create_dir_all(&folder)?;
        for name in names {
            let read = |ending: &str| {
                let file = format!("{name}.{ending}");
                std::fs::read(seen.join(&file)).with_context(|| format!("no {file}"))
            };
            let picture = compare::in_few_colours(&compare::decode(&read("png")?)?);
            std::fs::write(folder.join(format!("{name}.png")), compare::encode(&picture)?)?;
            std::fs::write(folder.join(format!("{name}.txt")), read("txt")?)?;
        }
        if all {
            for stale in self.others(names)? {
                std::fs::remove_file(folder.join(&stale))?;
                println!("removed {stale}: no walk shows it");
            }
        }
        let manual = self.manual();
        std::fs::create_dir_all(&manual)?;
        for (picture, screen) in IN_THE_MANUAL {
            if names.iter().any(|it| it == screen) {
                let cut = crop::to_content(&std::fs::read(seen.join(format!("{screen}.png")))?)?;
                std::fs::write(manual.join(format!("logon-{picture}.png")), cut)?;
            }
        }
        Ok(())
    }

    /// Compares, and leaves actual, expected and difference of what differs in a folder.
    fn compare(&self, seen: &Path, names: &[String], differing: &Path, all: bool) -> Result<()> {
        let kept = self.folder();
        let mut found: BTreeMap<&str, String> = BTreeMap::new();
        for name in names {
            if let Some(how) = compare::screens(name, &kept, seen, differing)? {
                found.insert(name, how);
            }
        }
        let stale = if all { self.others(names)? } else { Vec::new() };
        let stale: Vec<String> = stale.into_iter().map(|file| format!("{file}: no walk shows it")).collect();
        if found.is_empty() && stale.is_empty() {
            return Ok(());
        }
        let lines: Vec<String> =
            found.iter().map(|(name, how)| format!("{name}: {how}")).chain(stale).collect();
        bail!(
            "{} of {} screens are not what they were:\n  {}\nActual, expected and difference lie in {}.\n\
             If they are right now: ./x screens --update, look at each, and commit them.",
            lines.len(),
            names.len(),
            lines.join("\n  "),
            self.0.shown(differing)
        )
    }

    /// Files that are kept and belong to none of these screens.
    fn others(&self, names: &[String]) -> Result<Vec<String>> {
        let mut others = Vec::new();
        for entry in std::fs::read_dir(self.folder()).context("no screens are kept: ./x screens --update")? {
            let file = entry?.file_name().to_string_lossy().into_owned();
            let name = file.trim_end_matches(".png").trim_end_matches(".txt");
            if file.contains('.') && !file.ends_with(".md") && !names.iter().any(|it| it == name) {
                others.push(file);
            }
        }
        others.sort();
        Ok(others)
    }
}
