//! The tile's image: the project's own drawing, rendered when the DLL is built, so that no file and no resource is
//! looked for at the logon.

#[cfg(windows)]
mod bitmap;
mod drawing;
mod prediction;

#[cfg(windows)]
pub(crate) use bitmap::new_tile_bitmap;
