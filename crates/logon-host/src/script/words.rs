//! Splits a line into words, and reads small things.

use std::time::Duration;

use super::{Scenario, Value};
use zeroize::Zeroizing;

/// Words are separated by blanks; text in double quotes is one word, with `\"` and `\\` inside.
pub(super) fn split(line: &str) -> Result<Vec<Zeroizing<String>>, String> {
    let mut words = Vec::new();
    let mut characters = line.chars().peekable();
    loop {
        while characters.next_if(|it| it.is_whitespace()).is_some() {}
        let Some(&first) = characters.peek() else {
            return Ok(words);
        };
        let mut word = Zeroizing::new(String::new());
        if first == '"' {
            characters.next();
            loop {
                match characters.next() {
                    None => return Err("a quote is not closed".to_owned()),
                    Some('"') => break,
                    Some('\\') => match characters.next() {
                        Some(escaped @ ('"' | '\\')) => word.push(escaped),
                        Some(other) => word.extend(['\\', other]),
                        None => return Err("a quote is not closed".to_owned()),
                    },
                    Some(other) => word.push(other),
                }
            }
        } else {
            while let Some(next) = characters.next_if(|it| !it.is_whitespace()) {
                word.push(next);
            }
        }
        words.push(word);
    }
}

/// `2s`, `500ms`, `1d`.
pub(super) fn duration(word: &str) -> Option<Duration> {
    let digits = word.find(|it: char| !it.is_ascii_digit())?;
    let (number, unit) = word.split_at(digits);
    let number: u64 = number.parse().ok()?;
    let milliseconds = match unit {
        "ms" => 1,
        "s" => 1000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return None,
    };
    number.checked_mul(milliseconds).map(Duration::from_millis)
}

/// `$NAME`, `$password`, `$password(DOMAIN\name)`, or the text itself.
pub(super) fn value(word: &str) -> Value {
    let Some(name) = word.strip_prefix('$') else {
        return Value::Text(Zeroizing::new(word.to_owned()));
    };
    if name == "password" {
        return Value::Password(None);
    }
    match name.strip_prefix("password(").and_then(|it| it.strip_suffix(')')) {
        Some(account) => Value::Password(Some(account.to_owned())),
        None => Value::Environment(name.to_owned()),
    }
}

pub(super) fn scenario(word: &str) -> Option<Scenario> {
    Some(match word.to_ascii_lowercase().replace('_', "-").as_str() {
        "logon" => Scenario::Logon,
        "unlock" | "unlock-workstation" => Scenario::Unlock,
        "rdp" => Scenario::Rdp,
        "uac" | "credui" => Scenario::Uac,
        "change-password" => Scenario::ChangePassword,
        "plap" => Scenario::Plap,
        number => Scenario::Number(number.parse().ok()?),
    })
}

/// Reads a number, decimal or `0x…`.
pub(super) fn number(word: &str) -> Option<u32> {
    match word.strip_prefix("0x") {
        Some(digits) => u32::from_str_radix(digits, 16).ok(),
        None => word.parse().ok(),
    }
}

/// Pairs of hexadecimal digits.
pub(super) fn hex(word: &str) -> Option<Vec<u8>> {
    if !word.is_ascii() || !word.len().is_multiple_of(2) {
        return None;
    }
    (0..word.len()).step_by(2).map(|at| u8::from_str_radix(&word[at..at + 2], 16).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words() {
        let split = |line| split(line).map(|it| it.iter().map(|word| word.to_string()).collect::<Vec<_>>());
        assert_eq!(
            split(r#"type  code "a \"b\" \\ \c""#),
            Ok(vec!["type".into(), "code".into(), r#"a "b" \ \c"#.into()])
        );
        assert_eq!(split(r#"type x """#), Ok(vec!["type".into(), "x".into(), String::new()]));
        assert!(split(r#"say "open"#).is_err());
    }

    #[test]
    fn durations() {
        assert_eq!(duration("500ms"), Some(Duration::from_millis(500)));
        assert_eq!(duration("1d"), Some(Duration::from_secs(86_400)));
        for bad in ["", "5", "s", "5y", "-5s", "99999999999999999999s", "18446744073709551615d"] {
            assert_eq!(duration(bad), None, "{bad}");
        }
    }

    #[test]
    fn values() {
        assert_eq!(value("$PIN"), Value::Environment("PIN".into()));
        assert_eq!(value("$password"), Value::Password(None));
        assert_eq!(value(r"$password(WS01\anna)"), Value::Password(Some(r"WS01\anna".into())));
        assert!(matches!(value("plain"), Value::Text(_)));
    }

    #[test]
    fn bytes() {
        assert_eq!(hex("00ffA0"), Some(vec![0, 255, 160]));
        assert_eq!((hex("0"), hex("zz"), hex("é")), (None, None, None));
    }
}
