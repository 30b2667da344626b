//! Breaking texts into lines.

/// Breaks a text into lines no wider than `width`, at blanks where that is possible, else inside the word; line breaks in
/// the text are kept. `measure` says how wide a piece is.
pub(super) fn wrap(text: &str, width: f32, measure: impl Fn(&str) -> f32) -> Vec<String> {
    text.split('\n').flat_map(|paragraph| lines(paragraph, width, &measure)).collect()
}

fn lines(paragraph: &str, width: f32, measure: &impl Fn(&str) -> f32) -> Vec<String> {
    let mut done = Vec::new();
    let mut line = String::new();
    for piece in pieces(paragraph) {
        let longer = format!("{line}{piece}");
        if measure(longer.trim_end()) <= width {
            line = longer;
            continue;
        }
        if !line.trim().is_empty() {
            done.push(line.trim_end().to_owned());
        }
        line = piece.to_owned();
        while let Some(at) = too_long(&line, width, measure) {
            let rest = line.split_off(at);
            done.push(std::mem::replace(&mut line, rest));
        }
    }
    if !line.trim().is_empty() || done.is_empty() {
        done.push(line.trim_end().to_owned());
    }
    done
}

/// Where to break a piece that is wider than a whole line; at least one letter stands before it.
fn too_long(piece: &str, width: f32, measure: &impl Fn(&str) -> f32) -> Option<usize> {
    if measure(piece.trim_end()) <= width {
        return None;
    }
    let ends = piece.char_indices().map(|(at, letter)| at + letter.len_utf8());
    let fitting = ends.clone().take_while(|end| measure(&piece[..*end]) <= width).last();
    let at = fitting.or_else(|| ends.clone().next())?;
    (at < piece.len()).then_some(at)
}

/// Pieces between which a line may break: words with the blanks behind them, and single ideographs.
fn pieces(text: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut begin = 0;
    let mut before: Option<char> = None;
    for (at, letter) in text.char_indices() {
        let breaks = before.is_some_and(|before| {
            (is_blank(before) && !is_blank(letter)) || is_ideograph(before) || is_ideograph(letter)
        });
        if breaks && !is_blank(letter) && at > begin {
            pieces.push(&text[begin..at]);
            begin = at;
        }
        before = Some(letter);
    }
    if begin < text.len() {
        pieces.push(&text[begin..]);
    }
    pieces
}

/// A blank at which a line may end; a no-break space is none.
fn is_blank(letter: char) -> bool {
    letter == ' ' || letter == '\t'
}

/// Chinese, Japanese and Korean letters that need no blank between words.
fn is_ideograph(letter: char) -> bool {
    matches!(letter, '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every letter is one wide.
    fn count(text: &str) -> f32 {
        let letters = u16::try_from(text.chars().count()).unwrap_or(u16::MAX);
        f32::from(letters)
    }

    #[test]
    fn texts_are_broken_at_blanks_and_long_words_anywhere() {
        for (text, expected) in [
            ("", &[""][..]),
            ("one two three", &["one two", "three"]),
            ("one  two", &["one  two"]),
            ("12345678", &["12345678"]),
            ("a 123456789", &["a", "12345678", "9"]),
            ("one\n\ntwo", &["one", "", "two"]),
            ("Ольга Ωμέγα", &["Ольга", "Ωμέγα"]),
            ("一二三四五六七八九", &["一二三四五六七八", "九"]),
            ("user\u{a0}name here", &["user\u{a0}nam", "e here"]),
        ] {
            assert_eq!(wrap(text, 8.0, count), expected, "{text:?}");
        }
    }

    #[test]
    fn nothing_is_lost_and_it_ends_however_narrow_it_is() {
        for width in [0.0, 0.5, 1.0, 3.0] {
            let text = "Sign in as CORP\\abcdefghijklmnopqrstuvwxyz now";
            let lines = wrap(text, width, count);
            let without_blanks = |text: &str| text.replace(' ', "");
            assert_eq!(without_blanks(&lines.concat()), without_blanks(text));
        }
    }
}
