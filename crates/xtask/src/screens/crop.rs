//! Pictures for the manual: a screen without the empty space round the tile.

use anyhow::{Context, Result};

use super::compare::{Pixels, decode, encode};

/// Left on each side.
const MARGIN: u32 = 32;

/// Cuts a picture to what is not its background, with a margin.
///
/// # Errors
/// When it is no picture of the logon host's, or an empty one.
pub fn to_content(file: &[u8]) -> Result<Vec<u8>> {
    encode(&cut(&decode(file)?).context("an empty picture")?)
}

fn cut(picture: &Pixels) -> Option<Pixels> {
    let background = picture.bytes.get(..3)?.to_owned();
    let (mut left, mut right, mut top, mut bottom) = (u32::MAX, 0, u32::MAX, 0);
    let rows = picture.bytes.chunks_exact(usize::try_from(picture.width).ok()? * 3);
    for (y, row) in (0..).zip(rows) {
        for (x, pixel) in (0..).zip(row.chunks_exact(3)) {
            if pixel != background {
                (left, right) = (left.min(x), right.max(x));
                (top, bottom) = (top.min(y), bottom.max(y));
            }
        }
    }
    if left > right {
        return None;
    }
    // The tile stays in the middle.
    let side = left.min(picture.width - 1 - right).saturating_sub(MARGIN);
    let (left, width) = (side, picture.width - 2 * side);
    let (top, end) = (top.saturating_sub(MARGIN), (bottom + MARGIN + 1).min(picture.height));
    let mut bytes = Vec::new();
    for y in top..end {
        let begin = usize::try_from((y * picture.width + left) * 3).ok()?;
        bytes.extend_from_slice(picture.bytes.get(begin..begin + usize::try_from(width * 3).ok()?)?);
    }
    Some(Pixels { width, height: end - top, bytes })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    #[test]
    fn the_content_stays_in_the_middle() {
        let mut picture = Pixels { width: 300, height: 200, bytes: vec![7; 300 * 200 * 3] };
        assert!(cut(&picture).is_none());
        // From (100, 50) to (199, 59).
        for y in 50..60 {
            for x in 100..200 {
                picture.bytes[(y * 300 + x) * 3] = 255;
            }
        }
        let cut = cut(&picture).unwrap();
        assert_eq!((cut.width, cut.height), (100 + 64, 10 + 64));
        let middle = usize::try_from((32 * cut.width + 32) * 3).unwrap();
        assert_eq!(cut.bytes[middle], 255);
    }
}
