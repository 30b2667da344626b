//! Instants and spans for people.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::Value;

/// An instant: what people read, in UTC, and what programs read. The script shows it in the browser's
/// own time zone.
#[derive(Debug, Clone)]
pub(super) struct Instant {
    /// `2027-01-31 18:00 UTC`
    pub text: String,
    /// RFC 3339.
    pub machine: String,
}

impl Instant {
    /// Of Unix seconds.
    pub fn of(unix_secs: i64) -> Self {
        let Ok(time) = Timestamp::from_second(unix_secs) else {
            return Self { text: unix_secs.to_string(), machine: String::new() };
        };
        let shown = TimeZone::UTC.to_datetime(time);
        Self {
            text: format!("{} {:02}:{:02} UTC", shown.date(), shown.time().hour(), shown.time().minute()),
            machine: time.to_string(),
        }
    }

    /// Of an instant that may be missing.
    pub fn maybe(unix_secs: Option<i64>) -> Option<Self> {
        unix_secs.map(Self::of)
    }
}

/// A code such as `owner_link_made` in words.
pub(super) fn words(code: &str) -> String {
    let text = code.replace(['_', '.'], " ");
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| format!("{}{}", first.to_uppercase(), letters.as_str()))
}

/// A detail of an audit row in words; what is an instant is shown as one.
pub(super) fn detail(name: &str, value: &Value) -> String {
    let is_instant = matches!(name, "until" | "time" | "since" | "expires");
    let text = match value {
        Value::Number(number) if is_instant => {
            number.as_i64().map_or_else(|| number.to_string(), |secs| Instant::of(secs).text)
        }
        Value::String(text) => text.clone(),
        Value::Null => "none".to_owned(),
        other => other.to_string(),
    };
    format!("{}: {text}", name.replace('_', " "))
}

#[cfg(test)]
mod tests {
    use super::{Instant, detail, words};
    use serde_json::json;

    #[test]
    fn instants_and_spans() {
        assert_eq!(Instant::of(1_800_000_000).text, "2027-01-15 08:00 UTC");
        assert_eq!(Instant::of(1_800_000_000).machine, "2027-01-15T08:00:00Z");
        assert_eq!(words("owner_link_made"), "Owner link made");
        assert_eq!(detail("until", &json!(1_800_000_000)), "until: 2027-01-15 08:00 UTC");
        assert_eq!(detail("put_offs", &json!(2)), "put offs: 2");
        assert_eq!(detail("name", &json!("PC-07")), "name: PC-07");
    }
}
