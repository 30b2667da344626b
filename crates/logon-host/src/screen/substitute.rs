//! Numbers of the day, so that two pictures of the same state are the same picture.

/// Texts that stand in pictures in the place of what fits a pattern.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Substitutes(Vec<(Vec<Part>, String)>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    This(char),
    /// One letter or digit.
    Any,
    /// One digit or more.
    Number,
}

impl Substitutes {
    /// From now on this text stands for whatever fits the pattern: `?` for one letter or digit, `#` for a number.
    pub fn add(&mut self, pattern: &str, text: &str) {
        let part = |it| match it {
            '?' => Part::Any,
            '#' => Part::Number,
            other => Part::This(other),
        };
        self.0.push((pattern.chars().map(part).collect(), text.to_owned()));
    }

    /// The text as it stands in a picture.
    pub fn apply(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (pattern, instead) in &self.0 {
            text = replace(&text, pattern, instead);
        }
        text
    }
}

fn replace(text: &str, pattern: &[Part], instead: &str) -> String {
    let mut done = String::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        match fit(rest, pattern) {
            Some(length) if length > 0 => {
                done.push_str(instead);
                rest = rest.get(length..).unwrap_or_default();
            }
            _ => {
                done.push(first);
                rest = rest.get(first.len_utf8()..).unwrap_or_default();
            }
        }
    }
    done
}

/// How many bytes at the beginning fit the whole pattern.
fn fit(text: &str, pattern: &[Part]) -> Option<usize> {
    let mut rest = text.chars().peekable();
    let mut length = 0;
    for part in pattern {
        let next = match part {
            Part::This(wanted) => rest.next_if_eq(wanted)?,
            Part::Any => rest.next_if(|it| it.is_alphanumeric())?,
            Part::Number => {
                let first = rest.next_if(char::is_ascii_digit)?;
                while let Some(more) = rest.next_if(char::is_ascii_digit) {
                    length += more.len_utf8();
                }
                first
            }
        };
        length += next.len_utf8();
    }
    Some(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_letters_of_the_day() {
        let mut substitutes = Substitutes::default();
        substitutes.add("Logon ??????", "Logon K7Q2MX");
        substitutes.add("# seconds", "57 seconds");
        for (text, expected) in [
            ("No. (Logon A1B2C3)", "No. (Logon K7Q2MX)"),
            ("(Logon A1)", "(Logon A1)"),
            ("8 seconds or 12 seconds left, ä", "57 seconds or 57 seconds left, ä"),
            ("", ""),
        ] {
            assert_eq!(substitutes.apply(text), expected);
        }
    }
}
