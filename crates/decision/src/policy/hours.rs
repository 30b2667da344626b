//! Days and hours, as `mon-fri 08:00-18:00`.

use alloc::string::{String, ToString};
use core::fmt;
use core::str::FromStr;
use jiff::civil::{DateTime, Weekday};

/// Days of the week with one span of hours, by the clock on the wall of the policy's zone.
///
/// The span includes its first minute and excludes its last. A span whose end is not after its
/// beginning runs over midnight and belongs to the day on which it begins: `fri 22:00-06:00` ends
/// on Saturday morning. When clocks change, the wall clock is what counts: an hour that happens twice
/// is inside both times, an hour that is skipped opens and closes nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Hours {
    /// Bit 0 is Monday.
    pub(super) days: u8,
    /// Minutes since midnight, 0 to 1439.
    pub(super) from: u16,
    /// Minutes since midnight, 0 to 1440.
    pub(super) to: u16,
}

/// Why a text names no days and hours. The fault is the text's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HoursError {
    /// Not two words.
    #[error("write days and hours like 'mon-fri 08:00-18:00', not {0:?}")]
    Form(String),
    /// No such day.
    #[error("{0:?} is no day: write mon, tue, wed, thu, fri, sat, sun or daily")]
    Day(String),
    /// No such time.
    #[error("{0:?} is no time: write 00:00 to 24:00")]
    Time(String),
    /// A span that begins at 24:00.
    #[error("hours cannot begin at 24:00: write 00:00 of the next day")]
    BeginsAtEnd,
    /// A span without a minute in it.
    #[error("the hours begin and end at the same time: write 00:00-24:00 for a whole day")]
    Nothing,
}

impl Hours {
    /// Whether a time on the wall clock lies inside.
    #[must_use]
    pub fn contains(&self, local: DateTime) -> bool {
        let minute = u16::from(local.hour().unsigned_abs()) * 60 + u16::from(local.minute().unsigned_abs());
        let today = self.has_day(local.weekday());
        if self.from < self.to {
            return today && (self.from..self.to).contains(&minute);
        }
        let yesterday = self.has_day(local.weekday().previous());
        (today && minute >= self.from) || (yesterday && minute < self.to)
    }

    fn has_day(&self, day: Weekday) -> bool {
        self.days & 1 << day.to_monday_zero_offset() != 0
    }
}

impl FromStr for Hours {
    type Err = HoursError;

    fn from_str(text: &str) -> Result<Self, HoursError> {
        let form = || HoursError::Form(excerpt(text));
        let mut words = text.split_ascii_whitespace();
        let (Some(days), Some(span), None) = (words.next(), words.next(), words.next()) else {
            return Err(form());
        };
        let days = days_of(days)?;
        let (from, to) = span.split_once('-').ok_or_else(form)?;
        let (from, to) = (time_of(from)?, time_of(to)?);
        if from == DAY_MINUTES {
            return Err(HoursError::BeginsAtEnd);
        }
        if from == to {
            return Err(HoursError::Nothing);
        }
        Ok(Self { days, from, to })
    }
}

/// The text that reads back as the same days and hours.
impl fmt::Display for Hours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.days == ALL_DAYS {
            f.write_str("daily")?;
        } else {
            write_days(f, self.days)?;
        }
        let (from, to) = (self.from, self.to);
        write!(f, " {:02}:{:02}-{:02}:{:02}", from / 60, from % 60, to / 60, to % 60)
    }
}

fn write_days(f: &mut fmt::Formatter<'_>, days: u8) -> fmt::Result {
    let mut separator = "";
    let mut rest = DAYS.iter().enumerate().filter(|(at, _)| days & 1 << at != 0).peekable();
    while let Some((first_at, first)) = rest.next() {
        let (mut last_at, mut last) = (first_at, first);
        while let Some((at, day)) = rest.next_if(|(at, _)| *at == last_at + 1) {
            (last_at, last) = (at, day);
        }
        write!(f, "{separator}{first}")?;
        match last_at - first_at {
            0 => {}
            1 => write!(f, ",{last}")?,
            _ => write!(f, "-{last}")?,
        }
        separator = ",";
    }
    Ok(())
}

fn days_of(text: &str) -> Result<u8, HoursError> {
    if text.eq_ignore_ascii_case("daily") {
        return Ok(ALL_DAYS);
    }
    let mut days = 0;
    for part in text.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (mut at, last) = (day_of(first)?, day_of(last)?);
        days |= 1 << at;
        // A range may run over the end of the week: `sat-mon`.
        while at != last {
            at = (at + 1) % DAYS.len();
            days |= 1 << at;
        }
    }
    Ok(days)
}

fn day_of(text: &str) -> Result<usize, HoursError> {
    DAYS.iter().position(|day| day.eq_ignore_ascii_case(text)).ok_or_else(|| HoursError::Day(excerpt(text)))
}

fn time_of(text: &str) -> Result<u16, HoursError> {
    let wrong = || HoursError::Time(excerpt(text));
    let (hour, minute) = text.split_once(':').ok_or_else(wrong)?;
    // `parse` alone would take a sign.
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if !matches!(hour.len(), 1..=2) || minute.len() != 2 || !digits(hour) || !digits(minute) {
        return Err(wrong());
    }
    let hour: u16 = hour.parse().map_err(|_| wrong())?;
    let minute: u16 = minute.parse().map_err(|_| wrong())?;
    let time = hour * 60 + minute;
    if minute > 59 || time > DAY_MINUTES { Err(wrong()) } else { Ok(time) }
}

/// Enough of a wrong text to recognise it in an error.
pub(super) fn excerpt(text: &str) -> String {
    match text.char_indices().nth(40) {
        Some((end, _)) => text.get(..end).unwrap_or_default().to_string() + "…",
        None => text.to_string(),
    }
}

const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const ALL_DAYS: u8 = 0b111_1111;
const DAY_MINUTES: u16 = 24 * 60;
