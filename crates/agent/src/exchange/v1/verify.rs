//! Verifying a configuration, and seeing later whether it still stands.

use super::super::cause::Cause;
use super::super::{ANSWER_LIMIT, FIRST_ANSWER_LIMIT};
use super::call;
use super::refusal::Described;
use crate::account::KnownAccount;
use crate::config::{Configuration, Link, LinkV1, ServiceKeyV1, V1};
use crate::ports::{Address, Cancelled, HttpAnswer, HttpRequest, TlsExpectation, TransportError};
use crate::services::Services;
use protocol::encoding::Sha256;
use protocol::id::MachineId;
use protocol::v1::{CheckConfigRequest, ConfigAnswer, FailedReason, path};

/// What the administrator gave.
#[derive(Debug)]
pub struct VerifyInput<'a> {
    /// The ServiceID, any text.
    pub service: &'a str,
    /// The ServiceKey of version 1.
    pub key: &'a ServiceKeyV1,
    /// The addresses, in order.
    pub servers: &'a [Address],
    /// Pin the TLS key that is shown now, instead of asking Windows' certificate store.
    pub skip_tls_verification: bool,
    /// The TLS key that was pinned before and is to stay the only one.
    pub pinned: Option<Sha256>,
}

/// A configuration that the server called valid.
#[derive(Debug)]
pub struct Verified {
    service: String,
    servers: Vec<String>,
    skip_tls_verification: bool,
    tls_key: Sha256,
}

/// Why a configuration is not verified.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum VerifyFailed {
    /// The server said so.
    Refused(FailedReason),
    /// Something else than a server of version 1 answered at this address.
    NotUnderstood(Address, Described),
    /// No address answered.
    Unreachable(Vec<(Address, Cause)>),
    /// The system gave no random bytes, or the key could not be sealed.
    Internal,
}

/// Asks the addresses in order until one answers.
///
/// # Errors
/// [`VerifyFailed`]; nothing was saved.
pub fn verify(
    services: &Services,
    input: &VerifyInput<'_>,
    cancelled: &dyn Cancelled,
) -> Result<Verified, VerifyFailed> {
    let tls = |address: &Address| {
        if !input.skip_tls_verification {
            return Ok(TlsExpectation::MachineStore { last_seen: None });
        }
        if let Some(pinned) = input.pinned {
            return Ok(TlsExpectation::Pinned(vec![pinned]));
        }
        // A request without any secret to whoever is there; what it shows is pinned from now on.
        let request = request("", "", true).ok_or(Cause::NotAuthentic)?;
        let first = TlsExpectation::FirstContact;
        let shown = call::send(services, address, &first, &request, ANSWER_LIMIT, cancelled)?.tls_key;
        Ok(TlsExpectation::Pinned(vec![shown]))
    };
    let tls_key = ask(services, input.service, input.key, input.servers, &tls, cancelled)?;
    Ok(Verified {
        service: input.service.to_owned(),
        servers: input.servers.iter().map(ToString::to_string).collect(),
        skip_tls_verification: input.skip_tls_verification,
        tls_key,
    })
}

impl LinkV1<'_> {
    /// Asks whether ServiceID and key still fit, as the check before arming does.
    ///
    /// # Errors
    /// [`VerifyFailed`].
    pub fn verify_again(&self, services: &Services, cancelled: &dyn Cancelled) -> Result<(), VerifyFailed> {
        let tls = |_: &Address| {
            Ok(if self.skip_tls_verification {
                TlsExpectation::Pinned(vec![self.verified.tls_key])
            } else {
                TlsExpectation::MachineStore { last_seen: None }
            })
        };
        ask(services, &self.verified.service, self.key, self.servers, &tls, cancelled).map(drop)
    }
}

/// The TLS key of whoever called the configuration valid.
fn ask(
    services: &Services,
    service: &str,
    key: &ServiceKeyV1,
    servers: &[Address],
    tls: &dyn Fn(&Address) -> Result<TlsExpectation, Cause>,
    cancelled: &dyn Cancelled,
) -> Result<Sha256, VerifyFailed> {
    let until = services.clock.ticks() + FIRST_ANSWER_LIMIT;
    let mut causes = Vec::new();
    for address in servers {
        let answer = tls(address).and_then(|tls| {
            let skip = matches!(tls, TlsExpectation::Pinned(_));
            let request = request(service, key.as_str(), skip).ok_or(Cause::NotAuthentic)?;
            let total = until.saturating_sub(services.clock.ticks()).min(ANSWER_LIMIT);
            call::send(services, address, &tls, &request, total, cancelled)
        });
        match answer {
            Ok(answer) => return judge(address, &answer),
            Err(cause @ Cause::Transport(TransportError::Malformed | TransportError::TooLarge)) => {
                return Err(VerifyFailed::NotUnderstood(address.clone(), Described::cause(&cause)));
            }
            Err(cause) => causes.push((address.clone(), cause)),
        }
    }
    Err(VerifyFailed::Unreachable(causes))
}

/// The members of the original's request. Who passes offline is nobody's business but ours, and
/// servers do not read it.
fn request(service: &str, key: &str, skip_tls_verification: bool) -> Option<HttpRequest> {
    let body = CheckConfigRequest {
        service_id: service.to_owned(),
        service_key: key.to_owned().into(),
        trasa_host: String::new(),
        offline_users: String::new(),
        skip_tls_verification,
    };
    call::post(path::CHECK_CONFIG, &body)
}

fn judge(address: &Address, answer: &HttpAnswer) -> Result<Sha256, VerifyFailed> {
    let not_understood = |what| Err(VerifyFailed::NotUnderstood(address.clone(), what));
    let Some(envelope) = call::envelope(answer) else {
        return not_understood(Described::status(answer.status));
    };
    match ConfigAnswer::of(&envelope) {
        ConfigAnswer::Valid => Ok(answer.tls_key),
        ConfigAnswer::Failed(FailedReason::Unknown) => {
            not_understood(Described::reason(&envelope.reason, [""; 3]))
        }
        ConfigAnswer::Failed(reason) => Err(VerifyFailed::Refused(reason)),
    }
}

impl Verified {
    /// The TLS key that was shown.
    #[must_use]
    pub const fn tls_key(&self) -> Sha256 {
        self.tls_key
    }

    /// What gets saved, with the ServiceKey sealed.
    ///
    /// # Errors
    /// [`VerifyFailed::Internal`] where it cannot be sealed.
    pub fn into_configuration(
        self,
        services: &Services,
        key: &ServiceKeyV1,
        known_accounts: Vec<KnownAccount>,
        allowed_providers: Vec<String>,
    ) -> Result<Configuration, VerifyFailed> {
        let sealed = services.seal.seal(key.as_str().as_bytes()).map_err(|_| VerifyFailed::Internal)?;
        let mut id = [0; 16];
        services.random.fill(&mut id).map_err(|_| VerifyFailed::Internal)?;
        let machine = services.machine.facts();
        Ok(Configuration {
            link: Link::V1(V1 {
                id: MachineId::new(id),
                service: self.service,
                sealed_key: protocol::encoding::encode(&sealed),
                tls_key: self.tls_key,
            }),
            servers: self.servers,
            skip_tls_verification: self.skip_tls_verification,
            host: machine.netbios_name,
            machine_sid: machine.machine_sid,
            known_accounts,
            allowed_providers,
            saved: services.clock.unix_seconds(),
        })
    }
}
