//! Policies, read before they are written.

use crate::audit::Actor;
use crate::dates::instant;
use crate::names::Name;
use crate::store::policies::PolicyText;
use crate::store::{OrganisationId, PolicyId, Store, StoreError};
use decision::policy::{Circumstances, Policy, SessionSeen};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use protocol::v2::{Method, Session};

/// A quarter of an hour in seconds.
const QUARTER: i64 = 900;

/// Adds a policy, if its rules can be read and it does not end before it begins.
///
/// # Errors
/// `bad_policy` with the part at fault; `until_past`; `name_taken`.
pub async fn add(
    store: &Store,
    organisation: OrganisationId,
    (name, text): (Name, PolicyText),
    actor: Actor,
    now: i64,
) -> Result<PolicyId, StoreError> {
    text.read().map_err(|message| StoreError::refused("bad_policy", message))?;
    if text.expires.is_some_and(|expires| expires <= now) {
        let message = "the policy's end is over already: it would allow nothing";
        return Err(StoreError::refused("until_past", message));
    }
    let id = PolicyId::random()?;
    store.add_policy(organisation, (id, name, text), actor, now).await?;
    Ok(id)
}

/// The rules in a line, for people.
#[must_use]
pub fn words(text: &PolicyText) -> String {
    let mut parts = text.when.clone();
    parts.extend(text.zone.as_ref().map(|zone| format!("in {zone}")));
    parts.extend(text.networks.iter().map(|network| format!("from {network}")));
    parts.extend(
        text.session.map(|session| if session == Session::Remote { "remote" } else { "console" }.to_owned()),
    );
    parts.extend(text.expires.map(|expires| format!("until {}", instant(expires))));
    parts.extend(
        text.methods
            .iter()
            .map(|method| format!("by {}", if *method == Method::Push { "push" } else { "totp" })),
    );
    if parts.is_empty() { "always".to_owned() } else { parts.join(", ") }
}

/// The coming seven days in the policy's zone, each with the hours at which the policy's days, hours
/// and end allow; to the quarter of an hour. Network, session and method are not asked.
#[must_use]
pub fn spans(policy: &Policy, zone: Option<&str>, now: i64) -> Vec<(String, String)> {
    let zone = zone.and_then(|name| TimeZone::get(name).ok()).unwrap_or(TimeZone::UTC);
    let today = zone.to_datetime(Timestamp::from_second(now).unwrap_or_default()).date();
    let days = (0..7).filter_map(|ahead: i64| today.checked_add(ahead.days()).ok());
    days.map(|day| (day.strftime("%a, %-d %b").to_string(), hours(policy, &zone, day))).collect()
}

fn hours(policy: &Policy, zone: &TimeZone, day: Date) -> String {
    let midnight = |day: Date| zone.to_timestamp(day.at(0, 0, 0, 0)).map(Timestamp::as_second);
    // A day is as long as its zone says: 23 or 25 hours, twice a year.
    let (Ok(begin), Ok(end)) = (midnight(day), day.tomorrow().and_then(midnight)) else {
        return String::new();
    };
    let mut spans: Vec<(i64, i64)> = Vec::new();
    let mut quarter = begin;
    while quarter < end {
        let next = end.min(quarter.saturating_add(QUARTER));
        let at = Circumstances { source: None, session: SessionSeen::NotAsked, now: quarter };
        if policy.evaluate(&at).is_ok() {
            match spans.last_mut().filter(|span| span.1 == quarter) {
                Some(span) => span.1 = next,
                None => spans.push((quarter, next)),
            }
        }
        quarter = next;
    }
    let clock = |instant: i64| match Timestamp::from_second(instant) {
        Ok(at) if instant < end => zone.to_datetime(at).strftime("%H:%M").to_string(),
        _ => "24:00".to_owned(),
    };
    match spans.as_slice() {
        [] => "nothing".to_owned(),
        [(from, to)] if (*from, *to) == (begin, end) => "all day".to_owned(),
        some => some
            .iter()
            .map(|(from, to)| format!("{}–{}", clock(*from), clock(*to)))
            .collect::<Vec<_>>()
            .join(", "),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::spans;
    use crate::store::policies::PolicyText;

    /// Friday, 23 October 2026, 22:00 in Berlin, two days before the clocks go back.
    const NOW: i64 = 1_792_785_600;

    fn week(when: &[&str], expires: Option<i64>) -> Vec<String> {
        let when = when.iter().map(ToString::to_string).collect();
        let zone = Some("Europe/Berlin".to_owned());
        let text = PolicyText { when, zone, expires, ..PolicyText::default() };
        spans(&text.read().unwrap(), text.zone.as_deref(), NOW).into_iter().map(|(_, hours)| hours).collect()
    }

    #[test]
    fn the_week_is_shown_as_the_policy_decides() {
        let office = week(&["mon-fri 08:00-18:00"], None);
        assert_eq!(office[0], "08:00–18:00");
        assert_eq!((office[1].as_str(), office[2].as_str()), ("nothing", "nothing"));
        assert_eq!(office.len(), 7);
        assert_eq!(week(&[], None), ["all day"; 7]);
        // Over midnight: the evening's part and the morning's.
        let night = week(&["fri 22:00-06:00"], None);
        assert_eq!((night[0].as_str(), night[1].as_str()), ("22:00–24:00", "00:00–06:00"));
        // The day with 25 hours.
        assert_eq!(week(&["sun 01:00-05:00"], None)[2], "01:00–05:00");
        // The end cuts off.
        let ends = week(&[], Some(NOW + 3600));
        assert_eq!((ends[0].as_str(), ends[1].as_str()), ("00:00–23:00", "nothing"));
    }
}
