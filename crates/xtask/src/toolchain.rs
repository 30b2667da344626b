//! Which cargo builds what: any recent one for Linux; for Windows one that can build the standard library along.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Result, bail};

use crate::packages::{self, CC, LIBC, MINGW};
use crate::workspace::Workspace;

/// Windows 7 and above, 64 bit. Tier 3: no standard library is shipped for it. The ordinary `x86_64-pc-windows-gnu`
/// imports `bcryptprimitives.dll`, which neither Windows 7 nor Wine 8 has.
pub const WINDOWS_TARGET: &str = "x86_64-win7-windows-gnu";
/// The profile of everything that runs on Windows, tests included, so that the standard library is built once.
pub const WINDOWS_PROFILE: &str = "windows";
/// The crates that are only something on Windows.
pub const WINDOWS_CRATES: [&str; 4] = ["agent-windows", "config-panel", "credential-provider", "logon-host"];

/// The same set for each build, check and test, or the standard library would be built again for each.
const BUILD_STD: [&str; 2] =
    ["-Zbuild-std=std,panic_unwind,test", "-Zbuild-std-features=panic-unwind,optimize_for_size"];

/// The compiler for what runs on Linux.
#[derive(Debug, Clone)]
pub struct Linux {
    workspace: Workspace,
    cargo: PathBuf,
}

impl Linux {
    /// The cargo that `./x` found, with the C compiler that the server's dependencies need.
    ///
    /// # Errors
    /// When the C compiler is missing and cannot be installed.
    pub fn ready(workspace: &Workspace) -> Result<Self> {
        packages::ensure(workspace, &[CC, LIBC])?;
        let cargo = std::env::var_os("XTASK_CARGO").map_or_else(|| PathBuf::from("cargo"), PathBuf::from);
        Ok(Self { workspace: workspace.clone(), cargo })
    }

    /// `cargo <word>` in the root.
    pub fn cargo(&self, word: &str) -> Command {
        let mut command = Command::new(&self.cargo);
        command.arg(word).current_dir(self.workspace.root());
        command
    }

    /// Is `cargo <word>` there (a component or a plug-in)?
    pub fn has(&self, word: &str) -> bool {
        succeeds(self.cargo(word).arg("--version"))
    }

    /// Makes sure that a component of the toolchain is there.
    ///
    /// # Errors
    /// When it is missing and cannot be installed.
    pub fn ensure_component(&self, word: &str, debian: &str, rustup: &str) -> Result<()> {
        if self.has(word) {
            return Ok(());
        }
        if self.is_debian() {
            packages::install(&self.workspace, &[debian])?;
        } else if succeeds(Command::new("rustup").args(["component", "add", rustup])) {
            println!("Installed rustup's {rustup}");
        }
        if self.has(word) {
            return Ok(());
        }
        bail!("cargo {word} is missing; install it with `rustup component add {rustup}` or Debian's {debian}")
    }

    /// Does cargo come from Debian's package rather than from rustup?
    fn is_debian(&self) -> bool {
        let found = packages::find(&self.cargo.to_string_lossy());
        found.is_some_and(|path| path == Path::new("/usr/bin/cargo"))
    }
}

/// The compiler for what runs on Windows.
#[derive(Debug, Clone)]
pub struct Windows {
    workspace: Workspace,
    kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Debian's stable compiler, told to accept what is unstable.
    Debian,
    /// rustup's nightly with the component `rust-src`.
    Nightly,
}

impl Windows {
    /// Finds Debian's compiler or rustup's nightly, else installs Debian's.
    ///
    /// # Errors
    /// When neither is there and Debian's cannot be installed.
    pub fn ready(workspace: &Workspace) -> Result<Self> {
        packages::ensure(workspace, &[MINGW, CC, LIBC])?;
        let with = |kind| Self { workspace: workspace.clone(), kind };
        if debian_is_complete() {
            return Ok(with(Kind::Debian));
        }
        if nightly_is_complete() {
            return Ok(with(Kind::Nightly));
        }
        let installed =
            packages::install(workspace, &["rustc-web", "cargo-web", "rust-web-src", "rust-web-clippy"]);
        if installed.is_ok() && debian_is_complete() {
            return Ok(with(Kind::Debian));
        }
        let why = installed.err().map(|error| format!(" ({error})")).unwrap_or_default();
        bail!(
            "no compiler for Windows{why}. On Debian 12: apt-get install rustc-web cargo-web rust-web-src rust-web-clippy. \
             Elsewhere: rustup toolchain install nightly --component rust-src --component clippy, and mingw-w64's gcc"
        )
    }

    /// `cargo <word>` for the Windows target, in a target folder of its own so that it never waits for the Linux builds.
    pub fn cargo(&self, word: &str) -> Command {
        let mut command = match self.kind {
            Kind::Debian => {
                let mut command = Command::new("/usr/bin/cargo");
                command
                    .env("RUSTC", "/usr/bin/rustc")
                    .env("RUSTDOC", "/usr/bin/rustdoc")
                    .env("RUSTC_BOOTSTRAP", "1")
                    // `cargo clippy` takes the first cargo-clippy that it finds; it must be Debian's too.
                    .env("PATH", debian_first());
                command
            }
            Kind::Nightly => {
                let mut command = Command::new("rustup");
                command.args(["run", "nightly", "cargo"]);
                command
            }
        };
        command
            .arg(word)
            .args(["--target", WINDOWS_TARGET, "--profile", WINDOWS_PROFILE])
            .args(BUILD_STD)
            .current_dir(self.workspace.root())
            .env("CARGO_TARGET_DIR", self.workspace.target("win"))
            // Without it the `windows` crate imports api-ms-win-core-winrt-error, which Windows 7 does not have.
            .env("RUSTFLAGS", "--cfg windows_slim_errors")
            .env("CC_x86_64_win7_windows_gnu", "x86_64-w64-mingw32-gcc")
            .env("AR_x86_64_win7_windows_gnu", "x86_64-w64-mingw32-ar");
        command
    }

    /// Makes sure that clippy of this toolchain is there.
    ///
    /// # Errors
    /// When it is missing and cannot be installed.
    pub fn ensure_clippy(&self) -> Result<()> {
        match self.kind {
            Kind::Debian if packages::find("/usr/bin/cargo-clippy").is_none() => {
                packages::install(&self.workspace, &["rust-web-clippy"])
            }
            Kind::Debian => Ok(()),
            Kind::Nightly => {
                if succeeds(Command::new("rustup").args(["run", "nightly", "cargo", "clippy", "--version"])) {
                    return Ok(());
                }
                bail!("clippy is missing: rustup component add --toolchain nightly clippy")
            }
        }
    }

    /// Where this toolchain leaves what it built.
    pub fn output(&self) -> PathBuf {
        self.workspace.target("win").join(WINDOWS_TARGET).join(WINDOWS_PROFILE)
    }
}

/// `-p <crate>` for each of the Windows crates.
pub fn windows_packages() -> impl Iterator<Item = &'static str> {
    WINDOWS_CRATES.into_iter().flat_map(|name| ["-p", name])
}

fn debian_is_complete() -> bool {
    let source = Path::new("/usr/lib/rustlib/src/rust/library/Cargo.toml");
    let new_enough =
        text_of(Command::new("/usr/bin/rustc").arg("--version")).is_some_and(|text| is_new_enough(&text));
    new_enough && Path::new("/usr/bin/cargo").is_file() && source.is_file()
}

fn nightly_is_complete() -> bool {
    let sysroot = text_of(Command::new("rustup").args(["run", "nightly", "rustc", "--print", "sysroot"]));
    sysroot
        .is_some_and(|root| Path::new(root.trim()).join("lib/rustlib/src/rust/library/Cargo.toml").is_file())
}

/// The oldest compiler, as `rust-version` in the root manifest says.
const OLDEST_MINOR: u32 = 95;

fn is_new_enough(version: &str) -> bool {
    let minor = version.split_whitespace().nth(1).and_then(|number| number.split('.').nth(1));
    minor.and_then(|minor| minor.parse::<u32>().ok()).is_some_and(|minor| minor >= OLDEST_MINOR)
}

/// Runs a command quietly: did it succeed?
pub fn succeeds(command: &mut Command) -> bool {
    text_of(command).is_some()
}

fn text_of(command: &mut Command) -> Option<String> {
    let output = command.stdin(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The search path with Debian's programs before any other's.
fn debian_first() -> std::ffi::OsString {
    let mut path = std::ffi::OsString::from("/usr/bin");
    if let Some(rest) = std::env::var_os("PATH") {
        path.push(":");
        path.push(rest);
    }
    path
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    #[test]
    fn an_old_compiler_is_told_from_a_new_one() {
        assert!(is_new_enough("rustc 1.96.0 (30a34c682 2026-05-25) (built from a source tarball)"));
        assert!(!is_new_enough("rustc 1.63.0 (4b91a6ea7 2022-08-08)"));
        assert!(!is_new_enough("no compiler"));
    }

    #[test]
    fn the_oldest_compiler_is_the_one_in_the_manifest() {
        let manifest =
            std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../Cargo.toml")).unwrap();
        assert!(manifest.contains(&format!("rust-version = \"1.{OLDEST_MINOR}\"")));
    }
}
