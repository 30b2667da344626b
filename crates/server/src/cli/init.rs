//! `trasa-server init`.

use super::{Console, Failure};
use crate::clock;
use crate::init::{InitError, Plan, init};
use std::path::PathBuf;

/// Arguments of `init`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Names or addresses by which machines reach the server, for its certificate [default: this
    /// machine's name and localhost].
    #[arg(long = "host", value_name = "NAMES", value_delimiter = ',')]
    hosts: Vec<String>,
    /// Where people reach the server; fixed for good [default: https:// and the first host].
    #[arg(long, value_name = "URL")]
    public_url: Option<String>,
    /// Addresses that agents are told, `host` or `host:port`; without it, those they were given by hand.
    #[arg(long = "address", value_name = "ADDRESSES", value_delimiter = ',')]
    addresses: Vec<String>,
    /// Where to write the recovery key; put it away afterwards.
    #[arg(long, value_name = "FILE", default_value = "./trasa-recovery.key")]
    recovery_out: PathBuf,
}

pub(super) async fn run(arguments: Arguments, at: &Console) -> Result<(), Failure> {
    let mut hosts = arguments.hosts;
    if hosts.is_empty() {
        hosts.extend(own_name());
        if !hosts.iter().any(|host| host == "localhost") {
            hosts.push("localhost".to_owned());
        }
    }
    let public_url = match arguments.public_url {
        Some(url) => check_url(url)?,
        None => format!("https://{}", hosts.first().map_or("localhost", String::as_str)),
    };
    let plan =
        Plan { hosts, public_url, addresses: arguments.addresses, recovery_out: arguments.recovery_out };
    let made = init(at.data(), &plan, at.actor(), clock::now()).await?;
    let text = format!(
        "Made {}.\nRecovery key: {}. Put it away, in two places, then show a copy:\n  trasa-server key confirm-recovery --recovery-key FILE\nNext: trasa-server serve. The first owner's link, good once, for a day:\n  {}",
        made.data.display(),
        made.recovery_key.display(),
        made.owner_link.as_str()
    );
    at.show(&made, &text)
}

fn own_name() -> Option<String> {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").ok()?;
    let name = name.trim().to_ascii_lowercase();
    crate::keys::certificate::is_host(&name).then_some(name)
}

fn check_url(url: String) -> Result<String, Failure> {
    // Browsers take http://localhost for as good as HTTPS: for trying things out behind --listen-proxy.
    let authority = url
        .strip_prefix("https://")
        .or_else(|| {
            url.strip_prefix("http://").filter(|rest| rest.split([':', '/']).next() == Some("localhost"))
        })
        .map(|rest| rest.trim_end_matches('/'));
    let sound = authority.is_some_and(|authority| {
        authority.parse::<axum::http::uri::Authority>().is_ok_and(|parsed| {
            !authority.contains('@') && !authority.contains('/') && !parsed.host().is_empty()
        })
    });
    if sound {
        Ok(url.trim_end_matches('/').to_owned())
    } else {
        Err(Failure::usage(format!(
            "--public-url {url:?} is not https://HOST or https://HOST:PORT, nor http://localhost:PORT for trying things out"
        )))
    }
}

impl From<InitError> for Failure {
    fn from(error: InitError) -> Self {
        match error {
            InitError::File(path, cause) => Self::file(&path, &cause),
            InitError::Store(error) => error.into(),
            InitError::Seal(error) => error.into(),
            InitError::Used(_) => Self::refused("already_initialised", error.to_string()),
            InitError::RecoveryKeyExists(_) => Self::refused("recovery_key_exists", error.to_string()),
            InitError::Certificate(error) => Self::usage(error.to_string()),
            InitError::Key(error) => error.into(),
        }
    }
}
