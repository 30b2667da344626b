//! Version 1: the original's configuration check.

use super::{Request, Verified, allowed_providers};
use crate::console::{Failure, Field};
use crate::panel::Panel;
use crate::secret::SecretText;
use agent::account::KnownAccount;
use agent::config::{self, Loaded, ServiceKeyV1};
use agent::exchange::v1::{VerifyFailed, VerifyInput, verify as ask};
use agent::ports::Cancelled;
use agent::texts;
use protocol::encoding::Sha256;
use protocol::v1::FailedReason;

/// Longest ServiceID; the original's have 36 characters.
const MAX_SERVICE_BYTES: usize = 128;

pub(super) fn parse_service(text: &str) -> Result<(), Failure> {
    let fits = !text.is_empty() && text.len() <= MAX_SERVICE_BYTES && !text.chars().any(char::is_control);
    if fits {
        return Ok(());
    }
    Err(Failure::usage("This is no ServiceID. Copy it again from the original's service page.")
        .at(Field::ServiceId))
}

pub(super) fn verify(
    panel: &Panel,
    request: &Request,
    secret: &SecretText,
    before: &Loaded,
    known: Vec<KnownAccount>,
    cancelled: &dyn Cancelled,
) -> Result<Verified, Failure> {
    let key = secret.original().map_err(|failure| failure.at(Field::ServiceKey))?;
    // Whoever gives the ServiceKey has looked: what is shown now is pinned.
    verify_with(panel, request, (&key, None), before, known, cancelled)
}

pub(super) fn verify_with(
    panel: &Panel,
    request: &Request,
    (key, pinned): (&ServiceKeyV1, Option<Sha256>),
    before: &Loaded,
    known: Vec<KnownAccount>,
    cancelled: &dyn Cancelled,
) -> Result<Verified, Failure> {
    let input = VerifyInput {
        service: &request.service_id,
        key,
        servers: &request.servers,
        skip_tls_verification: request.skip_tls_verification,
        pinned,
    };
    let verified = ask(&panel.services, &input, cancelled).map_err(failure)?;
    let configuration = verified
        .into_configuration(&panel.services, key, known, allowed_providers(before))
        .map_err(failure)?;
    Ok(Verified { configuration, save: config::save, clock_offset: None })
}

fn failure(why: VerifyFailed) -> Failure {
    match why {
        VerifyFailed::Refused(reason) => {
            let (code, field) = match reason {
                FailedReason::InvalidServiceId | FailedReason::ServiceIdInvalid => {
                    ("service_id_unknown", Some(Field::ServiceId))
                }
                FailedReason::InvalidServiceSecret
                | FailedReason::InvalidServiceCreds
                | FailedReason::InvalidServiceDetails => ("service_refused", Some(Field::ServiceKey)),
                _ => ("configuration_refused", None),
            };
            let failure =
                Failure::refused(code, format!("{} Nothing was saved.", texts::v1::not_verified(reason)));
            match field {
                Some(field) => failure.at(field),
                None => failure,
            }
        }
        VerifyFailed::NotUnderstood(address, what) => Failure::refused(
            "not_version_1",
            format!(
                "What answers at {address} is no TRASA server of version 1 ({}). Nothing was saved.",
                what.as_str()
            ),
        )
        .at(Field::Server),
        VerifyFailed::Unreachable(causes) => Failure::unreachable(&causes).at(Field::Server),
        _ => Failure::refused(
            "internal",
            "Windows gave no random numbers or could not seal the ServiceKey. Nothing was saved.",
        ),
    }
}
