//! Where things lie in this repository and in its `target` folder.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

/// The repository that `./x` was started in.
#[derive(Debug, Clone)]
pub struct Workspace {
    root: PathBuf,
}

impl Workspace {
    /// Finds the repository from the current folder upwards.
    ///
    /// # Errors
    /// When no parent folder holds both `x` and `Cargo.toml`.
    pub fn find() -> Result<Self> {
        let here = std::env::current_dir().context("cannot tell the current folder")?;
        let root =
            here.ancestors().find(|folder| folder.join("x").is_file() && folder.join("Cargo.toml").is_file());
        match root {
            Some(root) => Ok(Self { root: root.to_owned() }),
            None => bail!("{} is not inside the repository: start ./x from it", here.display()),
        }
    }

    /// The root folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// `target/<name>`.
    pub fn target(&self, name: &str) -> PathBuf {
        self.root.join("target").join(name)
    }

    /// The folder of what ships.
    pub fn dist(&self) -> PathBuf {
        self.root.join("dist")
    }

    /// The log file of a task, in a folder that exists.
    ///
    /// # Errors
    /// When the folder cannot be made.
    pub fn log(&self, task: &str) -> Result<PathBuf> {
        let folder = self.target("logs");
        std::fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        Ok(folder.join(format!("{task}.log")))
    }

    /// A path as it is shown to people: relative to the root where it lies in it.
    pub fn shown(&self, path: &Path) -> String {
        path.strip_prefix(&self.root).unwrap_or(path).display().to_string()
    }
}
