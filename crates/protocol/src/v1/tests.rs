#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use super::{
    CheckConfigRequest, ConfigAnswer, Data, Envelope, FailedReason, LogonAnswer, LogonRequest, Status,
    TfaMethod,
};
use crate::reason::Reason;
use crate::v2::Method;

fn logon(body: &str) -> LogonAnswer {
    Envelope::read(body.as_bytes()).map_or(LogonAnswer::NotUnderstood, |envelope| LogonAnswer::of(&envelope))
}

/// Every answer to a logon, byte for byte.
#[test]
fn answers_to_a_logon_are_the_originals() {
    let refused = |reason| LogonAnswer::Refused(reason);
    for (answer, body) in [
        (LogonAnswer::Allowed, r#"{"status":"success","intent":"agent-login","data":[null]}"#),
        (
            LogonAnswer::PassedThrough,
            r#"{"status":"success","reason":"passthru authentication","intent":"agent-login","data":[null]}"#,
        ),
        (
            refused(FailedReason::InvalidRequest),
            r#"{"status":"failed","reason":"invalid request","intent":"AgentLogin","data":[null]}"#,
        ),
        (
            refused(FailedReason::InvalidServiceDetails),
            r#"{"status":"failed","reason":"invalid service integration details","intent":"AgentLogin","data":[null]}"#,
        ),
        (
            refused(FailedReason::UserNotFound),
            r#"{"status":"failed","reason":"user not found","intent":"AgentLogin","data":[null]}"#,
        ),
        (
            refused(FailedReason::UserDisabled),
            r#"{"status":"failed","reason":"User Disabled","intent":"AgentLogin","data":[null]}"#,
        ),
        (
            refused(FailedReason::PolicyNotAssigned),
            r#"{"status":"failed","reason":"policy not assigned","intent":"agent-login","data":[null]}"#,
        ),
        (
            refused(FailedReason::InvalidTotp),
            r#"{"status":"failed","reason":"INVALID_TOTP","intent":"agent-login","data":[null]}"#,
        ),
    ] {
        assert_eq!(answer.to_envelope().to_json(), body);
        assert_eq!(logon(body), answer, "{body}");
    }
    for code in [
        "TIME_POLICY_FAILED",
        "IP_POLICY_FAILED",
        "POLICY_EXPIRED",
        "COUNTRY_POLICY_FAILED",
        "DEVICE_NOT_FOUND",
        "INVALID_TOTP",
        "U2F_FAILED",
        "ADHOC_POLICY_FAILED",
        "UNKNOWN",
    ] {
        let answer = refused(FailedReason::from_code(code).unwrap());
        let body = format!(r#"{{"status":"failed","reason":"{code}","intent":"agent-login","data":[null]}}"#);
        assert_eq!(answer.to_envelope().to_json(), body);
        assert_eq!(logon(&body), answer);
    }
}

/// Every answer to a configuration check, byte for byte.
#[test]
fn answers_to_a_configuration_check_are_the_originals() {
    for (answer, body) in [
        (
            ConfigAnswer::Valid,
            r#"{"status":"success","reason":"valid integration data","intent":"service config check successful","data":[null]}"#,
        ),
        (
            ConfigAnswer::Failed(FailedReason::InvalidServiceId),
            r#"{"status":"failed","reason":"invalid service ID","intent":"service config check failed","data":null}"#,
        ),
        (
            ConfigAnswer::Failed(FailedReason::InvalidServiceSecret),
            r#"{"status":"failed","reason":"invalid service secret or ID","intent":"service config check failed","data":[null]}"#,
        ),
        (
            ConfigAnswer::Failed(FailedReason::CheckFailed),
            r#"{"status":"failed","reason":"service config check failed","data":null}"#,
        ),
    ] {
        assert_eq!(answer.to_envelope().to_json(), body);
        assert_eq!(ConfigAnswer::of(&Envelope::read(body.as_bytes()).unwrap()), answer, "{body}");
        assert!(!matches!(logon(body), LogonAnswer::Allowed | LogonAnswer::PassedThrough), "{body}");
    }
}

#[test]
fn only_a_plain_success_is_an_allow() {
    for body in [
        r#"{"status":"success"}"#,
        r#"{"status":"success","data":null}"#,
        r#"{"status":"success","reason":"","intent":"AgentLogin","data":["a","b"]}"#,
        r#"{"status":"success","reason":null,"intent":null,"error":null,"data":"a,b"}"#,
        r#"{"status":"success","reason":"welcome","data":{},"more":1}"#,
    ] {
        assert_eq!(logon(body), LogonAnswer::Allowed, "{body}");
    }
    for body in [
        "",
        "null",
        "[]",
        r#"["success"]"#,
        r#"["success",null,"","",null]"#,
        "\"success\"",
        "success",
        "{}",
        r#"{"status":null}"#,
        r#"{"status":true}"#,
        r#"{"status":["success"]}"#,
        r#"{"status":"Success"}"#,
        r#"{"status":" success"}"#,
        r#"{"Status":"success"}"#,
        r#"{"status":"failed"}"#,
        r#"{"status":"failed","status":"success"}"#,
        r#"{"status":"success","error":{}}"#,
        r#"{"status":"success","error":"no"}"#,
        r#"{"status":"success"}{"status":"success"}"#,
        r#"{"status":"success","reason":{"a":1}}"#,
        r#"{"status":"success","intent":"service config check successful"}"#,
        r#"{"status":"success","reason":"valid integration data","intent":"agent-login"}"#,
        r#"{"status":"success","reason":"INVALID_TOTP","intent":"agent-login","data":[null]}"#,
        r#"{"status":"success","reason":"invalid_totp"}"#,
        r#"{"status":"success","reason":" User disabled "}"#,
    ] {
        assert!(!matches!(logon(body), LogonAnswer::Allowed | LogonAnswer::PassedThrough), "{body}");
    }
    for reason in FailedReason::ALL {
        let envelope = Envelope::new(Status::Success, reason.code(), "agent-login", Data::ListOfNull);
        assert_eq!(
            LogonAnswer::of(&envelope),
            LogonAnswer::Refused(*reason),
            "a success with a failed reason"
        );
    }
}

#[test]
fn a_configuration_is_valid_only_where_the_answer_says_so() {
    let check = |body: &str| ConfigAnswer::of(&Envelope::read(body.as_bytes()).unwrap());
    for body in [
        r#"{"status":"success","intent":"agent-login","data":[null]}"#,
        r#"{"status":"success"}"#,
        r#"{"status":"success","reason":"invalid service ID","intent":"service config check successful"}"#,
        r#"{"status":"failed","reason":"valid integration data","intent":"service config check successful"}"#,
    ] {
        assert!(matches!(check(body), ConfigAnswer::Failed(_)), "{body}");
    }
}

/// Requests of the Windows agent, byte for byte.
#[test]
fn requests_are_the_originals() {
    let request = LogonRequest {
        service_id: "5c5aa05f-1a4f-4ba9-a7d6-6f3ca2ba0bc4".to_owned(),
        service_key: "k3y".to_owned().into(),
        trasa_id: "anna".to_owned(),
        tfa_method: TfaMethod::Totp.word().to_owned(),
        totp_code: "287082".to_owned().into(),
        user: "corp.example.com\\anna".to_owned(),
        user_ip: String::new(),
        workstation: "PC-07".to_owned(),
        hostname: String::new(),
    };
    let body = r#"{"serviceID":"5c5aa05f-1a4f-4ba9-a7d6-6f3ca2ba0bc4","serviceKey":"k3y","trasaID":"anna","tfaMethod":"totp","totpCode":"287082","user":"corp.example.com\\anna","userIP":"","workstation":"PC-07"}"#;
    assert_eq!(serde_json::to_string(&request).unwrap(), body);
    assert_eq!(LogonRequest::read(body.as_bytes()), Some(request));
    let check = CheckConfigRequest {
        service_id: "5c5a".to_owned(),
        service_key: "k3y".to_owned().into(),
        trasa_host: "trasa.example.com".to_owned(),
        offline_users: "bat,PC-07\\admin".to_owned(),
        skip_tls_verification: true,
    };
    let body = r#"{"serviceID":"5c5a","serviceKey":"k3y","trasaHost":"trasa.example.com","offlineUsers":"bat,PC-07\\admin","skipTLSVerification":true}"#;
    assert_eq!(serde_json::to_string(&check).unwrap(), body);
    assert_eq!(CheckConfigRequest::read(body.as_bytes()), Some(check));
}

#[test]
fn members_may_be_missing_null_or_unknown_but_not_of_another_type() {
    let sparse = r#"{"serviceID":"a","trasaID":null,"password":"secret","publicKey":"AA==","sessionID":"1","serviceType":"rdp","orgID":"o","hostname":"unix"}"#;
    let request = LogonRequest::read(sparse.as_bytes()).unwrap();
    assert_eq!(
        (request.service_id.as_str(), request.trasa_id.as_str(), request.hostname.as_str()),
        ("a", "", "unix")
    );
    for body in [
        r#"{"serviceID":1}"#,
        r#"{"totpCode":287082}"#,
        r#"{"user":["a"]}"#,
        "[]",
        r#"["a","b"]"#,
        "null",
        "",
    ] {
        assert!(LogonRequest::read(body.as_bytes()).is_none(), "{body}");
    }
}

#[test]
fn secrets_show_in_no_debug_output() {
    let request: LogonRequest =
        serde_json::from_str(r#"{"serviceKey":"canary1","totpCode":"canary2","trasaID":"canary3"}"#).unwrap();
    let check: CheckConfigRequest = serde_json::from_str(r#"{"serviceKey":"canary4"}"#).unwrap();
    let shown = format!("{request:?}{check:?}");
    assert!(!shown.contains("canary"), "{shown}");
}

#[test]
fn every_reason_of_a_denial_has_a_word_and_no_allow_has_one() {
    for reason in Reason::ALL {
        for method in [Method::Push, Method::Totp, Method::Auto] {
            let told = FailedReason::of(*reason, method);
            let answer = LogonAnswer::Refused(told).to_envelope();
            assert!(matches!(LogonAnswer::of(&answer), LogonAnswer::Refused(_)), "{reason}");
            // B17: whatever is wrong with a code, a locked user hears the same.
            if reason.code().starts_with("code_") && *reason != Reason::CodeAccepted {
                assert_eq!(told, FailedReason::of(Reason::Locked, method), "{reason}");
            }
        }
    }
}

proptest::proptest! {
    #[test]
    fn no_bytes_panic_and_only_success_allows(body in proptest::collection::vec(proptest::num::u8::ANY, 0..200)) {
        if let Some(envelope) = Envelope::read(&body)
            && matches!(LogonAnswer::of(&envelope), LogonAnswer::Allowed | LogonAnswer::PassedThrough)
        {
            proptest::prop_assert_eq!(envelope.status, "success");
        }
    }

    #[test]
    fn envelopes_read_back(reason in ".{0,40}", intent in ".{0,40}", good in proptest::bool::ANY) {
        let status = if good { Status::Success } else { Status::Failed };
        let envelope = Envelope::new(status, &reason, &intent, Data::ListOfNull);
        proptest::prop_assert_eq!(Envelope::read(envelope.to_json().as_bytes()), Some(envelope));
    }
}
