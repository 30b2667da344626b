//! Verbs about pictures.

use super::FieldName;

/// A picture that the script names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PictureVerb {
    /// The file's name, without its ending.
    pub name: String,
    /// What of the screen.
    pub of: PictureOf,
}

/// What a named picture shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PictureOf {
    /// The tile as it is now.
    Now,
    /// The tile with the list of this combobox open.
    Open(FieldName),
    /// The text that stood in the tile's place last.
    Message,
    /// During the next submit: the tile once this text is displayed or is the status.
    At(String),
}

/// Reads what stands behind `picture`.
pub(super) fn parse(words: &[&str]) -> Result<PictureVerb, String> {
    let owned = |text: &str| text.to_owned();
    let (name, of) = match words {
        [name] => (name, PictureOf::Now),
        [name, "open", field] => (name, PictureOf::Open(owned(field))),
        [name, "message"] => (name, PictureOf::Message),
        [name, "at", text] => (name, PictureOf::At(owned(text))),
        _ => return Err("picture NAME, and perhaps: open FIELD, message, at \"text\"".to_owned()),
    };
    // It becomes a file's name.
    let is_plain = |it: char| it.is_ascii_alphanumeric() || it == '-' || it == '_';
    if name.is_empty() || !name.chars().all(is_plain) {
        return Err(format!("{name}: a picture's name has letters, digits, - and _ only"));
    }
    Ok(PictureVerb { name: owned(name), of })
}
