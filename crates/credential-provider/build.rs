//! Puts version and tile image into TrasaCP.dll.

use anyhow::{Context as _, Result};
use resources::{Kind, Program};
use std::path::PathBuf;

#[path = "src/image/prediction.rs"]
mod prediction;

fn main() -> Result<()> {
    tile()?;
    resources::compile(&Program {
        file: "TrasaCP.dll",
        description: "TRASA credential provider",
        kind: Kind::Dll,
        icons: &[],
        manifest: None,
        script: None,
    })
}

/// Renders art/tile.svg for `src/image/drawing.rs`: what differs from the prediction, deflated.
fn tile() -> Result<()> {
    println!("cargo:rerun-if-changed=src/image/prediction.rs");
    let width = prediction::WIDTH;
    let rendered = resources::pixels("tile", u32::try_from(width)?)?;
    let channel = |at: usize| rendered.chunks_exact(4).map(move |pixel| pixel[at]).collect::<Vec<u8>>();
    let differences: Vec<u8> = (0..3).flat_map(|at| prediction::differences(&channel(at))).collect();
    let small = miniz_oxide::deflate::compress_to_vec(&differences, 10);
    let folder = PathBuf::from(std::env::var_os("OUT_DIR").context("not in a build script")?);
    std::fs::write(folder.join("tile.bin"), small).context("cannot write the tile's image")
}
