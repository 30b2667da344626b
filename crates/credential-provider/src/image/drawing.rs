//! The drawing `art/tile.svg`, as the build script rendered it. Pure.

use super::prediction::{self, WIDTH};

/// Width and height in pixels.
pub(super) const SIZE: u16 = 256;

/// See the build script.
const RENDERED: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/tile.bin"));

/// All pixels, top row first, four bytes each: blue, green, red, and alpha (opaque). `None` if the build was no good.
pub(super) fn pixels() -> Option<Vec<u8>> {
    let plane = WIDTH * WIDTH;
    let all = miniz_oxide::inflate::decompress_to_vec_with_limit(RENDERED, 3 * plane).ok()?;
    let channels: Vec<Vec<u8>> = all.chunks_exact(plane).map(prediction::values).collect();
    let [red, green, blue] = channels.as_slice() else { return None };
    let pixels = red.iter().zip(green).zip(blue);
    Some(pixels.flat_map(|((red, green), blue)| [*blue, *green, *red, u8::MAX]).collect())
}

#[cfg(test)]
mod tests {
    use super::{SIZE, WIDTH, pixels, prediction};

    #[test]
    fn the_mark_stands_in_the_middle_on_a_dark_ground() {
        let pixels = pixels().expect("it was built");
        assert_eq!(usize::from(SIZE), WIDTH);
        assert_eq!(pixels.len(), WIDTH * WIDTH * 4);
        let at = |x: usize, y: usize| &pixels[(y * WIDTH + x) * 4..][..4];
        // Corners are the dark ground, the key hole is golden.
        for (x, y) in [(0, 0), (255, 0), (0, 255), (255, 255)] {
            assert!(at(x, y).iter().take(3).all(|value| *value < 0x80), "{x},{y}");
        }
        let golden = at(128, 117);
        let [blue, green, red, alpha] = [0, 1, 2, 3].map(|channel| golden[channel]);
        assert!(red > 0xc0 && green > 0x80 && blue < 0x80 && alpha == 0xff, "{golden:?}");
    }

    #[test]
    fn differences_and_values_are_each_others_inverse() {
        let channel: Vec<u8> =
            (0..WIDTH * 5 + 3).map(|at| u8::try_from(at * at % 251).unwrap_or(0)).collect();
        assert_eq!(prediction::values(&prediction::differences(&channel)), channel);
        // A slope costs nothing but its edges.
        let slope: Vec<u8> = (0..WIDTH * 4).map(|at| u8::try_from(at % WIDTH / 2).unwrap_or(0)).collect();
        assert!(prediction::differences(&slope)[WIDTH + 1..].iter().filter(|it| **it != 0).count() < 8);
    }
}
