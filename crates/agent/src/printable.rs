//! Text from outside, made safe to print in one line.

/// Escapes control characters and the ones that reorder or hide text (bidirectional controls, zero
/// width, line separators, tags), so that a name cannot forge a log line or a tile text.
#[must_use]
pub fn printable(text: &str) -> String {
    if !text.chars().any(is_hidden) {
        return text.to_owned();
    }
    text.chars().fold(String::with_capacity(text.len() + 16), |mut out, c| {
        if is_hidden(c) {
            out.extend(c.escape_unicode());
        } else {
            out.push(c);
        }
        out
    })
}

/// Whether a character has no glyph of its own or changes how its neighbours are shown.
#[must_use]
pub fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::printable;

    #[test]
    fn only_hidden_characters_are_escaped() {
        assert_eq!(printable("Jürgen O'Neill ☺"), "Jürgen O'Neill ☺");
        assert_eq!(printable("a\u{202e}b\tc"), "a\\u{202e}b\\u{9}c");
    }
}
