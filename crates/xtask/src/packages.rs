//! Debian packages that this repository's work needs, installed when they are missing.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Result, bail};

use crate::task::Task;
use crate::workspace::Workspace;

/// Something that must be on the machine: what shows that it is there, and the package that brings it.
#[derive(Debug, Clone, Copy)]
pub struct Need {
    /// A program looked for in `PATH`, or an absolute path.
    pub proof: &'static str,
    /// Debian's package.
    pub package: &'static str,
}

/// Cross compiler for what runs on Windows.
pub const MINGW: Need = Need { proof: "x86_64-w64-mingw32-gcc", package: "gcc-mingw-w64-x86-64" };
/// C compiler for the server's SQLite and cryptography.
pub const CC: Need = Need { proof: "cc", package: "gcc" };
/// The C library's headers, which `gcc` only recommends.
pub const LIBC: Need = Need { proof: "/usr/include/stdlib.h", package: "libc6-dev" };
/// Wine and what it needs for TLS.
pub const WINE: [Need; 3] = [
    Need { proof: "wine", package: "wine" },
    Need { proof: "/usr/lib/wine/wine64", package: "wine64" },
    Need { proof: "/usr/lib/x86_64-linux-gnu/libgnutls.so.30", package: "libgnutls30" },
];
/// Somebody else's one-time codes.
pub const OATHTOOL: Need = Need { proof: "oathtool", package: "oathtool" };
/// The stand-in server of the demo's man in the middle.
pub const PYTHON: Need = Need { proof: "python3", package: "python3" };
/// Somebody else's reading of an MSI file.
pub const MSITOOLS: Need = Need { proof: "msiinfo", package: "msitools" };
/// A display that nobody sees, something to press its buttons and something to take its picture.
pub const DISPLAY: [Need; 4] = [
    Need { proof: "Xvfb", package: "xvfb" },
    Need { proof: "xdotool", package: "xdotool" },
    Need { proof: "import", package: "imagemagick" },
    Need { proof: "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf", package: "fonts-dejavu-core" },
];
/// The font with the signs on the buttons of a title bar.
pub const MARLETT: Need = Need { proof: "/usr/share/wine/fonts/marlett.ttf", package: "fonts-wine" };
/// What was copied on that display.
pub const XCLIP: Need = Need { proof: "xclip", package: "xclip" };
/// Certificates for the stand-in server.
pub const OPENSSL: Need = Need { proof: "openssl", package: "openssl" };

/// What sends an original agent's requests.
pub const CURL: Need = Need { proof: "curl", package: "curl" };
/// Another clock for one program.
pub const FAKETIME: Need =
    Need { proof: "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1", package: "libfaketime" };

/// What the pictures of the logon screen are drawn with: close to Windows' own, and the same everywhere.
pub const FONT: Need =
    Need { proof: "/usr/share/fonts/truetype/open-sans/OpenSans-Regular.ttf", package: "fonts-open-sans" };

/// Installs what is missing.
///
/// # Errors
/// When it is missing and cannot be installed; the message says what to install by hand.
pub fn ensure(workspace: &Workspace, needs: &[Need]) -> Result<()> {
    let missing: Vec<&str> =
        needs.iter().filter(|need| find(need.proof).is_none()).map(|need| need.package).collect();
    if missing.is_empty() {
        return Ok(());
    }
    install(workspace, &missing)?;
    match needs.iter().find(|need| find(need.proof).is_none()) {
        Some(need) => bail!("{} is still missing after package {} was installed", need.proof, need.package),
        None => Ok(()),
    }
}

/// Installs Debian packages without asking.
///
/// # Errors
/// When this is not Debian, there is no way to become root, or apt fails.
pub fn install(workspace: &Workspace, packages: &[&str]) -> Result<()> {
    let by_hand = format!("on Debian 12: apt-get install --no-install-recommends {}", packages.join(" "));
    if find("apt-get").is_none() {
        bail!("missing here, and this is no Debian; install what these packages bring ({by_hand})");
    }
    let Some(become_root) = way_to_root() else {
        bail!("cannot become root without asking; please run ({by_hand})");
    };
    println!("Installing {}", packages.join(" "));
    let task = Task::begin(workspace, "packages")?;
    let apt = |words: &[&str]| {
        let mut all = become_root.clone();
        all.extend(["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-o", "DPkg::Lock::Timeout=300"]);
        all.extend(words);
        let mut words = all.into_iter();
        let mut command = Command::new(words.next().unwrap_or("env"));
        command.args(words);
        command
    };
    task.run(&mut apt(&["update"]))?;
    let install = ["install", "-y", "--no-install-recommends"];
    task.run(&mut apt(&[&install[..], packages].concat()))
}

/// What to put before a command so that root runs it; `None` when that would need a person.
fn way_to_root() -> Option<Vec<&'static str>> {
    let quiet = |program: &str, words: &[&str]| {
        let mut command = Command::new(program);
        command.args(words).stdin(Stdio::null()).stderr(Stdio::null());
        command.output().ok().filter(|output| output.status.success()).map(|output| output.stdout)
    };
    if quiet("id", &["-u"])? == b"0\n" {
        return Some(Vec::new());
    }
    if quiet("sudo", &["-n", "true"]).is_some() {
        return Some(vec!["sudo", "-n"]);
    }
    (std::io::stdin().is_terminal() && find("sudo").is_some()).then(|| vec!["sudo"])
}

/// Where a program lies in `PATH`, or an absolute path if it exists.
pub fn find(program: &str) -> Option<PathBuf> {
    if program.starts_with('/') {
        return Path::new(program).exists().then(|| PathBuf::from(program));
    }
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(program)).find(|candidate| candidate.is_file())
}
