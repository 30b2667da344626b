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

/// How long ago, in the largest unit that fits.
pub(super) fn ago(unix_secs: i64, now: i64) -> String {
    let secs = now.saturating_sub(unix_secs);
    let (count, unit) = match secs {
        ..60 => return "just now".to_owned(),
        60..3600 => (secs / 60, "minute"),
        3600..86_400 => (secs / 3600, "hour"),
        _ => (secs / 86_400, "day"),
    };
    format!("{count} {unit}{} ago", if count == 1 { "" } else { "s" })
}

/// A word for a shell, whatever is in it.
pub(super) fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-@".contains(c);
    if !text.is_empty() && !text.starts_with('-') && text.chars().all(plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', "'\\''"))
}

/// A name and a value of something that programs wrote.
pub(super) struct Fact {
    pub name: String,
    pub value: String,
}

/// The members of an object; a value that is nothing is left out.
pub(super) fn facts(value: &Value) -> Vec<Fact> {
    let Some(members) = value.as_object() else { return Vec::new() };
    members
        .iter()
        .filter(|(_, value)| !value.is_null())
        .map(|(name, value)| Fact { name: words(name), value: shown(name, value) })
        .filter(|fact| !fact.value.is_empty())
        .collect()
}

fn shown(name: &str, value: &Value) -> String {
    match value {
        Value::Number(number) if is_instant(name) => {
            number.as_i64().map_or_else(|| number.to_string(), |secs| Instant::of(secs).text)
        }
        Value::String(text) => text.clone(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::Null => "none".to_owned(),
        Value::Array(items) => items.iter().map(|item| shown(name, item)).collect::<Vec<_>>().join(", "),
        Value::Object(members) => {
            let parts = members.iter().map(|(name, value)| detail(name, value));
            parts.collect::<Vec<_>>().join("; ")
        }
        other @ Value::Number(_) => other.to_string(),
    }
}

fn is_instant(name: &str) -> bool {
    matches!(name, "until" | "time" | "since" | "expires" | "bypass_until")
}

/// A code such as `owner_link_made` in words.
pub(super) fn words(code: &str) -> String {
    let text = code.replace(['_', '.'], " ");
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| format!("{}{}", first.to_uppercase(), letters.as_str()))
}

/// A detail of an audit row in words; what is an instant is shown as one.
pub(super) fn detail(name: &str, value: &Value) -> String {
    format!("{}: {}", name.replace('_', " "), shown(name, value))
}

#[cfg(test)]
mod tests {
    use super::{Instant, ago, detail, facts, quoted, words};
    use serde_json::json;

    #[test]
    fn spans() {
        for (secs, expect) in [
            (0, "just now"),
            (59, "just now"),
            (60, "1 minute ago"),
            (7200, "2 hours ago"),
            (86_400, "1 day ago"),
            (-5, "just now"),
        ] {
            assert_eq!(ago(1000, 1000 + secs), expect);
        }
    }

    #[test]
    fn a_name_stays_a_name_in_a_shell() {
        for (name, expect) in [
            ("anna", "anna"),
            ("anna@acme.example", "anna@acme.example"),
            ("ACME\\anna", "'ACME\\anna'"),
            ("", "''"),
            ("--json", "'--json'"),
            ("x'; reboot #", "'x'\\''; reboot #'"),
            ("$(reboot)", "'$(reboot)'"),
        ] {
            assert_eq!(quoted(name), expect);
        }
    }

    #[test]
    fn facts_are_shown_member_by_member() {
        let value = json!({ "a_b": { "user": 1, "here": 2 }, "none": null, "list": ["x", true], "since": 0 });
        let shown: Vec<_> =
            facts(&value).into_iter().map(|fact| format!("{}={}", fact.name, fact.value)).collect();
        assert_eq!(shown, ["A b=here: 2; user: 1", "List=x, yes", "Since=1970-01-01 00:00 UTC"]);
    }

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
