use super::{Headers, Nonce, Parameters, ProfileError, Signer, Tag, Verifier};
use crate::encoding::Bytes;
use hmac::{KeyInit as _, Mac as _};
use p256::ecdsa::signature::Verifier as _;
use p256::pkcs8::DecodePublicKey as _;

struct Hmac(Vec<u8>);

impl Hmac {
    fn mac(&self, message: &[u8]) -> hmac::Hmac<sha2::Sha256> {
        let mut mac = hmac::Hmac::new_from_slice(&self.0).expect("any length is a key");
        mac.update(message);
        mac
    }
}

impl Signer for Hmac {
    fn key_id(&self) -> String {
        "k".to_owned()
    }
    fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.mac(message).finalize().into_bytes().to_vec()
    }
}

impl Verifier for Hmac {
    fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        self.mac(message).verify_slice(signature).is_ok()
    }
}

fn standard(text: &str) -> Vec<u8> {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.decode(text).expect("test data")
}

#[test]
fn rfc9421_b_2_4_ecdsa() {
    let key = p256::ecdsa::VerifyingKey::from_public_key_pem(
        "-----BEGIN PUBLIC KEY-----\n\
         MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEqIVYZVLCrPZHGHjP17CTW0/+D9Lf\n\
         w0EkjqF7xB4FivAxzic30tMM4GF+hR6Dxh71Z50VGGdldkkDXZCnTNnoXQ==\n\
         -----END PUBLIC KEY-----\n",
    )
    .expect("the RFC's key");
    let base = "\"@status\": 200\n\"content-type\": application/json\n\"content-digest\": sha-512=:mEWXIS7MaLRuGgxOBdODa3xqM1XdEvxoYhvlCFJ41QJgJc4GTsPp29l5oGX69wWdXymyU0rjJuahq4l5aGgfLQ==:\n\"content-length\": 23\n\"@signature-params\": (\"@status\" \"content-type\" \"content-digest\" \"content-length\");created=1618884473;keyid=\"test-key-ecc-p256\"";
    let signature =
        standard("wNmSUAhwb5LxtOtOpNa6W5xj067m5hFrj0XQ4fvpaCLx0NKocgPquLgyahnzDnDAUy5eCdlYUEkLIj+32oiasw==");
    let signature = p256::ecdsa::Signature::from_slice(&signature).expect("r || s");
    assert!(key.verify(base.as_bytes(), &signature).is_ok());
    assert!(key.verify(base.replace("200", "201").as_bytes(), &signature).is_err());
}

#[test]
fn rfc9421_b_2_5_hmac() {
    let key = Hmac(standard(
        "uzvJfB4u3N0Jy4T7NZ75MDVcr8zSTInedJtkgcu46YW4XByzNJjxBdtjUkdJPBtbmHhIDi6pcl8jsasjlTMtDQ==",
    ));
    let base = "\"date\": Tue, 20 Apr 2021 02:07:55 GMT\n\"@authority\": example.com\n\"content-type\": application/json\n\"@signature-params\": (\"date\" \"@authority\" \"content-type\");created=1618884473;keyid=\"test-shared-secret\"";
    assert!(key.verifies(base.as_bytes(), &standard("pxcQw6G3AjtMBQjwo8XzkZf/bws5LelbaMk5rGIGtE8=")));
}

fn parameters(tag: Tag) -> Parameters {
    Parameters { created: 1_790_000_000, key_id: "k-1_x".to_owned(), nonce: Bytes([5; 16]), tag }
}

fn lookup(headers: &Headers) -> impl Fn(&str) -> Option<String> {
    let headers = headers.clone();
    move |name| match name {
        super::CONTENT_DIGEST => Some(headers.content_digest.clone()),
        super::SIGNATURE_INPUT => Some(headers.signature_input.clone()),
        super::SIGNATURE => Some(headers.signature.clone()),
        _ => None,
    }
}

const PLACE: (&str, &str, &str) = ("GET", "/agent/v2/logons/x", "wait=25");

#[test]
fn the_signature_base_is_the_rfcs() {
    let (_, headers) = super::sign_request(PLACE, b"", &parameters(Tag::Request), &Hmac(vec![1]));
    let (_, read) = super::read_request(PLACE, b"", lookup(&headers), Tag::Request).expect("own signature");
    assert_eq!(
        read.base(),
        "\"@method\": GET\n\"@path\": /agent/v2/logons/x\n\"@query\": ?wait=25\n\
         \"content-digest\": sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:\n\
         \"@signature-params\": (\"@method\" \"@path\" \"@query\" \"content-digest\");created=1790000000;\
         keyid=\"k-1_x\";nonce=\"BQUFBQUFBQUFBQUFBQUFBQ\";tag=\"trasa-req\""
    );
}

#[test]
fn any_change_to_what_is_signed_is_seen() {
    let key = Hmac(vec![1]);
    let (request, headers) = super::sign_request(PLACE, b"body", &parameters(Tag::Request), &key);
    let verifies = |place, body: &[u8], tag| {
        super::read_request(place, body, lookup(&headers), tag).map(|(_, read)| read.verify(&key))
    };
    assert_eq!(verifies(PLACE, b"body", Tag::Request), Ok(true));
    assert_eq!(verifies(("PUT", PLACE.1, PLACE.2), b"body", Tag::Request), Ok(false));
    assert_eq!(verifies((PLACE.0, "/agent/v2/logons/y", PLACE.2), b"body", Tag::Request), Ok(false));
    assert_eq!(verifies((PLACE.0, PLACE.1, ""), b"body", Tag::Request), Ok(false));
    assert_eq!(verifies(PLACE, b"bodY", Tag::Request), Err(ProfileError::Digest));
    assert_eq!(verifies(PLACE, b"body", Tag::AdmitRequest), Err(ProfileError::Tag(Tag::Request)));

    let answer = super::sign_response(&request, 200, b"yes", &parameters(Tag::Response), &key);
    let verifies = |request: &super::SignedRequest, nonce, status, body: &[u8]| {
        super::read_response(request, nonce, status, body, lookup(&answer), Tag::Response)
            .map(|read| read.verify(&key))
    };
    let nonce: Nonce = Bytes([5; 16]);
    assert_eq!(verifies(&request, nonce, 200, b"yes"), Ok(true));
    assert_eq!(verifies(&request, nonce, 403, b"yes"), Ok(false));
    assert_eq!(verifies(&request, Bytes([6; 16]), 200, b"yes"), Err(ProfileError::Nonce));
    assert_eq!(verifies(&request, nonce, 200, b"no"), Err(ProfileError::Digest));
    let (other, _) = super::sign_request(PLACE, b"other", &parameters(Tag::Request), &key);
    assert_eq!(verifies(&other, nonce, 200, b"yes"), Ok(false));
}

#[test]
fn only_the_profile_is_read() {
    let good = parameters(Tag::Request).inner_list(false);
    let read = |text: &str| Parameters::read(text, false);
    assert_eq!(read(&format!("trasa={good}")), Some(parameters(Tag::Request)));
    // White space that RFC 9651 allows changes nothing.
    assert!(read(&format!(" trasa={}", good.replace(" \"@path\"", "  \"@path\""))).is_some());
    let odd = [
        format!("sig1={good}"),
        format!("trasa={good}, other={good}"),
        format!("trasa={}", good.replace(" \"content-digest\"", "")),
        format!("trasa={}", good.replace("\"@method\" \"@path\"", "\"@path\" \"@method\"")),
        format!("trasa={}", good.replace("\"@path\"", "\"@authority\"")),
        format!("trasa={good};alg=\"hmac-sha256\""),
        format!("trasa={good};expires=1"),
        format!("trasa={}", good.replace("created=1790000000;", "")),
        format!("trasa={}", good.replace("k-1_x", "k 1\\\"x")),
        format!("trasa={}", good.replace("trasa-req", "trasa-res2")),
        format!("trasa={}", parameters(Tag::Request).inner_list(true)),
        String::new(),
        "trasa".to_owned(),
    ];
    for text in odd {
        assert_eq!(read(&text), None, "{text}");
    }
    for text in ["", "trasa", "trasa=:AA==:;x=1", "a=:AA==:", "trasa=:AA==:, b=:AA==:", "trasa=\"AA\""] {
        assert_eq!(super::input::read_signature(text), None, "{text}");
    }
}

proptest::proptest! {
    #[test]
    fn reading_headers_never_panics(text in ".{0,300}") {
        let _ = Parameters::read(&text, false);
        let _ = Parameters::read(&text, true);
        let _ = super::input::read_signature(&text);
    }
}

// The p256 half of the traits, for the other tests of this crate.
impl Signer for p256::ecdsa::SigningKey {
    fn key_id(&self) -> String {
        crate::keys::tests::public(self).fingerprint().to_string()
    }
    fn sign(&self, message: &[u8]) -> Vec<u8> {
        let signature: p256::ecdsa::Signature = p256::ecdsa::signature::Signer::sign(self, message);
        signature.to_bytes().to_vec()
    }
}

impl Verifier for p256::ecdsa::VerifyingKey {
    fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        p256::ecdsa::Signature::from_slice(signature).is_ok_and(|signature| {
            p256::ecdsa::signature::Verifier::verify(self, message, &signature).is_ok()
        })
    }
}
