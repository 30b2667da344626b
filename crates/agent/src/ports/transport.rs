//! One HTTPS exchange with one address.

use core::time::Duration;
use protocol::encoding::Sha256;

/// Where a server is reached: `host[:port]` or `https://host[:port]`, IPv6 in brackets, no path.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Address {
    host: String,
    port: u16,
}

/// Why a text is no server address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AddressError {
    /// Nothing, or only white space.
    #[error("address is empty")]
    Empty,
    /// Another scheme than https.
    #[error("only https addresses are served")]
    NotHttps,
    /// A path, a query, a fragment or a user name.
    #[error("address has more than host and port")]
    MoreThanHostAndPort,
    /// Characters that no host name has, or brackets out of place.
    #[error("host name is malformed")]
    Host,
    /// Not a number from 1 to 65535.
    #[error("port is not a number from 1 to 65535")]
    Port,
}

impl Address {
    /// Port where none is written.
    pub const DEFAULT_PORT: u16 = 443;

    /// Reads one address.
    ///
    /// # Errors
    /// [`AddressError`] says what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        let text = text.trim();
        let rest = match text.split_once("://") {
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("https") => rest,
            Some(_) => return Err(AddressError::NotHttps),
            None => text,
        };
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        if rest.is_empty() {
            return Err(AddressError::Empty);
        }
        if rest.contains(['/', '?', '#', '@', '\\']) {
            return Err(AddressError::MoreThanHostAndPort);
        }
        let (host, port) = if let Some(bracketed) = rest.strip_prefix('[') {
            let (inside, after) = bracketed.split_once(']').ok_or(AddressError::Host)?;
            inside.parse::<core::net::Ipv6Addr>().map_err(|_| AddressError::Host)?;
            let port = if after.is_empty() {
                None
            } else {
                Some(after.strip_prefix(':').ok_or(AddressError::Host)?)
            };
            (format!("[{}]", inside.to_ascii_lowercase()), port)
        } else {
            let (host, port) = rest.split_once(':').map_or((rest, None), |(host, port)| (host, Some(port)));
            if port.is_some_and(|p| p.contains(':')) {
                return Err(AddressError::Host);
            }
            let label = |l: &str| {
                (1..=63).contains(&l.len())
                    && l.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
            };
            if host.len() > 253 || !host.split('.').all(label) {
                return Err(AddressError::Host);
            }
            (host.to_ascii_lowercase(), port)
        };
        let port = match port {
            None => Self::DEFAULT_PORT,
            Some(p) if !p.is_empty() && p.bytes().all(|b| b.is_ascii_digit()) => {
                p.parse().ok().filter(|p| *p != 0).ok_or(AddressError::Port)?
            }
            Some(_) => return Err(AddressError::Port),
        };
        Ok(Self { host, port })
    }

    /// Reads a comma separated list, at least one.
    ///
    /// # Errors
    /// The first error of its parts.
    pub fn parse_list(text: &str) -> Result<Vec<Self>, AddressError> {
        let mut addresses: Vec<Self> = Vec::new();
        for part in text.split(',').filter(|p| !p.trim().is_empty()) {
            let address = Self::parse(part)?;
            if !addresses.contains(&address) {
                addresses.push(address);
            }
        }
        if addresses.is_empty() { Err(AddressError::Empty) } else { Ok(addresses) }
    }

    /// Host name or IP address in lower case; IPv6 in brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// TCP port.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }
}

impl core::fmt::Display for Address {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        if self.port == Self::DEFAULT_PORT {
            f.write_str(&self.host)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

/// Which TLS keys are good. A key is named by the SHA-256 of its certificate's
/// SubjectPublicKeyInfo in DER (as in RFC 7469).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TlsExpectation {
    /// The machine's certificate store decides. A certificate whose only fault is its date is good
    /// too if its key is `last_seen`, so that a dead clock locks nobody out.
    MachineStore {
        /// The key that this address showed last time, if any.
        last_seen: Option<Sha256>,
    },
    /// One of these keys, whatever the certificate says ("Skip TLS verification").
    Pinned(Vec<Sha256>),
    /// Any key. Only for a signed request that carries no secret; the answer reports the key.
    FirstContact,
}

/// HTTP methods of the agent protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "their names say it")]
pub enum Method {
    Get,
    Put,
    Post,
    Delete,
}

impl Method {
    /// As it stands in the request line and in the signature base.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Put => "PUT",
            Self::Post => "POST",
            Self::Delete => "DELETE",
        }
    }
}

/// A request, complete but for what the transport adds itself (host, content-length, user-agent).
#[derive(Clone, PartialEq, Eq)]
pub struct HttpRequest {
    /// The method.
    pub method: Method,
    /// Absolute path, with `?query` where there is one; percent-encoded, sent as it stands.
    pub path_and_query: String,
    /// Names in lower case, and values.
    pub headers: Vec<(&'static str, String)>,
    /// Empty for none.
    pub body: Vec<u8>,
}

impl core::fmt::Debug for HttpRequest {
    /// The body holds one-time codes: only its length is shown.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("HttpRequest")
            .field("method", &self.method)
            .field("path_and_query", &self.path_and_query)
            .field("body_bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

impl Drop for HttpRequest {
    fn drop(&mut self) {
        zeroize::Zeroize::zeroize(&mut self.body);
    }
}

/// The answer's headers that anybody reads. A header that came twice counts as absent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AnswerHeaders {
    /// RFC 9530.
    pub content_digest: Option<String>,
    /// RFC 9421.
    pub signature_input: Option<String>,
    /// RFC 9421.
    pub signature: Option<String>,
}

/// Whatever spoke HTTP at the address. Not yet authentic: that is for the caller to find out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpAnswer {
    /// Status code, 100 to 999. Redirections are never followed; 3xx comes back as it is.
    pub status: u16,
    /// The headers that matter.
    pub headers: AnswerHeaders,
    /// At most [`protocol::MAX_BODY_BYTES`].
    pub body: Vec<u8>,
    /// The TLS key that was shown.
    pub tls_key: Sha256,
    /// When the certificate that was shown ends, Unix seconds, where that is known.
    pub certificate_ends: Option<i64>,
}

/// How long an exchange may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deadlines {
    /// Name resolution and TCP connection together.
    pub connect: Duration,
    /// The whole exchange, from the first name look-up to the last byte of the answer.
    pub total: Duration,
}

/// Whether the person gave up. Asked about every 100 ms by whoever waits.
pub trait Cancelled: Send + Sync {
    /// True once and for good when nobody waits for the answer any more.
    fn is_cancelled(&self) -> bool;
}

impl Cancelled for core::sync::atomic::AtomicBool {
    fn is_cancelled(&self) -> bool {
        self.load(core::sync::atomic::Ordering::Relaxed)
    }
}

/// Nobody can give up.
#[derive(Debug, Clone, Copy)]
pub struct Never;

impl Cancelled for Never {
    fn is_cancelled(&self) -> bool {
        false
    }
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TransportError {
    /// The host name has no address, or no resolver answered.
    #[error("host name could not be resolved")]
    NameResolution,
    /// No TCP connection: refused, unreachable, or a proxy in the way.
    #[error("no connection")]
    Connect,
    /// TLS failed: certificate not trusted, wrong name, no common version.
    #[error("TLS failed (code {code:#010x})")]
    Tls {
        /// The platform's error code.
        code: u32,
    },
    /// Another TLS key than expected; nothing of the request's body was sent.
    #[error("server showed an unknown TLS key {0}")]
    UnexpectedKey(Sha256),
    /// One of the [`Deadlines`] passed.
    #[error("no answer in time")]
    Timeout,
    /// The person gave up.
    #[error("given up")]
    Cancelled,
    /// The answer's body is longer than [`protocol::MAX_BODY_BYTES`].
    #[error("answer is too large")]
    TooLarge,
    /// What came is no HTTP answer, or broke off.
    #[error("answer is not HTTP")]
    Malformed,
}

/// Sends one request to one address and brings the answer back.
///
/// Duties of an implementation: HTTPS only, TLS 1.2 or newer; machine proxy, never a user's (B61);
/// no redirection, no authentication, no cookies, no compression, no cache; every time-out set;
/// the TLS key is compared **before** the body is sent; never a window.
pub trait Transport: Send + Sync {
    /// Blocks until the answer is complete, a deadline passed or the person gave up.
    ///
    /// # Errors
    /// [`TransportError`]; never for a status code, whatever it is.
    fn exchange(
        &self,
        address: &Address,
        tls: &TlsExpectation,
        request: &HttpRequest,
        deadlines: Deadlines,
        cancelled: &dyn Cancelled,
    ) -> Result<HttpAnswer, TransportError>;
}

#[cfg(test)]
mod tests {
    use super::{Address, AddressError};

    #[test]
    fn addresses() {
        let good = [
            ("trasa.example.com", "trasa.example.com", 443),
            (" https://Trasa.Example.com/ ", "trasa.example.com", 443),
            ("localhost:8443", "localhost", 8443),
            ("https://10.0.0.1:1", "10.0.0.1", 1),
            ("[::1]:8443", "[::1]", 8443),
            ("https://[FD00::1]", "[fd00::1]", 443),
        ];
        for (text, host, port) in good {
            let address = Address::parse(text);
            assert_eq!(address.as_ref().map(|a| (a.host(), a.port())), Ok((host, port)), "{text}");
        }
        let bad = [
            ("", AddressError::Empty),
            ("https://", AddressError::Empty),
            ("http://a", AddressError::NotHttps),
            ("a/b", AddressError::MoreThanHostAndPort),
            ("user@a", AddressError::MoreThanHostAndPort),
            ("a b", AddressError::Host),
            ("::1", AddressError::Host),
            ("[::1", AddressError::Host),
            ("[::1]x", AddressError::Host),
            ("a..b", AddressError::Host),
            ("a:", AddressError::Port),
            ("a:0", AddressError::Port),
            ("a:65536", AddressError::Port),
            ("a:+1", AddressError::Port),
        ];
        for (text, error) in bad {
            assert_eq!(Address::parse(text), Err(error), "{text}");
        }
        assert_eq!(Address::parse_list("a, b:1,,a").map(|l| l.len()), Ok(2));
        assert_eq!(Address::parse_list(" , "), Err(AddressError::Empty));
    }

    proptest::proptest! {
        #[test]
        fn parsing_never_panics(text in ".{0,80}") {
            if let Ok(address) = Address::parse(&text) {
                proptest::prop_assert_eq!(Address::parse(&address.to_string()), Ok(address));
            }
        }
    }
}
