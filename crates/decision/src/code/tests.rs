use super::{
    Algorithm, CLOCK_STEPS, Code, Given, SecretTooShort, TotpSecret, Verdict, judge, step_at, used_up_to,
};
use alloc::string::String;
use proptest::prelude::*;
use std::format;
use std::vec::Vec;

const RFC_SECRET: &[u8] = b"12345678901234567890";
const NOW: i64 = 1_800_000_000;

fn secret() -> TotpSecret {
    TotpSecret::new(RFC_SECRET, Algorithm::Sha1).expect("long enough")
}

fn code(text: &str) -> Code {
    Code::parse(text).expect("six digits")
}

/// The code of `steps` steps after now.
fn code_in(steps: i64) -> Code {
    secret().code_at(step_at(NOW).checked_add_signed(steps).expect("a step"))
}

#[test]
fn rfc_4226_appendix_d() {
    let expected =
        ["755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489"];
    for (counter, expect) in (0..).zip(expected) {
        assert_eq!(secret().code_at(counter), code(expect), "counter {counter}");
    }
}

#[test]
fn rfc_6238_appendix_b() {
    // The RFC's codes have eight digits; the last six of them are the code with six.
    fn check(time: i64, algorithm: Algorithm, eight: &str) {
        let length = match algorithm {
            Algorithm::Sha1 => 20,
            Algorithm::Sha256 => 32,
            Algorithm::Sha512 => 64,
        };
        let seed: Vec<u8> = RFC_SECRET.iter().copied().cycle().take(length).collect();
        let secret = TotpSecret::new(&seed, algorithm).expect("long enough");
        let six = code(eight.get(2..).expect("eight digits"));
        assert_eq!(secret.code_at(step_at(time)), six, "{time} {algorithm:?}");
        assert_eq!(judge(&secret, &six, None, time), Verdict::Accepted { step: step_at(time) });
    }
    let vectors = [
        (59, "94287082", "46119246", "90693936"),
        (1_111_111_109, "07081804", "68084774", "25091201"),
        (1_111_111_111, "14050471", "67062674", "99943326"),
        (1_234_567_890, "89005924", "91819424", "93441116"),
        (2_000_000_000, "69279037", "90698825", "38618901"),
        (20_000_000_000, "65353130", "77737706", "47863826"),
    ];
    for (time, sha1, sha256, sha512) in vectors {
        check(time, Algorithm::Sha1, sha1);
        check(time, Algorithm::Sha256, sha256);
        check(time, Algorithm::Sha512, sha512);
    }
}

#[test]
fn short_secrets_are_refused() {
    assert_eq!(TotpSecret::new(&[1; 15], Algorithm::Sha1).err(), Some(SecretTooShort));
    assert!(TotpSecret::new(&[1; 16], Algorithm::Sha1).is_ok());
}

/// B31 of the field's list: a used code with something around it is no new code; it is no code.
#[test]
fn padded_code_is_the_same_code() {
    let right = "755224";
    for padded in [
        " 755224",
        "755224 ",
        "755 224",
        "7552240",
        "0755224",
        "75522",
        "+55224",
        "755224\n",
        "755224\0",
        "７５５２２４",
        "٧٥٥٢٢٤",
        "755-224",
        "0x5224",
    ] {
        assert_eq!(Given::read(Some(padded)), Given::Malformed, "{padded:?}");
    }
    assert_eq!(Given::read(Some(right)), Given::Code(code(right)));
    assert_eq!(Given::read(Some("")), Given::Missing);
    assert_eq!(Given::read(None), Given::Missing);
}

#[test]
fn only_the_neighbouring_steps_are_accepted() {
    let current = step_at(NOW);
    for ahead in -12..=12_i64 {
        let expect = match ahead {
            -1..=1 => Verdict::Accepted { step: current.checked_add_signed(ahead).expect("a step") },
            -10..=10 => Verdict::ClockOff { offset_secs: ahead * 30 },
            _ => Verdict::Wrong,
        };
        assert_eq!(judge(&secret(), &code_in(ahead), None, NOW), expect, "{ahead} steps ahead");
    }
    // At both ends of the step, not only in its middle.
    for second in [0, 29] {
        let at = NOW - NOW % 30 + second;
        assert!(
            matches!(judge(&secret(), &code_in(1), None, at), Verdict::Accepted { .. }),
            "second {second}"
        );
        assert!(
            matches!(judge(&secret(), &code_in(2), None, at), Verdict::ClockOff { .. }),
            "second {second}"
        );
    }
}

#[test]
fn a_step_is_used_once_and_so_is_everything_before_it() {
    let current = step_at(NOW);
    let check = |ahead: i64, last: u64, expect: Verdict| {
        assert_eq!(judge(&secret(), &code_in(ahead), Some(last), NOW), expect, "{ahead} with last {last}");
    };
    check(0, current, Verdict::Used);
    check(-1, current, Verdict::Used);
    check(-5, current, Verdict::Used);
    check(1, current, Verdict::Accepted { step: current + 1 });
    check(1, current + 1, Verdict::Used);
    check(0, current - 1, Verdict::Accepted { step: current });
    check(-5, current - 6, Verdict::ClockOff { offset_secs: -150 });
}

#[test]
fn a_clock_that_was_set_back_locks_nobody_out() {
    let current = step_at(NOW);
    // A year ahead, once: no used step.
    assert_eq!(used_up_to(Some(current + 1_051_200), NOW), None);
    assert_eq!(
        judge(&secret(), &code_in(0), Some(current + 1_051_200), NOW),
        Verdict::Accepted { step: current }
    );
    // Five minutes: what was used before the correction stays used.
    assert_eq!(judge(&secret(), &code_in(0), Some(current + 1 + CLOCK_STEPS), NOW), Verdict::Used);
    assert_eq!(
        judge(&secret(), &code_in(0), Some(current + 2 + CLOCK_STEPS), NOW),
        Verdict::Accepted { step: current }
    );
}

#[test]
fn the_ends_of_time_are_no_panic() {
    for now in [i64::MIN, -1, 0, 29, i64::MAX] {
        for last in [None, Some(0), Some(u64::MAX)] {
            let _ = judge(&secret(), &code("000000"), last, now);
        }
    }
}

#[test]
fn secrets_are_not_printed() {
    let text = format!("{:?} {:?} {:?}", code("755224"), Given::read(Some("755224")), secret());
    assert!(!text.contains("755224") && !text.contains("1234") && text.contains("REDACTED"), "{text}");
}

proptest! {
    #[test]
    fn reading_a_code_never_panics(text in any::<String>()) {
        if let Given::Code(_) = Given::read(Some(&text)) {
            prop_assert!(text.len() == 6 && text.bytes().all(|byte| byte.is_ascii_digit()));
        }
    }

    /// However a phone's and the server's clock wander (the server's never back by more than five
    /// minutes), no step is accepted twice.
    #[test]
    fn an_accepted_step_never_repeats(moves in proptest::collection::vec((0_i64..=240, 0_i64..=300, -3_i64..=3), 1..60)) {
        let mut newest = NOW;
        let mut last = None;
        let mut accepted = Vec::new();
        for (forth, back, phone) in moves {
            newest += forth;
            let now = newest - back;
            let shown = secret().code_at(step_at(now).checked_add_signed(phone).expect("a step"));
            if let Verdict::Accepted { step } = judge(&secret(), &shown, last, now) {
                prop_assert!(!accepted.contains(&step));
                prop_assert!(last.is_none_or(|last| step > last));
                accepted.push(step);
                last = Some(step);
            }
        }
    }
}
