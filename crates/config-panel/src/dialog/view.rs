//! What the panel shows: plain values that the window only copies to its controls.

use crate::console::Field;
use crate::dialog::ids;

/// A line below a field.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Note {
    /// The text.
    pub text: String,
    /// It says what is wrong, rather than what to type.
    pub is_problem: bool,
}

/// The panel as it stands now. What is typed into the fields is not part of it: only
/// [`super::model::Action::Fill`] changes that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct View {
    /// Icon of the state.
    pub icon: u16,
    /// The state in large letters.
    pub headline: &'static str,
    /// What it means and what comes next.
    pub explanation: String,
    /// Below the fields.
    pub notes: Vec<(Field, Note)>,
    /// Rows about this computer, by control.
    pub rows: Vec<(u16, String)>,
    /// Text of the button that arms or disarms.
    pub arm: &'static str,
    /// Text of the button that closes or cancels.
    pub close: &'static str,
    /// Which controls can be used.
    pub enabled: Vec<(u16, bool)>,
    /// The messages.
    pub news: String,
    /// What is awaited; empty while nothing is.
    pub waiting: &'static str,
}

/// The control of a field.
#[must_use]
pub const fn control(field: Field) -> u16 {
    match field {
        Field::ServiceId => ids::SERVICE_ID,
        Field::ServiceKey => ids::SERVICE_KEY,
        Field::Server => ids::SERVER,
        Field::OfflineUsers => ids::OFFLINE,
    }
}

/// The field of a control.
#[must_use]
pub const fn field(control: u16) -> Option<Field> {
    match control {
        ids::SERVICE_ID => Some(Field::ServiceId),
        ids::SERVICE_KEY => Some(Field::ServiceKey),
        ids::SERVER => Some(Field::Server),
        ids::OFFLINE => Some(Field::OfflineUsers),
        _ => None,
    }
}

/// The control below a field.
#[must_use]
pub const fn note(field: Field) -> u16 {
    control(field) + 1
}
