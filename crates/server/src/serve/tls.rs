//! The certificate that is served. It is looked at each second, so that `cert renew` or a
//! certificate manager needs no restart.

use crate::folder::{CERTIFICATE_FILE, TLS_KEY_FILE};
use crate::keys::ServerKeys;
use crate::keys::certificate::facts_of_der;
use arc_swap::ArcSwap;
use protocol::encoding::Sha256;
use rustls::crypto::aws_lc_rs;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;
use tokio_rustls::TlsAcceptor;

/// Why no TLS can be served.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// A file cannot be read.
    #[error("the TLS file {0} cannot be read: {1}; put it back, or run `trasa-server cert renew`")]
    Io(PathBuf, #[source] io::Error),
    /// Others can read the key.
    #[error("the TLS key {0} can be read by other users of this machine; run `chmod 600 {0}`")]
    TooOpen(PathBuf),
    /// A file holds something else, or certificate and key do not belong together.
    #[error(
        "the TLS files {0} cannot be used: {1}; put the right ones back, or run `trasa-server cert renew`"
    )]
    Unusable(PathBuf, String),
    /// Agents that skip verification would not accept the key.
    #[error("the certificate's key ({0}) is not in the key list; run `trasa-server key accept-tls {1}`")]
    Unlisted(Sha256, PathBuf),
}

/// Certificate and key in the data folder.
#[derive(Debug)]
pub struct TlsFiles {
    data: PathBuf,
    current: Arc<Current>,
    seen: Mutex<Stamp>,
}

#[derive(Debug)]
struct Current {
    key: ArcSwap<CertifiedKey>,
    spki: ArcSwap<Sha256>,
}

impl ResolvesServerCert for Current {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.key.load_full())
    }
}

/// When the files were written and how long they are.
type Stamp = [Option<(SystemTime, u64)>; 2];

impl TlsFiles {
    /// Reads both files.
    ///
    /// # Errors
    /// [`TlsError`].
    pub fn open(data: PathBuf) -> Result<Self, TlsError> {
        let seen = Mutex::new(stamp(&data));
        let (key, spki) = load(&data)?;
        let current =
            Arc::new(Current { key: ArcSwap::from_pointee(key), spki: ArcSwap::from_pointee(spki) });
        Ok(Self { data, current, seen })
    }

    /// Whether agents that skip verification accept the key that is served.
    ///
    /// # Errors
    /// [`TlsError::Unlisted`].
    pub fn check_listed(&self, keys: &ServerKeys) -> Result<(), TlsError> {
        listed(**self.current.spki.load(), keys, &self.data)
    }

    /// Takes files that changed into use, if their key is listed; says whether they changed.
    ///
    /// # Errors
    /// [`TlsError`]; the former certificate stays in use.
    pub fn refresh(&self, keys: &ServerKeys) -> Result<bool, TlsError> {
        let now = stamp(&self.data);
        {
            let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
            if *seen == now {
                return Ok(false);
            }
            *seen = now;
        }
        let (key, spki) = load(&self.data)?;
        listed(spki, keys, &self.data)?;
        self.current.key.store(Arc::new(key));
        self.current.spki.store(Arc::new(spki));
        Ok(true)
    }

    /// Looks at the files again even though they did not change: the key list did.
    pub fn look_again(&self) {
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = Stamp::default();
    }

    /// Accepts TLS 1.2 and 1.3 with whatever certificate is current.
    ///
    /// # Errors
    /// [`TlsError::Unusable`] where the library lacks these versions.
    pub(super) fn acceptor(&self) -> Result<TlsAcceptor, TlsError> {
        let resolver: Arc<Current> = Arc::clone(&self.current);
        // The provider is named: a second one anywhere in the build would make the default ambiguous.
        let mut config = rustls::ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_protocol_versions(rustls::ALL_VERSIONS)
            .map_err(|error| TlsError::Unusable(self.data.clone(), error.to_string()))?
            .with_no_client_auth()
            .with_cert_resolver(resolver);
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(TlsAcceptor::from(Arc::new(config)))
    }
}

fn listed(spki: Sha256, keys: &ServerKeys, data: &Path) -> Result<(), TlsError> {
    if keys.list.tls.contains(&spki) {
        Ok(())
    } else {
        Err(TlsError::Unlisted(spki, data.join(CERTIFICATE_FILE)))
    }
}

fn stamp(data: &Path) -> Stamp {
    [CERTIFICATE_FILE, TLS_KEY_FILE].map(|name| {
        let metadata = std::fs::metadata(data.join(name)).ok()?;
        Some((metadata.modified().ok()?, metadata.len()))
    })
}

fn load(data: &Path) -> Result<(CertifiedKey, Sha256), TlsError> {
    let (certificate_path, key_path) = (data.join(CERTIFICATE_FILE), data.join(TLS_KEY_FILE));
    let read = |path: &Path| std::fs::read(path).map_err(|error| TlsError::Io(path.to_owned(), error));
    let unusable =
        |path: &Path, why: &dyn std::fmt::Display| TlsError::Unusable(path.to_owned(), why.to_string());
    match crate::folder::open_bits(&key_path) {
        Ok(0) => {}
        Ok(_) => return Err(TlsError::TooOpen(key_path)),
        Err(error) => return Err(TlsError::Io(key_path, error)),
    }
    let chain = CertificateDer::pem_slice_iter(&read(&certificate_path)?)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| unusable(&certificate_path, &error))?;
    let leaf = chain.first().ok_or_else(|| unusable(&certificate_path, &"there is no certificate in it"))?;
    let spki = facts_of_der(leaf).map_err(|error| unusable(&certificate_path, &error))?.spki_sha256;
    let pem = zeroize::Zeroizing::new(read(&key_path)?);
    // The parser's own words could repeat what it read.
    let key = PrivateKeyDer::from_pem_slice(&pem)
        .map_err(|_| unusable(&key_path, &"there is no private key in it"))?;
    let key = CertifiedKey::from_der(chain, key, &aws_lc_rs::default_provider())
        .map_err(|error| unusable(&certificate_path, &error))?;
    Ok((key, spki))
}
