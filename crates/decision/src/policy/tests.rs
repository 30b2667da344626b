use super::{
    Circumstances, Hours, HoursError, Line, Methods, Network, NetworkError, Policy, SessionSeen, Zone,
};
use alloc::string::{String, ToString};
use core::net::IpAddr;
use jiff::Timestamp;
use proptest::prelude::*;
use protocol::reason::Reason;
use protocol::v2::{Method, Session};
use std::format;

fn at(text: &str) -> i64 {
    text.parse::<Timestamp>().expect("an instant").as_second()
}

fn hours(list: &[&str], zone: &str) -> Policy {
    Policy {
        hours: list.iter().map(|text| text.parse().expect("hours")).collect(),
        zone: Zone::parse(zone).expect("a zone"),
        ..Policy::default()
    }
}

fn address(text: &str) -> IpAddr {
    text.parse().expect("an address")
}

/// Whether the hours hold at an instant.
fn check(rules: &[&str], zone: &str, instant: &str, expect: bool) {
    let holds = hours(rules, zone).hold_hours(at(instant)).is_ok();
    assert_eq!(holds, expect, "{rules:?} in {zone} at {instant}");
}

#[test]
fn hours_read_and_read_back() {
    fn check(text: &str, expect: &str) {
        let read: Hours = text.parse().expect("hours");
        assert_eq!(read.to_string(), expect);
        assert_eq!(expect.parse(), Ok(read));
    }
    check("mon-fri 08:00-18:00", "mon-fri 08:00-18:00");
    check("sat,sun 10:00-12:30", "sat,sun 10:00-12:30");
    check("daily 06:00-22:00", "daily 06:00-22:00");
    check("MON-Sun 0:00-24:00", "daily 00:00-24:00");
    check("sat-mon 8:05-9:00", "mon,sat,sun 08:05-09:00");
    check("fri 22:00-06:00", "fri 22:00-06:00");
    check("sun,mon,tue,fri  7:00-08:00", "mon,tue,fri,sun 07:00-08:00");
    check("wed,wed 07:00-08:00", "wed 07:00-08:00");
    check("tue 22:00-00:00", "tue 22:00-00:00");
}

#[test]
fn wrong_hours_are_named() {
    fn check(text: &str, expect: HoursError) {
        assert_eq!(text.parse::<Hours>(), Err(expect), "{text:?}");
    }
    check("", HoursError::Form(String::new()));
    check("mon", HoursError::Form("mon".to_string()));
    check("mon 08:00", HoursError::Form("mon 08:00".to_string()));
    check("mon 08:00-09:00 UTC", HoursError::Form("mon 08:00-09:00 UTC".to_string()));
    check("monday 08:00-09:00", HoursError::Day("monday".to_string()));
    check("mon,,tue 08:00-09:00", HoursError::Day(String::new()));
    check("mon-tue-wed 08:00-09:00", HoursError::Day("tue-wed".to_string()));
    check("mon 8-9", HoursError::Time("8".to_string()));
    check("mon 08:60-09:00", HoursError::Time("08:60".to_string()));
    check("mon 08:00-24:01", HoursError::Time("24:01".to_string()));
    check("mon 08:00-25:00", HoursError::Time("25:00".to_string()));
    check("mon +8:00-09:00", HoursError::Time("+8:00".to_string()));
    check("mon 08:0-09:00", HoursError::Time("08:0".to_string()));
    check("mon 24:00-06:00", HoursError::BeginsAtEnd);
    check("mon 08:00-08:00", HoursError::Nothing);
    let long = "x".repeat(1000);
    check(&long, HoursError::Form("x".repeat(40) + "…"));
}

/// Fault 8 of the original: of several rules only the last one counted.
#[test]
fn every_rule_counts_not_only_the_last() {
    let rules = ["mon-fri 08:00-18:00", "sat 10:00-12:00", "sun 20:00-21:00"];
    check(&rules, "UTC", "2026-11-24T09:00:00Z", true); // a Tuesday, the first rule
    check(&rules, "UTC", "2026-11-28T11:00:00Z", true); // a Saturday, the second
    check(&rules, "UTC", "2026-11-29T20:30:00Z", true); // a Sunday, the third
    check(&rules, "UTC", "2026-11-28T09:00:00Z", false);
    check(&rules, "UTC", "2026-11-29T11:00:00Z", false);
}

/// Fault 8 of the original: hours and minutes were compared one by one.
#[test]
fn half_past_ten_to_six_allows_ten_past_eleven() {
    for (time, expect) in
        [("10:29:59", false), ("10:30:00", true), ("11:10:00", true), ("17:59:59", true), ("18:00:00", false)]
    {
        check(&["daily 10:30-18:00"], "UTC", &format!("2026-11-24T{time}Z"), expect);
    }
}

/// Fault 8 of the original: the weekday was taken in the server's zone, the hour in another.
#[test]
fn weekday_and_hour_are_read_in_the_same_zone() {
    // Monday 23:30 UTC is Tuesday 08:30 in Tokyo and Monday 15:30 in Los Angeles.
    let instant = "2026-11-23T23:30:00Z";
    check(&["tue 08:00-09:00"], "Asia/Tokyo", instant, true);
    check(&["mon 08:00-09:00"], "Asia/Tokyo", instant, false);
    check(&["mon 15:00-16:00"], "America/Los_Angeles", instant, true);
    check(&["mon 23:00-24:00"], "UTC", instant, true);
    check(&["tue 05:00-05:30"], "Asia/Kathmandu", instant, true); // 05:15, +05:45
}

#[test]
fn a_span_over_midnight_belongs_to_the_day_it_begins_on() {
    let night = ["fri 22:00-06:00"];
    check(&night, "UTC", "2026-11-27T21:59:59Z", false);
    check(&night, "UTC", "2026-11-27T22:00:00Z", true); // Friday night
    check(&night, "UTC", "2026-11-28T05:59:59Z", true); // Saturday morning
    check(&night, "UTC", "2026-11-28T06:00:00Z", false);
    check(&night, "UTC", "2026-11-27T05:00:00Z", false); // Friday morning is Thursday's night
    check(&night, "UTC", "2026-11-28T22:00:00Z", false);
    check(&["sun 22:00-06:00"], "UTC", "2026-11-30T03:00:00Z", true); // into Monday
    check(&["mon 00:00-24:00"], "UTC", "2026-11-30T23:59:59Z", true);
    check(&["mon 00:00-24:00"], "UTC", "2026-12-01T00:00:00Z", false);
    check(&["mon 22:00-00:00"], "UTC", "2026-11-30T23:59:59Z", true);
    check(&["mon 22:00-00:00"], "UTC", "2026-12-01T00:00:00Z", false);
}

#[test]
fn the_wall_clock_counts_when_clocks_change() {
    let berlin = "Europe/Berlin";
    // 29 March 2026, a Sunday: 02:00 becomes 03:00 at 01:00 UTC.
    check(&["sun 02:00-03:00"], berlin, "2026-03-29T00:59:59Z", false);
    check(&["sun 02:00-03:00"], berlin, "2026-03-29T01:00:00Z", false);
    check(&["sun 02:30-03:30"], berlin, "2026-03-29T01:00:00Z", true);
    check(&["sun 02:30-03:30"], berlin, "2026-03-29T01:30:00Z", false);
    check(&["sat 22:00-06:00"], berlin, "2026-03-29T03:59:59Z", true);
    check(&["sat 22:00-06:00"], berlin, "2026-03-29T04:00:00Z", false);
    // 25 October 2026, a Sunday: 03:00 becomes 02:00 at 01:00 UTC; 02:30 happens twice.
    check(&["sun 02:00-03:00"], berlin, "2026-10-25T00:30:00Z", true);
    check(&["sun 02:00-03:00"], berlin, "2026-10-25T01:30:00Z", true);
    check(&["sun 02:00-03:00"], berlin, "2026-10-25T02:00:00Z", false);
    check(&["sun 01:00-02:00"], berlin, "2026-10-25T00:59:00Z", false);
    // Summer and winter: eight o'clock is eight o'clock.
    check(&["daily 08:00-09:00"], berlin, "2026-07-01T06:30:00Z", true);
    check(&["daily 08:00-09:00"], berlin, "2026-12-01T07:30:00Z", true);
    check(&["daily 08:00-09:00"], berlin, "2026-12-01T06:30:00Z", false);
    // A gap at midnight: in Beirut 29 March 2026 begins at 01:00.
    check(&["sun 00:00-02:00"], "Asia/Beirut", "2026-03-28T22:00:00Z", true);
    check(&["sat 23:00-01:00"], "Asia/Beirut", "2026-03-28T22:00:00Z", false);
}

#[test]
fn zones_are_names_of_the_database() {
    assert_eq!(Zone::parse("europe/berlin").expect("whatever the case").name(), "Europe/Berlin");
    for wrong in
        ["", "Berlin", "CEST-2", "+02:00", "../etc/passwd", "/etc/localtime", "Etc/Unknown", "localtime"]
    {
        assert!(Zone::parse(wrong).is_err(), "{wrong:?}");
    }
}

#[test]
fn networks() {
    fn check(network: &str, source: &str, expect: bool) {
        let read: Network = network.parse().expect("a network");
        assert_eq!(read.contains(address(source)), expect, "{source} in {network}");
        assert_eq!(read.to_string().parse(), Ok(read), "{network} reads back");
    }
    check("10.0.0.0/8", "10.255.0.1", true);
    check("10.0.0.0/8", "11.0.0.1", false);
    check("10.0.0.0/8", "::ffff:10.1.2.3", true);
    check("::ffff:10.0.0.0/104", "10.1.2.3", true);
    check("::ffff:10.0.0.0/104", "11.1.2.3", false);
    check("::ffff:10.1.2.3", "10.1.2.3", true);
    check("192.0.2.7", "192.0.2.7", true);
    check("192.0.2.7", "192.0.2.8", false);
    check("2001:db8::/32", "2001:db8:1::1", true);
    check("2001:db8::/32", "2001:db9::1", false);
    check("::/0", "10.1.2.3", false);
    check("::/0", "2001:db8::1", true);
    check("0.0.0.0/0", "10.1.2.3", true);
    check("0.0.0.0/0", "::1", false);
}

#[test]
fn wrong_networks_are_named() {
    for text in [
        "",
        "10.0.0",
        "10.0.0.0/33",
        "10.0.0.0/-1",
        "010.0.0.1",
        "example.com",
        "2001:db8::/129",
        "10.0.0.0/8 ",
    ] {
        assert_eq!(text.parse::<Network>(), Err(NetworkError::Form(text.to_string())));
    }
    let error = "10.0.0.5/8".parse::<Network>().expect_err("host bits");
    assert_eq!(error.to_string(), "\"10.0.0.5/8\" has bits beyond its length: the network is 10.0.0.0/8");
}

#[test]
fn the_first_line_that_fails_is_told() {
    let policy = Policy {
        networks: ["10.0.0.0/8", "2001:db8::/32"].map(|text| text.parse().expect("a network")).to_vec(),
        session: Some(Session::Console),
        expires: Some(at("2027-01-01T00:00:00Z")),
        ..hours(&["mon-fri 08:00-18:00", "sat 10:00-12:00"], "Europe/Berlin")
    };
    let check = |source: &str, session, now: &str, expect: Option<(Line, Reason, &str)>| {
        let at = Circumstances {
            source: Some(address(source)),
            session: SessionSeen::Told(session),
            now: at(now),
        };
        let unmet = policy.evaluate(&at).err();
        let got = unmet.as_ref().map(|unmet| (unmet.line, unmet.reason, unmet.text.as_str()));
        assert_eq!(got, expect);
    };
    let (inside, outside) = ("2026-11-24T08:00:00Z", "2026-11-28T11:12:00Z");
    check("10.1.1.1", Session::Console, inside, None);
    check(
        "192.0.2.1",
        Session::Remote,
        "2027-01-01T00:00:00Z",
        Some((Line::Expires, Reason::PolicyExpired, "expires 2027-01-01T00:00:00Z")),
    );
    let hours_text = "when mon-fri 08:00-18:00; sat 10:00-12:00 (Europe/Berlin): Sat 12:12";
    check("192.0.2.1", Session::Remote, outside, Some((Line::Hours, Reason::OutsideHours, hours_text)));
    let network_text = "network 10.0.0.0/8; 2001:db8::/32: 192.0.2.1";
    check(
        "::ffff:192.0.2.1",
        Session::Remote,
        inside,
        Some((Line::Network, Reason::NetworkNotAllowed, network_text)),
    );
    check(
        "10.1.1.1",
        Session::Remote,
        inside,
        Some((Line::Session, Reason::SessionNotAllowed, "session console: remote")),
    );
}

#[test]
fn an_empty_policy_always_holds() {
    for now in [0, at("2026-11-24T09:00:00Z"), i64::MAX] {
        let at =
            Circumstances { source: Some(address("::1")), session: SessionSeen::Told(Session::Remote), now };
        assert_eq!(Policy::default().evaluate(&at), Ok(()));
    }
    // Beyond the calendar no hour holds.
    assert!(hours(&["daily 00:00-24:00"], "UTC").hold_hours(i64::MAX).is_err());
}

#[test]
fn sets_of_methods() {
    let totp: Methods = [Method::Totp].into_iter().collect();
    assert_eq!(totp, Methods::TOTP);
    assert!(totp.contains(Method::Totp) && totp.contains(Method::Auto) && !totp.contains(Method::Push));
    assert_eq!(totp.or([Method::Push].into_iter().collect()), Methods::ALL);
    assert!(Methods::NONE.is_empty() && !Methods::NONE.contains(Method::Auto));
    assert_eq!(Methods::ALL.list(), [Method::Push, Method::Totp]);
    assert_eq!(Methods::ALL.and(totp).to_string(), "totp");
}

proptest! {
    #[test]
    fn parsing_never_panics(text in any::<String>()) {
        let _ = (text.parse::<Hours>(), text.parse::<Network>(), Zone::parse(&text));
    }

    #[test]
    fn near_misses_never_panic(text in "[a-z,-]{0,9} [0-9:+-]{0,12}") {
        if let Ok(hours) = text.parse::<Hours>() {
            prop_assert_eq!(hours.to_string().parse(), Ok(hours));
        }
    }

    #[test]
    fn hours_of_any_days_read_back(days in 1_u8..128, from in 0_u16..1440, to in 0_u16..=1440) {
        prop_assume!(from != to);
        let hours = Hours { days, from, to };
        prop_assert_eq!(hours.to_string().parse(), Ok(hours));
    }

    /// A rule for each minute of the week, compared with the plain definition.
    #[test]
    fn hours_agree_with_counting_minutes(days in 1_u8..128, from in 0_u16..1440, to in 0_u16..=1440, minute in 0_i64..10_080) {
        prop_assume!(from != to);
        let length = i64::from(if to > from { to - from } else { 1440 - from + to });
        let inside = (0..7).filter(|day| days & 1 << day != 0).any(|day| {
            let begin = day * 1440 + i64::from(from);
            (begin..begin + length).contains(&minute) || (begin..begin + length).contains(&(minute + 10_080))
        });
        let policy = Policy { hours: [Hours { days, from, to }].to_vec(), ..Policy::default() };
        let monday = at("2026-11-23T00:00:00Z");
        prop_assert_eq!(policy.hold_hours(monday + minute * 60).is_ok(), inside);
    }
}
