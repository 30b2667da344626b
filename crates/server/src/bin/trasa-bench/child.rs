//! The measured processes: the server itself, and a handler that only checks and makes signatures.

use crate::population::{self, Place};
use anyhow::{Context as _, Result, bail};
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use protocol::encoding::{Bytes, PublicKey};
use protocol::id::{LogonId, MachineId, ServiceId};
use protocol::signing::{self, Parameters, Signer as _, Tag};
use protocol::v2::{Account, AccountKind, Answer, Decision, DecisionResult, Params};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use server::app::App;
use server::http::body::WholeBody;
use server::keys::{ServerKeys, VerifyingKey};
use server::store::{OrganisationId, Use};
use server::{clock, folder, serve};
use std::collections::HashMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// What a process does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Kind {
    /// The server as it ships.
    Server,
    /// Verifies the request, signs a fixed answer, stores nothing.
    Bare,
}

/// A running process; ended when dropped.
pub struct Child {
    process: std::process::Child,
    pub address: SocketAddr,
    pub certificate: CertificateDer<'static>,
}

impl Child {
    pub fn start(kind: Kind, place: &Place) -> Result<Self> {
        let word = if kind == Kind::Server { "server" } else { "bare" };
        let ready = place.path().join(format!("{word}.ready"));
        let process = Command::new(std::env::current_exe()?)
            .arg("--child")
            .arg(place.data())
            .args(["--kind", word, "--ready"])
            .arg(&ready)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .context("cannot start a process of the benchmark")?;
        let certificate = CertificateDer::from_pem_file(place.data().join(folder::CERTIFICATE_FILE))
            .context("cannot read the certificate")?;
        let mut child = Self { process, address: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), certificate };
        let started = Instant::now();
        while child.address.port() == 0 {
            std::thread::sleep(Duration::from_millis(5));
            if let Some(address) = std::fs::read_to_string(&ready).ok().and_then(|text| text.parse().ok()) {
                child.address = address;
            } else if started.elapsed() > Duration::from_secs(30) || child.process.try_wait()?.is_some() {
                bail!("a process of the benchmark did not start");
            }
        }
        Ok(child)
    }

    /// Resident memory in KiB: now, and at its highest.
    pub fn memory(&self) -> Result<(u64, u64)> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id()))?;
        let field = |name: &str| {
            status
                .lines()
                .find_map(|line| line.strip_prefix(name)?.split_whitespace().next()?.parse().ok())
                .with_context(|| format!("no {name} in the process's status"))
        };
        Ok((field("VmRSS:")?, field("VmHWM:")?))
    }

    /// Processor time spent so far, over all threads.
    pub fn cpu(&self) -> Result<Duration> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.process.id()))?;
        // The second field is the name in parentheses; utime and stime are the 14th and 15th.
        let after = stat.rsplit_once(") ").context("the process's times")?.1;
        let ticks: u64 =
            after.split(' ').skip(11).take(2).map(|field| field.parse::<u64>().unwrap_or(0)).sum();
        // Linux counts in hundredths of a second here, whatever its timer does.
        Ok(Duration::from_millis(ticks * 10))
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The process itself.
pub fn run(kind: Kind, data: &Path, ready: &Path) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    match kind {
        Kind::Server => runtime.block_on(serve_as_shipped(data, ready)),
        Kind::Bare => runtime.block_on(serve_bare(data, ready)),
    }
}

fn announce(ready: &Path, address: SocketAddr) -> Result<()> {
    // Written aside and renamed, so that nobody reads half an address.
    let aside = ready.with_extension("new");
    std::fs::write(&aside, address.to_string())?;
    Ok(std::fs::rename(aside, ready)?)
}

async fn serve_as_shipped(data: &Path, ready: &Path) -> Result<()> {
    let store = population::open(data, Use::Server)?;
    let app = Arc::new(App::new(store, OrganisationId::DEFAULT)?);
    let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let listeners = serve::bind(any, None).await.map_err(|(_, error)| error)?;
    let address = listeners.tls.local_addr()?;
    let told = || announce(ready, address);
    serve::serve(app, listeners, data.to_owned(), std::future::pending(), told).await
}

/// What the bare handler has at hand.
struct Bare {
    keys: ServerKeys,
    machines: HashMap<String, PublicKey>,
}

async fn serve_bare(data: &Path, ready: &Path) -> Result<()> {
    let store = population::open(data, Use::Command)?;
    let machines = store.machines(OrganisationId::DEFAULT).await?;
    let mut known = HashMap::new();
    for machine in machines {
        let found = store.read(|read| read.known_machine(OrganisationId::DEFAULT, machine.id))?;
        known.insert(machine.id.to_string(), found.context("a machine is gone")?.public_key);
    }
    let keys = store.server_keys(OrganisationId::DEFAULT)?;
    let router = Router::new().fallback(bare).with_state(Arc::new(Bare { keys, machines: known }));
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    announce(ready, listener.local_addr()?)?;
    let acceptor = acceptor(&data.join(folder::CERTIFICATE_FILE), &data.join(folder::TLS_KEY_FILE))?;
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let (acceptor, service) = (acceptor.clone(), TowerToHyperService::new(router.clone()));
        tokio::spawn(async move {
            if let Ok(stream) = acceptor.accept(stream).await {
                let http = hyper::server::conn::http1::Builder::new();
                let _ = http.serve_connection(TokioIo::new(stream), service).await;
            }
        });
    }
}

fn acceptor(certificate: &PathBuf, key: &PathBuf) -> Result<TlsAcceptor> {
    let chain = CertificateDer::pem_file_iter(certificate)?.collect::<Result<Vec<_>, _>>()?;
    let key = PrivateKeyDer::from_pem_file(key)?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, key)?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}

async fn bare(
    State(at): State<Arc<Bare>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    WholeBody(body): WholeBody,
) -> Response {
    let header = |name: &str| Some(headers.get(name)?.to_str().ok()?.to_owned());
    let target = (method.as_str(), uri.path(), uri.query().unwrap_or_default());
    let Ok((request, unverified)) = signing::read_request(target, &body, header, Tag::Request) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let key = at.machines.get(&unverified.parameters.key_id);
    if !key.is_some_and(|key| unverified.verify(&VerifyingKey::new(key))) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let answer = fixed_answer();
    let Ok(body) = serde_json::to_vec(&answer) else { return StatusCode::BAD_REQUEST.into_response() };
    let parameters = Parameters {
        created: clock::now(),
        key_id: at.keys.signing.key_id(),
        nonce: unverified.parameters.nonce,
        tag: Tag::Response,
    };
    let signed = signing::sign_response(&request, 200, &body, &parameters, &at.keys.signing);
    let headers = [
        (signing::CONTENT_DIGEST, signed.content_digest),
        (signing::SIGNATURE_INPUT, signed.signature_input),
        (signing::SIGNATURE, signed.signature),
    ];
    (headers, body).into_response()
}

/// An answer of the usual length.
fn fixed_answer() -> Answer {
    Answer::Decision(Decision {
        logon: LogonId(Bytes([1; 16])),
        machine: MachineId(Bytes([2; 16])),
        service: ServiceId(Bytes([3; 16])),
        account: Account {
            sid: Some(format!("{}-1104", population::DOMAIN_SID)),
            domain: "ACME".to_owned(),
            dns_domain: Some("acme.example".to_owned()),
            name: "user00001".to_owned(),
            kind: AccountKind::Domain,
        },
        result: DecisionResult::Allow,
        reason: protocol::reason::Reason::CodeAccepted,
        parameters: Params::new(),
        short_code: "K7M2QX".to_owned(),
        time: clock::now(),
    })
}
