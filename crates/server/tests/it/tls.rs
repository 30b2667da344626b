//! What is seen of the certificate from outside, while commands and other programs change it.

use crate::program::{Place, Serving};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, ServerName};
use server::folder::{CERTIFICATE_FILE, TLS_KEY_FILE};
use server::keys::certificate::facts_of_der;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

type Versions = [&'static rustls::SupportedProtocolVersion];

/// Connects as a client that trusts one certificate; answers the certificate shown and what `/healthz`
/// said, or none where the certificate was not trusted.
async fn visit(server: &Serving, trusted: &[u8], versions: &Versions) -> Option<(Vec<u8>, String)> {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(trusted).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(versions)
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let stream = TcpStream::connect(&server.tls).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    let mut stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await.ok()?;
    let shown = stream.get_ref().1.peer_certificates().unwrap()[0].to_vec();
    stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    Some((shown, answer))
}

fn certificate(place: &Place) -> Vec<u8> {
    std::fs::read(place.path("trasa-data").join(CERTIFICATE_FILE)).unwrap()
}

#[tokio::test]
async fn a_client_that_trusts_the_certificate_is_served_through_a_renewal() {
    let place = Place::new();
    place.init();
    let server = Serving::start(&place);
    let own = certificate(&place);
    for versions in [[&rustls::version::TLS12], [&rustls::version::TLS13]] {
        let (_, answer) = visit(&server, &own, &versions).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }
    let (before, _) = visit(&server, &own, rustls::ALL_VERSIONS).await.unwrap();
    place.json(&["cert", "renew"]);
    tokio::time::sleep(Duration::from_millis(1200)).await;
    let (after, _) = visit(&server, &certificate(&place), rustls::ALL_VERSIONS).await.unwrap();
    assert_ne!(before, after, "the renewed certificate is not served");
    assert_eq!(facts_of_der(&before).unwrap().spki_sha256, facts_of_der(&after).unwrap().spki_sha256);
}

#[tokio::test]
async fn a_certificate_whose_key_is_not_listed_is_taken_up_once_it_is() {
    let (place, other) = (Place::new(), Place::new());
    place.init();
    other.init();
    let server = Serving::start(&place);
    let (own, foreign) = (certificate(&place), certificate(&other));
    for name in [CERTIFICATE_FILE, TLS_KEY_FILE] {
        std::fs::copy(other.path("trasa-data").join(name), place.path("trasa-data").join(name)).unwrap();
    }
    tokio::time::sleep(Duration::from_millis(1200)).await;
    assert!(visit(&server, &own, rustls::ALL_VERSIONS).await.is_some());
    assert!(visit(&server, &foreign, rustls::ALL_VERSIONS).await.is_none());
    place.json(&["key", "accept-tls", "trasa-data/tls-cert.pem"]);
    tokio::time::sleep(Duration::from_millis(1500)).await;
    assert!(visit(&server, &foreign, rustls::ALL_VERSIONS).await.is_some());
}

#[tokio::test]
async fn a_client_that_never_shakes_hands_does_not_hold_up_the_end() {
    let place = Place::new();
    place.init();
    let server = Serving::start(&place);
    let _silent = TcpStream::connect(&server.tls).await.unwrap();
    tokio::time::sleep(Duration::from_millis(200)).await;
    let begun = std::time::Instant::now();
    let (code, log) = server.stop();
    assert_eq!(code, Some(0), "{log}");
    assert!(begun.elapsed() < Duration::from_secs(5), "{log}");
}
