//! Accepting connections and serving HTTP/1 on them, with a bound on everything a client can make slow.

use crate::http::peer::Peer;
use axum::Router;
use axum::extract::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio_rustls::TlsAcceptor;

/// How long a TLS handshake may take.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// How long the head of a request may take, the wait for it on an idle connection included.
const HEAD: Duration = Duration::from_secs(30);
/// Most bytes of a request's head.
const HEAD_BYTES: usize = 32 * 1024;
/// Most connections at once, so that a flood ends in waiting and not in a lack of file handles.
const CONNECTIONS: usize = 16_384;

pub(super) async fn tls(
    listener: TcpListener,
    acceptor: TlsAcceptor,
    router: Router,
    graceful: Arc<GracefulShutdown>,
    draining: watch::Receiver<bool>,
) {
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        let (stream, address, place) = accept(&listener, &places).await;
        let (acceptor, router, graceful) = (acceptor.clone(), router.clone(), graceful.watcher());
        let mut draining = draining.clone();
        tokio::spawn(async move {
            let handshake = tokio::select! {
                handshake = tokio::time::timeout(HANDSHAKE, acceptor.accept(stream)) => handshake,
                // Nothing was asked yet, so nothing is cut off.
                _ = draining.wait_for(|draining| *draining) => return,
            };
            match handshake {
                Ok(Ok(stream)) => serve(stream, address.ip(), Via::Direct, router, graceful, place).await,
                Ok(Err(error)) => {
                    tracing::debug!(error = %error, client_ip = %address.ip(), "A TLS handshake failed");
                }
                Err(_) => tracing::debug!(client_ip = %address.ip(), "A TLS handshake took too long"),
            }
        });
    }
}

pub(super) async fn plain(listener: TcpListener, router: Router, graceful: Arc<GracefulShutdown>) {
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        let (stream, address, place) = accept(&listener, &places).await;
        let (router, graceful) = (router.clone(), graceful.watcher());
        tokio::spawn(serve(stream, address.ip(), Via::Proxy, router, graceful, place));
    }
}

#[derive(Clone, Copy)]
enum Via {
    Direct,
    Proxy,
}

async fn accept(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> (TcpStream, SocketAddr, Option<OwnedSemaphorePermit>) {
    // The semaphore is never closed; without a permit the connection is served all the same.
    let place = Arc::clone(places).acquire_owned().await.ok();
    loop {
        match listener.accept().await {
            Ok((stream, address)) => {
                let _ = stream.set_nodelay(true);
                return (stream, address, place);
            }
            Err(error) => {
                // Out of file handles, or a client that was gone at once: others are served on.
                tracing::warn!(error = %error, "A connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

async fn serve<S>(
    stream: S,
    address: IpAddr,
    via: Via,
    router: Router,
    graceful: Watcher,
    place: Option<OwnedSemaphorePermit>,
) where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = hyper::service::service_fn(move |request: Request<Incoming>| {
        let mut request = request.map(axum::body::Body::new);
        let peer = match via {
            Via::Direct => Peer::direct(address),
            Via::Proxy => Peer::behind_proxy(address, request.headers()),
        };
        request.extensions_mut().insert(peer);
        let router = router.clone();
        async move { Ok::<_, Infallible>(call(router, request).await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .max_buf_size(HEAD_BYTES)
        .serve_connection(TokioIo::new(stream), service);
    if let Err(error) = graceful.watch(connection).await {
        tracing::debug!(error = %error, client_ip = %address, "A connection ended early");
    }
    drop(place);
}

async fn call(mut router: Router, request: Request) -> axum::response::Response {
    use tower::Service as _;
    // A router is always ready and never fails.
    match router.call(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    }
}
