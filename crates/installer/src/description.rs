//! What an installer can be told: the types of the one description.

use core::fmt;
use core::str::FromStr;

/// Version of the product. Windows Installer compares three numbers, of these sizes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    major: u8,
    minor: u8,
    build: u16,
}

/// A text is no version that Windows Installer could compare.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoVersion;

impl fmt::Display for NoVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a version is MAJOR.MINOR.BUILD, each a number, at most 255.255.65535")
    }
}

impl std::error::Error for NoVersion {}

impl FromStr for Version {
    type Err = NoVersion;

    fn from_str(text: &str) -> Result<Self, NoVersion> {
        let mut parts = text.split('.');
        let mut part = || parts.next().ok_or(NoVersion);
        let version = Self {
            major: part()?.parse().map_err(|_| NoVersion)?,
            minor: part()?.parse().map_err(|_| NoVersion)?,
            build: part()?.parse().map_err(|_| NoVersion)?,
        };
        if parts.next().is_some() { Err(NoVersion) } else { Ok(version) }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.build)
    }
}

/// Where a file goes. All of it lies below `%ProgramFiles%\TRASA\<version>`, so that versions lie side by side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Folder {
    /// The version's own folder.
    Program,
    /// `PolicyDefinitions` in it.
    Policies,
    /// `en-US` in that.
    PoliciesEnglish,
}

impl Folder {
    /// Every folder, parents first.
    pub const ALL: [Self; 3] = [Self::Program, Self::Policies, Self::PoliciesEnglish];

    /// Key in the table `Directory`. Not in capitals, or a command line could put it elsewhere, where others can write.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Program => "VersionFolder",
            Self::Policies => "PoliciesFolder",
            Self::PoliciesEnglish => "PoliciesEnglishFolder",
        }
    }

    /// Path below the version's folder.
    #[must_use]
    pub const fn path(self) -> &'static str {
        match self {
            Self::Program => "",
            Self::Policies => "PolicyDefinitions\\",
            Self::PoliciesEnglish => "PolicyDefinitions\\en-US\\",
        }
    }
}

/// A file that is installed.
#[derive(Clone, PartialEq, Eq)]
pub struct File {
    /// Its name.
    pub name: &'static str,
    /// Where it goes.
    pub folder: Folder,
    /// What is in it.
    pub content: Vec<u8>,
}

impl fmt::Debug for File {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{} ({} bytes)", self.folder.path(), self.name, self.content.len())
    }
}

impl File {
    /// Key in the tables `File` and `Component`, and name in the cabinet.
    #[must_use]
    pub fn key(&self) -> String {
        self.name.chars().map(|c| if c.is_ascii_alphanumeric() || c == '.' { c } else { '_' }).collect()
    }
}

/// A value of the registry (64-bit view, `HKEY_LOCAL_MACHINE`) that is read into a property before anything else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Search {
    /// The property.
    pub property: &'static str,
    /// The key.
    pub key: String,
    /// The value; empty for the key's own.
    pub value: &'static str,
}

/// Something that must hold, or nothing is installed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Requirement {
    /// Condition in Windows Installer's language.
    pub condition: String,
    /// What the person, or the log, is told where it does not hold.
    pub otherwise: &'static str,
}

/// When a program of the package is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// As SYSTEM, before files are removed; its failure fails the removal.
    BeforeFilesGo,
    /// As SYSTEM, once files and registry are there; its failure takes everything back.
    FilesAreThere,
    /// As SYSTEM, where an installation that got as far as [`Self::FilesAreThere`] is taken back.
    InstallationTakenBack,
    /// As SYSTEM, where a removal that got as far as [`Self::BeforeFilesGo`] is taken back.
    RemovalTakenBack,
    /// As the person at the last page; nobody waits for its end.
    LastPage,
}

/// A program of the package, run with a command line. It holds no secret: others can read command lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Action {
    /// Name, as it stands in a log.
    pub name: &'static str,
    /// What the progress page says; empty for nothing.
    pub progress: &'static str,
    /// Name of the file that is run.
    pub program: &'static str,
    /// Its arguments, with `[PROPERTY]` filled in.
    pub arguments: &'static str,
    /// When.
    pub moment: Moment,
    /// Whether, in Windows Installer's language.
    pub condition: &'static str,
}

/// An entry of the Start menu.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shortcut {
    /// What it is called.
    pub name: &'static str,
    /// Shown when the pointer rests on it.
    pub description: &'static str,
    /// Name of the file that it starts.
    pub program: &'static str,
}

/// An installer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Package {
    /// Name of the product.
    pub name: &'static str,
    /// Who makes it.
    pub manufacturer: &'static str,
    /// Where to read about it.
    pub address: &'static str,
    /// Its version.
    pub version: Version,
    /// What is installed.
    pub files: Vec<File>,
    /// The Start menu's entry.
    pub shortcut: Shortcut,
    /// The icon (ICO) of shortcut and list of programs, where there is one.
    pub icon: Option<Vec<u8>>,
    /// What is looked up before anything else.
    pub searches: Vec<Search>,
    /// What must hold.
    pub requirements: Vec<Requirement>,
    /// Properties that a command line sets, also where an installation is elevated.
    pub properties: &'static [&'static str],
    /// Programs that are run.
    pub actions: Vec<Action>,
}

#[cfg(test)]
mod tests {
    use super::Version;

    #[test]
    fn a_version_has_three_numbers_that_windows_installer_compares() {
        for text in ["0.1.0", "1.20.300", "255.255.65535"] {
            assert_eq!(text.parse::<Version>().map(|version| version.to_string()), Ok(text.to_owned()));
        }
        for text in ["", "1", "1.2", "1.2.3.4", "256.0.0", "0.0.65536", "1.2.3-rc.1", "1.2.x", "-1.0.0"] {
            assert!(text.parse::<Version>().is_err(), "{text}");
        }
        let of = |text: &str| text.parse::<Version>().ok();
        assert!(of("0.10.0") > of("0.9.0"));
    }
}
