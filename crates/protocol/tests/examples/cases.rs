//! One worked request and answer for each call and kind of answer.

use super::keys;
use protocol::encoding::Bytes;
use protocol::error_code::ErrorCode;
use protocol::id::{LogonId, MachineId, ServiceId};
use protocol::keys::KeyList;
use protocol::reason::Reason;
use protocol::signing::{self, Headers, Parameters, Signer, Tag};
use protocol::statement::{self, Receipt};
use protocol::v2::{
    Account, AccountKind, AdmissionOrigin, AdmissionRequest, Admitted, Answer, Challenge, CheckAnswer,
    CheckPurpose, CheckRequest, CheckedAccount, Decision, DecisionResult, ErrorBody, Host, LogonRequest,
    Method, Mode, OfflineLogon, PasswordState, Pending, Registration, ReportAnswer, ReportRequest, Scenario,
    ServiceInfo, Session, Settings, Versions, path,
};
use serde::Serialize;
use serde::de::DeserializeOwned;

const NOW: i64 = 1_790_000_000;

pub struct Example {
    pub name: &'static str,
    pub request: Request,
    pub answer: Response,
}

pub struct Request {
    pub method: &'static str,
    pub path: String,
    pub query: String,
    pub body: String,
    pub signed: Option<Signed>,
    receipt: bool,
    reader: fn(&str) -> Option<String>,
}

pub struct Response {
    pub status: u16,
    pub body: String,
    pub signed: Option<Signed>,
}

pub struct Signed {
    pub tag: Tag,
    headers: Headers,
}

impl Signed {
    pub fn lookup(&self) -> impl Fn(&str) -> Option<String> + '_ {
        |name| {
            Some(match name {
                signing::CONTENT_DIGEST => self.headers.content_digest.clone(),
                signing::SIGNATURE_INPUT => self.headers.signature_input.clone(),
                signing::SIGNATURE => self.headers.signature.clone(),
                _ => return None,
            })
        }
    }
}

impl Request {
    /// `Some(true)` where the body is read and written back alike, `None` where it is refused.
    pub fn reads_back(&self, body: &str) -> Option<bool> {
        (self.reader)(body).map(|back| back == body)
    }
}

pub fn machine_id() -> MachineId {
    MachineId::new([0xA1; 16])
}

pub fn service_id() -> ServiceId {
    ServiceId::new([0xB2; 16])
}

fn logon_id() -> LogonId {
    LogonId::new([0xC3; 16])
}

pub fn by_name(name: &str) -> Option<Example> {
    all().into_iter().find(|example| example.name == name)
}

pub fn all() -> Vec<Example> {
    let logon = || path::logon(logon_id());
    vec![
        example(
            "admit",
            ("POST", path::MACHINES, ""),
            Some(&admission()),
            200,
            &Answer::Admitted(admitted()),
        ),
        Example {
            name: "keys",
            request: Request { signed: None, receipt: false, ..request::<()>(("GET", path::KEYS, ""), None) },
            answer: Response { status: 200, body: json(&Answer::Keys { keys: chain() }), signed: None },
        },
        example(
            "logon-allow",
            ("PUT", &logon(), ""),
            Some(&ask("287082")),
            200,
            &decision(Reason::CodeAccepted),
        ),
        example("logon-deny", ("PUT", &logon(), ""), Some(&ask("000000")), 200, &decision(Reason::CodeWrong)),
        example("logon-challenge", ("PUT", &logon(), ""), Some(&push()), 200, &challenge()),
        example::<()>("logon-pending", ("GET", &logon(), "wait=25"), None, 200, &pending()),
        example::<()>("logon-cancel", ("DELETE", &logon(), ""), None, 200, &decision(Reason::Cancelled)),
        example(
            "check-arming",
            ("POST", path::CHECK, ""),
            Some(&check(CheckPurpose::Arming)),
            200,
            &checked(),
        ),
        example("check-tile", ("POST", path::CHECK, ""), Some(&check(CheckPurpose::Tile)), 200, &asked()),
        example("report", ("POST", path::REPORT, ""), Some(&report()), 200, &Answer::Report(reported())),
        example(
            "clock",
            ("PUT", &logon(), ""),
            Some(&ask("287082")),
            200,
            &Answer::Clock { time: NOW + 4000 },
        ),
        example("error", ("PUT", &logon(), ""), Some(&ask("287082")), 404, &unknown_machine()),
        Example {
            answer: Response { status: 503, body: json(&Answer::Unavailable), signed: None },
            ..example("unavailable", ("PUT", &logon(), ""), Some(&ask("287082")), 503, &Answer::Unavailable)
        },
    ]
}

fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap()
}

fn request<B: Serialize + DeserializeOwned>(target: (&'static str, &str, &str), body: Option<&B>) -> Request {
    Request {
        method: target.0,
        path: target.1.to_owned(),
        query: target.2.to_owned(),
        body: body.map(json).unwrap_or_default(),
        signed: None,
        receipt: true,
        reader: |text| serde_json::from_str::<B>(text).ok().map(|read| json(&read)),
    }
}

fn example<B: Serialize + DeserializeOwned>(
    name: &'static str,
    target: (&'static str, &str, &str),
    body: Option<&B>,
    status: u16,
    answer: &Answer,
) -> Example {
    let admission = target.1 == path::MACHINES;
    let (ask, reply) =
        if admission { (Tag::AdmitRequest, Tag::AdmitResponse) } else { (Tag::Request, Tag::Response) };
    let mut request = request(target, body);
    request.receipt = !admission;
    let parameters = |key_id, tag| Parameters { created: NOW, key_id, nonce: Bytes([0xD4; 16]), tag };
    let (bound, headers) = if admission {
        let parameters = parameters(keys::ServiceKey.key_id(), ask);
        signing::sign_request(target, request.body.as_bytes(), &parameters, &keys::ServiceKey)
    } else {
        let parameters = parameters(keys::machine().key_id(), ask);
        signing::sign_request(target, request.body.as_bytes(), &parameters, &keys::machine())
    };
    request.signed = Some(Signed { tag: ask, headers });
    let answer = json(answer);
    let created = parameters(keys::server().key_id(), reply);
    let headers = signing::sign_response(&bound, status, answer.as_bytes(), &created, &keys::server());
    let answer = Response { status, body: answer, signed: Some(Signed { tag: reply, headers }) };
    Example { name, request, answer }
}

fn account() -> Account {
    Account {
        sid: Some("S-1-5-21-1004336348-1177238915-682003330-1104".to_owned()),
        domain: "ACME".to_owned(),
        dns_domain: Some("acme.example".to_owned()),
        name: "anna".to_owned(),
        kind: AccountKind::Domain,
    }
}

fn versions() -> Versions {
    Versions { agent: "0.1.0".to_owned(), windows: "10.0.22631".to_owned() }
}

fn host() -> Host {
    Host {
        name: "PC-07".to_owned(),
        dns_name: Some("pc-07.acme.example".to_owned()),
        domain: Some("ACME".to_owned()),
        dns_domain: Some("acme.example".to_owned()),
        domain_sid: Some("S-1-5-21-1004336348-1177238915-682003330".to_owned()),
        machine_sid: Some("S-1-5-21-3623811015-3361044348-30300820".to_owned()),
    }
}

fn admission() -> AdmissionRequest {
    AdmissionRequest {
        service: service_id(),
        public_key: keys::public(&keys::machine()),
        host: host(),
        versions: versions(),
        origin: AdmissionOrigin::Person,
    }
}

fn chain() -> Vec<String> {
    let list = KeyList {
        epoch: 0,
        serial: 1,
        signing: vec![keys::public(&keys::server())],
        tls: vec![Bytes([0xE5; 32])],
        addresses: vec!["trasa.acme.example".to_owned()],
        time: NOW - 86_400,
    };
    vec![statement::sign(&list, &keys::public(&keys::anchor()), &keys::anchor()).unwrap()]
}

fn receipt() -> String {
    let receipt = Receipt {
        machine: machine_id(),
        service: service_id(),
        public_key: keys::public(&keys::machine()),
        name: "PC-07".to_owned(),
        time: NOW,
    };
    statement::sign(&receipt, &keys::public(&keys::server()), &keys::server()).unwrap()
}

fn settings() -> Settings {
    Settings { mode: Mode::Guard, mode_until: None, approved: true }
}

fn admitted() -> Admitted {
    Admitted {
        machine: machine_id(),
        receipt: receipt(),
        anchor: keys::public(&keys::anchor()),
        keys: chain(),
        service: ServiceInfo { id: service_id(), name: "Workstations".to_owned() },
        settings: settings(),
        features: vec![],
        time: NOW,
    }
}

fn ask(code: &str) -> LogonRequest {
    LogonRequest { method: Method::Totp, code: Some(code.to_owned().into()), ..push() }
}

fn push() -> LogonRequest {
    LogonRequest {
        account: account(),
        trasa_id: Some("anna@acme.example".to_owned()),
        method: Method::Push,
        code: None,
        password: PasswordState::Verified,
        scenario: Scenario::Logon,
        session: Session::Console,
        claimed_client: None,
        versions: versions(),
    }
}

fn decision(reason: Reason) -> Answer {
    let allowed = reason == Reason::CodeAccepted;
    Answer::Decision(Decision {
        logon: logon_id(),
        machine: machine_id(),
        service: service_id(),
        account: account(),
        result: if allowed { DecisionResult::Allow } else { DecisionResult::Deny },
        reason,
        parameters: [].into(),
        short_code: "K7M2QX".to_owned(),
        time: NOW,
    })
}

fn challenge() -> Answer {
    Answer::Challenge(Challenge {
        logon: logon_id(),
        number: "47".to_owned(),
        expires: NOW + 60,
        short_code: "K7M2QX".to_owned(),
        time: NOW,
    })
}

fn pending() -> Answer {
    Answer::Pending(Pending { logon: logon_id(), time: NOW })
}

fn check(purpose: CheckPurpose) -> CheckRequest {
    CheckRequest { purpose, armed: purpose == CheckPurpose::Tile, accounts: vec![account()] }
}

fn checked() -> Answer {
    let line = CheckedAccount {
        account: account(),
        would_get_in: true,
        methods: vec![Method::Totp],
        reason: None,
        parameters: [].into(),
    };
    Answer::Check(CheckAnswer { accounts: vec![line], ask_trasa_id: true, time: NOW })
}

fn asked() -> Answer {
    Answer::Check(CheckAnswer { accounts: vec![], ask_trasa_id: false, time: NOW })
}

fn report() -> ReportRequest {
    let offline = OfflineLogon {
        id: LogonId::new([0xF6; 16]),
        account: account(),
        scenario: Scenario::Unlock,
        session: Session::Console,
        rule: "offline_rule".to_owned(),
        cause: "timeout".to_owned(),
        time: NOW - 3600,
    };
    ReportRequest {
        armed: true,
        state: "armed".to_owned(),
        host: host(),
        versions: versions(),
        registration: Registration { provider: true, filter: true },
        key_list: (0, 1),
        probation_until: None,
        offline_logons: vec![offline],
        administrators: vec![account()],
        safe_mode_boots: vec![],
        notices: vec![],
    }
}

fn reported() -> ReportAnswer {
    ReportAnswer {
        received: vec![LogonId::new([0xF6; 16])],
        settings: settings(),
        keys: vec![],
        release: false,
        time: NOW,
    }
}

fn unknown_machine() -> Answer {
    Answer::Error(ErrorBody {
        code: ErrorCode::UnknownMachine,
        parameters: [("receipt".to_owned(), true.into())].into(),
        message: "no machine has this id; its receipt is valid".to_owned(),
    })
}

impl Example {
    pub fn to_markdown(&self) -> String {
        let Self { request, answer, .. } = self;
        let query = if request.query.is_empty() { String::new() } else { format!("?{}", request.query) };
        let mut text = format!("```http\n{} {}{query} HTTP/1.1\n", request.method, request.path);
        push_headers(&mut text, request.signed.as_ref());
        if request.receipt {
            text.push_str(&format!("trasa-receipt: {}\n", receipt()));
        }
        push_body(&mut text, &request.body);
        text.push_str(&format!("```\n\n```http\nHTTP/1.1 {}\n", answer.status));
        push_headers(&mut text, answer.signed.as_ref());
        push_body(&mut text, &answer.body);
        text.push_str("```\n");
        text
    }
}

fn push_headers(text: &mut String, signed: Option<&Signed>) {
    if let Some(Signed { headers, .. }) = signed {
        text.push_str(&format!(
            "content-digest: {}\nsignature-input: {}\nsignature: {}\n",
            headers.content_digest, headers.signature_input, headers.signature
        ));
    }
}

fn push_body(text: &mut String, body: &str) {
    if !body.is_empty() {
        text.push_str(&format!("content-type: application/json\n\n{body}\n"));
    }
}
