//! HTTP Message Signatures (RFC 9421) and Content-Digest (RFC 9530) in one fixed profile.
//!
//! One label, `trasa`. A request covers `"@method" "@path" "@query" "content-digest"`; an answer
//! covers `"@status" "content-digest"` and the request's four. Never authority or scheme, which
//! proxies change. Parameters `created`, `keyid`, `nonce` and `tag`, in this order, no others. The
//! algorithm follows from the key. This module builds and reads headers and signature base; the
//! primitive is handed in as [`Signer`] or [`Verifier`].

mod digest;
mod input;

pub use digest::{content_digest, digest_matches};
pub use input::{Parameters, Tag};

use crate::encoding::Bytes;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use core::fmt::Write as _;

/// Header with the digest of the body.
pub const CONTENT_DIGEST: &str = "content-digest";
/// Header with what is signed.
pub const SIGNATURE_INPUT: &str = "signature-input";
/// Header with the signature.
pub const SIGNATURE: &str = "signature";
/// Header in which a machine shows the receipt of its admission.
pub const RECEIPT: &str = "trasa-receipt";
/// The only label of a signature.
pub const LABEL: &str = "trasa";

/// 16 random bytes, chosen by the agent for each request and repeated by the answer.
pub type Nonce = Bytes<16>;

/// Makes signatures with one key.
pub trait Signer {
    /// Names the key: machine id, fingerprint of a server key, ServiceID or token id.
    fn key_id(&self) -> String;
    /// Signs the message: P-256 ECDSA with SHA-256 as 64 bytes `r || s`, or HMAC-SHA-256.
    fn sign(&self, message: &[u8]) -> Vec<u8>;
}

/// Checks signatures of one key.
pub trait Verifier {
    /// Whether this is the key's signature over the message; in constant time for a MAC.
    fn verifies(&self, message: &[u8], signature: &[u8]) -> bool;
}

/// What of a request is signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedRequest {
    /// `GET`, `POST`, `PUT` or `DELETE`.
    pub method: String,
    /// The path as sent, percent-encoding untouched.
    pub path: String,
    /// The query without its question mark; empty where there is none.
    pub query: String,
    /// The value of `Content-Digest`.
    pub content_digest: String,
}

/// The three headers of a signed message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Headers {
    /// Value of `Content-Digest`.
    pub content_digest: String,
    /// Value of `Signature-Input`.
    pub signature_input: String,
    /// Value of `Signature`.
    pub signature: String,
}

/// Why headers are not a signature of the profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProfileError {
    /// The sender left a header out.
    #[error("header {0} is missing")]
    Missing(&'static str),
    /// The body is not the one that was signed.
    #[error("content-digest does not fit the body")]
    Digest,
    /// Other components, parameters or labels than the profile's.
    #[error("signature-input is not in the profile")]
    Input,
    /// `signature` is not one byte sequence under the label.
    #[error("signature is not one byte sequence labelled trasa")]
    Signature,
    /// The tag belongs to another purpose or direction.
    #[error("the tag is {0}")]
    Tag(Tag),
    /// The answer does not repeat the request's nonce.
    #[error("the answer belongs to another request")]
    Nonce,
}

/// A message whose form is right and whose signature is not verified yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unverified {
    /// What the signer stated.
    pub parameters: Parameters,
    base: String,
    signature: Vec<u8>,
}

impl Unverified {
    /// Whether the signature is this key's.
    #[must_use]
    pub fn verify(&self, key: &impl Verifier) -> bool {
        key.verifies(self.base.as_bytes(), &self.signature)
    }

    /// The signature base (RFC 9421 section 2.5).
    #[must_use]
    pub fn base(&self) -> &str {
        &self.base
    }
}

/// Signs a request: returns what an answer will refer to, and the headers.
pub fn sign_request(
    (method, path, query): (&str, &str, &str),
    body: &[u8],
    parameters: &Parameters,
    signer: &impl Signer,
) -> (SignedRequest, Headers) {
    let request = SignedRequest {
        method: method.to_owned(),
        path: path.to_owned(),
        query: query.to_owned(),
        content_digest: content_digest(body),
    };
    let headers =
        seal(request_base(&request, parameters), request.content_digest.clone(), parameters, signer, false);
    (request, headers)
}

/// Reads the signature of a request with an expected tag. The caller then finds the key by
/// `parameters.key_id`, verifies, and checks `parameters.created` against its clock.
///
/// # Errors
/// [`ProfileError`] where headers or body do not fit the profile.
pub fn read_request(
    (method, path, query): (&str, &str, &str),
    body: &[u8],
    header: impl Fn(&str) -> Option<String>,
    tag: Tag,
) -> Result<(SignedRequest, Unverified), ProfileError> {
    let (content_digest, parameters, signature) = open(body, header, tag, false)?;
    let request = SignedRequest {
        method: method.to_owned(),
        path: path.to_owned(),
        query: query.to_owned(),
        content_digest,
    };
    let base = request_base(&request, &parameters);
    Ok((request, Unverified { parameters, base, signature }))
}

/// Signs an answer to a signed request.
pub fn sign_response(
    request: &SignedRequest,
    status: u16,
    body: &[u8],
    parameters: &Parameters,
    signer: &impl Signer,
) -> Headers {
    let digest = content_digest(body);
    seal(response_base(request, status, &digest, parameters), digest, parameters, signer, true)
}

/// Reads the signature of an answer to a request that was signed with `nonce`.
///
/// # Errors
/// [`ProfileError`] where headers or body do not fit the profile, or the nonce is another's.
pub fn read_response(
    request: &SignedRequest,
    nonce: Nonce,
    status: u16,
    body: &[u8],
    header: impl Fn(&str) -> Option<String>,
    tag: Tag,
) -> Result<Unverified, ProfileError> {
    let (digest, parameters, signature) = open(body, header, tag, true)?;
    if parameters.nonce != nonce {
        return Err(ProfileError::Nonce);
    }
    let base = response_base(request, status, &digest, &parameters);
    Ok(Unverified { parameters, base, signature })
}

fn seal(
    base: String,
    content_digest: String,
    parameters: &Parameters,
    signer: &impl Signer,
    answer: bool,
) -> Headers {
    let signature = STANDARD.encode(signer.sign(base.as_bytes()));
    Headers {
        content_digest,
        signature_input: format!("{LABEL}={}", parameters.inner_list(answer)),
        signature: format!("{LABEL}=:{signature}:"),
    }
}

fn open(
    body: &[u8],
    header: impl Fn(&str) -> Option<String>,
    tag: Tag,
    answer: bool,
) -> Result<(String, Parameters, Vec<u8>), ProfileError> {
    let get = |name| header(name).ok_or(ProfileError::Missing(name));
    let digest = get(CONTENT_DIGEST)?;
    if !digest_matches(&digest, body) {
        return Err(ProfileError::Digest);
    }
    let parameters = Parameters::read(&get(SIGNATURE_INPUT)?, answer).ok_or(ProfileError::Input)?;
    let signature = input::read_signature(&get(SIGNATURE)?).ok_or(ProfileError::Signature)?;
    if parameters.tag != tag {
        return Err(ProfileError::Tag(parameters.tag));
    }
    Ok((digest, parameters, signature))
}

fn request_base(request: &SignedRequest, parameters: &Parameters) -> String {
    let mut base = String::with_capacity(512);
    request_lines(&mut base, request, "");
    finish_base(base, parameters, false)
}

fn response_base(request: &SignedRequest, status: u16, digest: &str, parameters: &Parameters) -> String {
    let mut base = String::with_capacity(768);
    let _ = write!(base, "\"@status\": {status}\n\"content-digest\": {digest}\n");
    request_lines(&mut base, request, ";req");
    finish_base(base, parameters, true)
}

// Writing to a String cannot fail.
fn request_lines(base: &mut String, request: &SignedRequest, suffix: &str) {
    let SignedRequest { method, path, query, content_digest } = request;
    let _ = write!(
        base,
        "\"@method\"{suffix}: {method}\n\"@path\"{suffix}: {path}\n\"@query\"{suffix}: ?{query}\n\
         \"content-digest\"{suffix}: {content_digest}\n"
    );
}

fn finish_base(mut base: String, parameters: &Parameters, answer: bool) -> String {
    let _ = write!(base, "\"@signature-params\": {}", parameters.inner_list(answer));
    base
}

#[cfg(test)]
mod tests;
