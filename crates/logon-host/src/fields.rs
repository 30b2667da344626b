//! The fields of a tile, as the host knows them.

use std::sync::Arc;

use crate::screen::Image;
use crate::script::StateWord;

/// One field.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Field {
    /// dwFieldID.
    pub id: u32,
    /// CREDENTIAL_PROVIDER_FIELD_TYPE.
    pub kind: i32,
    /// pszLabel.
    pub label: String,
    /// guidFieldType with braces.
    pub guid: String,
    /// CREDENTIAL_PROVIDER_FIELD_STATE.
    pub state: i32,
    /// CREDENTIAL_PROVIDER_FIELD_INTERACTIVE_STATE.
    pub interactive: i32,
    /// Text, link text or checkbox label; empty for a password.
    pub text: String,
    /// Whether a password field holds anything.
    pub is_filled: bool,
    /// Items of a combobox.
    pub choices: Vec<String>,
    /// Selected item of a combobox.
    pub choice: Option<u32>,
    /// State of a checkbox.
    pub checked: Option<bool>,
    /// The field that a submit button stands beside.
    pub adjacent_to: Option<u32>,
    /// The bitmap of a tile image.
    pub image: Option<Arc<Image>>,
}

/// CPFT_LARGE_TEXT.
pub const LARGE: i32 = 1;
/// CPFT_SMALL_TEXT.
pub const SMALL: i32 = 2;
/// CPFT_COMMAND_LINK.
pub const LINK: i32 = 3;
/// CPFT_EDIT_TEXT.
pub const EDIT: i32 = 4;
/// CPFT_PASSWORD_TEXT.
pub const PASSWORD: i32 = 5;
/// CPFT_TILE_IMAGE.
pub const IMAGE: i32 = 6;
/// CPFT_CHECKBOX.
pub const CHECKBOX: i32 = 7;
/// CPFT_COMBOBOX.
pub const COMBOBOX: i32 = 8;
/// CPFT_SUBMIT_BUTTON.
pub const SUBMIT: i32 = 9;

const KINDS: [&str; 10] = [
    "invalid",
    "large-text",
    "small-text",
    "command-link",
    "edit-text",
    "password-text",
    "tile-image",
    "checkbox",
    "combobox",
    "submit-button",
];
/// CPFIS_FOCUSED.
pub const FOCUSED: i32 = 3;
const STATES: [&str; 4] = ["hidden", "selected", "deselected", "both"];
const INTERACTIVE: [&str; 4] = ["plain", "readonly", "disabled", "focused"];

/// Windows' own field types by the names that scripts use.
const WELL_KNOWN: [(&str, &str); 6] = [
    ("username", "{DA15BBE8-954D-4FD3-B0F4-1FB5B90B174B}"),
    ("password", "{60624CFA-A477-47B1-8A8E-3A4A19981827}"),
    ("pin", "{4FE5263B-9181-46C1-B0A4-9DEDD4DB7DEA}"),
    ("logo", "{2D837775-F6CD-464E-A745-482FD0B47493}"),
    ("label", "{286BBFF3-BAD4-438F-B007-79B7267C3D48}"),
    ("submit", "{0B7B0AD8-CC36-4D59-802B-82F714FA7022}"),
];

fn word(table: &[&'static str], number: i32) -> &'static str {
    usize::try_from(number).ok().and_then(|it| table.get(it)).copied().unwrap_or("?")
}

/// The word for a field state.
pub fn state_word(state: i32) -> &'static str {
    word(&STATES, state)
}

/// The word for an interactive state.
pub fn interactive_word(state: i32) -> &'static str {
    word(&INTERACTIVE, state)
}

/// What the tile says of one field.
impl Field {
    /// The word for its type.
    pub fn kind_word(&self) -> &'static str {
        word(&KINDS, self.kind)
    }

    /// Displayed while the tile is selected (or not).
    pub fn is_displayed(&self, selected: bool) -> bool {
        self.state == 3 || self.state == if selected { 1 } else { 2 }
    }

    /// Text that a person reads in it.
    pub fn shown_text(&self) -> &str {
        let chosen = self.choice.and_then(|it| usize::try_from(it).ok()).and_then(|it| self.choices.get(it));
        chosen.map_or(self.text.as_str(), String::as_str)
    }

    /// Whether a script's word describes its state.
    pub fn is_in(&self, state: StateWord) -> bool {
        match state {
            StateWord::Field(state) => self.state == state,
            StateWord::Shown => self.is_displayed(true),
            StateWord::Interactive(state) => self.interactive == state,
        }
    }

    /// The item that a script's word means: `#index`, its text, or a part of it.
    ///
    /// # Errors
    /// Why none or more than one fits.
    pub fn item(&self, name: &str) -> Result<u32, String> {
        let place = |at: usize| u32::try_from(at).map_err(|_| "too many items".to_owned());
        if let Some(index) = name.strip_prefix('#') {
            return index.parse().map_err(|_| format!("{name} is no index"));
        }
        if let Some(at) = self.choices.iter().position(|it| same(it, name)) {
            return place(at);
        }
        let fitting: Vec<usize> =
            (0..self.choices.len()).filter(|at| contains(&self.choices[*at], name)).collect();
        match fitting.as_slice() {
            [at] => place(*at),
            [] => Err(format!("no item {name:?} among {:?}", self.choices)),
            _ => Err(format!("{name:?} fits several items of {:?}", self.choices)),
        }
    }
}

fn same(left: &str, right: &str) -> bool {
    left.to_lowercase() == right.to_lowercase()
}

fn contains(text: &str, part: &str) -> bool {
    text.to_lowercase().contains(&part.to_lowercase())
}

/// Finds a field by the rules of docs/logon-host.md; the answer is its place in `fields`.
///
/// # Errors
/// Why none or more than one fits.
pub fn find(fields: &[Field], name: &str) -> Result<usize, String> {
    if let Ok(id) = name.parse::<u32>() {
        let found = fields.iter().position(|it| it.id == id);
        return found.ok_or_else(|| format!("there is no field {id}"));
    }
    let guid = WELL_KNOWN.iter().find(|(known, _)| same(known, name)).map_or(name, |(_, guid)| guid);
    if guid.starts_with('{') {
        let found = fields.iter().position(|it| same(&it.guid, guid));
        // Providers may leave the well-known types out: then the label, or the type itself, decides.
        if found.is_some() || name.starts_with('{') {
            return found.ok_or_else(|| format!("there is no field of type {name}"));
        }
        let kind = match guid {
            it if it == WELL_KNOWN[0].1 => Some(EDIT),
            it if it == WELL_KNOWN[1].1 => Some(PASSWORD),
            it if it == WELL_KNOWN[5].1 => Some(SUBMIT),
            _ => None,
        };
        if let Some(at) = kind.and_then(|kind| fields.iter().position(|it| it.kind == kind)) {
            return Ok(at);
        }
    }
    let displayed = |it: &Field| it.is_displayed(true);
    type Fits = fn(&str, &str) -> bool;
    let begins: Fits = |label, name| label.to_lowercase().starts_with(&name.to_lowercase());
    let tests: [Fits; 3] = [same, begins, contains];
    for fits in tests {
        for only_displayed in [true, false] {
            let fitting: Vec<usize> = (0..fields.len())
                .filter(|at| fits(&fields[*at].label, name) && (!only_displayed || displayed(&fields[*at])))
                .collect();
            match fitting.as_slice() {
                [] => {}
                [at] => return Ok(*at),
                several => {
                    let labels: Vec<&str> = several.iter().map(|at| fields[*at].label.as_str()).collect();
                    return Err(format!("{name:?} fits several fields: {labels:?}"));
                }
            }
        }
    }
    Err(format!("there is no field {name:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(id: u32, kind: i32, label: &str, state: i32) -> Field {
        Field { id, kind, label: label.into(), state, ..Field::default() }
    }

    fn tile() -> Vec<Field> {
        let mut fields = vec![
            field(0, IMAGE, "TRASA", 3),
            field(1, 4, "User name", 1),
            field(2, PASSWORD, "Password", 1),
            field(3, 4, "TRASA username or email address", 0),
            field(4, COMBOBOX, "2FA method", 0),
            field(5, 4, "One-time code", 0),
            field(6, SUBMIT, "Submit", 1),
        ];
        fields[1].guid = WELL_KNOWN[0].1.into();
        fields
    }

    #[test]
    fn names() {
        let fields = tile();
        for (name, expected) in [
            ("3", Ok(3)),
            ("username", Ok(1)),
            ("{da15bbe8-954d-4fd3-b0f4-1fb5b90b174b}", Ok(1)),
            ("password", Ok(2)),
            ("submit", Ok(6)),
            ("method", Ok(4)),
            ("code", Ok(5)),
            ("TRASA username", Ok(3)),
            ("user", Ok(1)),
        ] {
            assert_eq!(find(&fields, name), expected, "{name}");
        }
        for name in ["99", "{00000000-0000-0000-0000-000000000000}", "nothing"] {
            assert!(find(&fields, name).is_err(), "{name}");
        }
    }

    #[test]
    fn items() {
        let method =
            Field { choices: vec!["Push to phone".into(), "One-time code".into()], ..Field::default() };
        assert_eq!(method.item("code"), Ok(1));
        assert_eq!(method.item("#0"), Ok(0));
        assert!(method.item("o").is_err());
        assert!(method.item("key").is_err());
    }
}
