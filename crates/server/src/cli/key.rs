//! `trasa-server key`: the server's signing keys, the recovery key, accepted TLS keys.

use super::{Console, Failure};
use crate::audit::Entry;
use crate::clock;
use crate::init::RECOVERY_CONFIRMED;
use crate::keys::certificate::{CertificateError, facts};
use crate::keys::change;
use crate::keys::p256::SigningKey;
use crate::keys::recovery::{self, RecoveryError};
use crate::store::OrganisationId;
use crate::store::keys::{SigningKeyRow, TlsKey};
use protocol::encoding::Sha256;
use std::path::PathBuf;

/// What to do with keys.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Show the anchor, the signing keys and the accepted TLS keys.
    List,
    /// Make a new signing key, vouched for by the one in use. Agents follow by themselves.
    Rotate,
    /// Make a new signing key where the old one is lost or stolen. Agents follow by the recovery key.
    Recover {
        /// The recovery key that `init` wrote.
        #[arg(long, value_name = "FILE")]
        recovery_key: PathBuf,
    },
    /// Accept one more TLS key, such as a reverse proxy's, where agents skip TLS verification.
    AcceptTls {
        /// The certificate (PEM).
        #[arg(value_name = "CERT")]
        certificate: PathBuf,
    },
    /// Show a copy of the recovery key, so that `doctor` stops reminding you.
    ConfirmRecovery {
        /// The copy.
        #[arg(long, value_name = "FILE")]
        recovery_key: PathBuf,
    },
}

#[derive(serde::Serialize)]
struct Listed {
    anchor: Sha256,
    epoch: u32,
    serial: u32,
    addresses: Vec<String>,
    signing: Vec<SigningKeyRow>,
    tls: Vec<TlsKey>,
    recovery_confirmed: Option<i64>,
}

#[derive(serde::Serialize)]
struct Changed {
    key_id: Sha256,
    epoch: u32,
    serial: u32,
}

pub(super) async fn run(command: Command, at: &Console) -> Result<(), Failure> {
    match command {
        Command::List => list(at),
        Command::Rotate => rotate(at).await,
        Command::Recover { recovery_key } => recover(recovery_key, at).await,
        Command::AcceptTls { certificate } => accept_tls(certificate, at).await,
        Command::ConfirmRecovery { recovery_key } => confirm_recovery(recovery_key, at).await,
    }
}

fn list(at: &Console) -> Result<(), Failure> {
    let organisation = OrganisationId::DEFAULT;
    let store = at.open()?;
    let confirmed = store.setting(organisation, RECOVERY_CONFIRMED)?.and_then(|time| time.parse().ok());
    let listed = store.read(|read| {
        let keys = read.server_keys(organisation)?;
        Ok(Listed {
            anchor: keys.anchor.fingerprint(),
            epoch: keys.list.epoch,
            serial: keys.list.serial,
            addresses: keys.list.addresses.clone(),
            signing: read.signing_keys(organisation)?,
            tls: read.tls_keys(organisation)?,
            recovery_confirmed: confirmed,
        })
    })?;
    let mut text = format!(
        "Anchor       {}\nKey list     epoch {}, serial {}\nRecovery key {}\n",
        listed.anchor,
        listed.epoch,
        listed.serial,
        if confirmed.is_some() { "a copy was shown" } else { "no copy was ever shown" }
    );
    for key in &listed.signing {
        let state = if key.retired.is_some() { "retired" } else { "in use" };
        text.push_str(&format!("Signing key  {} {state}\n", key.key_id));
    }
    for key in &listed.tls {
        text.push_str(&format!("TLS key      {} {}\n", key.spki_sha256, key.label));
    }
    at.show(&listed, &text)
}

async fn rotate(at: &Console) -> Result<(), Failure> {
    let (store, actor, now) = (at.open()?, at.actor(), clock::now());
    let new = SigningKey::generate()?;
    let key_id = new.public_key().fingerprint();
    let (epoch, serial) =
        store.write(move |write| change::rotate(write, OrganisationId::DEFAULT, &new, actor, now)).await?;
    at.show(
        &Changed { key_id, epoch, serial },
        &format!("The server signs with {key_id} now (epoch {epoch}, serial {serial}). A running server takes it up within a second."),
    )
}

async fn recover(recovery_key: PathBuf, at: &Console) -> Result<(), Failure> {
    let organisation = OrganisationId::DEFAULT;
    let (store, actor, now) = (at.open()?, at.actor(), clock::now());
    let recovery = recovery::read(&recovery_key, Some(&store.anchor(organisation)?))?;
    let new = SigningKey::generate()?;
    let key_id = new.public_key().fingerprint();
    let (epoch, serial) = store
        .write(move |write| change::recover(write, organisation, (&recovery, &new), 0, actor, now))
        .await?;
    at.show(
        &Changed { key_id, epoch, serial },
        &format!("The server signs with {key_id} now (epoch {epoch}). The former key is worth nothing any more once an agent has asked."),
    )
}

async fn accept_tls(certificate: PathBuf, at: &Console) -> Result<(), Failure> {
    let (store, actor, now) = (at.open()?, at.actor(), clock::now());
    let pem = std::fs::read(&certificate).map_err(|error| Failure::file(&certificate, &error))?;
    let spki = facts(&pem)?.spki_sha256;
    let label = certificate
        .file_name()
        .map(|name| name.to_string_lossy().escape_default().to_string())
        .unwrap_or_default();
    let new = store
        .write(move |write| change::accept_tls(write, OrganisationId::DEFAULT, (&spki, &label), actor, now))
        .await?;
    let text = if new { "is accepted now" } else { "was accepted already" };
    at.show(&serde_json::json!({ "tls_key": spki, "added": new }), &format!("The TLS key {spki} {text}."))
}

async fn confirm_recovery(recovery_key: PathBuf, at: &Console) -> Result<(), Failure> {
    let organisation = OrganisationId::DEFAULT;
    let (store, actor, now) = (at.open()?, at.actor(), clock::now());
    let anchor = store.anchor(organisation)?;
    recovery::read(&recovery_key, Some(&anchor))?;
    store
        .write(move |write| {
            write.set_setting(organisation, RECOVERY_CONFIRMED, &now.to_string())?;
            write.audit(organisation, now, &Entry::new("key.confirm_recovery", actor, anchor.fingerprint()))
        })
        .await?;
    at.show(
        &serde_json::json!({ "anchor": anchor.fingerprint(), "recovery_confirmed": now }),
        "This is the recovery key of this server. Put the copy away.",
    )
}

impl From<RecoveryError> for Failure {
    fn from(error: RecoveryError) -> Self {
        Self::refused("recovery_key", error.to_string())
    }
}

impl From<CertificateError> for Failure {
    fn from(error: CertificateError) -> Self {
        Self::refused("certificate", error.to_string())
    }
}
