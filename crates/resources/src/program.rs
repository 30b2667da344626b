//! The resource script of a program, written and compiled.

use crate::drawing;
use anyhow::{Context as _, Result, bail};
use embed_resource::{CompilationResult, ParamsIncludeDirs};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// What is built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A program.
    Exe,
    /// A library.
    Dll,
}

/// What goes into a program or library.
#[derive(Debug, Clone, Copy)]
pub struct Program<'a> {
    /// File name, with its extension.
    pub file: &'a str,
    /// What Windows shows as the name of the program, in the task manager and in the question of UAC.
    pub description: &'a str,
    /// Program or library.
    pub kind: Kind,
    /// Drawings that become icons of their own, by resource id; the program's own icon has id 1.
    pub icons: &'a [(u16, &'a str)],
    /// Manifest file beside the build script; `@VERSION@` in it becomes the version with four parts.
    pub manifest: Option<&'a str>,
    /// More resources, such as dialogs: a script beside the build script.
    pub script: Option<&'a str>,
}

/// Writes the resource script and links it into the program. Does nothing for other systems than
/// Windows. Called by a build script, in whose folder it looks.
///
/// # Errors
/// When a drawing cannot be rendered or the resource compiler is missing or refuses.
pub fn compile(program: &Program<'_>) -> Result<()> {
    watch(&PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../art")));
    watch(Path::new("build.rs"));
    if std::env::var("CARGO_CFG_WINDOWS").is_err() {
        return Ok(());
    }
    let folder = PathBuf::from(std::env::var_os("OUT_DIR").context("not in a build script")?);
    let here = PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").context("not in a build script")?);
    let version = std::env::var("CARGO_PKG_VERSION")?;
    if program.kind == Kind::Exe {
        std::fs::write(folder.join("icon-1.ico"), drawing::application_icon()?)?;
    }
    for (id, name) in program.icons {
        std::fs::write(folder.join(format!("icon-{id}.ico")), drawing::icon(name, &SHOWN)?)?;
    }
    if let Some(manifest) = program.manifest {
        watch(Path::new(manifest));
        let text = std::fs::read_to_string(here.join(manifest))
            .with_context(|| format!("cannot read {manifest}"))?;
        std::fs::write(folder.join(MANIFEST), text.replace("@VERSION@", &dotted(parts(&version)?)))?;
    }
    if let Some(script) = program.script {
        watch(Path::new(script));
    }
    let (stem, _) = program.file.rsplit_once('.').context("a file name without extension")?;
    let path = folder.join(format!("{stem}.rc"));
    std::fs::write(&path, script(program, &version)?)?;
    let include = ParamsIncludeDirs([&folder, &here]);
    let compiled = match program.kind {
        Kind::Exe => embed_resource::compile_for(&path, [stem], include),
        Kind::Dll => embed_resource::compile_for_cdylib(&path, include),
    };
    match compiled {
        CompilationResult::Ok | CompilationResult::NotWindows => Ok(()),
        failed => bail!("resources of {}: {failed}", program.file),
    }
}

const MANIFEST: &str = "program.manifest";
/// Widths of an icon that a dialog shows, in pixels, from 100 to 300 %.
const SHOWN: [u32; 5] = [40, 48, 64, 96, 128];

#[expect(clippy::print_stdout, reason = "this is how a build script speaks to cargo")]
fn watch(path: &Path) {
    println!("cargo:rerun-if-changed={}", path.display());
}

/// `1.2.3-beta` as the four numbers of Windows.
fn parts(version: &str) -> Result<[u16; 4]> {
    let plain = version.split(['-', '+']).next().unwrap_or_default();
    let mut parts = [0; 4];
    for (at, text) in plain.split('.').enumerate() {
        let place = parts.get_mut(at).with_context(|| format!("{version} has too many parts"))?;
        *place = text.parse().with_context(|| format!("{version} is no version"))?;
    }
    Ok(parts)
}

fn dotted(parts: [u16; 4]) -> String {
    parts.map(|part| part.to_string()).join(".")
}

/// The script, in which everything is a number or a quoted text: no header of Windows is needed.
fn script(program: &Program<'_>, version: &str) -> Result<String> {
    let numbers = parts(version)?.map(|part| part.to_string()).join(",");
    // VFT_APP and VFT_DLL.
    let kind = match program.kind {
        Kind::Exe => 1,
        Kind::Dll => 2,
    };
    let strings = [
        ("CompanyName", "TRASA"),
        ("FileDescription", program.description),
        ("FileVersion", version),
        ("InternalName", program.file),
        ("LegalCopyright", "MIT OR Apache-2.0"),
        ("OriginalFilename", program.file),
        ("ProductName", "TRASA for Windows"),
        ("ProductVersion", version),
    ];
    let mut text = String::from("#pragma code_page(65001)\n");
    // A library has no icon of its own: LogonUI would load a hundred kilobytes that nobody looks at.
    if program.kind == Kind::Exe {
        text.push_str("1 ICON \"icon-1.ico\"\n");
    }
    for (id, _) in program.icons {
        writeln!(text, "{id} ICON \"icon-{id}.ico\"")?;
    }
    if program.manifest.is_some() {
        // RT_MANIFEST; a program's own has id 1.
        writeln!(text, "1 24 \"{MANIFEST}\"")?;
    }
    writeln!(text, "1 VERSIONINFO\nFILEVERSION {numbers}\nPRODUCTVERSION {numbers}\nFILEFLAGSMASK 0x3f")?;
    // VOS_NT_WINDOWS32.
    writeln!(text, "FILEOS 0x40004\nFILETYPE {kind}\nBEGIN\nBLOCK \"StringFileInfo\" BEGIN")?;
    // English (United States), UTF-16.
    writeln!(text, "BLOCK \"040904b0\" BEGIN")?;
    for (name, value) in strings {
        writeln!(text, "VALUE \"{name}\", \"{value}\\0\"")?;
    }
    writeln!(text, "END\nEND\nBLOCK \"VarFileInfo\" BEGIN\nVALUE \"Translation\", 0x409, 1200\nEND\nEND")?;
    if let Some(script) = program.script {
        writeln!(text, "#include \"{script}\"")?;
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::{Kind, Program, parts, script};

    #[test]
    fn versions_have_four_parts() {
        assert_eq!(parts("1.2.3").ok(), Some([1, 2, 3, 0]));
        assert_eq!(parts("1.2.3-rc.1+x").ok(), Some([1, 2, 3, 0]));
        assert_eq!(parts("1.2.3.4").ok(), Some([1, 2, 3, 4]));
        for wrong in ["", "1.x", "1.2.3.4.5", "1.99999"] {
            assert!(parts(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_script_names_everything_that_is_given() {
        let program = Program {
            file: "Some.exe",
            description: "Some program",
            kind: Kind::Exe,
            icons: &[(7, "state-armed")],
            manifest: Some("app.manifest"),
            script: Some("src/dialog.rc"),
        };
        let text = script(&program, "1.2.3").unwrap_or_default();
        for line in [
            "1 ICON \"icon-1.ico\"",
            "7 ICON \"icon-7.ico\"",
            "1 24 \"program.manifest\"",
            "FILEVERSION 1,2,3,0",
            "FILETYPE 1",
            "VALUE \"FileDescription\", \"Some program\\0\"",
            "#include \"src/dialog.rc\"",
        ] {
            assert!(text.lines().any(|other| other == line), "{line} is not in\n{text}");
        }
    }
}
