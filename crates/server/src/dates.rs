//! Dates as people write and read them.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

/// An instant for people, in UTC.
#[must_use]
pub fn instant(unix_secs: i64) -> String {
    Timestamp::from_second(unix_secs).map_or_else(|_| unix_secs.to_string(), |time| time.to_string())
}

/// Reads `2027-01-31` (the end of that day, UTC), `2027-01-31T18:00` (UTC) or an RFC 3339 instant; Unix
/// seconds.
///
/// # Errors
/// One sentence that says what is expected.
pub fn until(text: &str) -> Result<i64, String> {
    if let Ok(instant) = text.parse::<Timestamp>() {
        return Ok(instant.as_second());
    }
    // A date is read from an instant's text as well, without its time.
    let begins = if text.contains(['T', 't', ' ']) {
        text.parse::<DateTime>()
    } else {
        text.parse::<Date>().and_then(|date| date.tomorrow()).map(|date| date.at(0, 0, 0, 0))
    };
    begins.and_then(|begins| TimeZone::UTC.to_timestamp(begins)).map(Timestamp::as_second).map_err(|_| {
        "expected a date such as 2027-01-31, or an instant such as 2027-01-31T18:00:00Z".to_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::until;

    #[test]
    fn a_date_lasts_to_its_end_and_an_instant_is_exact() {
        assert_eq!(until("2027-01-31"), until("2027-02-01T00:00:00Z"));
        assert_eq!(until("1970-01-01T00:01:00Z"), Ok(60));
        assert_eq!(until("1970-01-01T01:00:00+01:00"), Ok(0));
        assert_eq!(until("2027-01-31T18:00"), until("2027-01-31T18:00:00Z"));
        assert_eq!(until("2027-01-31T18:00:30"), until("2027-01-31T18:00:30Z"));
        for text in ["", "2027-01-31T25:00", "tomorrow", "2027-02-30", "31.1.2027"] {
            assert!(until(text).is_err(), "{text}");
        }
    }
}
