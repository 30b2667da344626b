//! Security identifiers, as text and as Windows lays them out.

use std::fmt;

use serde::{Deserialize, Deserializer};
use thiserror::Error;

/// A security identifier.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Sid {
    authority: u64,
    parts: Vec<u32>,
}

/// The text or the bytes are no SID.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("not a SID")]
pub struct SidError;

impl Sid {
    /// `S-1-5-21-a-b-c`: a machine or a domain.
    pub fn domain(a: u32, b: u32, c: u32) -> Self {
        Self { authority: 5, parts: vec![21, a, b, c] }
    }

    /// `S-1-5-…`.
    pub fn nt(parts: &[u32]) -> Self {
        Self { authority: 5, parts: parts.to_vec() }
    }

    /// `S-1-1-0`.
    pub fn everyone() -> Self {
        Self { authority: 1, parts: vec![0] }
    }

    /// `S-1-16-level`: an integrity level.
    pub fn integrity(level: u32) -> Self {
        Self { authority: 16, parts: vec![level] }
    }

    /// This SID with one more part.
    pub fn with_rid(&self, rid: u32) -> Self {
        let mut parts = self.parts.clone();
        parts.push(rid);
        Self { authority: self.authority, parts }
    }

    /// Whose account it is: all but the last part.
    pub fn authority_sid(&self) -> Self {
        let mut parts = self.parts.clone();
        parts.pop();
        Self { authority: self.authority, parts }
    }

    /// Reads `S-1-…`.
    ///
    /// # Errors
    /// [`SidError`].
    pub fn parse(text: &str) -> Result<Self, SidError> {
        let mut pieces = text.split('-');
        if pieces.next() != Some("S") || pieces.next() != Some("1") {
            return Err(SidError);
        }
        let authority: u64 = pieces.next().and_then(|it| it.parse().ok()).ok_or(SidError)?;
        let parts: Vec<u32> = pieces.map(str::parse).collect::<Result<_, _>>().map_err(|_| SidError)?;
        if parts.is_empty() || parts.len() > 15 || authority >= 1 << 48 {
            return Err(SidError);
        }
        Ok(Self { authority, parts })
    }

    /// Windows' layout: revision, count, authority (big endian), parts (little endian).
    pub fn to_bytes(&self) -> Vec<u8> {
        let count = u8::try_from(self.parts.len()).unwrap_or(15);
        let mut bytes = vec![1, count];
        bytes.extend_from_slice(&self.authority.to_be_bytes()[2..]);
        for part in &self.parts {
            bytes.extend_from_slice(&part.to_le_bytes());
        }
        bytes
    }

    /// Reads Windows' layout; more bytes behind it are ignored.
    ///
    /// # Errors
    /// [`SidError`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, SidError> {
        let (&[1, count], rest) = bytes.split_first_chunk::<2>().ok_or(SidError)? else {
            return Err(SidError);
        };
        let (authority, rest) = rest.split_first_chunk::<6>().ok_or(SidError)?;
        let authority = authority.iter().fold(0, |sum, byte| (sum << 8) | u64::from(*byte));
        let rest = rest.get(..usize::from(count) * 4).ok_or(SidError)?;
        let parts: Vec<u32> =
            rest.chunks_exact(4).map(|it| u32::from_le_bytes([it[0], it[1], it[2], it[3]])).collect();
        if parts.is_empty() || parts.len() > 15 {
            return Err(SidError);
        }
        Ok(Self { authority, parts })
    }
}

impl fmt::Display for Sid {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "S-1-{}", self.authority)?;
        self.parts.iter().try_for_each(|part| write!(out, "-{part}"))
    }
}

impl fmt::Debug for Sid {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{self}")
    }
}

impl<'de> Deserialize<'de> for Sid {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(|error| serde::de::Error::custom(format!("{error}: {text:?}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_bytes_agree() -> Result<(), SidError> {
        for text in ["S-1-5-18", "S-1-1-0", "S-1-5-21-1-2-3-1001", "S-1-16-16384"] {
            let sid = Sid::parse(text)?;
            assert_eq!(sid.to_string(), text);
            assert_eq!(Sid::from_bytes(&sid.to_bytes())?, sid);
        }
        assert_eq!(Sid::parse("S-1-5-18")?.to_bytes(), [1, 1, 0, 0, 0, 0, 0, 5, 18, 0, 0, 0]);
        Ok(())
    }

    #[test]
    fn what_is_no_sid() {
        for text in ["", "S", "S-1", "S-1-5", "S-2-5-18", "s-1-5-18", "S-1-5--18", "S-1-5-4294967296"] {
            assert_eq!(Sid::parse(text), Err(SidError), "{text}");
        }
        assert_eq!(Sid::from_bytes(&[1, 2, 0, 0, 0, 0, 0, 5, 18, 0, 0, 0]), Err(SidError));
        assert_eq!(Sid::from_bytes(&[]), Err(SidError));
    }
}
