//! `Signature-Input` and `Signature`: RFC 9651 dictionaries with the one label.

use super::{LABEL, Nonce};
use sfv::{BareItem, Dictionary, FieldType as _, ListEntry, Parser};

/// Purpose and direction of a signature, so that none can be taken for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tag {
    /// Request to be admitted.
    AdmitRequest,
    /// Answer to it.
    AdmitResponse,
    /// Any other request of a machine.
    Request,
    /// Answer to it.
    Response,
}

impl Tag {
    /// As it stands in the parameters.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AdmitRequest => "trasa-admit-req",
            Self::AdmitResponse => "trasa-admit-res",
            Self::Request => "trasa-req",
            Self::Response => "trasa-res",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        [Self::AdmitRequest, Self::AdmitResponse, Self::Request, Self::Response]
            .into_iter()
            .find(|tag| tag.as_str() == text)
    }
}

impl core::fmt::Display for Tag {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The signature parameters (RFC 9421 section 2.3) of the profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameters {
    /// The signer's clock, Unix seconds.
    pub created: i64,
    /// Names the key; base64url characters only, at most 64.
    pub key_id: String,
    /// The request's nonce.
    pub nonce: Nonce,
    /// Purpose and direction.
    pub tag: Tag,
}

const REQUEST: &str = r#"("@method" "@path" "@query" "content-digest")"#;
const ANSWER: &str = concat!(
    r#"("@status" "content-digest" "@method";req "@path";req "@query";req "#,
    r#""content-digest";req)"#
);

impl Parameters {
    /// The inner list of `Signature-Input`, as it also closes the signature base.
    pub(super) fn inner_list(&self, answer: bool) -> String {
        let components = if answer { ANSWER } else { REQUEST };
        format!(
            "{components};created={};keyid=\"{}\";nonce=\"{}\";tag=\"{}\"",
            self.created, self.key_id, self.nonce, self.tag
        )
    }

    /// Reads a `Signature-Input`; `None` unless it is exactly one signature of the profile.
    pub(super) fn read(header: &str, answer: bool) -> Option<Self> {
        let dictionary: Dictionary = Parser::new(header).parse().ok()?;
        let ListEntry::InnerList(list) = dictionary.get(LABEL)? else { return None };
        let text = |name: &str| match list.params.get(name)? {
            BareItem::String(value) => Some(value.as_str()),
            _ => None,
        };
        let created = match list.params.get("created")? {
            BareItem::Integer(value) => i64::from(*value),
            _ => return None,
        };
        let key_id = text("keyid").filter(|id| is_key_id(id))?.to_owned();
        let parameters =
            Self { created, key_id, nonce: Nonce::parse(text("nonce")?)?, tag: Tag::parse(text("tag")?)? };
        // One comparison checks label, components, their order, and that no parameter is missing,
        // extra or elsewhere: written anew, the header must be what the parser understood.
        let expected = format!("{LABEL}={}", parameters.inner_list(answer));
        (dictionary.serialize()? == expected).then_some(parameters)
    }
}

fn is_key_id(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

/// Reads a `Signature`: one byte sequence under the label, without parameters.
pub(super) fn read_signature(header: &str) -> Option<Vec<u8>> {
    let mut dictionary: Dictionary = Parser::new(header).parse().ok()?;
    let entry = dictionary.shift_remove(LABEL)?;
    match entry {
        ListEntry::Item(item) if dictionary.is_empty() && item.params.is_empty() => match item.bare_item {
            BareItem::ByteSequence(bytes) => Some(bytes),
            _ => None,
        },
        _ => None,
    }
}
