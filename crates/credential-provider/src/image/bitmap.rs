//! The drawing as a GDI bitmap.

use super::drawing;
use crate::com::Fault;
use windows::Win32::Graphics::Gdi::{
    BI_RGB, BITMAPINFO, BITMAPINFOHEADER, CreateDIBSection, DIB_RGB_COLORS, DeleteObject, HBITMAP,
};

/// A new bitmap. LogonUI owns what a tile gives it, so each call makes one.
pub(crate) fn new_tile_bitmap() -> Result<HBITMAP, Fault> {
    let pixels = drawing::pixels().ok_or(Fault::Failed)?;
    let header = BITMAPINFOHEADER {
        biSize: u32::try_from(size_of::<BITMAPINFOHEADER>()).map_err(|_| Fault::Failed)?,
        biWidth: i32::from(drawing::SIZE),
        // Negative: the top row comes first.
        biHeight: -i32::from(drawing::SIZE),
        biPlanes: 1,
        biBitCount: 32,
        biCompression: BI_RGB.0,
        ..Default::default()
    };
    let info = BITMAPINFO { bmiHeader: header, ..Default::default() };
    let mut bits = core::ptr::null_mut();
    // SAFETY: `info` describes the bitmap wholly and lives over the call; no device context and no section are needed
    // with DIB_RGB_COLORS.
    let bitmap = unsafe { CreateDIBSection(None, &raw const info, DIB_RGB_COLORS, &raw mut bits, None, 0) };
    let bitmap = bitmap.map_err(|_| Fault::OutOfMemory)?;
    if bits.is_null() {
        // SAFETY: the bitmap was made above and nobody else has it.
        let _ = unsafe { DeleteObject(bitmap.into()) };
        return Err(Fault::OutOfMemory);
    }
    // SAFETY: 32 bits a pixel need no filling between rows, so GDI's block is exactly as long as `pixels`, and new.
    unsafe { core::ptr::copy_nonoverlapping(pixels.as_ptr(), bits.cast(), pixels.len()) };
    Ok(bitmap)
}
