//! Puts icon and version into logon-host.exe.

use resources::{Kind, Program};

fn main() -> anyhow::Result<()> {
    resources::compile(&Program {
        file: "logon-host.exe",
        description: "Plays the Windows logon screen for credential providers",
        kind: Kind::Exe,
        icons: &[],
        manifest: Some("resources/logon-host.manifest"),
        script: None,
    })
}
