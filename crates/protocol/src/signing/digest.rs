//! Content-Digest (RFC 9530) with SHA-256, also for empty bodies.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::Digest as _;

/// The value of `Content-Digest` for a body.
#[must_use]
pub fn content_digest(body: &[u8]) -> String {
    format!("sha-256=:{}:", STANDARD.encode(sha2::Sha256::digest(body)))
}

/// Whether a `Content-Digest` is this body's. Only the profile's own form counts: SHA-256 and
/// nothing beside it. (The digest is no secret; the signature over it is what protects.)
#[must_use]
pub fn digest_matches(value: &str, body: &[u8]) -> bool {
    value == content_digest(body)
}

#[cfg(test)]
mod tests {
    use super::{content_digest, digest_matches};

    #[test]
    fn rfc9530_vectors() {
        // RFC 9530, appendix B.1 (a representation with a trailing line feed) and B.2's empty body.
        let body = b"{\"hello\": \"world\"}\n";
        assert_eq!(content_digest(body), "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:");
        assert_eq!(content_digest(b""), "sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:");
        assert!(digest_matches("sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:", b""));
        assert!(!digest_matches("sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:", b"x"));
        assert!(!digest_matches("md5=:1B2M2Y8AsgTpgAmY7PhCfg==:", b""));
    }
}
