//! JSON with a hash around it, so that a truncated or half-written copy is known as such.
//!
//! `{"hash":"<SHA-256 of the body's bytes, base64url>","body":{…}}`. The hash is no protection
//! against people, the ACL is.

use protocol::encoding::Bytes;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sha2::Digest as _;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Envelope<'a> {
    hash: Bytes<32>,
    #[serde(borrow)]
    body: &'a RawValue,
}

pub(crate) fn wrap(body: &impl Serialize) -> Result<Vec<u8>, serde_json::Error> {
    let body = serde_json::value::to_raw_value(body)?;
    serde_json::to_vec(&Envelope { hash: hash(&body), body: &body })
}

/// `None` unless the whole of it is there and unchanged.
pub(crate) fn open<T: DeserializeOwned>(bytes: &[u8]) -> Option<T> {
    let envelope: Envelope<'_> = serde_json::from_slice(bytes).ok()?;
    if hash(envelope.body) != envelope.hash {
        return None;
    }
    serde_json::from_str(envelope.body.get()).ok()
}

fn hash(body: &RawValue) -> Bytes<32> {
    Bytes(sha2::Sha256::digest(body.get().as_bytes()).into())
}

#[cfg(test)]
mod tests {
    use super::{open, wrap};

    #[test]
    fn every_truncation_and_every_changed_byte_is_noticed() {
        let whole = wrap(&vec!["bat".to_owned(), "man".to_owned()]).expect("writes");
        assert_eq!(open::<Vec<String>>(&whole).map(|v| v.len()), Some(2));
        for end in 0..whole.len() {
            assert!(open::<Vec<String>>(&whole[..end]).is_none(), "{end}");
        }
        for at in 0..whole.len() {
            let mut changed = whole.clone();
            changed[at] ^= 1;
            assert!(open::<Vec<String>>(&changed).is_none(), "{at}");
        }
    }
}
