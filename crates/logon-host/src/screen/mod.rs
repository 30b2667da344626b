//! What a person sees: from the fields that a provider reported to a picture. Pure; builds and is tested everywhere.
//!
//! Sizes and places are what Windows 10 and 11 look like, not measured there: see docs/logon-host.md.

mod colour;
mod describe;
mod font;
mod layout;
mod paint;
mod substitute;
mod wrap;

pub use font::{FontError, Fonts};
pub use layout::{Icon, Item, Layout, Measure, Rect, lay_out};
pub use paint::{Picture, paint};
pub use substitute::Substitutes;

use crate::fields::Field;

/// One moment at the screen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Screen {
    /// What LogonUI shows.
    pub shows: Shows,
    /// The tile's fields, hidden ones too.
    pub fields: Vec<Field>,
    /// The combobox whose list is open.
    pub open: Option<u32>,
}

/// What LogonUI shows of a tile, or in its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shows {
    /// The selected tile.
    Tile,
    /// The tile among the others, not selected.
    Deselected,
    /// The selected tile while Connect runs, with what the provider said last; empty if it said nothing.
    Busy(String),
    /// A text in the tile's place, to be read and confirmed.
    Message {
        /// The text.
        text: String,
        /// Its icon.
        icon: Icon,
        /// Whose words they are.
        by: Speaker,
    },
    /// The logon succeeded.
    Welcome,
}

/// Whose words a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Speaker {
    /// The provider's.
    Provider,
    /// Windows' own, because the provider said nothing.
    Windows,
}

/// An image as a provider handed it over.
#[derive(Clone, PartialEq, Eq)]
pub struct Image {
    /// In pixels.
    pub width: u32,
    /// In pixels.
    pub height: u32,
    /// Top row first; red, green, blue.
    pub pixels: Vec<[u8; 3]>,
}

impl std::fmt::Debug for Image {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Image({} x {})", self.width, self.height)
    }
}

impl Screen {
    /// The fields that are seen, in their order.
    pub fn seen(&self) -> impl Iterator<Item = &Field> {
        let selected = match self.shows {
            Shows::Tile | Shows::Busy(_) => Some(true),
            Shows::Deselected => Some(false),
            Shows::Message { .. } | Shows::Welcome => None,
        };
        self.fields.iter().filter(move |field| selected.is_some_and(|it| field.is_displayed(it)))
    }
}
