//! A server that speaks v2 with keys of its own, behind the transport port. It decides nothing: a
//! test says what it replies.

use super::FakeClock;
use crate::keys::MachineKey;
use crate::ports::{
    Address, AnswerHeaders, Cancelled, Clock as _, Deadlines, HttpAnswer, HttpRequest, TlsExpectation,
    Transport, TransportError,
};
use protocol::encoding::{Bytes, PublicKey, Sha256};
use protocol::id::{LogonId, MachineId, ServiceId};
use protocol::keys::KeyList;
use protocol::reason::Reason;
use protocol::service_key::AdmissionSecret;
use protocol::signing::{self, Parameters, Signer, Tag, read_request, sign_response};
use protocol::statement::{self, Receipt};
use protocol::v2::{
    Account, AdmissionRequest, Admitted, Answer, CheckAnswer, Decision, DecisionResult, Feature,
    LogonRequest, Mode, Params, ReportAnswer, ServiceInfo, Settings,
};
use std::sync::{Arc, Mutex};

type Tamper = fn(String) -> String;
type Script = Box<dyn FnMut(&Address, &HttpRequest, &FakeServer) -> Reply + Send>;

/// What a request gets.
pub enum Reply {
    /// This answer, signed.
    Signed(Answer),
    /// This answer, signed, with this status.
    SignedStatus(u16, Answer),
    /// Exactly this.
    Raw(HttpAnswer),
    /// No answer.
    Fails(TransportError),
    /// No answer, after this time.
    After(core::time::Duration, TransportError),
    /// Exactly this, after this time.
    Late(core::time::Duration, HttpAnswer),
}

pub struct FakeServer {
    pub service: ServiceId,
    pub anchor: MachineKey,
    /// Signs the answers.
    pub key: Mutex<Arc<MachineKey>>,
    /// The chain, oldest first.
    pub chain: Mutex<Vec<String>>,
    pub list: Mutex<KeyList>,
    /// The TLS key that is shown.
    pub tls_key: Mutex<Sha256>,
    /// Whether the machine's certificate store trusts it.
    pub trusted: Mutex<bool>,
    /// When its certificate ends.
    pub certificate_ends: Mutex<Option<i64>>,
    /// The machine that was admitted.
    pub machine: Mutex<Option<(MachineId, PublicKey)>>,
    pub settings: Mutex<Settings>,
    pub features: Mutex<Vec<Feature>>,
    /// The server's clock minus the machine's, in seconds.
    pub skew: Mutex<i64>,
    /// Every request that arrived: address and request.
    pub requests: Mutex<Vec<(Address, HttpRequest)>>,
    /// Changes the body of an admission's answer on the way, after it was signed.
    pub tamper: Mutex<Option<Tamper>>,
    script: Mutex<Option<Script>>,
    clock: Arc<FakeClock>,
}

/// Signs with the fingerprint of the key as its id, as servers do.
pub struct ServerSigner<'a>(pub &'a MachineKey);

impl Signer for ServerSigner<'_> {
    fn key_id(&self) -> String {
        self.0.public().fingerprint().to_string()
    }
    fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.0.signer(MachineId::new([0; 16])).sign(message)
    }
}

impl FakeServer {
    #[must_use]
    pub fn new(clock: Arc<FakeClock>) -> Self {
        let anchor = MachineKey::from_bytes(&[11; 32]).unwrap();
        let key = MachineKey::from_bytes(&[12; 32]).unwrap();
        let list = KeyList {
            epoch: 0,
            serial: 1,
            signing: vec![key.public()],
            tls: vec![Bytes([0xcc; 32])],
            addresses: Vec::new(),
            time: 1_789_000_000,
        };
        let first = statement::sign(&list, &anchor.public(), &ServerSigner(&anchor)).unwrap();
        Self {
            service: ServiceId::new([5; 16]),
            anchor,
            key: Mutex::new(Arc::new(key)),
            chain: Mutex::new(vec![first]),
            list: Mutex::new(list),
            tls_key: Mutex::new(Bytes([0xcc; 32])),
            trusted: Mutex::new(true),
            certificate_ends: Mutex::default(),
            machine: Mutex::default(),
            settings: Mutex::new(Settings { mode: Mode::Guard, mode_until: None, approved: true }),
            features: Mutex::default(),
            skew: Mutex::default(),
            requests: Mutex::default(),
            tamper: Mutex::default(),
            script: Mutex::default(),
            clock,
        }
    }

    #[must_use]
    pub fn service_key(&self) -> AdmissionSecret {
        AdmissionSecret::service_key([9; 32], self.anchor.public().fingerprint())
    }

    /// From now on each request to the logon path, `check` and `report` gets what `script` says.
    pub fn script(&self, script: impl FnMut(&Address, &HttpRequest, &Self) -> Reply + Send + 'static) {
        *self.script.lock().unwrap() = Some(Box::new(script));
    }

    /// Back to allowing every logon.
    pub fn unscript(&self) {
        *self.script.lock().unwrap() = None;
    }

    /// Another server key, vouched for by the one before or by the recovery key.
    pub fn rotate(&self, secret: [u8; 32], by_anchor: bool) {
        let new = MachineKey::from_bytes(&secret).unwrap();
        let mut list = self.list.lock().unwrap();
        list.signing = vec![new.public()];
        if by_anchor {
            list.epoch += 1;
        }
        list.serial += 1;
        let mut key = self.key.lock().unwrap();
        let signer = if by_anchor { &self.anchor } else { &**key };
        let link = statement::sign(&*list, &signer.public(), &ServerSigner(signer)).unwrap();
        self.chain.lock().unwrap().push(link);
        *key = Arc::new(new);
    }

    /// Adds a TLS key to the list.
    pub fn accept_tls(&self, tls: Sha256) {
        let mut list = self.list.lock().unwrap();
        list.tls.push(tls);
        list.serial += 1;
        let key = self.key.lock().unwrap().clone();
        let link = statement::sign(&*list, &key.public(), &ServerSigner(&key)).unwrap();
        self.chain.lock().unwrap().push(link);
    }

    /// Requests whose path begins so.
    #[must_use]
    pub fn count(&self, path: &str) -> usize {
        self.requests.lock().unwrap().iter().filter(|(_, r)| r.path_and_query.starts_with(path)).count()
    }

    #[must_use]
    pub fn now(&self) -> i64 {
        self.clock.unix_seconds() + *self.skew.lock().unwrap()
    }

    /// A decision that fits the request.
    #[must_use]
    pub fn decision(&self, request: &HttpRequest, result: DecisionResult, reason: Reason) -> Decision {
        let account =
            serde_json::from_slice::<LogonRequest>(&request.body).map(|r| r.account).unwrap_or(Account {
                sid: None,
                domain: String::new(),
                dns_domain: None,
                name: String::new(),
                kind: protocol::v2::AccountKind::Local,
            });
        Decision {
            logon: logon_id(request),
            machine: self.machine.lock().unwrap().unwrap().0,
            service: self.service,
            account,
            result,
            reason,
            parameters: Params::new(),
            short_code: "K7Q2MX".into(),
            time: self.now(),
        }
    }

    #[must_use]
    pub fn allow(&self, request: &HttpRequest) -> Reply {
        Reply::Signed(Answer::Decision(self.decision(request, DecisionResult::Allow, Reason::CodeAccepted)))
    }

    #[must_use]
    pub fn deny(&self, request: &HttpRequest, reason: Reason) -> Reply {
        Reply::Signed(Answer::Decision(self.decision(request, DecisionResult::Deny, reason)))
    }

    /// Signs an answer to a request with a key, for forgeries too.
    #[must_use]
    pub fn sign_with(
        &self,
        key: &MachineKey,
        request: &HttpRequest,
        status: u16,
        answer: &Answer,
    ) -> HttpAnswer {
        self.sign_body(key, request, status, serde_json::to_vec(answer).unwrap())
    }

    /// Signs any body.
    #[must_use]
    pub fn sign_body(
        &self,
        key: &MachineKey,
        request: &HttpRequest,
        status: u16,
        body: Vec<u8>,
    ) -> HttpAnswer {
        let header = |name: &str| request.headers.iter().find(|(n, _)| *n == name).map(|(_, v)| v.clone());
        let (path, query) =
            request.path_and_query.split_once('?').unwrap_or((request.path_and_query.as_str(), ""));
        let admission = path == protocol::v2::path::MACHINES;
        let (tag, answer_tag) =
            if admission { (Tag::AdmitRequest, Tag::AdmitResponse) } else { (Tag::Request, Tag::Response) };
        let target = (request.method.as_str(), path, query);
        let (signed, unverified) = read_request(target, &request.body, header, tag).expect("profile");
        let parameters = Parameters {
            created: self.now(),
            key_id: key.public().fingerprint().to_string(),
            nonce: unverified.parameters.nonce,
            tag: answer_tag,
        };
        let headers = sign_response(&signed, status, &body, &parameters, &ServerSigner(key));
        HttpAnswer {
            status,
            headers: AnswerHeaders {
                content_digest: Some(headers.content_digest),
                signature_input: Some(headers.signature_input),
                signature: Some(headers.signature),
            },
            body,
            tls_key: *self.tls_key.lock().unwrap(),
            certificate_ends: *self.certificate_ends.lock().unwrap(),
        }
    }

    /// An unsigned answer.
    #[must_use]
    pub fn raw(&self, status: u16, body: &[u8]) -> HttpAnswer {
        HttpAnswer {
            status,
            headers: AnswerHeaders::default(),
            body: body.to_vec(),
            tls_key: *self.tls_key.lock().unwrap(),
            certificate_ends: *self.certificate_ends.lock().unwrap(),
        }
    }

    fn admit(&self, request: &HttpRequest) -> Answer {
        let asked: AdmissionRequest = serde_json::from_slice(&request.body).unwrap();
        let machine = MachineId::new([3; 16]);
        *self.machine.lock().unwrap() = Some((machine, asked.public_key));
        let key = self.key.lock().unwrap().clone();
        let receipt = Receipt {
            machine,
            service: self.service,
            public_key: asked.public_key,
            name: asked.host.name,
            time: self.now(),
        };
        Answer::Admitted(Admitted {
            machine,
            receipt: statement::sign(&receipt, &key.public(), &ServerSigner(&key)).unwrap(),
            anchor: self.anchor.public(),
            keys: self.chain.lock().unwrap().clone(),
            service: ServiceInfo { id: self.service, name: "Fleet".into() },
            settings: self.settings.lock().unwrap().clone(),
            features: self.features.lock().unwrap().clone(),
            time: self.now(),
        })
    }

    /// Whether the machine signed this request, in the profile and with a right clock.
    #[must_use]
    pub fn is_signed(&self, request: &HttpRequest) -> bool {
        let header = |name: &str| request.headers.iter().find(|(n, _)| *n == name).map(|(_, v)| v.clone());
        let (path, query) =
            request.path_and_query.split_once('?').unwrap_or((request.path_and_query.as_str(), ""));
        let target = (request.method.as_str(), path, query);
        let Some((machine, key)) = *self.machine.lock().unwrap() else { return false };
        header(signing::RECEIPT).is_some()
            && read_request(target, &request.body, header, Tag::Request).is_ok_and(|(_, unverified)| {
                unverified.parameters.key_id == machine.to_string()
                    && unverified.verify(&crate::keys::P256Verifier::new(&key))
            })
    }

    /// What the signer of a request took for the time.
    #[must_use]
    pub fn created(request: &HttpRequest) -> i64 {
        let input =
            request.headers.iter().find(|(n, _)| *n == signing::SIGNATURE_INPUT).map(|(_, v)| v.clone());
        let input = input.unwrap();
        let (_, rest) = input.split_once("created=").unwrap();
        rest.split(';').next().unwrap().parse().unwrap()
    }

    fn reply(&self, address: &Address, request: &HttpRequest) -> Reply {
        match request.path_and_query.as_str() {
            protocol::v2::path::MACHINES
                if Self::created(request).abs_diff(self.now())
                    > protocol::SIGNATURE_AGE_SECS.unsigned_abs() =>
            {
                Reply::Signed(Answer::Clock { time: self.now() })
            }
            protocol::v2::path::MACHINES => Reply::Signed(self.admit(request)),
            protocol::v2::path::KEYS => {
                let keys = self.chain.lock().unwrap().clone();
                Reply::Raw(self.raw(200, &serde_json::to_vec(&Answer::Keys { keys }).unwrap()))
            }
            path => {
                let is_v1 = Self::is_v1(request);
                let mut script = self.script.lock().unwrap();
                match script.as_mut() {
                    Some(script) => script(address, request, self),
                    None if is_v1 => Reply::Raw(self.raw(200, Self::original(request).as_bytes())),
                    None if path == protocol::v2::path::CHECK => Reply::Signed(Answer::Check(CheckAnswer {
                        accounts: Vec::new(),
                        ask_trasa_id: true,
                        time: self.now(),
                    })),
                    None if path == protocol::v2::path::REPORT => {
                        Reply::Signed(Answer::Report(ReportAnswer {
                            received: Vec::new(),
                            settings: self.settings.lock().unwrap().clone(),
                            keys: Vec::new(),
                            release: false,
                            time: self.now(),
                        }))
                    }
                    None => self.allow(request),
                }
            }
        }
    }
}

fn logon_id(request: &HttpRequest) -> LogonId {
    let path = request.path_and_query.split('?').next().unwrap();
    LogonId::parse(path.strip_prefix(protocol::v2::path::LOGONS).unwrap_or_default())
        .unwrap_or(LogonId::new([0; 16]))
}

impl Transport for FakeServer {
    fn exchange(
        &self,
        address: &Address,
        tls: &TlsExpectation,
        request: &HttpRequest,
        deadlines: Deadlines,
        cancelled: &dyn Cancelled,
    ) -> Result<HttpAnswer, TransportError> {
        if cancelled.is_cancelled() {
            return Err(TransportError::Cancelled);
        }
        let shown = *self.tls_key.lock().unwrap();
        match tls {
            TlsExpectation::FirstContact => {}
            TlsExpectation::Pinned(keys) if keys.contains(&shown) => {}
            TlsExpectation::Pinned(_) => return Err(TransportError::UnexpectedKey(shown)),
            TlsExpectation::MachineStore { .. } if *self.trusted.lock().unwrap() => {}
            TlsExpectation::MachineStore { .. } => return Err(TransportError::Tls { code: 0x8007_2f8f }),
        }
        self.requests.lock().unwrap().push((address.clone(), request.clone()));
        match self.reply(address, request) {
            Reply::Signed(answer) => {
                let key = self.key.lock().unwrap().clone();
                let mut signed = self.sign_with(&key, request, 200, &answer);
                if let (Answer::Admitted(_), Some(tamper)) = (&answer, *self.tamper.lock().unwrap()) {
                    signed.body = tamper(String::from_utf8(signed.body).unwrap()).into_bytes();
                    signed.headers.content_digest = Some(signing::content_digest(&signed.body));
                }
                Ok(signed)
            }
            Reply::SignedStatus(status, answer) => {
                let key = self.key.lock().unwrap().clone();
                Ok(self.sign_with(&key, request, status, &answer))
            }
            Reply::Raw(answer) => Ok(answer),
            Reply::Fails(error) => Err(error),
            Reply::Late(time, answer) => {
                self.clock.advance(time.min(deadlines.total));
                if time > deadlines.total { Err(TransportError::Timeout) } else { Ok(answer) }
            }
            Reply::After(time, error) => {
                let waits = time.min(deadlines.total);
                self.clock.advance(waits);
                Err(if waits < time { TransportError::Timeout } else { error })
            }
        }
    }
}
