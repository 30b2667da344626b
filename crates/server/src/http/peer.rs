//! Where a request comes from, as the server sees it.

use axum::extract::FromRequestParts;
use axum::http::StatusCode;
use axum::http::request::Parts;
use std::net::IpAddr;

/// The address that policies are compared with: the connection's, or what the reverse proxy on the
/// plain listener says. Always there: `serve` puts it into each request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer(pub IpAddr);

impl<S: Send + Sync> FromRequestParts<S> for Peer {
    type Rejection = StatusCode;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, StatusCode> {
        parts.extensions.get::<Self>().copied().ok_or(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

impl Peer {
    /// Of a direct connection. IPv4 in IPv6 becomes IPv4, so that IPv4 networks match it.
    #[must_use]
    pub fn direct(address: IpAddr) -> Self {
        Self(address.to_canonical())
    }

    /// Of a connection from the reverse proxy: the last address of `X-Forwarded-For`, which the
    /// proxy itself added; earlier ones are the client's claims. Without it, the connection's.
    #[must_use]
    pub fn behind_proxy(address: IpAddr, headers: &axum::http::HeaderMap) -> Self {
        let last = headers
            .get_all("x-forwarded-for")
            .iter()
            .next_back()
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.rsplit(',').next())
            .and_then(|value| value.trim().parse().ok());
        Self::direct(last.unwrap_or(address))
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::Peer;
    use axum::http::HeaderMap;

    #[test]
    fn only_the_proxys_own_word_counts() {
        let check = |values: &[&str], expect: &str| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append("x-forwarded-for", value.parse().unwrap());
            }
            let peer = Peer::behind_proxy("127.0.0.1".parse().unwrap(), &headers);
            assert_eq!(peer.0.to_string(), expect, "{values:?}");
        };
        check(&[], "127.0.0.1");
        check(&["10.0.0.1"], "10.0.0.1");
        check(&["10.0.0.1, 192.0.2.7"], "192.0.2.7");
        check(&["10.0.0.1", "192.0.2.7"], "192.0.2.7");
        check(&["::ffff:192.0.2.7"], "192.0.2.7");
        check(&["nonsense"], "127.0.0.1");
    }
}
