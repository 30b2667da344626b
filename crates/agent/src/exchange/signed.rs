//! One signed request, and what came back.

use crate::ports::{AnswerHeaders, HttpAnswer, HttpRequest, Method};
use protocol::encoding::Sha256;
use protocol::keys::KeyList;
use protocol::signing::{
    self, Nonce, Parameters, SignedRequest, Signer, Tag, Unverified, read_response, sign_request,
};
use protocol::v2::Answer;

/// What is asked. The body is wiped with it: it may hold a one-time code.
pub(super) struct Call {
    pub method: Method,
    pub path: String,
    pub query: String,
    pub body: zeroize::Zeroizing<Vec<u8>>,
}

impl Call {
    pub(super) fn new(method: Method, path: String) -> Self {
        Self { method, path, query: String::new(), body: zeroize::Zeroizing::default() }
    }

    pub(super) fn unsigned(&self) -> HttpRequest {
        let path_and_query =
            if self.query.is_empty() { self.path.clone() } else { format!("{}?{}", self.path, self.query) };
        HttpRequest { method: self.method, path_and_query, headers: Vec::new(), body: self.body.to_vec() }
    }
}

/// A request as sent, with what its answer will be held against.
pub(super) struct Sent {
    pub request: HttpRequest,
    signed: SignedRequest,
    nonce: Nonce,
    answer_tag: Tag,
}

/// Signs a call.
pub(super) fn sign(
    call: &Call,
    signer: &impl Signer,
    created: i64,
    nonce: Nonce,
    (tag, answer_tag): (Tag, Tag),
    receipt: Option<&str>,
) -> Sent {
    let parameters = Parameters { created, key_id: signer.key_id(), nonce, tag };
    let target = (call.method.as_str(), call.path.as_str(), call.query.as_str());
    let (signed, headers) = sign_request(target, &call.body, &parameters, signer);
    let mut request = call.unsigned();
    request.headers = vec![
        (signing::CONTENT_DIGEST, headers.content_digest),
        (signing::SIGNATURE_INPUT, headers.signature_input),
        (signing::SIGNATURE, headers.signature),
    ];
    if !call.body.is_empty() {
        request.headers.push(("content-type", "application/json".to_owned()));
    }
    if let Some(receipt) = receipt {
        request.headers.push((signing::RECEIPT, receipt.to_owned()));
    }
    Sent { request, signed, nonce, answer_tag }
}

/// The content of an authentic answer.
#[derive(Debug)]
pub(super) enum Authentic {
    Answer(Box<Answer>),
    /// Signed by the server, but nothing that this agent understands: a refusal.
    NotUnderstood,
}

impl Sent {
    /// The answer in the form of the profile, bound to this request; its signature is not verified.
    pub(super) fn read(&self, answer: &HttpAnswer) -> Option<Unverified> {
        let header = |name: &str| {
            let AnswerHeaders { content_digest, signature_input, signature } = &answer.headers;
            match name {
                signing::CONTENT_DIGEST => content_digest.clone(),
                signing::SIGNATURE_INPUT => signature_input.clone(),
                signing::SIGNATURE => signature.clone(),
                _ => None,
            }
        };
        read_response(&self.signed, self.nonce, answer.status, &answer.body, header, self.answer_tag).ok()
    }
}

/// Verifies with the signing key of the list that the answer names. `None` where the list has no
/// such key; `Some(false)` where it has and the signature is not its.
pub(super) fn verify(unverified: &Unverified, list: &KeyList) -> Option<bool> {
    let fingerprint = Sha256::parse(&unverified.parameters.key_id)?;
    let key = list.signing_key(&fingerprint)?;
    Some(unverified.verify(&crate::keys::P256Verifier::new(key)))
}

pub(super) fn parse(body: &[u8]) -> Authentic {
    serde_json::from_slice(body)
        .map_or(Authentic::NotUnderstood, |answer| Authentic::Answer(Box::new(answer)))
}
