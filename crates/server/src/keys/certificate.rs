//! The TLS certificate: making a self-signed one, and reading what a certificate says.

use super::p256::sha256;
use protocol::encoding::Sha256;
use rcgen::{
    CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair, KeyUsagePurpose,
    PKCS_ECDSA_P256_SHA256, SerialNumber,
};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;
use x509_parser::prelude::{FromDer as _, X509Certificate};
use zeroize::Zeroizing;

/// How long a self-signed certificate lasts, in seconds: 10 years.
const SELF_SIGNED_SECS: i64 = 3652 * 86_400;

/// What is wrong with a certificate or its key.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CertificateError {
    /// A name that cannot stand in a certificate.
    #[error("{0:?} is no host name or address")]
    Name(String),
    /// The key is none that can be used.
    #[error("the TLS key cannot be used: {0}")]
    Key(String),
    /// Not a PEM certificate.
    #[error("this is not a certificate in PEM form")]
    Malformed,
}

/// A certificate in PEM with its private key.
pub struct SelfSigned {
    /// The certificate.
    pub certificate: String,
    /// The private key.
    pub key: Zeroizing<String>,
}

impl std::fmt::Debug for SelfSigned {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SelfSigned")
    }
}

/// Makes a self-signed certificate for these names, valid from a day before `now`; with a new key, or
/// with a given one (PEM), so that agents which know the key go on trusting it.
///
/// # Errors
/// [`CertificateError`].
pub fn self_signed(hosts: &[String], key: Option<&str>, now: i64) -> Result<SelfSigned, CertificateError> {
    let unusable = |error: rcgen::Error| CertificateError::Key(error.to_string());
    let key = match key {
        Some(pem) => KeyPair::from_pem(pem).map_err(unusable)?,
        None => KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).map_err(unusable)?,
    };
    if let Some(host) = hosts.iter().find(|host| !is_host(host)) {
        return Err(CertificateError::Name(host.clone()));
    }
    let mut params =
        CertificateParams::new(hosts).map_err(|error| CertificateError::Name(error.to_string()))?;
    let mut name = DistinguishedName::new();
    name.push(DnType::CommonName, hosts.first().map_or("trasa-server", String::as_str));
    name.push(DnType::OrganizationName, "TRASA server");
    params.distinguished_name = name;
    // No authority: browsers and rustls refuse an authority's certificate as a server's, and whoever
    // trusts this one trusts nothing else with it.
    params.is_ca = IsCa::ExplicitNoCa;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let mut serial =
        crate::random::bytes::<16>().map_err(|error| CertificateError::Key(error.to_string()))?;
    // A serial number is positive.
    serial[0] &= 0x7f;
    params.serial_number = Some(SerialNumber::from_slice(&serial));
    params.not_before = at(now - 86_400);
    params.not_after = at(now + SELF_SIGNED_SECS);
    let certificate = params.self_signed(&key).map_err(unusable)?;
    Ok(SelfSigned { certificate: certificate.pem(), key: Zeroizing::new(key.serialize_pem()) })
}

fn at(time: i64) -> time::OffsetDateTime {
    time::OffsetDateTime::from_unix_timestamp(time).unwrap_or(time::OffsetDateTime::UNIX_EPOCH)
}

/// Whether this is a host name (letters, digits, hyphens, dots, also a leading `*.`) or an IP address.
#[must_use]
pub fn is_host(host: &str) -> bool {
    if host.parse::<std::net::IpAddr>().is_ok() {
        return true;
    }
    let host = host.strip_prefix("*.").unwrap_or(host);
    host.len() <= 253
        && host.split('.').all(|label| {
            (1..=63).contains(&label.len())
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        })
}

/// What is said by the first certificate of a PEM file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// SHA-256 of the SubjectPublicKeyInfo (DER).
    pub spki_sha256: Sha256,
    /// Unix seconds.
    pub not_before: i64,
    /// Unix seconds.
    pub not_after: i64,
    /// Whether it signed itself, and can be renewed here.
    pub self_signed: bool,
}

/// Reads the first certificate of a PEM file.
///
/// # Errors
/// [`CertificateError::Malformed`].
pub fn facts(pem: &[u8]) -> Result<Facts, CertificateError> {
    let der = CertificateDer::from_pem_slice(pem).map_err(|_| CertificateError::Malformed)?;
    facts_of_der(&der)
}

/// Reads a certificate.
///
/// # Errors
/// [`CertificateError::Malformed`].
pub fn facts_of_der(der: &[u8]) -> Result<Facts, CertificateError> {
    let (_, certificate) = X509Certificate::from_der(der).map_err(|_| CertificateError::Malformed)?;
    Ok(Facts {
        spki_sha256: sha256(certificate.public_key().raw),
        not_before: certificate.validity().not_before.timestamp(),
        not_after: certificate.validity().not_after.timestamp(),
        self_signed: certificate.subject() == certificate.issuer(),
    })
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::{facts, is_host, self_signed};

    #[test]
    fn a_renewed_certificate_keeps_its_key() {
        let now = 1_800_000_000;
        let hosts = ["trasa.example".to_owned(), "192.0.2.1".to_owned(), "::1".to_owned()];
        let first = self_signed(&hosts, None, now).unwrap();
        let renewed = self_signed(&hosts, Some(&first.key), now + 1000).unwrap();
        let (a, b) =
            (facts(first.certificate.as_bytes()).unwrap(), facts(renewed.certificate.as_bytes()).unwrap());
        assert_eq!(a.spki_sha256, b.spki_sha256);
        assert_eq!(b.not_after - a.not_after, 1000);
        assert!(a.self_signed && a.not_before < now && a.not_after > now + 3650 * 86_400);
        assert_ne!(
            a.spki_sha256,
            facts(self_signed(&hosts, None, now).unwrap().certificate.as_bytes()).unwrap().spki_sha256
        );
        assert!(facts(b"nonsense").is_err());
    }

    #[test]
    fn odd_names_are_refused() {
        for name in ["trasa", "trasa.example", "*.example", "::1", "192.0.2.1", "xn--tst-qla.example"] {
            assert!(is_host(name), "{name}");
        }
        for name in ["", ".", "a..b", "-a", "a b", "a\u{202e}b", "trasa.example:443", "ünicode", "https://a"]
        {
            assert!(!is_host(name), "{name}");
            assert!(self_signed(&[name.to_owned()], None, 0).is_err(), "{name}");
        }
    }
}
