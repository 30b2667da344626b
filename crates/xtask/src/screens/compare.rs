//! Compares one screen with the one that is kept.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result, ensure};

/// A colour channel that differs by less is the same colour: rasterizers round differently.
const SAME_COLOUR: u8 = 40;
/// So many of a thousand pixels may differ: the edges of letters after a new version of a font.
const PER_MILLE: usize = 2;

/// A decoded picture: red, green, blue, top row first.
#[derive(Clone, PartialEq, Eq)]
pub struct Pixels {
    pub width: u32,
    pub height: u32,
    pub bytes: Vec<u8>,
}

/// How the screen differs from the kept one; `None` if it does not.
///
/// # Errors
/// When a file cannot be read or written.
pub fn screens(name: &str, kept: &Path, seen: &Path, differing: &Path) -> Result<Option<String>> {
    let read = |folder: &Path, ending: &str| std::fs::read(folder.join(format!("{name}.{ending}")));
    let actual = read(seen, "png").with_context(|| format!("the walk made no {name}.png"))?;
    let actual_words = String::from_utf8(read(seen, "txt")?)?;
    let Ok(expected) = read(kept, "png") else {
        return Ok(Some("new; no such screen is kept".to_owned()));
    };
    let expected_words = String::from_utf8(read(kept, "txt").context("a kept screen has no words")?)?;
    let words = first_difference(&expected_words, &actual_words);
    let (was, is) = (decode(&expected)?, decode(&actual)?);
    let pixels = difference(&was, &is);
    if words.is_none() && pixels.is_none() {
        return Ok(None);
    }
    std::fs::create_dir_all(differing)?;
    let write = |what: &str, ending: &str, bytes: &[u8]| {
        std::fs::write(differing.join(format!("{name}.{what}.{ending}")), bytes)
    };
    write("actual", "png", &actual)?;
    write("expected", "png", &expected)?;
    write("actual", "txt", actual_words.as_bytes())?;
    write("expected", "txt", expected_words.as_bytes())?;
    if let Some(marked) = marked(&was, &is) {
        write("difference", "png", &encode(&marked)?)?;
    }
    Ok(words.or(pixels))
}

fn first_difference(expected: &str, actual: &str) -> Option<String> {
    if expected == actual {
        return None;
    }
    let (mut was, mut is) = (expected.lines(), actual.lines());
    loop {
        match (was.next(), is.next()) {
            (Some(was), Some(is)) if was == is => {}
            (None, None) => return Some("its line ends are others".to_owned()),
            (was, is) => {
                return Some(format!("says {:?} where it said {:?}", is.unwrap_or(""), was.unwrap_or("")));
            }
        }
    }
}

fn difference(was: &Pixels, is: &Pixels) -> Option<String> {
    if (was.width, was.height) != (is.width, is.height) {
        return Some(format!("is {} x {} pixels, was {} x {}", is.width, is.height, was.width, was.height));
    }
    let all = was.bytes.len() / 3;
    let others = pairs(was, is).filter(|(was, is)| is_other(was, is)).count();
    (others * 1_000 > all * PER_MILLE).then(|| format!("{others} of {all} pixels are others"))
}

fn pairs<'a>(was: &'a Pixels, is: &'a Pixels) -> impl Iterator<Item = (&'a [u8], &'a [u8])> {
    was.bytes.chunks_exact(3).zip(is.bytes.chunks_exact(3))
}

fn is_other(was: &[u8], is: &[u8]) -> bool {
    was.iter().zip(is).any(|(was, is)| was.abs_diff(*is) >= SAME_COLOUR)
}

/// The new picture, dark, with what differs in red. `None` where the sizes differ.
fn marked(was: &Pixels, is: &Pixels) -> Option<Pixels> {
    if (was.width, was.height) != (is.width, is.height) {
        return None;
    }
    let bytes = pairs(was, is).flat_map(|(was, is)| match is {
        _ if is_other(was, is) => [255, 40, 40],
        [red, green, blue] => [red / 3, green / 3, blue / 3],
        _ => [0; 3],
    });
    Some(Pixels { bytes: bytes.collect(), ..*is })
}

/// Reads a PNG file of eight bits a channel without transparency: the logon host's, or a kept one with its palette.
///
/// # Errors
/// When it is something else.
pub fn decode(file: &[u8]) -> Result<Pixels> {
    let mut decoder = png::Decoder::new(std::io::Cursor::new(file));
    decoder.set_transformations(png::Transformations::EXPAND);
    let mut reader = decoder.read_info()?;
    let size = reader.output_buffer_size().context("the picture is too large")?;
    let mut bytes = vec![0; size];
    let info = reader.next_frame(&mut bytes)?;
    let usual = (png::ColorType::Rgb, png::BitDepth::Eight);
    ensure!((info.color_type, info.bit_depth) == usual, "not a picture of the logon host's");
    bytes.truncate(info.buffer_size());
    Ok(Pixels { width: info.width, height: info.height, bytes })
}

/// The bytes of a PNG file, with a palette where there are no more than 256 colours.
///
/// # Errors
/// When it cannot be encoded.
pub fn encode(pixels: &Pixels) -> Result<Vec<u8>> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, pixels.width, pixels.height);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::High);
    let indexed = palette(pixels);
    match &indexed {
        Some((colours, _)) => {
            encoder.set_color(png::ColorType::Indexed);
            encoder.set_palette(colours.clone());
            encoder.set_filter(png::Filter::NoFilter);
        }
        None => encoder.set_color(png::ColorType::Rgb),
    }
    let mut writer = encoder.write_header()?;
    writer.write_image_data(indexed.as_ref().map_or(&pixels.bytes, |(_, indices)| indices))?;
    writer.finish()?;
    Ok(file)
}

/// The colours of a picture, and each pixel as a number of one.
fn palette(pixels: &Pixels) -> Option<(Vec<u8>, Vec<u8>)> {
    let mut numbers: BTreeMap<&[u8], u8> = BTreeMap::new();
    let mut colours = Vec::new();
    let mut indices = Vec::with_capacity(pixels.bytes.len() / 3);
    for pixel in pixels.bytes.chunks_exact(3) {
        let next = numbers.len();
        let number = match numbers.get(pixel) {
            Some(number) => *number,
            None => {
                let number = u8::try_from(next).ok()?;
                numbers.insert(pixel, number);
                colours.extend_from_slice(pixel);
                number
            }
        };
        indices.push(number);
    }
    Some((colours, indices))
}

/// The picture in so few colours that its file is small, if that can be; to [`screens`] it is the same.
pub fn in_few_colours(pixels: &Pixels) -> Pixels {
    // The background stays what it is.
    let background = pixels.bytes.get(..3).unwrap_or_default();
    let rounded = |steps: u16| {
        let round = |value: u8| {
            let step = (u16::from(value) * steps + 127) / 255;
            u8::try_from(step * 255 / steps).unwrap_or(u8::MAX)
        };
        let bytes = pixels.bytes.chunks_exact(3).flat_map(|pixel| {
            pixel.iter().map(move |value| if pixel == background { *value } else { round(*value) })
        });
        Pixels { bytes: bytes.collect(), ..*pixels }
    };
    let fits = [255, 31, 25, 20, 15].into_iter().map(rounded).find(|it| palette(it).is_some());
    fits.unwrap_or_else(|| pixels.clone())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    fn grey(width: u32, height: u32, value: u8) -> Pixels {
        let bytes = vec![value; usize::try_from(width * height * 3).unwrap()];
        Pixels { width, height, bytes }
    }

    #[test]
    fn a_picture_is_read_as_it_was_written() {
        let mut picture = grey(7, 5, 100);
        picture.bytes[4] = 9;
        assert!(decode(&encode(&picture).unwrap()).unwrap() == picture);
        // More colours than a palette has.
        let bytes = (0..90 * 90 * 3_u32).map(|at| u8::try_from(at * at % 253).unwrap()).collect();
        let colourful = Pixels { width: 90, height: 90, bytes };
        assert!(decode(&encode(&colourful).unwrap()).unwrap() == colourful);
        assert_eq!(difference(&colourful, &in_few_colours(&colourful)), None);
        assert!(decode(b"no picture").is_err());
    }

    #[test]
    fn a_few_pixels_and_other_roundings_are_the_same_picture() {
        let was = grey(100, 100, 100);
        let mut is = grey(100, 100, 130);
        assert_eq!(difference(&was, &is), None);
        for pixel in 0..20 {
            is.bytes[pixel * 3] = 255;
        }
        assert_eq!(difference(&was, &is), None);
        is.bytes[20 * 3 + 1] = 255;
        assert_eq!(difference(&was, &is).unwrap(), "21 of 10000 pixels are others");
        assert!(difference(&was, &grey(100, 101, 100)).unwrap().contains("100 x 101"));
        assert!(marked(&was, &is).unwrap().bytes.starts_with(&[255, 40, 40]));
    }

    #[test]
    fn words_must_be_the_same_to_the_letter() {
        assert_eq!(first_difference("a\nb\n", "a\nb\n"), None);
        assert_eq!(first_difference("a\nb\n", "a\nc\n").unwrap(), "says \"c\" where it said \"b\"");
        assert_eq!(first_difference("a\n", "a\nb\n").unwrap(), "says \"b\" where it said \"\"");
    }

    #[test]
    fn what_differs_is_left_to_be_looked_at() {
        let folder = std::env::temp_dir().join(format!("xtask-screens-{}", std::process::id()));
        let [kept, seen, differing] = ["kept", "seen", "differing"].map(|name| folder.join(name));
        for (at, value, words) in [(&kept, 10, "before\n"), (&seen, 200, "after\n")] {
            std::fs::create_dir_all(at).unwrap();
            std::fs::write(at.join("a.png"), encode(&grey(4, 4, value)).unwrap()).unwrap();
            std::fs::write(at.join("a.txt"), words).unwrap();
        }
        let how = screens("a", &kept, &seen, &differing).unwrap().unwrap();
        assert_eq!(how, "says \"after\" where it said \"before\"");
        for file in ["a.actual.png", "a.expected.png", "a.difference.png", "a.actual.txt"] {
            assert!(differing.join(file).is_file(), "{file}");
        }
        assert_eq!(screens("a", &seen, &seen, &differing).unwrap(), None);
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
