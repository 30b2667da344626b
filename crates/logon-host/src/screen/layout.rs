//! Where everything stands. Pure: fields, a size and a way to measure texts go in, things to be drawn come out.

use super::colour::{self, Colour};
use super::wrap::wrap;
use super::{Screen, Shows, Speaker};
use crate::fields::{self, Field};

/// The smallest screen that Windows 10 is made for, as far as logon screens go.
const SMALLEST: (f32, f32) = (1024.0, 768.0);
/// Width of fields.
const FIELD_WIDTH: f32 = 296.0;
/// Height of fields.
const FIELD_HEIGHT: f32 = 34.0;
/// Widest texts.
const TEXT_WIDTH: f32 = 460.0;
/// Diameter of the selected tile's image.
const IMAGE: f32 = 150.0;
/// Diameter of a tile's image that is not selected.
const SMALL_IMAGE: f32 = 48.0;
/// Between the edge and the uppermost thing.
const MARGIN: f32 = 64.0;
/// Between two things.
const GAP: f32 = 12.0;
/// Between the edge of a field and its text.
const PADDING: f32 = 10.0;
/// Letters of large texts.
const LARGE: f32 = 25.0;
/// Letters of everything else.
const SMALL: f32 = 15.0;
/// A line is that much higher than its letters.
const LINE: f32 = 1.36;
/// The base of a line's letters, from its top, in letters.
const BASE: f32 = 1.05;
/// So many dots stand for a password, however long it is.
const DOTS: u8 = 8;

/// How wide a text is.
pub trait Measure {
    /// Width in pixels of letters of that size.
    fn width(&self, text: &str, size: f32) -> f32;
}

/// A place, in pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
#[expect(missing_docs, reason = "a rectangle")]
pub struct Rect {
    pub x: f32,
    pub y: f32,
    pub width: f32,
    pub height: f32,
}

impl Rect {
    /// Its lower edge.
    pub fn bottom(&self) -> f32 {
        self.y + self.height
    }

    /// Its right edge.
    pub fn right(&self) -> f32 {
        self.x + self.width
    }
}

/// The icon of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "CREDENTIAL_PROVIDER_STATUS_ICON")]
pub enum Icon {
    None,
    Error,
    Warning,
    Success,
}

/// Something to be drawn.
#[derive(Debug, Clone, PartialEq)]
pub enum Item {
    /// One line of text; `y` is its base.
    #[expect(missing_docs, reason = "said above")]
    Text { x: f32, y: f32, size: f32, colour: Colour, text: String },
    /// A filled rectangle with rounded corners.
    #[expect(missing_docs, reason = "what it says")]
    Box { place: Rect, radius: f32, fill: Option<Colour>, border: Option<(Colour, f32)> },
    /// A disc.
    #[expect(missing_docs, reason = "what it says")]
    Disc { x: f32, y: f32, radius: f32, colour: Colour },
    /// A line through these points.
    #[expect(missing_docs, reason = "what it says")]
    Line { points: Vec<(f32, f32)>, width: f32, colour: Colour },
    /// The tile's image, cut to a circle; the number says whose field it is.
    #[expect(missing_docs, reason = "said above")]
    Image { place: Rect, field: u32 },
    /// An icon.
    #[expect(missing_docs, reason = "what it says")]
    Icon { place: Rect, icon: Icon },
}

/// A screen laid out.
#[derive(Debug, Clone, PartialEq)]
pub struct Layout {
    /// In pixels.
    pub width: f32,
    /// In pixels: the smallest screen's, or more if not all fits there.
    pub height: f32,
    /// Back to front.
    pub items: Vec<Item>,
    /// Whether everything fits on the smallest screen.
    pub fits: bool,
}

/// Lays a screen out at a scale: 1.0 is 96 dots an inch.
pub fn lay_out(screen: &Screen, scale: f32, measure: &dyn Measure) -> Layout {
    let mut page = Page { screen, measure, scale, items: Vec::new(), y: MARGIN };
    match &screen.shows {
        Shows::Tile => page.tile(),
        Shows::Busy(text) => {
            page.tile();
            page.busy(text);
        }
        Shows::Deselected => page.deselected(),
        Shows::Message { text, icon, by } => page.message(text, *icon, *by),
        Shows::Welcome => {
            page.y = SMALLEST.1 / 2.0 - LARGE;
            page.text("Welcome", LARGE, colour::TEXT);
        }
    }
    let needed = page.y + GAP * 2.0;
    let height = needed.max(SMALLEST.1);
    Layout {
        width: (SMALLEST.0 * scale).round(),
        height: (height * scale).round(),
        items: page.items,
        fits: needed <= SMALLEST.1,
    }
}

struct Page<'a> {
    screen: &'a Screen,
    measure: &'a dyn Measure,
    scale: f32,
    items: Vec<Item>,
    /// Where the next thing begins, at scale 1.
    y: f32,
}

impl Page<'_> {
    fn tile(&mut self) {
        let fields: Vec<Field> = self.screen.seen().cloned().collect();
        // An open list lies over what stands below it.
        let mut lists = Vec::new();
        let mut button_placed = false;
        for field in &fields {
            let place = match field.kind {
                fields::IMAGE => self.image(field),
                fields::LARGE => self.text(&field.text, LARGE, colour::TEXT),
                fields::SMALL => self.text(&field.text, SMALL, colour::QUIET),
                fields::LINK => self.link(field),
                fields::EDIT | fields::PASSWORD => Some(self.edit(field)),
                fields::COMBOBOX => {
                    let place = self.combobox(field);
                    if self.screen.open == Some(field.id) {
                        lists.push((place, field));
                    }
                    Some(place)
                }
                fields::CHECKBOX => self.checkbox(field),
                _ => None,
            };
            let button = fields.iter().find(|it| it.kind == fields::SUBMIT);
            if let (Some(place), Some(button)) = (place, button)
                && button.adjacent_to == Some(field.id)
            {
                self.submit(button, place);
                button_placed = true;
            }
        }
        if let (Some(button), false) = (fields.iter().find(|it| it.kind == fields::SUBMIT), button_placed) {
            let place =
                Rect { x: self.left(FIELD_WIDTH), y: self.y, width: FIELD_WIDTH, height: FIELD_HEIGHT };
            self.submit(button, place);
            self.y += FIELD_HEIGHT + GAP;
        }
        for (place, field) in lists {
            self.list(place, field);
        }
    }

    /// The image above everything; without a bitmap nothing is drawn in its place.
    fn image(&mut self, field: &Field) -> Option<Rect> {
        field.image.as_ref()?;
        let place = Rect { x: self.left(IMAGE), y: self.y, width: IMAGE, height: IMAGE };
        self.push(Item::Image { place, field: field.id });
        self.y += IMAGE + GAP * 1.5;
        Some(place)
    }

    /// A centred text, wrapped.
    fn text(&mut self, text: &str, size: f32, colour: Colour) -> Option<Rect> {
        if text.trim().is_empty() {
            return None;
        }
        let begin = self.y;
        let mut widest: f32 = 0.0;
        for line in wrap(text, TEXT_WIDTH, |piece| self.measure.width(piece, size)) {
            let width = self.measure.width(&line, size);
            widest = widest.max(width);
            let x = self.left(width);
            self.push(Item::Text { x, y: self.y + size * BASE, size, colour, text: line });
            self.y += size * LINE;
        }
        let place = Rect { x: self.left(widest), y: begin, width: widest, height: self.y - begin };
        self.y += GAP;
        Some(place)
    }

    fn link(&mut self, field: &Field) -> Option<Rect> {
        let place = self.text(&field.text, SMALL, colour::LINK)?;
        if is_focused(field) {
            self.focus(grown(place, 4.0));
        }
        Some(place)
    }

    fn edit(&mut self, field: &Field) -> Rect {
        let place = self.field_box(field);
        let room = FIELD_WIDTH - 2.0 * PADDING;
        let base = place.y + (FIELD_HEIGHT - SMALL) / 2.0 + SMALL * 0.85;
        let mut end = place.x + PADDING;
        if field.kind == fields::PASSWORD && field.is_filled {
            for dot in 0..DOTS {
                let x = place.x + PADDING + 4.0 + f32::from(dot) * 11.0;
                self.push(Item::Disc {
                    x,
                    y: place.y + FIELD_HEIGHT / 2.0,
                    radius: 3.5,
                    colour: colour::INK,
                });
                end = x + 7.0;
            }
        } else {
            let is_empty = field.kind == fields::PASSWORD || field.text.is_empty();
            let (text, colour) =
                if is_empty { (&field.label, colour::CUE) } else { (&field.text, colour::INK) };
            // The end of a long text is seen while somebody types, else its beginning.
            let text = self.cut(text, room, is_focused(field) && !is_empty);
            let width = self.measure.width(&text, SMALL);
            if !is_empty {
                end += width + 1.0;
            }
            self.push(Item::Text { x: place.x + PADDING, y: base, size: SMALL, colour, text });
        }
        if is_focused(field) {
            let caret = Rect { x: end, y: place.y + 8.0, width: 1.0, height: FIELD_HEIGHT - 16.0 };
            self.push(Item::Box { place: caret, radius: 0.0, fill: Some(colour::INK), border: None });
        }
        place
    }

    fn combobox(&mut self, field: &Field) -> Rect {
        let place = self.field_box(field);
        let shown = if field.shown_text().is_empty() { &field.label } else { field.shown_text() };
        let text = self.cut(shown, FIELD_WIDTH - 2.0 * PADDING - 22.0, false);
        let base = place.y + (FIELD_HEIGHT - SMALL) / 2.0 + SMALL * 0.85;
        self.push(Item::Text { x: place.x + PADDING, y: base, size: SMALL, colour: colour::INK, text });
        let (x, y) = (place.right() - PADDING - 12.0, place.y + FIELD_HEIGHT / 2.0 - 3.0);
        let points = vec![(x, y), (x + 6.0, y + 6.0), (x + 12.0, y)];
        self.push(Item::Line { points, width: 1.6, colour: colour::INK });
        place
    }

    /// The open list under its combobox.
    fn list(&mut self, under: Rect, field: &Field) {
        let rows = field.choices.iter().fold(0.0, |rows, _| rows + FIELD_HEIGHT);
        let place = Rect { x: under.x, y: under.bottom() + 2.0, width: under.width, height: rows };
        let border = Some((colour::BORDER, 1.0));
        self.push(Item::Box { place, radius: 2.0, fill: Some(colour::FIELD_FOCUSED), border });
        let mut y = place.y;
        for (index, choice) in field.choices.iter().enumerate() {
            if field.choice.and_then(|it| usize::try_from(it).ok()) == Some(index) {
                let row = grown(Rect { x: place.x, y, width: place.width, height: FIELD_HEIGHT }, -1.0);
                self.push(Item::Box { place: row, radius: 0.0, fill: Some(colour::CHOSEN), border: None });
            }
            let text = self.cut(choice, FIELD_WIDTH - 2.0 * PADDING, false);
            let base = y + (FIELD_HEIGHT - SMALL) / 2.0 + SMALL * 0.85;
            self.push(Item::Text { x: place.x + PADDING, y: base, size: SMALL, colour: colour::INK, text });
            y += FIELD_HEIGHT;
        }
        self.y = self.y.max(place.bottom());
    }

    fn checkbox(&mut self, field: &Field) -> Option<Rect> {
        let side = 18.0;
        let tick = Rect { x: self.left(FIELD_WIDTH), y: self.y, width: side, height: side };
        let border = Some((colour::BORDER, 1.0));
        self.push(Item::Box { place: tick, radius: 2.0, fill: Some(colour::FIELD), border });
        if field.checked == Some(true) {
            let (x, y) = (tick.x, tick.y);
            let points = vec![(x + 4.0, y + 9.0), (x + 8.0, y + 13.0), (x + 14.0, y + 5.0)];
            self.push(Item::Line { points, width: 2.0, colour: colour::INK });
        }
        if is_focused(field) {
            self.focus(grown(tick, 3.0));
        }
        let text = self.cut(&field.text, FIELD_WIDTH - side - PADDING, false);
        let (x, y) = (tick.right() + PADDING, tick.y + SMALL * BASE - 1.0);
        self.push(Item::Text { x, y, size: SMALL, colour: colour::TEXT, text });
        self.y += side + GAP;
        Some(Rect { width: FIELD_WIDTH, ..tick })
    }

    /// The arrow at the right of what it stands beside.
    fn submit(&mut self, field: &Field, beside: Rect) {
        let x = if beside.width < FIELD_WIDTH { beside.right() + GAP } else { beside.right() + 2.0 };
        let y = beside.y + (beside.height - FIELD_HEIGHT) / 2.0;
        let place = Rect { x, y, width: FIELD_HEIGHT, height: FIELD_HEIGHT };
        let border = Some((colour::BORDER, 1.0));
        self.push(Item::Box { place, radius: 2.0, fill: Some(colour::BUTTON), border });
        let middle = place.y + FIELD_HEIGHT / 2.0;
        let (left, right) = (place.x + 9.0, place.right() - 9.0);
        let shaft = vec![(left, middle), (right, middle)];
        let head = vec![(right - 6.0, middle - 6.0), (right, middle), (right - 6.0, middle + 6.0)];
        for points in [shaft, head] {
            self.push(Item::Line { points, width: 1.8, colour: colour::TEXT });
        }
        if is_focused(field) {
            self.focus(grown(place, 2.0));
        }
    }

    /// LogonUI's own dots and the provider's words for what it waits for, unless the tile says the same.
    fn busy(&mut self, text: &str) {
        let labels = self.screen.seen().filter(|it| it.kind == fields::SMALL && !it.text.is_empty());
        let is_said = labels.map(|it| it.text.as_str()).any(|label| text.contains(label));
        self.y += GAP;
        for (dot, offset) in (0u8..5).zip([-24.0, -12.0, 0.0, 12.0, 24.0]) {
            let radius = 2.0 + f32::from(dot) * 0.4;
            let (x, y) = (SMALLEST.0 / 2.0 + offset, self.y + 4.0);
            self.push(Item::Disc { x, y, radius, colour: colour::TEXT });
        }
        self.y += 16.0;
        if !is_said {
            self.text(text, SMALL, colour::TEXT);
        }
    }

    fn deselected(&mut self) {
        let fields: Vec<Field> = self.screen.seen().cloned().collect();
        let (mut x, y) = (24.0, SMALLEST.1 - 24.0 - SMALL_IMAGE);
        if let Some(image) = fields.iter().find(|it| it.image.is_some()) {
            let place = Rect { x, y, width: SMALL_IMAGE, height: SMALL_IMAGE };
            self.push(Item::Image { place, field: image.id });
            x += SMALL_IMAGE + GAP;
        }
        let mut lines = Vec::new();
        for field in fields.iter().filter(|it| it.kind == fields::LARGE || it.kind == fields::SMALL) {
            lines.extend(wrap(&field.text, 300.0, |piece| self.measure.width(piece, SMALL)));
        }
        let height = lines.iter().fold(0.0, |sum, _| sum + SMALL * LINE);
        let mut top = SMALLEST.1 - 24.0 - (SMALL_IMAGE + height) / 2.0;
        top = top.min(SMALLEST.1 - 24.0 - height);
        for text in lines {
            self.push(Item::Text { x, y: top + SMALL * BASE, size: SMALL, colour: colour::TEXT, text });
            top += SMALL * LINE;
        }
    }

    fn message(&mut self, text: &str, icon: Icon, by: Speaker) {
        self.y = SMALLEST.1 * 0.36;
        if icon != Icon::None && by == Speaker::Provider {
            let place = Rect { x: self.left(40.0), y: self.y, width: 40.0, height: 40.0 };
            self.push(Item::Icon { place, icon });
            self.y += 40.0 + GAP;
        }
        self.text(text, SMALL, colour::TEXT);
        self.y += GAP;
        let place = Rect { x: self.left(120.0), y: self.y, width: 120.0, height: FIELD_HEIGHT };
        let border = Some((colour::TEXT, 2.0));
        self.push(Item::Box { place, radius: 2.0, fill: Some(colour::BUTTON), border });
        let x = self.left(self.measure.width("OK", SMALL));
        let y = place.y + (FIELD_HEIGHT - SMALL) / 2.0 + SMALL * 0.85;
        self.push(Item::Text { x, y, size: SMALL, colour: colour::TEXT, text: "OK".to_owned() });
        self.y = place.bottom();
    }

    fn field_box(&mut self, field: &Field) -> Rect {
        let place = Rect { x: self.left(FIELD_WIDTH), y: self.y, width: FIELD_WIDTH, height: FIELD_HEIGHT };
        let (fill, border) = match fields::interactive_word(field.interactive) {
            "focused" => (colour::FIELD_FOCUSED, (colour::FOCUS, 2.0)),
            "disabled" => (colour::FIELD_DISABLED, (colour::BORDER, 1.0)),
            _ => (colour::FIELD, (colour::BORDER, 1.0)),
        };
        self.push(Item::Box { place, radius: 2.0, fill: Some(fill), border: Some(border) });
        self.y += FIELD_HEIGHT + GAP;
        place
    }

    fn focus(&mut self, place: Rect) {
        let border = Some((colour::FOCUS, 2.0));
        self.push(Item::Box { place, radius: 3.0, fill: None, border });
    }

    /// The beginning (or the end) of a text that fits into so much room.
    fn cut(&self, text: &str, room: f32, end: bool) -> String {
        let mut text = text.replace('\n', " ");
        while self.measure.width(&text, SMALL) > room && !text.is_empty() {
            if end {
                text.remove(0);
            } else {
                text.pop();
            }
        }
        text
    }

    /// The left edge of something of that width in the middle of the screen.
    fn left(&self, width: f32) -> f32 {
        (SMALLEST.0 - width) / 2.0
    }

    /// Adds a thing, from scale 1 to the page's.
    fn push(&mut self, item: Item) {
        let by = |value: f32| value * self.scale;
        let rect = |place: Rect| {
            let (x, y) = (by(place.x).round(), by(place.y).round());
            // Edges on whole pixels, or thin lines are blurred.
            Rect { x, y, width: by(place.width).round().max(1.0), height: by(place.height).round().max(1.0) }
        };
        self.items.push(match item {
            Item::Text { x, y, size, colour, text } => {
                Item::Text { x: by(x), y: by(y).round(), size: by(size), colour, text }
            }
            Item::Box { place, radius, fill, border } => Item::Box {
                place: rect(place),
                radius: by(radius),
                fill,
                border: border.map(|(colour, width)| (colour, by(width).round().max(1.0))),
            },
            Item::Disc { x, y, radius, colour } => {
                Item::Disc { x: by(x), y: by(y), radius: by(radius), colour }
            }
            Item::Line { points, width, colour } => Item::Line {
                points: points.into_iter().map(|(x, y)| (by(x), by(y))).collect(),
                width: by(width),
                colour,
            },
            Item::Image { place, field } => Item::Image { place: rect(place), field },
            Item::Icon { place, icon } => Item::Icon { place: rect(place), icon },
        });
    }
}

fn is_focused(field: &Field) -> bool {
    fields::interactive_word(field.interactive) == "focused"
}

fn grown(place: Rect, by: f32) -> Rect {
    Rect { x: place.x - by, y: place.y - by, width: place.width + 2.0 * by, height: place.height + 2.0 * by }
}

#[cfg(test)]
mod tests;
