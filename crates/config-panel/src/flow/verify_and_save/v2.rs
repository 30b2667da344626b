//! With a ServiceKey or token: admission.

use super::{Request, Verified, allowed_providers};
use crate::console::{Failure, Field};
use crate::panel::Panel;
use crate::secret::SecretText;
use agent::account::KnownAccount;
use agent::config::{self, Loaded};
use agent::exchange::{AdmissionFailed, AdmissionInput, admit as ask};
use agent::ports::Cancelled;
use agent::texts;
use agent::worker::versions;
use protocol::error_code::ErrorCode;
use protocol::id::ServiceId;

pub(super) fn parse_service(text: &str) -> Result<ServiceId, Failure> {
    ServiceId::parse(text.trim()).ok_or_else(|| {
        Failure::usage("This is no ServiceID. Copy it again from the service profile page.")
            .at(Field::ServiceId)
    })
}

pub(super) fn admit(
    panel: &Panel,
    request: &Request,
    secret: &SecretText,
    before: &Loaded,
    known: Vec<KnownAccount>,
    cancelled: &dyn Cancelled,
) -> Result<Verified, Failure> {
    let services = &panel.services;
    let secret = secret.admission().map_err(|failure| failure.at(Field::ServiceKey))?;
    let input = AdmissionInput {
        service: parse_service(&request.service_id)?,
        secret: &secret,
        servers: &request.servers,
        skip_tls_verification: request.skip_tls_verification,
        origin: request.origin,
        versions: versions(&before.machine.windows_version),
    };
    let admission = ask(services, &input, cancelled).map_err(failure)?;
    let clock_offset = admission.clock_offset();
    let configuration =
        admission.into_configuration(services, known, allowed_providers(before)).map_err(failure)?;
    Ok(Verified { configuration, save: config::save, clock_offset })
}

fn failure(why: AdmissionFailed) -> Failure {
    match why {
        AdmissionFailed::Refused(code, parameters) => {
            let failure = Failure::refused(
                code.code(),
                format!("{} Nothing was saved.", texts::refusal(code, &parameters)),
            );
            match field(code) {
                Some(field) => failure.at(field),
                None => failure,
            }
        }
        AdmissionFailed::WrongServer(address) => Failure::refused(
            "wrong_server",
            format!(
                "The server at {address} does not hold the key that this ServiceKey belongs to: either it is another server, or the ServiceKey was not copied whole. Nothing was saved."
            ),
        )
        .at(Field::ServiceKey),
        AdmissionFailed::Unreachable(causes) => Failure::unreachable(&causes).at(Field::Server),
        _ => Failure::refused(
            "internal",
            "Windows gave no random numbers or could not seal the key of this computer. Nothing was saved.",
        ),
    }
}

/// Where a refused admission is mended.
const fn field(code: ErrorCode) -> Option<Field> {
    match code {
        ErrorCode::ServiceRefused | ErrorCode::TokenSpent | ErrorCode::TokenExpired => {
            Some(Field::ServiceKey)
        }
        ErrorCode::ServiceDeleted => Some(Field::ServiceId),
        _ => None,
    }
}
