//! Serving: listeners, TLS, upkeep each second, graceful drain.

mod announce;
mod listen;
mod tls;
mod upkeep;

pub use tls::{TlsError, TlsFiles};

use crate::app::App;
use crate::{audit, http};
use hyper_util::server::graceful::GracefulShutdown;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;

/// How long requests that run may take to end after the signal.
const DRAIN: Duration = Duration::from_secs(10);

/// What to serve on.
#[derive(Debug)]
pub struct Listeners {
    /// HTTPS.
    pub tls: TcpListener,
    /// Plain HTTP for a reverse proxy.
    pub proxy: Option<TcpListener>,
}

/// Binds the listeners; port 0 is one that the system picks.
///
/// # Errors
/// The address, and why it cannot be listened on.
pub async fn bind(
    tls: SocketAddr,
    proxy: Option<SocketAddr>,
) -> Result<Listeners, (SocketAddr, std::io::Error)> {
    let listener = match TcpListener::bind(tls).await {
        // A machine without IPv6: all addresses are those of IPv4 then.
        Err(error) if tls.ip() == std::net::Ipv6Addr::UNSPECIFIED && is_without_ipv6(&error) => {
            let tls = SocketAddr::from((std::net::Ipv4Addr::UNSPECIFIED, tls.port()));
            TcpListener::bind(tls).await
        }
        result => result,
    };
    let listener = listener.map_err(|error| (tls, error))?;
    let proxy = match proxy {
        Some(address) => Some(TcpListener::bind(address).await.map_err(|error| (address, error))?),
        None => None,
    };
    Ok(Listeners { tls: listener, proxy })
}

fn is_without_ipv6(error: &std::io::Error) -> bool {
    matches!(error.kind(), std::io::ErrorKind::Unsupported | std::io::ErrorKind::AddrNotAvailable)
        || error.raw_os_error() == Some(97)
}

/// Serves until `stop` completes, then drains. The certificate's key must be in the key list.
/// `ready` is called when all that can fail at the start is done.
///
/// # Errors
/// [`TlsError`] or what `ready` answered, before anything is served.
pub async fn serve<E: From<TlsError>>(
    app: Arc<App>,
    listeners: Listeners,
    data: PathBuf,
    stop: impl Future<Output = ()>,
    ready: impl FnOnce() -> Result<(), E>,
) -> Result<(), E> {
    let files = Arc::new(TlsFiles::open(data.clone())?);
    files.check_listed(&app.keys())?;
    let acceptor = files.acceptor()?;
    ready()?;
    let router = http::router(Arc::clone(&app));
    let graceful = Arc::new(GracefulShutdown::new());
    let mut tasks = tokio::task::JoinSet::new();
    tasks.spawn(listen::tls(listeners.tls, acceptor, router.clone(), Arc::clone(&graceful), app.draining()));
    if let Some(listener) = listeners.proxy {
        tasks.spawn(listen::plain(listener, router, Arc::clone(&graceful)));
    }
    let sealer = tokio::spawn(audit::sealer::run(Arc::clone(&app)));
    let upkeep = tokio::spawn(upkeep::run(Arc::clone(&app), files, data));
    stop.await;
    tracing::info!("Draining");
    app.drain();
    tasks.shutdown().await;
    // The listeners' tasks have ended, so this is the last owner.
    if let Some(graceful) = Arc::into_inner(graceful) {
        tokio::select! {
            () = graceful.shutdown() => {}
            () = tokio::time::sleep(DRAIN) => tracing::warn!("Requests were cut off"),
        }
    }
    upkeep.abort();
    sealer.abort();
    audit::sealer::close_all(&app).await;
    tracing::info!("Stopped");
    Ok(())
}
