//! `trasa-server serve`.

use super::{Console, Failure};
use crate::app::App;
use crate::folder;
use crate::serve::{self, TlsError};
use crate::store::{OrganisationId, Use};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::signal::unix::{SignalKind, signal};

/// Arguments of `serve`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Where to serve HTTPS.
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "[::]:443")]
    listen: SocketAddr,
    /// Where to serve plain HTTP to a reverse proxy on this machine; its X-Forwarded-For is believed.
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen_proxy: Option<SocketAddr>,
    /// The installer that the dashboard offers [default: TrasaWin.msi beside this program, if it is there].
    #[arg(long, value_name = "FILE")]
    installer: Option<PathBuf>,
    /// Write the addresses, as JSON, to this file once they are listened on.
    #[arg(long, value_name = "FILE")]
    ready_file: Option<PathBuf>,
}

#[derive(serde::Serialize)]
struct Ready {
    listen: SocketAddr,
    listen_proxy: Option<SocketAddr>,
}

pub(super) fn run(arguments: Arguments, at: &Console) -> Result<(), Failure> {
    let filter = tracing_subscriber::EnvFilter::try_from_env("TRASA_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info"));
    // A second subscriber can only be a test's, which then wins.
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(false)
        .try_init();
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::refused("runtime", error.to_string()))?
        .block_on(serve(arguments, at))
}

async fn serve(arguments: Arguments, at: &Console) -> Result<(), Failure> {
    match folder::open_bits(at.data()) {
        Ok(bits) if bits != 0 => {
            let data = at.data().display();
            return Err(Failure::refused(
                "folder_too_open",
                format!(
                    "the folder {data} can be entered by other users of this machine; run `chmod 700 {data}`"
                ),
            ));
        }
        _ => {}
    }
    let store = at.open_for(Use::Server)?;
    let installer = installer(arguments.installer)?;
    let app = Arc::new(App::new(store, OrganisationId::DEFAULT)?.with_installer(installer));
    let listeners = serve::bind(arguments.listen, arguments.listen_proxy)
        .await
        .map_err(|(address, error)| listen_failure(address, &error))?;
    let address = |listener: &tokio::net::TcpListener| {
        listener.local_addr().map_err(|error| listen_failure(arguments.listen, &error))
    };
    let ready = Ready {
        listen: address(&listeners.tls)?,
        listen_proxy: listeners.proxy.as_ref().map(address).transpose()?,
    };
    let mut terminate =
        signal(SignalKind::terminate()).map_err(|error| Failure::refused("signal", error.to_string()))?;
    let mut interrupt =
        signal(SignalKind::interrupt()).map_err(|error| Failure::refused("signal", error.to_string()))?;
    let stop = async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    };
    let proxied =
        ready.listen_proxy.map(|address| format!(", http://{address} for a proxy")).unwrap_or_default();
    let announced = ready.listen;
    let serving = serve::serve(app, listeners, at.data().to_owned(), stop, || {
        if let Some(path) = &arguments.ready_file {
            let json =
                serde_json::to_vec(&ready).map_err(|error| Failure::refused("output", error.to_string()))?;
            folder::replace_private(path, &json).map_err(|error| Failure::file(path, &error))?;
        }
        at.show(&ready, &format!("Listening on https://{announced}{proxied}"))
    });
    serving.await
}

/// The file that was named, which must be there, or the one beside this program.
fn installer(named: Option<PathBuf>) -> Result<Option<PathBuf>, Failure> {
    if let Some(path) = named {
        return match std::fs::File::open(&path) {
            Ok(_) => Ok(Some(path)),
            Err(error) => Err(Failure::file(&path, &error)),
        };
    }
    let beside = std::env::current_exe().ok().map(|program| program.with_file_name("TrasaWin.msi"));
    Ok(beside.filter(|path| path.is_file()))
}

fn listen_failure(address: SocketAddr, error: &std::io::Error) -> Failure {
    let what = if error.kind() == std::io::ErrorKind::PermissionDenied {
        "; ports below 1024 need root or CAP_NET_BIND_SERVICE, or choose another with --listen"
    } else {
        ""
    };
    Failure::listen(format!("cannot listen on {address}: {error}{what}"), error.kind())
}

impl From<TlsError> for Failure {
    fn from(error: TlsError) -> Self {
        match &error {
            TlsError::Io(path, cause) if cause.kind() == std::io::ErrorKind::PermissionDenied => {
                Self::file(path, cause)
            }
            error => Self::refused("tls", error.to_string()),
        }
    }
}
