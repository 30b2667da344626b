//! What a Windows program carries beside its code: icon, images, version information, manifest.
//!
//! Used by build scripts only. The drawings are the SVG files in `art/`; nothing that was rendered
//! from them is kept in the repository.
#![forbid(unsafe_code)]

mod drawing;
mod program;

pub use drawing::{SIZES, application_icon, icon, pixels, png};
pub use program::{Kind, Program, compile};
