//! Puts icon and version into TrasaCP.dll.

use resources::{Kind, Program};

fn main() -> anyhow::Result<()> {
    resources::compile(&Program {
        file: "TrasaCP.dll",
        description: "TRASA credential provider",
        kind: Kind::Dll,
        icons: &[],
        manifest: None,
        script: None,
    })
}
