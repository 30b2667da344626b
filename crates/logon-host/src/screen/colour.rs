//! The colours of a logon screen.

/// Red, green, blue, opacity.
pub(super) type Colour = [u8; 4];

/// Behind everything.
pub(super) const BACKGROUND: Colour = [0x10, 0x2a, 0x43, 0xff];
/// Texts.
pub(super) const TEXT: Colour = [0xff, 0xff, 0xff, 0xff];
/// Smaller texts.
pub(super) const QUIET: Colour = [0xd9, 0xe2, 0xec, 0xff];
/// Links.
pub(super) const LINK: Colour = [0x9f, 0xd3, 0xff, 0xff];
/// Inside a field.
pub(super) const FIELD: Colour = [0xe9, 0xee, 0xf3, 0xff];
/// Inside the field that has the focus.
pub(super) const FIELD_FOCUSED: Colour = [0xff, 0xff, 0xff, 0xff];
/// Inside a field that cannot be used.
pub(super) const FIELD_DISABLED: Colour = [0x9a, 0xa9, 0xb7, 0xff];
/// Round a field.
pub(super) const BORDER: Colour = [0x82, 0x94, 0xa6, 0xff];
/// Round what has the focus.
pub(super) const FOCUS: Colour = [0x4c, 0xc2, 0xff, 0xff];
/// What is typed.
pub(super) const INK: Colour = [0x1b, 0x1f, 0x24, 0xff];
/// What stands in an empty field.
pub(super) const CUE: Colour = [0x5c, 0x69, 0x76, 0xff];
/// The chosen item of an open list.
pub(super) const CHOSEN: Colour = [0xc7, 0xe3, 0xf9, 0xff];
/// The submit button.
pub(super) const BUTTON: Colour = [0x2f, 0x4d, 0x6b, 0xff];
/// An error's icon.
pub(super) const ERROR: Colour = [0xe8, 0x4d, 0x4d, 0xff];
/// A warning's icon.
pub(super) const WARNING: Colour = [0xf5, 0xc2, 0x42, 0xff];
/// A success's icon.
pub(super) const SUCCESS: Colour = [0x4f, 0xc0, 0x8d, 0xff];
