use super::{denial, duration, no_decision, reason, refusal, stop};
use crate::password::Stop;
use protocol::error_code::ErrorCode;
use protocol::reason::Reason;
use protocol::v2::Params;

fn params(json: &str) -> Params {
    serde_json::from_str(json).expect("test data")
}

#[test]
fn every_code_has_a_sentence() {
    let none = Params::new();
    let sentences = (Reason::ALL.iter().map(|r| reason(*r, &none)))
        .chain(ErrorCode::ALL.iter().map(|c| refusal(*c, &none)))
        .chain(Stop::ALL.iter().map(|s| stop(*s).to_owned()));
    for text in sentences {
        assert!(text.ends_with('.') && text.len() < 200 && text.is_ascii(), "{text}");
    }
}

#[test]
fn parameters_are_said_and_cannot_misbehave() {
    let check = |of, json: &str, expect: &str| {
        let text = reason(of, &params(json));
        assert!(text.contains(expect), "{text}");
    };
    check(Reason::Locked, r#"{"wait_secs":10}"#, "Wait 10 seconds");
    check(Reason::Locked, r#"{"wait_secs":"x"}"#, "Wait a while");
    check(
        Reason::OutsideHours,
        r#"{"zone":"Europe/Berlin","local_time":"Mon 22:10"}"#,
        "Mon 22:10 now (Europe/Berlin)",
    );
    check(Reason::OutsideHours, r#"{"local_time":"a\nb"}"#, "You may not sign in at this time. Try again");
    check(Reason::PushNotAvailable, r#"{"methods":["totp"]}"#, "Use a one-time code instead.");
    check(Reason::PushNotAvailable, r#"{"methods":"push,totp"}"#, "push to your phone or a one-time code");
    check(Reason::PushNotAvailable, r#"{"methods":["<a href=x>"]}"#, "Ask your administrator");
    check(Reason::SessionNotAllowed, r#"{"session":"console"}"#, "not in a remote session");
}

#[test]
fn the_short_code_stands_where_an_administrator_is_needed() {
    assert!(denial(Reason::NotPermitted, &Params::new(), "K7Q2MX").ends_with("(Logon\u{a0}K7Q2MX)"));
    assert!(!denial(Reason::CodeWrong, &Params::new(), "K7Q2MX").contains("K7Q2MX"));
}

#[test]
fn not_reaching_the_server_is_a_network_text() {
    let text = no_decision("it did not answer in time", false);
    assert!(text.contains("could not be reached") && !text.contains("wrong"));
    let text = no_decision("it cannot read its records", true);
    assert!(text.contains("could not decide") && !text.contains("wrong"));
}

#[test]
fn durations_are_rounded_up() {
    for (seconds, expect) in
        [(1, "1 second"), (119, "119 seconds"), (121, "3 minutes"), (7_200, "2 hours"), (200_000, "3 days")]
    {
        assert_eq!(duration(seconds), expect);
    }
}
