//! Puts icon, version, manifest and dialogs into TrasaConfig.exe.

#[path = "messages.rs"]
mod messages;

use anyhow::Context as _;
use resources::{Kind, Program};

fn main() -> anyhow::Result<()> {
    let folder = std::path::PathBuf::from(std::env::var_os("OUT_DIR").context("not in a build script")?);
    std::fs::write(folder.join("messages.bin"), messages::table())?;
    resources::compile(&Program {
        file: "TrasaConfig.exe",
        description: "TRASA configuration",
        kind: Kind::Exe,
        // The numbers stand in src/dialog/ids.rs too.
        icons: &[(2, "state-absent"), (3, "state-verified"), (4, "state-armed"), (5, "state-damaged")],
        manifest: Some("resources/TrasaConfig.manifest"),
        script: Some("resources/TrasaConfig.rc"),
    })
}
