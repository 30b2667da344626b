//! The ServiceKey or token, from standard input and never from an argument, which others can see.

use crate::console::Failure;
use agent::config::ServiceKeyV1;
use protocol::service_key::AdmissionSecret;
use std::io::Read;
use zeroize::Zeroizing;

/// Longest text that is read: many times a token's length.
const MAX_BYTES: usize = 1024;

/// The text as it was piped in or typed; wiped. Which kind of secret it is, its reader decides.
pub struct SecretText(Zeroizing<String>);

impl core::fmt::Debug for SecretText {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("SecretText([REDACTED])")
    }
}

impl SecretText {
    /// Without what surrounds it.
    ///
    /// # Errors
    /// [`Failure`] where there is no text.
    pub fn new(text: &str) -> Result<Self, Failure> {
        Self::optional(text)
            .ok_or_else(|| Failure::usage("Give the ServiceKey or a token on standard input."))
    }

    /// Without what surrounds it; `None` where there is no text.
    #[must_use]
    pub fn optional(text: &str) -> Option<Self> {
        // What Windows' own programs like to put before a text.
        let text = text.strip_prefix('\u{feff}').unwrap_or(text).trim();
        (!text.is_empty()).then(|| Self(Zeroizing::new(text.to_owned())))
    }

    /// The text itself, for a field that shows dots.
    #[cfg_attr(not(windows), expect(dead_code, reason = "only the panel's window has such a field"))]
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }

    /// As a ServiceKey or token.
    ///
    /// # Errors
    /// [`Failure`], which never quotes the text.
    pub fn admission(&self) -> Result<AdmissionSecret, Failure> {
        AdmissionSecret::parse(&self.0).ok_or_else(malformed)
    }

    /// As a ServiceKey of version 1, which has no form of its own. One of version 2 is refused: in
    /// version 1 it would travel in each request.
    ///
    /// # Errors
    /// [`Failure`], which never quotes the text.
    pub fn original(&self) -> Result<ServiceKeyV1, Failure> {
        if AdmissionSecret::parse(&self.0).is_some() {
            return Err(Failure::refused(
                "service_key_malformed",
                "This ServiceKey or token is of version 2 and is not sent with version 1. Use --protocol v2, or the key that `trasa-server service allow-v1` printed.",
            ));
        }
        ServiceKeyV1::new(&self.0).ok_or_else(malformed)
    }
}

/// Reads what was piped in. The buffer has its full size from the beginning, so that growing leaves
/// no copy behind, and is wiped.
///
/// # Errors
/// [`Failure`], which never quotes what was read.
pub fn read(input: &mut dyn Read) -> Result<Option<SecretText>, Failure> {
    read_until(input, |_| false)
}

/// Reads what was typed, up to the end of the line.
///
/// # Errors
/// [`Failure`], which never quotes what was read.
pub fn read_line(input: &mut dyn Read) -> Result<Option<SecretText>, Failure> {
    read_until(input, |read| read.contains(&b'\n'))
}

fn read_until(input: &mut dyn Read, is_all: fn(&[u8]) -> bool) -> Result<Option<SecretText>, Failure> {
    let mut buffer = Zeroizing::new([0; MAX_BYTES]);
    let mut length = 0;
    loop {
        let Some(rest) = buffer.get_mut(length..).filter(|rest| !rest.is_empty()) else {
            return Err(malformed());
        };
        match input.read(rest) {
            Ok(0) => break,
            Ok(read) => {
                length += read;
                if is_all(buffer.get(..length).unwrap_or_default()) {
                    break;
                }
            }
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => {
                return Err(Failure::refused("input", format!("Standard input could not be read: {error}.")));
            }
        }
    }
    let text = core::str::from_utf8(buffer.get(..length).unwrap_or_default()).map_err(|_| malformed())?;
    Ok(SecretText::optional(text))
}

fn malformed() -> Failure {
    Failure::refused(
        "service_key_malformed",
        "What came on standard input is no ServiceKey and no token. Copy it again, whole, from the service profile page.",
    )
}

#[cfg(test)]
mod tests {
    use super::{SecretText, read, read_line};
    use crate::console::Exit;
    use protocol::encoding::Bytes;
    use protocol::service_key::AdmissionSecret;

    #[test]
    fn a_key_is_read_however_it_is_wrapped() {
        let text = AdmissionSecret::service_key([7; 32], Bytes([9; 32])).to_text();
        for wrapped in [text.to_string(), format!("{}\r\n", *text), format!("\u{feff} {}\n\n", *text)] {
            for secret in [read(&mut wrapped.as_bytes()), read_line(&mut wrapped.as_bytes())] {
                let secret = secret.expect("a text").expect("a text").admission().expect("a key");
                assert_eq!(secret.hmac_key(), &[7; 32]);
            }
        }
    }

    #[test]
    fn what_is_no_key_is_refused_and_not_quoted() {
        for (text, exit) in [
            (&b"secret-canary"[..], Exit::Refused),
            (b"\xff\xfes", Exit::Refused),
            (&[b'a'; 1024], Exit::Refused),
            (&[b'a'; 5000], Exit::Refused),
        ] {
            let failure = read(&mut &*text).and_then(|text| text.expect("a text").admission());
            let failure = failure.expect_err("no key");
            assert_eq!(failure.exit(), exit);
            assert!(!failure.message().contains("canary"));
        }
        for text in [&b""[..], b" \r\n", b"\xef\xbb\xbf"] {
            assert!(read(&mut &*text).expect("reads").is_none(), "nothing is no key");
        }
    }

    #[test]
    fn a_key_of_version_2_is_never_sent_with_version_1() {
        let text = AdmissionSecret::service_key([7; 32], Bytes([9; 32])).to_text();
        let failure = SecretText::new(&text).and_then(|text| text.original()).expect_err("refused");
        assert_eq!(failure.code(), "service_key_malformed");
        let key = SecretText::new("abc-DEF_123").and_then(|text| text.original()).expect("a key");
        assert_eq!(key.as_str(), "abc-DEF_123");
        assert!(SecretText::new("a\u{7}b").and_then(|text| text.original()).is_err());
    }
}
