//! Security identifiers, in their text form.

use serde::{Deserialize, Serialize};

/// A Windows security identifier, `S-1-5-21-…`, in upper case.
///
/// It is what makes two spellings of a name the same account: wherever both sides have one, SIDs
/// are compared and names are not.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Sid(String);

/// The text is no SID.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a security identifier")]
pub struct NotASid;

impl Sid {
    /// Longest text form: revision, 48 bit authority, 15 sub-authorities of 32 bits.
    const MAX_CHARS: usize = 184;

    /// Reads `S-1-<authority>-<sub-authority>…` with 1 to 15 decimal sub-authorities.
    ///
    /// # Errors
    /// [`NotASid`] for anything else.
    pub fn parse(text: &str) -> Result<Self, NotASid> {
        if text.len() > Self::MAX_CHARS {
            return Err(NotASid);
        }
        let mut parts = text.split('-');
        let head = parts.next().is_some_and(|s| s.eq_ignore_ascii_case("s")) && parts.next() == Some("1");
        let decimal = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
        let authority =
            parts.next().is_some_and(|s| decimal(s) && s.parse::<u64>().is_ok_and(|n| n < 1 << 48));
        let mut count = 0;
        for part in parts {
            if !decimal(part) || part.parse::<u32>().is_err() {
                return Err(NotASid);
            }
            count += 1;
        }
        if head && authority && (1..=15).contains(&count) {
            Ok(Self(text.to_ascii_uppercase()))
        } else {
            Err(NotASid)
        }
    }

    /// The text form.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this account was issued by that authority: `authority-RID`. A local account's
    /// authority is the machine's SID, a domain account's the domain's.
    #[must_use]
    pub fn is_issued_by(&self, authority: &Self) -> bool {
        self.number_under(authority).is_some()
    }

    /// The account's own number (RID) under that authority; `None` where another one issued it.
    #[must_use]
    pub fn number_under(&self, authority: &Self) -> Option<&str> {
        let (issuer, number) = self.0.rsplit_once('-')?;
        (issuer == authority.0).then_some(number)
    }
}

impl core::fmt::Display for Sid {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for Sid {
    type Error = NotASid;
    fn try_from(text: String) -> Result<Self, NotASid> {
        Self::parse(&text)
    }
}

impl From<Sid> for String {
    fn from(sid: Sid) -> Self {
        sid.0
    }
}

#[cfg(test)]
mod tests {
    use super::Sid;

    #[test]
    fn only_sids_are_sids() {
        for good in ["S-1-5-18", "s-1-5-21-1-2-3-1001", "S-1-5-21-4294967295-0-0-500"] {
            assert!(Sid::parse(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "S-1",
            "S-1-5",
            "S-2-5-18",
            "S-1-5-4294967296",
            "S-1-5-+1",
            "S-1-5-18-",
            "S-1-281474976710656-1",
            "bat",
        ] {
            assert!(Sid::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_account_knows_its_issuer() {
        let parse = |s| Sid::parse(s).ok();
        let machine = parse("S-1-5-21-1-2-3");
        let account = parse("S-1-5-21-1-2-3-1001");
        assert_eq!(account.as_ref().zip(machine.as_ref()).map(|(a, m)| a.is_issued_by(m)), Some(true));
        assert_eq!(machine.as_ref().map(|m| m.is_issued_by(m)), Some(false));
    }

    proptest::proptest! {
        #[test]
        fn parsing_never_panics(text in ".{0,200}") {
            let _ = Sid::parse(&text);
        }
    }
}
