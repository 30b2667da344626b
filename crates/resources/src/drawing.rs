//! From SVG to pixels and icons.

use anyhow::{Context as _, Result, bail};
use ico::{IconDir, IconDirEntry, IconImage, ResourceType};
use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{Options, Tree};
use std::path::PathBuf;

/// Widths in pixels that Windows shows an icon in, at 100 to 400 %.
pub const SIZES: [u32; 9] = [16, 20, 24, 32, 40, 48, 64, 128, 256];
/// Up to this width the drawing with fewer details is clearer.
const SMALL: u32 = 40;
/// From this width on an entry is a PNG inside the icon, which Windows reads from Vista on; below, an
/// old-style bitmap, which costs little and every reader knows.
const PNG_FROM: u32 = 64;

/// Where a drawing lies.
fn file(name: &str) -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../art")).join(format!("{name}.svg"))
}

/// A square drawing, rendered: four bytes a pixel (red, green, blue, alpha; not premultiplied), top
/// row first.
///
/// # Errors
/// When there is no such drawing, or it is no SVG, or not square.
pub fn pixels(name: &str, size: u32) -> Result<Vec<u8>> {
    let rendered = render(name, size, true)?;
    let straight = rendered.pixels().iter().map(|pixel| pixel.demultiply());
    Ok(straight.flat_map(|c| [c.red(), c.green(), c.blue(), c.alpha()]).collect())
}

/// A drawing as a PNG file, `width` pixels wide.
///
/// # Errors
/// When there is no such drawing or it is no SVG.
pub fn png(name: &str, width: u32) -> Result<Vec<u8>> {
    render(name, width, false)?.encode_png().with_context(|| format!("cannot write {name} as PNG"))
}

fn render(name: &str, width: u32, square: bool) -> Result<Pixmap> {
    let file = file(name);
    let text = std::fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
    let tree = Tree::from_str(&text, &Options::default())
        .with_context(|| format!("{} is no drawing", file.display()))?;
    let size = tree.size().to_int_size();
    let scaled = size.scale_to_width(width).context("no such width")?;
    if square && scaled.width() != scaled.height() {
        bail!("{} is not square", file.display());
    }
    let mut pixmap = Pixmap::new(scaled.width(), scaled.height()).context("no such size")?;
    let (x, y) = (
        f64::from(scaled.width()) / f64::from(tree.size().width()),
        f64::from(scaled.height()) / f64::from(tree.size().height()),
    );
    #[expect(clippy::cast_possible_truncation, reason = "a scale of a few hundred at most")]
    let transform = Transform::from_scale(x as f32, y as f32);
    resvg::render(&tree, transform, &mut pixmap.as_mut());
    Ok(pixmap)
}

/// An icon file with one drawing in several widths.
///
/// # Errors
/// As [`pixels`].
pub fn icon(name: &str, sizes: &[u32]) -> Result<Vec<u8>> {
    icon_of(sizes.iter().map(|size| (name, *size)))
}

/// The programs' icon file, in all [`SIZES`].
///
/// # Errors
/// As [`pixels`].
pub fn application_icon() -> Result<Vec<u8>> {
    icon_of(SIZES.map(|size| (if size <= SMALL { "icon-small" } else { "icon" }, size)).into_iter())
}

fn icon_of<'a>(drawings: impl Iterator<Item = (&'a str, u32)>) -> Result<Vec<u8>> {
    let mut all = IconDir::new(ResourceType::Icon);
    for (name, size) in drawings {
        let image = IconImage::from_rgba_data(size, size, pixels(name, size)?);
        let entry = if size >= PNG_FROM {
            IconDirEntry::encode_as_png(&image)
        } else {
            IconDirEntry::encode_as_bmp(&image)
        };
        all.add_entry(entry?);
    }
    let mut file = Vec::new();
    all.write(&mut file)?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]

    use super::{SIZES, application_icon, pixels, png};
    use ico::IconDir;

    #[test]
    fn every_size_is_in_the_icon() {
        let file = application_icon().unwrap();
        let icon = IconDir::read(std::io::Cursor::new(file)).unwrap();
        let sizes: Vec<_> = icon.entries().iter().map(ico::IconDirEntry::width).collect();
        assert_eq!(sizes, SIZES);
        for entry in icon.entries() {
            let image = entry.decode().unwrap();
            let alpha = |x: u32, y: u32| image.rgba_data()[((y * entry.width() + x) * 4 + 3) as usize];
            assert_eq!(alpha(0, entry.height() - 1), 0, "a corner is clear: {}", entry.width());
            assert_eq!(alpha(entry.width() / 2, entry.height() / 2), 255, "the middle is not");
        }
    }

    #[test]
    fn the_tile_fills_its_square() {
        let tile = pixels("tile", 96).unwrap();
        assert_eq!(tile.len(), 96 * 96 * 4);
        assert!(tile.chunks(4).all(|pixel| pixel[3] == 255));
    }

    #[test]
    fn every_drawing_can_be_rendered() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../art");
        let mut count = 0;
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "svg") {
                let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
                assert!(!png(&name, 64).unwrap().is_empty(), "{name}");
                count += 1;
            }
        }
        assert!(count >= 8, "{count}");
        assert!(png("no such drawing", 64).is_err());
        assert!(pixels("logo", 64).is_err(), "not square");
    }
}
