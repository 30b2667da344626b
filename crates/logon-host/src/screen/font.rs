//! Fonts: how wide a text is, and the outlines of its letters.

use std::path::{Path, PathBuf};

use thiserror::Error;
use tiny_skia::{Path as Outline, PathBuilder};
use ttf_parser::{Face, GlyphId, OutlineBuilder};

use super::layout::Measure;

/// Why a font cannot be used.
#[derive(Debug, Error)]
pub enum FontError {
    /// The file cannot be read.
    #[error("the font {path}: {error}")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// It is no font with outlines.
    #[error("{0} is no TrueType or OpenType font")]
    NoFont(PathBuf),
    /// None was given and Windows' own is not there.
    #[error("there is no font in {0}: name one with --font")]
    NoneFound(PathBuf),
}

/// One font or several: each letter comes from the first that has it.
///
/// Letters are set one behind the other: scripts whose letters join or run from right to left are drawn, but not as
/// Windows does it.
pub struct Fonts(Vec<Vec<u8>>);

impl Fonts {
    /// Reads these files; without any, Segoe UI or Tahoma from Windows' own folder.
    ///
    /// # Errors
    /// [`FontError`].
    pub fn read(paths: &[PathBuf], windows_fonts: &Path) -> Result<Self, FontError> {
        if paths.is_empty() {
            let own = ["segoeui.ttf", "tahoma.ttf"].map(|name| windows_fonts.join(name));
            let found = own.iter().find(|path| path.is_file());
            let found = found.ok_or_else(|| FontError::NoneFound(windows_fonts.to_owned()))?;
            return Self::read(std::slice::from_ref(found), windows_fonts);
        }
        let read = |path: &PathBuf| {
            let bytes = std::fs::read(path).map_err(|error| FontError::File { path: path.clone(), error })?;
            Face::parse(&bytes, 0).map_err(|_| FontError::NoFont(path.clone()))?;
            Ok(bytes)
        };
        paths.iter().map(read).collect::<Result<_, _>>().map(Self)
    }

    fn faces(&self) -> Vec<Face<'_>> {
        self.0.iter().filter_map(|bytes| Face::parse(bytes, 0).ok()).collect()
    }

    /// The outline of a line of text whose base begins there; `None` if there is nothing to be drawn.
    pub fn outline(&self, text: &str, size: f32, x: f32, y: f32) -> Option<Outline> {
        let faces = self.faces();
        let mut pen = Pen { builder: PathBuilder::new(), x, y, scale: 1.0 };
        for letter in text.chars() {
            let (face, glyph) = glyph(&faces, letter)?;
            pen.scale = size / f32::from(face.units_per_em());
            // Blanks have no outline.
            let _has_outline = face.outline_glyph(glyph, &mut pen);
            pen.x += advance(face, glyph) * pen.scale;
        }
        pen.builder.finish()
    }
}

impl Measure for Fonts {
    fn width(&self, text: &str, size: f32) -> f32 {
        let faces = self.faces();
        let letters = text.chars().filter_map(|letter| glyph(&faces, letter));
        letters.map(|(face, glyph)| advance(face, glyph) * size / f32::from(face.units_per_em())).sum()
    }
}

/// The letter in the first font that has it, else the first font's box for unknown letters.
fn glyph<'a, 'b>(faces: &'a [Face<'b>], letter: char) -> Option<(&'a Face<'b>, GlyphId)> {
    let known = faces.iter().find_map(|face| face.glyph_index(letter).map(|glyph| (face, glyph)));
    known.or_else(|| faces.first().map(|face| (face, GlyphId(0))))
}

fn advance(face: &Face<'_>, glyph: GlyphId) -> f32 {
    face.glyph_hor_advance(glyph).map_or(0.0, f32::from)
}

/// Draws outlines upwards from a base line.
struct Pen {
    builder: PathBuilder,
    x: f32,
    y: f32,
    scale: f32,
}

impl Pen {
    fn place(&self, x: f32, y: f32) -> (f32, f32) {
        (self.x + x * self.scale, self.y - y * self.scale)
    }
}

impl OutlineBuilder for Pen {
    fn move_to(&mut self, x: f32, y: f32) {
        let (x, y) = self.place(x, y);
        self.builder.move_to(x, y);
    }

    fn line_to(&mut self, x: f32, y: f32) {
        let (x, y) = self.place(x, y);
        self.builder.line_to(x, y);
    }

    fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
        let ((x1, y1), (x, y)) = (self.place(x1, y1), self.place(x, y));
        self.builder.quad_to(x1, y1, x, y);
    }

    fn curve_to(&mut self, x1: f32, y1: f32, x2: f32, y2: f32, x: f32, y: f32) {
        let ((x1, y1), (x2, y2), (x, y)) = (self.place(x1, y1), self.place(x2, y2), self.place(x, y));
        self.builder.cubic_to(x1, y1, x2, y2, x, y);
    }

    fn close(&mut self) {
        self.builder.close();
    }
}
