//! A machine that speaks the agent protocol.

use agent::keys::{AdmissionSigner, MachineKey, P256Verifier};
use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use http_body_util::BodyExt as _;
use protocol::encoding::Bytes;
use protocol::id::{LogonId, MachineId, ServiceId};
use protocol::keys::KeyList;
use protocol::service_key::AdmissionSecret;
use protocol::signing::{self, Parameters, SignedRequest, Tag};
use protocol::v2::{
    Account, AccountKind, AdmissionOrigin, AdmissionRequest, Admitted, Answer, Decision, Host, LogonRequest,
    Method, PasswordState, Scenario, Session, Versions, path,
};
use serde::Serialize;
use server::http::peer::Peer;
use std::net::IpAddr;
use tower::ServiceExt as _;

pub const DOMAIN_SID: &str = "S-1-5-21-1004336348-1177238915-682003330";

/// An answer with what the network shows of it.
#[derive(Debug, Clone)]
pub struct Reply {
    pub status: StatusCode,
    pub headers: axum::http::HeaderMap,
    pub body: Vec<u8>,
}

impl Reply {
    pub fn answer(&self) -> Answer {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&self.body)))
    }

    pub fn header(&self, name: &str) -> Option<String> {
        Some(self.headers.get(name)?.to_str().unwrap().to_owned())
    }

    /// The answer, after its signature verified against the request.
    pub fn authentic(&self, sent: &Sent, list: &KeyList) -> Answer {
        let tag = if sent.tag == Tag::AdmitRequest { Tag::AdmitResponse } else { Tag::Response };
        let read = signing::read_response(
            &sent.request,
            sent.nonce,
            self.status.as_u16(),
            &self.body,
            |name| self.header(name),
            tag,
        );
        let unverified = read.unwrap_or_else(|error| panic!("{error}: {self:?}"));
        let key = list.signing_key(&Bytes::parse(&unverified.parameters.key_id).unwrap()).unwrap();
        assert!(unverified.verify(&P256Verifier::new(key)), "the answer's signature does not verify");
        self.answer()
    }
}

/// A signed request.
pub struct Sent {
    pub request: SignedRequest,
    pub nonce: signing::Nonce,
    pub tag: Tag,
    pub http: Request<Body>,
}

/// Sends a request as if from an address.
pub async fn send(router: &Router, mut request: Request<Body>, from: &str) -> Reply {
    request.extensions_mut().insert(Peer(from.parse::<IpAddr>().unwrap()));
    let response = router.clone().oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    Reply {
        status: parts.status,
        headers: parts.headers,
        body: body.collect().await.unwrap().to_bytes().to_vec(),
    }
}

pub fn now() -> i64 {
    server::clock::now()
}

pub fn random<const N: usize>() -> [u8; N] {
    server::random::bytes().unwrap()
}

/// How a request is signed; changed by tests of what is refused.
#[derive(Debug, Clone)]
pub struct Signing {
    pub created: i64,
    pub nonce: [u8; 16],
}

impl Default for Signing {
    fn default() -> Self {
        Self { created: now(), nonce: random() }
    }
}

pub fn signed(
    (method, path, query): (&str, &str, &str),
    body: &[u8],
    signer: &impl signing::Signer,
    (tag, how): (Tag, &Signing),
) -> Sent {
    let nonce = Bytes(how.nonce);
    let parameters = Parameters { created: how.created, key_id: signer.key_id(), nonce, tag };
    let (request, headers) = signing::sign_request((method, path, query), body, &parameters, signer);
    let uri = if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") };
    let http = Request::builder()
        .method(method)
        .uri(uri)
        .header(signing::CONTENT_DIGEST, headers.content_digest)
        .header(signing::SIGNATURE_INPUT, headers.signature_input)
        .header(signing::SIGNATURE, headers.signature)
        .header("content-type", "application/json")
        .body(Body::from(body.to_vec()))
        .unwrap();
    Sent { request, nonce, tag, http }
}

pub fn host(name: &str) -> Host {
    Host {
        name: name.to_owned(),
        dns_name: Some(format!("{}.acme.example", name.to_lowercase())),
        domain: Some("ACME".to_owned()),
        dns_domain: Some("acme.example".to_owned()),
        domain_sid: Some(DOMAIN_SID.to_owned()),
        machine_sid: Some("S-1-5-21-3623811015-3361044348-30300820".to_owned()),
    }
}

pub fn versions() -> Versions {
    Versions { agent: "0.1.0".to_owned(), windows: "10.0.22631".to_owned() }
}

/// A request to be admitted, not sent yet.
pub struct Newcomer {
    pub key: MachineKey,
    pub request: AdmissionRequest,
    pub secret: AdmissionSecret,
}

impl Newcomer {
    pub fn new(service: ServiceId, secret: &str, name: &str) -> Self {
        let key = MachineKey::from_bytes(&random()).unwrap();
        let request = AdmissionRequest {
            service,
            public_key: key.public(),
            host: host(name),
            versions: versions(),
            origin: AdmissionOrigin::Person,
        };
        Self { key, request, secret: AdmissionSecret::parse(secret).unwrap() }
    }

    pub fn sent(&self, how: &Signing) -> Sent {
        let key_id =
            self.secret.token_id().map_or_else(|| self.request.service.to_string(), |id| id.to_string());
        let signer = AdmissionSigner { secret: &self.secret, key_id };
        let body = serde_json::to_vec(&self.request).unwrap();
        signed(("POST", path::MACHINES, ""), &body, &signer, (Tag::AdmitRequest, how))
    }

    /// Asks, and checks the answer as an agent does.
    pub async fn ask(&self, router: &Router) -> (Answer, Option<KeyList>) {
        let sent = self.sent(&Signing::default());
        let (http, sent) = split(sent);
        let reply = send(router, http, "192.0.2.7").await;
        let Answer::Admitted(admitted) = reply.answer() else { return (reply.answer(), None) };
        assert_eq!(admitted.anchor.fingerprint(), self.secret.fingerprint());
        let list = protocol::keys::follow(&admitted.anchor, None, &admitted.keys, P256Verifier::new).unwrap();
        (reply.authentic(&sent, &list), Some(list))
    }

    /// Asks, expecting to be admitted.
    pub async fn admitted(self, router: &Router) -> Machine {
        match self.ask(router).await {
            (Answer::Admitted(admitted), Some(list)) => Machine {
                key: self.key,
                id: admitted.machine,
                service: self.request.service,
                list,
                admitted,
                from: "192.0.2.7".to_owned(),
            },
            other => panic!("not admitted: {other:?}"),
        }
    }
}

/// Takes the HTTP request out, so that it can be sent while the rest is kept.
pub fn split(mut sent: Sent) -> (Request<Body>, Sent) {
    let http = std::mem::replace(&mut sent.http, Request::new(Body::empty()));
    (http, sent)
}

/// An admitted machine.
pub struct Machine {
    pub key: MachineKey,
    pub id: MachineId,
    pub service: ServiceId,
    pub list: KeyList,
    pub admitted: Admitted,
    pub from: String,
}

impl Machine {
    pub fn sign(&self, target: (&str, &str, &str), body: &[u8], how: &Signing) -> Sent {
        let mut sent = signed(target, body, &self.key.signer(self.id), (Tag::Request, how));
        let receipt = self.admitted.receipt.parse().unwrap();
        sent.http.headers_mut().insert(signing::RECEIPT, receipt);
        sent
    }

    /// Sends a signed request and verifies the answer.
    pub async fn call(&self, router: &Router, target: (&str, &str, &str), body: &impl Serialize) -> Answer {
        let body = serde_json::to_vec(body).unwrap();
        self.call_raw(router, target, &body).await.1
    }

    pub async fn call_raw(
        &self,
        router: &Router,
        target: (&str, &str, &str),
        body: &[u8],
    ) -> (StatusCode, Answer) {
        let (http, sent) = split(self.sign(target, body, &Signing::default()));
        let reply = send(router, http, &self.from).await;
        (reply.status, reply.authentic(&sent, &self.list))
    }

    pub async fn logon(&self, router: &Router, id: LogonId, request: &LogonRequest) -> Answer {
        self.call(router, ("PUT", &path::logon(id), ""), request).await
    }

    /// A new logon, expecting a decision.
    pub async fn decide(&self, router: &Router, request: &LogonRequest) -> Decision {
        match self.logon(router, new_logon(), request).await {
            Answer::Decision(decision) => decision,
            other => panic!("no decision: {other:?}"),
        }
    }

    pub async fn get(&self, router: &Router, id: LogonId, query: &str) -> Answer {
        self.call_raw(router, ("GET", &path::logon(id), query), b"").await.1
    }

    pub async fn delete(&self, router: &Router, id: LogonId) -> Answer {
        self.call_raw(router, ("DELETE", &path::logon(id), ""), b"").await.1
    }
}

pub fn new_logon() -> LogonId {
    LogonId::new(random())
}

/// The account `ACME\name` with a SID of the domain.
pub fn domain_account(name: &str) -> Account {
    Account {
        sid: Some(format!("{DOMAIN_SID}-1104")),
        domain: "ACME".to_owned(),
        dns_domain: Some("acme.example".to_owned()),
        name: name.to_owned(),
        kind: AccountKind::Domain,
    }
}

/// A logon with a one-time code and a verified password, at the console.
pub fn with_code(account: Account, trasa_id: Option<&str>, code: &str) -> LogonRequest {
    LogonRequest {
        account,
        trasa_id: trasa_id.map(str::to_owned),
        method: Method::Totp,
        code: Some(code.to_owned().into()),
        password: PasswordState::Verified,
        scenario: Scenario::Logon,
        session: Session::Console,
        claimed_client: None,
        versions: versions(),
    }
}
