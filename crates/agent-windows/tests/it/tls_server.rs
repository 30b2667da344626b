//! A TLS server that writes down every byte that it was sent.
#![allow(dead_code, reason = "each test program uses a part")]

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use agent::ports::Address;
use protocol::encoding::{Bytes, Sha256};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    PublicKeyData,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use sha2::Digest as _;

/// A root of our own.
pub struct Root(CertifiedIssuer<'static, KeyPair>);

impl Root {
    pub fn new(name: &str) -> Self {
        let mut params = CertificateParams::new(Vec::<String>::new()).unwrap();
        params.distinguished_name.push(rcgen::DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![rcgen::KeyUsagePurpose::KeyCertSign, rcgen::KeyUsagePurpose::CrlSign];
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    pub fn der(&self) -> &[u8] {
        self.0.der()
    }
}

/// When a certificate is good.
#[derive(Clone, Copy)]
pub enum Dates {
    Now,
    Past,
}

/// A certificate with its key.
pub struct Identity {
    certificate: CertificateDer<'static>,
    key: KeyPair,
}

impl Identity {
    pub fn issued_by(root: &Root, host: &str, dates: Dates) -> Self {
        Self::with_key(root, host, dates, KeyPair::generate().unwrap())
    }

    pub fn with_key(root: &Root, host: &str, dates: Dates, key: KeyPair) -> Self {
        let certificate = params(host, dates).signed_by(&key, &root.0).unwrap();
        Self { certificate: certificate.der().clone(), key }
    }

    pub fn self_signed(host: &str) -> Self {
        let key = KeyPair::generate().unwrap();
        let certificate = params(host, Dates::Now).self_signed(&key).unwrap();
        Self { certificate: certificate.der().clone(), key }
    }

    /// SHA-256 of SubjectPublicKeyInfo, by another implementation than the one under test.
    pub fn key_hash(&self) -> Sha256 {
        Bytes(sha2::Sha256::digest(self.key.subject_public_key_info()).into())
    }
}

fn params(host: &str, dates: Dates) -> CertificateParams {
    let mut params = CertificateParams::new(vec![host.to_owned()]).unwrap();
    params.distinguished_name.push(rcgen::DnType::CommonName, host);
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    if matches!(dates, Dates::Past) {
        params.not_before = rcgen::date_time_ymd(2020, 1, 1);
        params.not_after = rcgen::date_time_ymd(2020, 2, 1);
    } else {
        params.not_before = rcgen::date_time_ymd(2020, 1, 1);
    }
    params
}

/// What the server does once a request's head and body are there.
#[derive(Clone)]
pub enum Answer {
    Bytes(Vec<u8>),
    /// Nothing, with the connection kept open.
    Silence,
    /// Bytes for each request on a connection, then the connection is closed without a word.
    CloseAfter(Vec<u8>),
}

pub fn ok(body: &str) -> Answer {
    Answer::Bytes(
        format!(
            "HTTP/1.1 200 OK\r\nContent-Length: {}\r\nContent-Digest: sha-256=:x:\r\nSignature: trasa=:y:\r\n\r\n{body}",
            body.len()
        )
        .into_bytes(),
    )
}

/// Listens on a port of its own; each connection's bytes come out of `received` when it ends.
pub struct Server {
    pub address: Address,
    pub received: Mutex<Receiver<Vec<u8>>>,
}

impl Server {
    pub fn start(identity: &Identity, answer: Answer) -> Self {
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(identity.key.serialize_der()));
        let config =
            rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
                .with_safe_default_protocol_versions()
                .unwrap()
                .with_no_client_auth()
                .with_single_cert(vec![identity.certificate.clone()], key)
                .unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (sender, received) = channel();
        let config = Arc::new(config);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (stream, config) = (stream.unwrap(), Arc::clone(&config));
                let (sender, answer) = (sender.clone(), answer.clone());
                std::thread::spawn(move || {
                    stream.set_read_timeout(Some(Duration::from_secs(4))).unwrap();
                    let tls =
                        rustls::StreamOwned::new(rustls::ServerConnection::new(config).unwrap(), stream);
                    let _receiver_may_be_gone = sender.send(serve(tls, &answer));
                });
            }
        });
        Self {
            address: Address::parse(&format!("localhost:{port}")).unwrap(),
            received: Mutex::new(received),
        }
    }

    /// The bytes of the next connection that ended.
    pub fn next_connection(&self) -> Vec<u8> {
        self.received.lock().unwrap().recv_timeout(Duration::from_secs(30)).unwrap()
    }
}

fn serve(mut tls: impl Read + Write, answer: &Answer) -> Vec<u8> {
    let (mut all, mut request) = (Vec::new(), Vec::new());
    let mut chunk = [0; 4096];
    while let Ok(read @ 1..) = tls.read(&mut chunk) {
        all.extend_from_slice(&chunk[..read]);
        request.extend_from_slice(&chunk[..read]);
        if !is_complete(&request) {
            continue;
        }
        request.clear();
        match answer {
            Answer::Silence => {}
            Answer::Bytes(bytes) => {
                let _client_may_be_gone = tls.write_all(bytes).and_then(|()| tls.flush());
            }
            Answer::CloseAfter(bytes) => {
                let _client_may_be_gone = tls.write_all(bytes).and_then(|()| tls.flush());
                break;
            }
        }
    }
    all
}

fn is_complete(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request);
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length = head
        .lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .map_or(0, |(_, value)| value.trim().parse().unwrap());
    body.len() >= length
}
