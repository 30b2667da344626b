//! Starts of Windows in safe mode, as the System log tells them (B41).
//!
//! Event 12 of Microsoft-Windows-Kernel-General says at each start how Windows was started: `BootMode`
//! 0 is the ordinary way, 1 safe mode, 2 safe mode with networking.

use protocol::v2::SafeModeBoot;

/// Selects those entries of the log `System`.
pub const QUERY: &str = "*[System[Provider[@Name='Microsoft-Windows-Kernel-General'] and EventID=12] and EventData[Data[@Name='BootMode']!=0]]";

/// Reads one entry as Windows renders it. `None` for an ordinary start and for anything else.
#[must_use]
pub fn safe_mode(xml: &str) -> Option<SafeModeBoot> {
    let mode: u32 =
        between(after(xml, "Name='BootMode'").or_else(|| after(xml, "Name=\"BootMode\""))?, '>', '<')?
            .trim()
            .parse()
            .ok()?;
    let time = after(xml, "SystemTime=")?;
    let quote = time.chars().next().filter(|quote| matches!(quote, '\'' | '"'))?;
    let time = unix_seconds(between(time, quote, quote)?)?;
    (mode != 0).then_some(SafeModeBoot { time, network: mode == 2 })
}

fn after<'a>(text: &'a str, mark: &str) -> Option<&'a str> {
    text.split_once(mark).map(|(_, rest)| rest)
}

fn between(text: &str, begin: char, end: char) -> Option<&str> {
    text.split_once(begin)?.1.split_once(end).map(|(inside, _)| inside)
}

/// `2026-11-25T01:02:03.1234567Z`, always UTC.
fn unix_seconds(text: &str) -> Option<i64> {
    let (date, time) = text.strip_suffix('Z')?.split_once('T')?;
    let numbers =
        |text: &str, by| text.split(by).map(|part| part.parse::<i64>().ok()).collect::<Option<Vec<_>>>();
    let time = time.split('.').next()?;
    let ([year, month, day], [hour, minute, second]) = (&*numbers(date, '-')?, &*numbers(time, ':')?) else {
        return None;
    };
    let in_range = (1970..=9999).contains(year)
        && (1..=12).contains(month)
        && (1..=31).contains(day)
        && (0..24).contains(hour)
        && (0..60).contains(minute)
        && (0..=60).contains(second);
    in_range.then(|| days_since_1970(*year, *month, *day) * 86_400 + hour * 3_600 + minute * 60 + second)
}

/// Of the Gregorian calendar. The year is counted from March, so that the leap day comes last.
const fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    const FROM_MARCH_0000_TO_1970: i64 = 719_468;
    let year = if month <= 2 { year - 1 } else { year };
    let month = (month + 9) % 12;
    let days_before_month = (153 * month + 2) / 5;
    365 * year + year / 4 - year / 100 + year / 400 + days_before_month + day - 1 - FROM_MARCH_0000_TO_1970
}

#[cfg(test)]
mod tests {
    use super::{safe_mode, unix_seconds};
    use protocol::v2::SafeModeBoot;

    fn entry(mode: &str, time: &str) -> String {
        format!(
            "<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System><Provider Name='Microsoft-Windows-Kernel-General'/><EventID>12</EventID><TimeCreated SystemTime='{time}'/></System><EventData><Data Name='MajorVersion'>10</Data><Data Name='BootMode'>{mode}</Data><Data Name='StartTime'>2026-01-01T00:00:00Z</Data></EventData></Event>"
        )
    }

    #[test]
    fn only_safe_mode_counts() {
        let time = "2026-11-25T01:02:03.1234567Z";
        let boot = |network| Some(SafeModeBoot { time: 1_795_568_523, network });
        assert_eq!(safe_mode(&entry("1", time)), boot(false));
        assert_eq!(safe_mode(&entry("2", time)), boot(true));
        assert_eq!(safe_mode(&entry("2", time).replace('\'', "\"")), boot(true));
        for (mode, time) in [("0", time), ("x", time), ("1", "yesterday"), ("1", "2026-13-01T00:00:00Z")] {
            assert_eq!(safe_mode(&entry(mode, time)), None, "{mode} {time}");
        }
        assert_eq!(safe_mode(""), None);
    }

    #[test]
    fn dates() {
        for (text, expect) in [
            ("1970-01-01T00:00:00Z", Some(0)),
            ("2000-02-29T23:59:59.999Z", Some(951_868_799)),
            ("2026-09-21T14:13:20Z", Some(1_790_000_000)),
            ("2100-03-01T00:00:00Z", Some(4_107_542_400)),
            ("1969-12-31T23:59:59Z", None),
            ("2026-09-21T14:13:20", None),
            ("2026-09-21 14:13:20Z", None),
        ] {
            assert_eq!(unix_seconds(text), expect, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn reading_never_panics(text in ".{0,200}") {
            let _ = safe_mode(&text);
            let _ = unix_seconds(&text);
        }
    }
}
