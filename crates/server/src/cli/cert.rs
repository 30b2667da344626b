//! `trasa-server cert`.

use super::{Console, Failure};
use crate::audit::Entry;
use crate::clock;
use crate::folder::{self, CERTIFICATE_FILE, TLS_KEY_FILE};
use crate::init::HOSTS;
use crate::keys::certificate::{facts, self_signed};
use crate::store::OrganisationId;
use zeroize::Zeroizing;

/// What to do with the certificate.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Make a new self-signed certificate for the same key, which agents go on accepting.
    Renew {
        /// Names or addresses, where they changed [default: those of the last time].
        #[arg(long = "host", value_name = "NAMES", value_delimiter = ',')]
        hosts: Vec<String>,
    },
}

pub(super) async fn run(command: Command, at: &Console) -> Result<(), Failure> {
    match command {
        Command::Renew { hosts } => renew(hosts, at).await,
    }
}

async fn renew(mut hosts: Vec<String>, at: &Console) -> Result<(), Failure> {
    let organisation = OrganisationId::DEFAULT;
    let (store, actor, now) = (at.open()?, at.actor(), clock::now());
    if hosts.is_empty() {
        hosts = store
            .setting(organisation, HOSTS)?
            .and_then(|json| serde_json::from_str(&json).ok())
            .unwrap_or_default();
    }
    let path = at.data().join(CERTIFICATE_FILE);
    let present = std::fs::read(&path).ok().and_then(|pem| facts(&pem).ok());
    if present.is_some_and(|facts| !facts.self_signed) {
        return Err(Failure::refused(
            "not_self_signed",
            format!("{} is not self-signed; renew it where it was issued", path.display()),
        ));
    }
    let key_path = at.data().join(TLS_KEY_FILE);
    let key = std::fs::read_to_string(&key_path)
        .map(Zeroizing::new)
        .map_err(|error| Failure::file(&key_path, &error))?;
    let renewed = self_signed(&hosts, Some(&key), now)?;
    let new = facts(renewed.certificate.as_bytes())?;
    folder::replace_private(&path, renewed.certificate.as_bytes())
        .map_err(|error| Failure::file(&path, &error))?;
    let shown = hosts.clone();
    store
        .write(move |write| {
            write.set_setting(organisation, HOSTS, &serde_json::to_string(&hosts)?)?;
            let entry = Entry::new("cert.renew", actor, new.spki_sha256)
                .detail("hosts", &hosts)
                .detail("until", new.not_after);
            write.audit(organisation, now, &entry)
        })
        .await?;
    at.show(
        &serde_json::json!({ "tls_key": new.spki_sha256, "hosts": shown, "until": new.not_after }),
        &format!(
            "Renewed for {}; the key is the same. A running server takes it up within a second.",
            shown.join(", ")
        ),
    )
}
