//! From a layout to pixels, and from pixels to a PNG file.

use tiny_skia::{
    Color, FillRule, FilterQuality, LineCap, LineJoin, Paint, Path, PathBuilder, Pattern, Pixmap,
    Rect as SkiaRect, Shader, SpreadMode, Stroke, Transform,
};

use super::colour::{self, Colour};
use super::font::Fonts;
use super::layout::{Icon, Item, Layout, Rect};
use super::{Image, Screen};

/// A picture, without transparency.
#[derive(Clone, PartialEq, Eq)]
pub struct Picture {
    /// In pixels.
    pub width: u32,
    /// In pixels.
    pub height: u32,
    /// Red, green, blue, top row first.
    pub pixels: Vec<u8>,
}

/// Paints a layout of this screen.
///
/// # Errors
/// When a picture of that size cannot be made.
pub fn paint(layout: &Layout, screen: &Screen, fonts: &Fonts) -> Result<Picture, String> {
    let mut canvas = canvas(layout.width, layout.height)?;
    canvas.fill(color(colour::BACKGROUND));
    for item in &layout.items {
        draw(&mut canvas, item, screen, fonts);
    }
    let pixels = canvas.pixels().iter().flat_map(|it| [it.red(), it.green(), it.blue()]).collect();
    Ok(Picture { width: canvas.width(), height: canvas.height(), pixels })
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "both are checked before")]
fn canvas(width: f32, height: f32) -> Result<Pixmap, String> {
    const MOST: f32 = 16_384.0;
    let made = (1.0..=MOST).contains(&width) && (1.0..=MOST).contains(&height);
    made.then(|| Pixmap::new(width as u32, height as u32))
        .flatten()
        .ok_or_else(|| format!("a picture of {width} x {height} pixels cannot be made"))
}

impl Picture {
    /// The bytes of a PNG file.
    ///
    /// # Errors
    /// When it cannot be encoded.
    pub fn png(&self) -> Result<Vec<u8>, String> {
        let mut file = Vec::new();
        let mut encoder = png::Encoder::new(&mut file, self.width, self.height);
        encoder.set_color(png::ColorType::Rgb);
        encoder.set_depth(png::BitDepth::Eight);
        encoder.set_compression(png::Compression::High);
        let mut writer = encoder.write_header().map_err(|error| error.to_string())?;
        writer.write_image_data(&self.pixels).map_err(|error| error.to_string())?;
        writer.finish().map_err(|error| error.to_string())?;
        Ok(file)
    }
}

fn color([red, green, blue, alpha]: Colour) -> Color {
    Color::from_rgba8(red, green, blue, alpha)
}

fn solid(colour: Colour) -> Paint<'static> {
    let mut paint = Paint::default();
    paint.set_color(color(colour));
    paint
}

/// What has no extent is not drawn.
fn draw(canvas: &mut Pixmap, item: &Item, screen: &Screen, fonts: &Fonts) {
    match item {
        Item::Text { x, y, size, colour, text } => {
            if let Some(outline) = fonts.outline(text, *size, *x, *y) {
                fill(canvas, &outline, *colour);
            }
        }
        Item::Box { place, radius, fill: inside, border } => {
            if let (Some(colour), Some(path)) = (inside, rounded(*place, *radius)) {
                fill(canvas, &path, *colour);
            }
            // The border lies within the rectangle.
            if let Some((colour, width)) = border
                && let Some(path) = rounded(inset(*place, width / 2.0), *radius)
            {
                stroke(canvas, &path, *colour, *width);
            }
        }
        Item::Disc { x, y, radius, colour } => {
            if let Some(path) = PathBuilder::from_circle(*x, *y, *radius) {
                fill(canvas, &path, *colour);
            }
        }
        Item::Line { points, width, colour } => {
            if let Some(path) = through(points) {
                stroke(canvas, &path, *colour, *width);
            }
        }
        Item::Image { place, field } => {
            let field = screen.fields.iter().find(|it| it.id == *field);
            if let Some(image) = field.and_then(|it| it.image.as_deref()) {
                round_image(canvas, *place, image);
            }
        }
        Item::Icon { place, icon } => draw_icon(canvas, *place, *icon),
    }
}

fn fill(canvas: &mut Pixmap, path: &Path, colour: Colour) {
    canvas.fill_path(path, &solid(colour), FillRule::Winding, Transform::identity(), None);
}

fn stroke(canvas: &mut Pixmap, path: &Path, colour: Colour, width: f32) {
    let stroke = Stroke { width, line_cap: LineCap::Round, line_join: LineJoin::Round, ..Stroke::default() };
    canvas.stroke_path(path, &solid(colour), &stroke, Transform::identity(), None);
}

fn inset(place: Rect, by: f32) -> Rect {
    Rect { x: place.x + by, y: place.y + by, width: place.width - 2.0 * by, height: place.height - 2.0 * by }
}

fn rounded(place: Rect, radius: f32) -> Option<Path> {
    let radius = radius.min(place.width / 2.0).min(place.height / 2.0);
    if radius <= 0.0 {
        return SkiaRect::from_xywh(place.x, place.y, place.width, place.height).map(PathBuilder::from_rect);
    }
    let (left, top, right, bottom) = (place.x, place.y, place.right(), place.bottom());
    let mut path = PathBuilder::new();
    path.move_to(left + radius, top);
    path.line_to(right - radius, top);
    path.quad_to(right, top, right, top + radius);
    path.line_to(right, bottom - radius);
    path.quad_to(right, bottom, right - radius, bottom);
    path.line_to(left + radius, bottom);
    path.quad_to(left, bottom, left, bottom - radius);
    path.line_to(left, top + radius);
    path.quad_to(left, top, left + radius, top);
    path.close();
    path.finish()
}

fn through(points: &[(f32, f32)]) -> Option<Path> {
    let mut path = PathBuilder::new();
    for (index, (x, y)) in points.iter().enumerate() {
        if index == 0 {
            path.move_to(*x, *y);
        } else {
            path.line_to(*x, *y);
        }
    }
    path.finish()
}

/// The image scaled into a circle, as Windows 10 and later show it.
fn round_image(canvas: &mut Pixmap, place: Rect, image: &Image) {
    let Some(mut source) = Pixmap::new(image.width, image.height) else { return };
    for (to, [red, green, blue]) in source.pixels_mut().iter_mut().zip(&image.pixels) {
        if let Some(opaque) = tiny_skia::PremultipliedColorU8::from_rgba(*red, *green, *blue, u8::MAX) {
            *to = opaque;
        }
    }
    let (middle_x, middle_y) = (place.x + place.width / 2.0, place.y + place.height / 2.0);
    let Some(circle) = PathBuilder::from_circle(middle_x, middle_y, place.width / 2.0) else { return };
    let size = |pixels: u32| u16::try_from(pixels).map_or(1.0, f32::from);
    let scale = (place.width / size(image.width), place.height / size(image.height));
    let transform = Transform::from_row(scale.0, 0.0, 0.0, scale.1, place.x, place.y);
    let shader: Shader<'_> =
        Pattern::new(source.as_ref(), SpreadMode::Pad, FilterQuality::Bicubic, 1.0, transform);
    let paint = Paint { shader, ..Paint::default() };
    canvas.fill_path(&circle, &paint, FillRule::Winding, Transform::identity(), None);
}

fn draw_icon(canvas: &mut Pixmap, place: Rect, icon: Icon) {
    let (x, y, side) = (place.x, place.y, place.width);
    let at = |dx: f32, dy: f32| (x + dx * side, y + dy * side);
    let disc = PathBuilder::from_circle(x + side / 2.0, y + side / 2.0, side / 2.0);
    let thick = side * 0.09;
    let mut lines: Vec<Vec<(f32, f32)>> = Vec::new();
    match icon {
        Icon::None => {}
        Icon::Error => {
            disc.iter().for_each(|path| fill(canvas, path, colour::ERROR));
            lines.push(vec![at(0.33, 0.33), at(0.67, 0.67)]);
            lines.push(vec![at(0.67, 0.33), at(0.33, 0.67)]);
        }
        Icon::Success => {
            disc.iter().for_each(|path| fill(canvas, path, colour::SUCCESS));
            lines.push(vec![at(0.28, 0.52), at(0.44, 0.68), at(0.72, 0.34)]);
        }
        Icon::Warning => {
            let corners = [at(0.5, 0.06), at(0.97, 0.92), at(0.03, 0.92), at(0.5, 0.06)];
            through(&corners).iter().for_each(|path| fill(canvas, path, colour::WARNING));
            lines.push(vec![at(0.5, 0.38), at(0.5, 0.62)]);
            lines.push(vec![at(0.5, 0.76), at(0.5, 0.77)]);
        }
    }
    let ink = if icon == Icon::Warning { colour::INK } else { colour::TEXT };
    for path in lines.iter().filter_map(|points| through(points)) {
        stroke(canvas, &path, ink, thick);
    }
}
