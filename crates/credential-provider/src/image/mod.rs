//! The tile's image: a shield with a key hole, drawn here so that no file and no resource is needed.

#[cfg(windows)]
mod bitmap;
mod drawing;

#[cfg(windows)]
pub(crate) use bitmap::new_tile_bitmap;
