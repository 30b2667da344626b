//! `trasa-server device …`

use super::table::{instant_or, table};
use super::{Console, Failure};
use crate::administration::devices::{NewTotp, Otpauth, add_totp};
use crate::clock::now;
use crate::names::Name;
use crate::store::{DeviceId, OrganisationId};
use fast_qr::QRBuilder;
use serde_json::json;

/// What users prove themselves with.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Add a one-time code device; prints secret and QR code once.
    #[command(after_help = "Example: trasa-server device add-totp anna")]
    AddTotp {
        /// Username, email address or id.
        user: String,
        /// What the device is called.
        #[arg(long, default_value = "authenticator app")]
        name: String,
    },
    /// List the devices.
    List {
        /// Only this user's.
        #[arg(long)]
        user: Option<String>,
    },
    /// Remove a device for good: its secret is wiped.
    Remove {
        /// Its id, from `device list`.
        #[arg(value_parser = device_id)]
        device_id: DeviceId,
    },
}

/// Runs the command.
///
/// # Errors
/// [`Failure`] with what to do.
pub async fn run(command: Command, at: &Console) -> Result<(), Failure> {
    let store = at.open()?;
    let organisation = OrganisationId::DEFAULT;
    match command {
        Command::AddTotp { user, name } => {
            let name =
                Name::parse("device name", &name).map_err(|error| Failure::usage(error.to_string()))?;
            let NewTotp { id, secret, .. } =
                add_totp(&store, organisation, (user, name), at.actor(), now()).await?;
            let Otpauth { text, uri } = secret;
            let shown = json!({ "device_id": id, "secret": *text, "otpauth_uri": *uri });
            at.show(&shown, &format!("{}\nSecret: {}\nIt is not shown again.", qr(&uri)?, *text))
        }
        Command::List { user } => {
            let devices = store.devices(organisation, user).await?;
            let rows = devices
                .iter()
                .map(|d| {
                    let used = instant_or(d.last_used, "never");
                    vec![d.username.clone(), d.kind.clone(), d.name.clone(), used, d.id.to_string()]
                })
                .collect();
            at.show(
                &devices,
                &table(&["USER", "KIND", "NAME", "LAST USED", "ID"], rows, "There is no device yet."),
            )
        }
        Command::Remove { device_id } => {
            store.remove_device(organisation, device_id, at.actor(), now()).await?;
            at.show(
                &json!({ "device_id": device_id }),
                "Removed. Its secret is gone; add a new device to replace it.",
            )
        }
    }
}

fn qr(uri: &str) -> Result<String, Failure> {
    QRBuilder::new(uri)
        .build()
        .map(|code| code.to_str())
        .map_err(|error| Failure::refused("qr", format!("the QR code cannot be drawn: {error}")))
}

fn device_id(text: &str) -> Result<DeviceId, String> {
    DeviceId::parse(text).ok_or_else(|| "expected the 22 characters of a device's id".to_owned())
}
