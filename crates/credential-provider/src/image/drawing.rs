//! The drawing: which colour a point has. Pure.

/// Width and height in pixels, the size that Windows shows at 100 %.
pub(super) const SIZE: u16 = 128;

/// Each pixel is the mean of so many by so many points.
const SAMPLES: u16 = 4;

/// Red, green, blue.
type Colour = [u16; 3];

const BACKGROUND: Colour = [0x1b, 0x2a, 0x41];
const SHIELD: Colour = [0x32, 0x4a, 0x5f];
const RIM: Colour = [0xcc, 0xd6, 0xe0];
const KEY_HOLE: Colour = [0xf2, 0xb1, 0x34];

/// All pixels, top row first, four bytes each: blue, green, red, and alpha (opaque).
pub(super) fn pixels() -> Vec<u8> {
    let rows = 0..SIZE;
    rows.flat_map(|y| (0..SIZE).flat_map(move |x| pixel(x, y))).collect()
}

fn pixel(x: u16, y: u16) -> [u8; 4] {
    let mut sum: Colour = [0; 3];
    for step in 0..SAMPLES * SAMPLES {
        let point = |pixel: u16, step: u16| {
            let offset = (f32::from(step) + 0.5) / f32::from(SAMPLES);
            (f32::from(pixel) + offset) / f32::from(SIZE) * 2.0 - 1.0
        };
        let colour = colour(point(x, step % SAMPLES), point(y, step / SAMPLES));
        sum = core::array::from_fn(|i| sum[i] + colour[i]);
    }
    let [red, green, blue] = sum.map(|total| u8::try_from(total / (SAMPLES * SAMPLES)).unwrap_or(u8::MAX));
    [blue, green, red, u8::MAX]
}

/// The colour at a point; both coordinates run from -1 to 1, downwards and to the right.
fn colour(x: f32, y: f32) -> Colour {
    if is_key_hole(x, y) {
        KEY_HOLE
    } else if is_shield(x, y, 0.62) {
        SHIELD
    } else if is_shield(x, y, 0.70) {
        RIM
    } else {
        BACKGROUND
    }
}

/// A straight upper half, and below it two arcs that meet in a point.
fn is_shield(x: f32, y: f32, half_width: f32) -> bool {
    let top = -1.1 * half_width;
    let waist = -0.1;
    let radius = 2.0 * half_width;
    let depth = (y - waist).max(0.0) * 1.2;
    let reach = (radius * radius - depth * depth).max(0.0).sqrt() - half_width;
    y >= top && x.abs() <= reach
}

/// A disc over a slot that grows wider downwards.
fn is_key_hole(x: f32, y: f32) -> bool {
    let disc = x * x + (y + 0.18) * (y + 0.18) <= 0.18 * 0.18;
    let slot = (-0.18..=0.36).contains(&y) && x.abs() <= 0.07 + 0.10 * (y + 0.18);
    disc || slot
}

#[cfg(test)]
mod tests {
    use super::{BACKGROUND, KEY_HOLE, SHIELD, SIZE, pixels};

    fn at(pixels: &[u8], x: usize, y: usize) -> [u16; 3] {
        let start = (y * usize::from(SIZE) + x) * 4;
        [pixels[start + 2], pixels[start + 1], pixels[start]].map(u16::from)
    }

    #[test]
    fn the_shield_stands_in_the_middle_and_is_symmetrical() {
        let pixels = pixels();
        assert_eq!(pixels.len(), 128 * 128 * 4);
        assert_eq!(at(&pixels, 0, 0), BACKGROUND);
        assert_eq!(at(&pixels, 64, 52), KEY_HOLE);
        assert_eq!(at(&pixels, 40, 40), SHIELD);
        for y in 0..128 {
            for x in 0..64 {
                assert_eq!(at(&pixels, x, y), at(&pixels, 127 - x, y), "{x},{y}");
            }
        }
    }
}
