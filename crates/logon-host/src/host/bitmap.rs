//! Reads the bitmaps that a provider hands over.

use windows::Win32::Graphics::Gdi::{
    BI_RGB, BITMAP, BITMAPINFO, BITMAPINFOHEADER, CreateCompatibleDC, DIB_RGB_COLORS, DeleteDC, GetDIBits,
    GetObjectW, HBITMAP,
};

use crate::screen::Image;

/// Larger ones are no tile images.
const LARGEST: i32 = 2_048;

/// The pixels of a bitmap; `None` if it is none. Transparency is left out, as LogonUI does it.
pub(super) fn read(bitmap: HBITMAP) -> Option<Image> {
    let mut about = BITMAP::default();
    let size = i32::try_from(size_of::<BITMAP>()).ok()?;
    // SAFETY: the place is as large as said; what is no bitmap is refused.
    let read = unsafe { GetObjectW(bitmap.into(), size, Some((&raw mut about).cast())) };
    let good = 1..=LARGEST;
    if read != size || !good.contains(&about.bmWidth) || !good.contains(&about.bmHeight) {
        return None;
    }
    let (width, height) = (u32::try_from(about.bmWidth).ok()?, u32::try_from(about.bmHeight).ok()?);
    let mut info = BITMAPINFO {
        bmiHeader: BITMAPINFOHEADER {
            biSize: u32::try_from(size_of::<BITMAPINFOHEADER>()).ok()?,
            biWidth: about.bmWidth,
            // Negative: the top row comes first.
            biHeight: -about.bmHeight,
            biPlanes: 1,
            biBitCount: 32,
            biCompression: BI_RGB.0,
            ..BITMAPINFOHEADER::default()
        },
        ..BITMAPINFO::default()
    };
    let mut bytes = vec![0_u8; usize::try_from(width.checked_mul(height)?.checked_mul(4)?).ok()?];
    // SAFETY: takes nothing.
    let context = unsafe { CreateCompatibleDC(None) };
    let lines = {
        let into = Some(bytes.as_mut_ptr().cast());
        // SAFETY: 32 bits a pixel need no filling between rows, so so many rows fit the buffer; the header says so too.
        unsafe { GetDIBits(context, bitmap, 0, height, into, &raw mut info, DIB_RGB_COLORS) }
    };
    // SAFETY: made above, and nobody else has it.
    let _fails_when_it_was_none = unsafe { DeleteDC(context) };
    if lines != about.bmHeight {
        return None;
    }
    let pixels = bytes.chunks_exact(4).map(|it| [it[2], it[1], it[0]]).collect();
    Some(Image { width, height, pixels })
}
