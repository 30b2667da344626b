//! Names that administrators give: what is shown, and the form in which they are compared.

/// Longest name, in characters.
pub const MAX_CHARS: usize = 100;

/// Why a text is no name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NameError {
    /// Nothing but white space.
    #[error("the {0} is empty")]
    Empty(&'static str),
    /// Longer than [`MAX_CHARS`].
    #[error("the {0} is longer than {MAX_CHARS} characters")]
    TooLong(&'static str),
    /// Control characters could forge lines of a log, direction marks could show another name.
    #[error("the {0} holds a character that cannot be shown safely (U+{1:04X})")]
    Unsafe(&'static str, u32),
    /// Not an email address.
    #[error("{0:?} is not an email address")]
    NoEmail(String),
}

/// A name that may be shown anywhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name {
    shown: String,
    key: String,
}

impl Name {
    /// Reads a name; `what` is the field's name for the error.
    ///
    /// # Errors
    /// [`NameError`].
    pub fn parse(what: &'static str, text: &str) -> Result<Self, NameError> {
        let shown = text.trim();
        if shown.is_empty() {
            return Err(NameError::Empty(what));
        }
        if shown.chars().count() > MAX_CHARS {
            return Err(NameError::TooLong(what));
        }
        if let Some(character) = shown.chars().find(|c| is_unsafe(*c)) {
            return Err(NameError::Unsafe(what, character.into()));
        }
        Ok(Self { shown: shown.to_owned(), key: key(shown) })
    }

    /// Reads an email address.
    ///
    /// # Errors
    /// [`NameError`].
    pub fn parse_email(text: &str) -> Result<Self, NameError> {
        let name = Self::parse("email address", text)?;
        if email_address::EmailAddress::is_valid(&name.shown) {
            Ok(name)
        } else {
            Err(NameError::NoEmail(name.shown))
        }
    }

    /// As it was given, without white space around it.
    #[must_use]
    pub fn shown(&self) -> &str {
        &self.shown
    }

    /// The form in which names are compared.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }
}

/// The form in which names are compared: trimmed and folded, as the decision folds what is typed at
/// the tile.
#[must_use]
pub fn key(text: &str) -> String {
    decision::account::fold(text.trim())
}

fn is_unsafe(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}')
}

#[cfg(test)]
mod tests {
    use super::{Name, NameError, key};

    fn check(text: &str, expected: Result<&str, NameError>) {
        assert_eq!(
            Name::parse("name", text).map(|name| name.shown().to_owned()),
            expected.map(str::to_owned)
        );
    }

    #[test]
    fn names_are_trimmed_and_compared_without_case() {
        check(" Büro 1 ", Ok("Büro 1"));
        check("O'Brien \"x\"", Ok("O'Brien \"x\""));
        assert_eq!(key(" ANNA@Acme.Example "), "anna@acme.example");
    }

    #[test]
    fn what_cannot_be_shown_safely_is_refused() {
        check("  ", Err(NameError::Empty("name")));
        check(&"x".repeat(101), Err(NameError::TooLong("name")));
        check("a\nb", Err(NameError::Unsafe("name", 10)));
        check("a\u{202E}b", Err(NameError::Unsafe("name", 0x202E)));
        check("a\u{1b}[2J", Err(NameError::Unsafe("name", 0x1b)));
    }

    #[test]
    fn an_email_address_is_one() {
        assert!(Name::parse_email("anna@acme.example").is_ok());
        for text in ["anna", "anna@", "@acme.example", "a b@acme.example"] {
            assert!(Name::parse_email(text).is_err(), "{text}");
        }
    }
}
