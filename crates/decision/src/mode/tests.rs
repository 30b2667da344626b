use super::{Mode, WatchEnd, watch_end};

const DATE: i64 = 1_800_000_000;
const WEEK: i64 = 7 * 86_400;

#[test]
fn watching_ends_at_the_date() {
    assert!(!Mode::Guard.watches(DATE));
    let watch = Mode::Watch { until: DATE };
    assert!(watch.watches(DATE - 1));
    assert!(!watch.watches(DATE));
}

#[test]
fn guarding_is_put_off_twice_at_most_and_only_for_a_reason() {
    fn check(put_offs: u8, locked_out: bool, now: i64, expect: WatchEnd) {
        assert_eq!(watch_end(DATE, put_offs, locked_out, now), expect, "{put_offs} {locked_out} {now}");
    }
    check(0, true, DATE - 1, WatchEnd::NotYet);
    check(0, false, DATE - 1, WatchEnd::NotYet);
    check(0, false, DATE, WatchEnd::Guard);
    check(0, true, DATE, WatchEnd::PutOff { until: DATE + WEEK, put_offs: 1 });
    check(0, true, DATE + 5, WatchEnd::PutOff { until: DATE + WEEK, put_offs: 1 });
    check(1, true, DATE, WatchEnd::PutOff { until: DATE + WEEK, put_offs: 2 });
    check(2, true, DATE, WatchEnd::Guard);
    check(1, false, DATE, WatchEnd::Guard);
    check(u8::MAX, true, DATE, WatchEnd::Guard);
    // A server that slept for a month gives its people a week from now.
    let later = DATE + 30 * 86_400;
    check(0, true, later, WatchEnd::PutOff { until: later + WEEK, put_offs: 1 });
}
