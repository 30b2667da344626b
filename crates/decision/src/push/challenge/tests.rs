use super::{Challenge, Event, Number, Phone, Proof, Refused, State};
use proptest::prelude::*;
use protocol::encoding::Bytes;
use protocol::id::LogonId;
use std::format;
use std::vec::Vec;

const NOW: i64 = 1_795_510_800;
const LOGON: LogonId = LogonId::new([7; 16]);
const OTHER_LOGON: LogonId = LogonId::new([8; 16]);
const OWN: Phone = Phone { user: Bytes([1; 16]), removed: false };
const SECOND: Phone = OWN;
const FOREIGN: Phone = Phone { user: Bytes([2; 16]), removed: false };
const REMOVED: Phone = Phone { user: Bytes([1; 16]), removed: true };
const PROOF: Proof = Proof { logon: LOGON, user_verified: true };

fn number(text: &str) -> Number {
    Number::parse(text).expect("two digits")
}

fn pending() -> Challenge {
    Challenge {
        logon: LOGON,
        user: OWN.user,
        number: Some(number("47")),
        expires: NOW + 60,
        state: State::Pending,
    }
}

fn approve(phone: Phone, typed: Option<&str>, proof: Option<Proof>) -> Event {
    Event::Approve { phone, number: typed.map(number), proof }
}

fn right() -> Event {
    approve(OWN, Some("47"), Some(PROOF))
}

const fn deny(phone: Phone, not_me: bool) -> Event {
    Event::Deny { phone, not_me }
}

/// Plays events one after the other, as the store does: a refusal changes nothing.
fn play(challenge: &Challenge, events: &[(Event, i64)]) -> State {
    let mut challenge = *challenge;
    for (event, now) in events {
        if let Ok(state) = challenge.after(event, *now) {
            challenge.state = state;
        }
    }
    challenge.state
}

#[test]
fn numbers_have_two_digits_and_are_read_as_typed() {
    let all: Vec<_> = (0..=u8::MAX).filter_map(Number::of).map(|number| format!("{number}")).collect();
    assert_eq!(all.len(), 90);
    assert!(all.iter().all(|text| Number::parse(text).is_some_and(|number| format!("{number}") == *text)));
    assert_eq!(Number::parse(" 47 "), Number::of(37));
    for text in ["", "4", "04", "470", "4 7", "4٧", "-7", "+7"] {
        assert_eq!(Number::parse(text), None, "{text:?}");
    }
    assert_eq!(format!("{:?}", number("47")), "Number(..)");
}

#[test]
fn what_each_answer_comes_to() {
    let another = Some(Proof { logon: OTHER_LOGON, ..PROOF });
    let untouched = Some(Proof { user_verified: false, ..PROOF });
    let table = [
        (right(), Ok(State::Approved { told: false })),
        (approve(OWN, Some("48"), Some(PROOF)), Ok(State::NumberWrong)),
        (approve(OWN, Some("48"), None), Ok(State::NumberWrong)),
        (approve(OWN, None, Some(PROOF)), Err(Refused::NumberMissing)),
        (approve(OWN, Some("47"), None), Err(Refused::NotProved)),
        (approve(OWN, Some("47"), another), Err(Refused::AnotherLogon)),
        (approve(OWN, Some("47"), untouched), Err(Refused::PersonNotVerified)),
        (approve(FOREIGN, Some("47"), Some(PROOF)), Err(Refused::ForeignPhone)),
        (approve(FOREIGN, Some("48"), Some(PROOF)), Err(Refused::ForeignPhone)),
        (approve(REMOVED, Some("47"), Some(PROOF)), Err(Refused::PhoneRemoved)),
        (deny(OWN, false), Ok(State::Denied)),
        (deny(OWN, true), Ok(State::NotMe)),
        (deny(FOREIGN, true), Err(Refused::ForeignPhone)),
        (deny(REMOVED, false), Err(Refused::PhoneRemoved)),
        (Event::Cancel, Ok(State::Cancelled)),
        (Event::Supersede, Ok(State::Superseded)),
        (Event::Tick, Err(Refused::Over(State::Pending))),
        (Event::Told, Err(Refused::Over(State::Pending))),
    ];
    for (event, expect) in table {
        assert_eq!(pending().after(&event, NOW), expect, "{event:?}");
    }
}

/// B5 and fault 7: the device belongs to the user.
#[test]
fn foreign_device_cannot_approve() {
    for number in [None, Some("47"), Some("48")] {
        let event = approve(FOREIGN, number, Some(PROOF));
        assert_eq!(pending().after(&event, NOW), Err(Refused::ForeignPhone));
    }
}

/// B56: of two phones that answer at once, the one that denies wins, in either order; once the agent
/// was told, it is over.
#[test]
fn deny_beats_simultaneous_allow() {
    let refusal = (deny(SECOND, false), NOW);
    assert_eq!(play(&pending(), &[(right(), NOW), refusal, (Event::Told, NOW)]), State::Denied);
    assert_eq!(play(&pending(), &[refusal, (right(), NOW), (Event::Told, NOW)]), State::Denied);
    let told = [(right(), NOW), (Event::Told, NOW), refusal];
    assert_eq!(play(&pending(), &told), State::Approved { told: true });
}

/// B57: what was cancelled at the tile, or has ended otherwise, stays ended.
#[test]
fn late_approval_changes_nothing() {
    for (end, at) in [(Event::Cancel, NOW), (Event::Supersede, NOW), (Event::Tick, NOW + 60)] {
        let ended = play(&pending(), &[(end, at)]);
        assert!(!ended.is_pending());
        assert_eq!(play(&pending(), &[(end, at), (right(), at), (Event::Told, at)]), ended);
    }
    assert_eq!(pending().after(&right(), NOW + 59), Ok(State::Approved { told: false }));
    assert_eq!(pending().after(&right(), NOW + 60), Err(Refused::Over(State::Expired)));
}

/// B58: a phone cannot say that it knows no numbers; only an original agent's challenge has none.
#[test]
fn device_cannot_downgrade_number_match() {
    assert_eq!(pending().after(&approve(OWN, None, Some(PROOF)), NOW), Err(Refused::NumberMissing));
    let original = Challenge { number: None, ..pending() };
    let allowed = Ok(State::Approved { told: false });
    assert_eq!(original.after(&approve(OWN, None, Some(PROOF)), NOW), allowed);
}

#[test]
fn giving_up_ends_even_what_was_approved() {
    assert_eq!(play(&pending(), &[(right(), NOW), (Event::Cancel, NOW)]), State::Cancelled);
    let told = [(right(), NOW), (Event::Told, NOW), (Event::Cancel, NOW)];
    assert_eq!(play(&pending(), &told), State::Cancelled);
}

fn events() -> impl Strategy<Value = Vec<(Event, i64)>> {
    let phone = prop_oneof![Just(OWN), Just(FOREIGN), Just(REMOVED)];
    let typed = prop_oneof![Just(None), Just(Some(number("47"))), Just(Some(number("48")))];
    let proof = (any::<bool>(), prop_oneof![Just(LOGON), Just(OTHER_LOGON)])
        .prop_map(|(user_verified, logon)| Proof { logon, user_verified });
    let event = prop_oneof![
        (phone.clone(), typed, proptest::option::of(proof))
            .prop_map(|(phone, number, proof)| Event::Approve { phone, number, proof }),
        (phone, any::<bool>()).prop_map(|(phone, not_me)| Event::Deny { phone, not_me }),
        Just(right()),
        Just(Event::Cancel),
        Just(Event::Supersede),
        Just(Event::Tick),
        Just(Event::Told),
    ];
    proptest::collection::vec((event, NOW - 5..NOW + 70), 0..12)
}

proptest! {
    /// Whatever comes in whatever order, also from clocks that disagree: one end, and only by its event.
    #[test]
    fn any_interleaving_ends_in_exactly_one_outcome(events in events()) {
        let mut challenge = pending();
        let mut path = Vec::new();
        for (event, now) in &events {
            let before = challenge.state_at(*now);
            match challenge.after(event, *now) {
                Ok(after) => {
                    let open = matches!(before, State::Pending | State::Expired | State::Approved { .. });
                    prop_assert!(open, "{:?}", before);
                    if matches!(after, State::Approved { told: false }) {
                        prop_assert_eq!(event, &right());
                    }
                    path.push(after);
                    challenge.state = after;
                }
                Err(Refused::Over(state)) => prop_assert_eq!(state, before),
                Err(_) => {}
            }
        }
        // Approved, told and given up is the longest way.
        prop_assert!(path.len() <= 3);
        let ends = path.iter().filter(|state| !matches!(state, State::Approved { .. })).count();
        prop_assert!(ends <= 1);
        let approved_last = matches!(path.last(), Some(State::Approved { .. }));
        prop_assert!(ends == 0 || !approved_last, "{:?}", path);
    }

    /// Told is told: whatever follows but giving up, the agent's allow stands.
    #[test]
    fn only_giving_up_ends_what_the_agent_was_told(events in events()) {
        let told = Challenge { state: State::Approved { told: true }, ..pending() };
        let gave_up = events.iter().any(|(event, _)| *event == Event::Cancel);
        let end = play(&told, &events);
        prop_assert_eq!(end, if gave_up { State::Cancelled } else { State::Approved { told: true } });
    }
}
