//! Clients: each sends its requests one after the other over one TLS connection.

use crate::child::Child;
use crate::population::Population;
use crate::requests::Prepared;
use anyhow::{Context as _, Result, bail};
use protocol::encoding::Bytes;
use protocol::keys::KeyList;
use protocol::signing::{self, Tag};
use protocol::v2::{Answer, DecisionResult};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs, verify_tls12_signature, verify_tls13_signature};
use rustls::{ClientConfig, DigitallySignedStruct, SignatureScheme};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use server::keys::VerifyingKey;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::Barrier;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// One of so many answers has its signature verified, after the clock was stopped.
const SAMPLE: usize = 97;

/// What a phase took.
pub struct Measured {
    /// From the first request to the last answer.
    pub elapsed: Duration,
    /// Each answer's time, shortest first.
    pub times: Vec<Duration>,
}

impl Measured {
    /// Answers a second.
    pub fn per_second(&self) -> f64 {
        f64::from(u32::try_from(self.times.len()).unwrap_or(u32::MAX)) / self.elapsed.as_secs_f64()
    }

    /// The time within which so many of a hundred answers came.
    pub fn percentile(&self, percent: usize) -> Duration {
        let last = self.times.len().saturating_sub(1);
        self.times.get(last * percent / 100).copied().unwrap_or_default()
    }
}

/// Sends every client's requests, all clients at once. `decides` says that answers must be the expected
/// decisions; else only their signatures are looked at.
pub async fn run(
    child: &Child,
    population: &Population,
    clients: Vec<Vec<Prepared>>,
    decides: bool,
) -> Result<Measured> {
    let config = Arc::new(client_config(child.certificate.clone())?);
    let barrier = Arc::new(Barrier::new(clients.len() + 1));
    let mut tasks = tokio::task::JoinSet::new();
    for requests in clients {
        let stream = connect(child, Arc::clone(&config)).await?;
        let (barrier, list) = (Arc::clone(&barrier), population.keys.clone());
        tasks.spawn(async move {
            barrier.wait().await;
            client(stream, requests, &list, decides).await
        });
    }
    barrier.wait().await;
    let started = Instant::now();
    let mut times = Vec::new();
    let mut elapsed = Duration::ZERO;
    while let Some(joined) = tasks.join_next().await {
        let (mine, ended) = joined??;
        times.extend(mine);
        elapsed = elapsed.max(ended.duration_since(started));
    }
    times.sort_unstable();
    Ok(Measured { elapsed, times })
}

async fn client(
    mut stream: TlsStream<TcpStream>,
    requests: Vec<Prepared>,
    list: &KeyList,
    decides: bool,
) -> Result<(Vec<Duration>, Instant)> {
    let mut times = Vec::with_capacity(requests.len());
    let mut kept = Vec::new();
    let mut buffer = Vec::with_capacity(4096);
    for (number, request) in requests.iter().enumerate() {
        let started = Instant::now();
        stream.write_all(&request.bytes).await?;
        let reply = reply(&mut stream, &mut buffer).await?;
        times.push(started.elapsed());
        if decides && !is_expected(&buffer[reply.body..], request.expect) {
            bail!("an unexpected answer: {}", String::from_utf8_lossy(&buffer));
        }
        if number % SAMPLE == 0 {
            kept.push((number, reply, buffer.clone()));
        }
        buffer.clear();
    }
    let ended = Instant::now();
    for (number, reply, bytes) in kept {
        let request = requests.get(number).context("no such request")?;
        verify(request, &reply, &bytes, list)?;
    }
    Ok((times, ended))
}

fn is_expected(body: &[u8], expect: DecisionResult) -> bool {
    let expect: &[u8] = match expect {
        DecisionResult::Allow => br#""result":"allow","reason":"code_accepted""#,
        DecisionResult::Deny => br#""result":"deny","reason":"code_wrong""#,
    };
    body.windows(expect.len()).any(|window| window == expect)
}

/// Where the parts of an answer lie in its bytes.
struct Reply {
    status: u16,
    body: usize,
}

async fn reply(stream: &mut TlsStream<TcpStream>, buffer: &mut Vec<u8>) -> Result<Reply> {
    loop {
        if stream.read_buf(buffer).await? == 0 {
            bail!("the server closed a connection");
        }
        let Some(end) = buffer.windows(4).position(|window| window == b"\r\n\r\n") else { continue };
        let head = std::str::from_utf8(&buffer[..end])?;
        let length: usize = header(head, "content-length").context("an answer without a length")?.parse()?;
        let status = head.split(' ').nth(1).context("an answer without a status")?.parse()?;
        let body = end + 4;
        while buffer.len() < body + length {
            if stream.read_buf(buffer).await? == 0 {
                bail!("the server closed a connection");
            }
        }
        return Ok(Reply { status, body });
    }
}

fn header(head: &str, name: &str) -> Option<String> {
    head.split("\r\n").skip(1).find_map(|line| {
        let (found, value) = line.split_once(':')?;
        found.eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
    })
}

fn verify(request: &Prepared, reply: &Reply, bytes: &[u8], list: &KeyList) -> Result<()> {
    let (head, body) = bytes.split_at(reply.body);
    let head = std::str::from_utf8(head)?;
    let unverified = signing::read_response(
        &request.signed,
        request.nonce,
        reply.status,
        body,
        |name| header(head, name),
        Tag::Response,
    )?;
    let key = Bytes::parse(&unverified.parameters.key_id).context("the key id")?;
    let key = list.signing_key(&key).context("an unknown key")?;
    if !unverified.verify(&VerifyingKey::new(key)) {
        bail!("an answer's signature does not verify");
    }
    serde_json::from_slice::<Answer>(body)?;
    Ok(())
}

async fn connect(child: &Child, config: Arc<ClientConfig>) -> Result<TlsStream<TcpStream>> {
    let stream = TcpStream::connect(child.address).await?;
    stream.set_nodelay(true)?;
    let name = ServerName::try_from("localhost")?;
    Ok(TlsConnector::from(config).connect(name, stream).await?)
}

fn client_config(certificate: CertificateDer<'static>) -> Result<ClientConfig> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let verifier = Arc::new(Pinned { certificate, provider: Arc::clone(&provider) });
    Ok(ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(verifier)
        .with_no_client_auth())
}

/// Accepts the one certificate that the server's folder holds.
#[derive(Debug)]
struct Pinned {
    certificate: CertificateDer<'static>,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Pinned {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        if *end_entity == self.certificate {
            Ok(ServerCertVerified::assertion())
        } else {
            Err(rustls::Error::General("another certificate than the server's".to_owned()))
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signed, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signed, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
