//! Admission: from a ServiceKey or token to a machine with a key of its own.

use super::cause::Cause;
use super::signed::{Authentic, Call, parse, sign, verify};
use super::{ANSWER_LIMIT, CONNECT_LIMIT};
use crate::account::KnownAccount;
use crate::config::{Configuration, Link, V2};
use crate::keys::{AdmissionSigner, MachineKey, P256Verifier};
use crate::ports::{
    Address, Cancelled, Deadlines, HttpAnswer, MachineFacts, Method, TlsExpectation, TransportError,
};
use crate::services::Services;
use protocol::encoding::Bytes;
use protocol::error_code::ErrorCode;
use protocol::id::ServiceId;
use protocol::keys::KeyList;
use protocol::service_key::AdmissionSecret;
use protocol::signing::Tag;
use protocol::statement::{Receipt, Unverified};
use protocol::v2::{AdmissionOrigin, AdmissionRequest, Admitted, Answer, Host, Params, Versions, path};

/// What the administrator gave.
#[derive(Debug)]
pub struct AdmissionInput<'a> {
    /// The ServiceID.
    pub service: ServiceId,
    /// ServiceKey or token. Not kept.
    pub secret: &'a AdmissionSecret,
    /// The addresses, in order.
    pub servers: &'a [Address],
    /// Trust the TLS keys of the signed key list only.
    pub skip_tls_verification: bool,
    /// Where the secret came from.
    pub origin: AdmissionOrigin,
    /// What runs here.
    pub versions: Versions,
}

/// An admitted machine; [`Admission::into_configuration`] is what gets saved.
#[derive(Debug)]
pub struct Admission {
    admitted: Admitted,
    key: MachineKey,
    key_list: KeyList,
    machine: MachineFacts,
    servers: Vec<String>,
    skip_tls_verification: bool,
    now: i64,
    clock_offset: Option<i64>,
}

/// Why a machine was not admitted.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum AdmissionFailed {
    /// The server refused. Not authentic, for nobody is known yet; nothing depends on it.
    Refused(ErrorCode, Params),
    /// Somebody answered who does not hold the keys that the ServiceKey vouches for.
    WrongServer(Address),
    /// No address gave a usable answer.
    Unreachable(Vec<(Address, Cause)>),
    /// The system gave no random bytes, or no key could be sealed.
    Internal,
}

/// Asks the addresses in order to be admitted. The request carries no secret: it is only
/// authenticated by one.
///
/// # Errors
/// [`AdmissionFailed`]; nothing was saved.
pub fn admit(
    services: &Services,
    input: &AdmissionInput<'_>,
    cancelled: &dyn Cancelled,
) -> Result<Admission, AdmissionFailed> {
    let machine = services.machine.facts();
    let key = make_key(services).ok_or(AdmissionFailed::Internal)?;
    let request = AdmissionRequest {
        service: input.service,
        public_key: key.public(),
        host: host(&machine),
        versions: input.versions.clone(),
        origin: input.origin,
    };
    let mut call = Call::new(Method::Post, path::MACHINES.to_owned());
    call.body = serde_json::to_vec(&request).map_err(|_| AdmissionFailed::Internal)?.into();
    let mut causes = Vec::new();
    for address in input.servers {
        match admit_at(services, input, address, &call, &key, cancelled) {
            Ok((admitted, key_list, clock_offset)) => {
                return Ok(Admission {
                    admitted,
                    key,
                    key_list,
                    machine,
                    servers: input.servers.iter().map(ToString::to_string).collect(),
                    skip_tls_verification: input.skip_tls_verification,
                    now: services.clock.unix_seconds(),
                    clock_offset,
                });
            }
            Err(Failed::Final(failed)) => return Err(failed),
            Err(Failed::Cause(cause)) => causes.push((address.clone(), cause)),
        }
    }
    Err(AdmissionFailed::Unreachable(causes))
}

enum Failed {
    Final(AdmissionFailed),
    Cause(Cause),
}

fn admit_at(
    services: &Services,
    input: &AdmissionInput<'_>,
    address: &Address,
    call: &Call,
    key: &MachineKey,
    cancelled: &dyn Cancelled,
) -> Result<(Admitted, KeyList, Option<i64>), Failed> {
    let key_id = input.secret.token_id().map_or_else(|| input.service.to_string(), |id| id.to_string());
    let signer = AdmissionSigner { secret: input.secret, key_id };
    // First contact: whether the key that is shown is good, the signed answer will say.
    let tls = if input.skip_tls_verification {
        TlsExpectation::FirstContact
    } else {
        TlsExpectation::MachineStore { last_seen: None }
    };
    let deadlines = Deadlines { connect: CONNECT_LIMIT, total: ANSWER_LIMIT };
    let mut offset = None;
    for _ in 0..2 {
        let mut nonce = [0; 16];
        services.random.fill(&mut nonce).map_err(|_| Failed::Final(AdmissionFailed::Internal))?;
        let created = services.clock.unix_seconds().saturating_add(offset.unwrap_or(0));
        let sent = sign(call, &signer, created, Bytes(nonce), (Tag::AdmitRequest, Tag::AdmitResponse), None);
        let answer = services
            .transport
            .exchange(address, &tls, &sent.request, deadlines, cancelled)
            .map_err(|error| Failed::Cause(Cause::Transport(error)))?;
        let Authentic::Answer(body) = parse(&answer.body) else {
            return Err(Failed::Cause(Cause::NotAuthentic));
        };
        match *body {
            Answer::Admitted(admitted) => {
                let wrong = || Failed::Final(AdmissionFailed::WrongServer(address.clone()));
                let list = chained(&admitted, input, key).ok_or_else(wrong)?;
                let signed =
                    sent.read(&answer).is_some_and(|unverified| verify(&unverified, &list) == Some(true));
                if !signed {
                    return Err(wrong());
                }
                return known_tls(input, &list, &answer).map(|()| (admitted, list, offset));
            }
            // Nobody can have signed this for us yet. A wrong offset only makes the admission fail.
            Answer::Clock { time } => {
                offset = Some(time.saturating_sub(services.clock.unix_seconds()));
            }
            Answer::Error(error) => {
                return Err(Failed::Final(AdmissionFailed::Refused(error.code, error.parameters)));
            }
            Answer::Unavailable => return Err(Failed::Cause(Cause::Unavailable)),
            _ => return Err(Failed::Cause(Cause::NotAuthentic)),
        }
    }
    Err(Failed::Cause(Cause::Clock))
}

/// The list at the end of the chain, if the anchor fits the ServiceKey, the chain starts at it, and
/// the receipt is about this very machine, key and service.
fn chained(admitted: &Admitted, input: &AdmissionInput<'_>, key: &MachineKey) -> Option<KeyList> {
    if admitted.anchor.fingerprint() != input.secret.fingerprint() || admitted.service.id != input.service {
        return None;
    }
    let list = protocol::keys::follow(&admitted.anchor, None, &admitted.keys, P256Verifier::new).ok()?;
    let receipt = Unverified::<Receipt>::read(&admitted.receipt)?;
    let signer = *list.signing_key(&receipt.key)?;
    let receipt = receipt.verify(&P256Verifier::new(&signer))?;
    let fits = receipt.machine == admitted.machine
        && receipt.service == input.service
        && receipt.public_key == key.public();
    fits.then_some(list)
}

fn known_tls(input: &AdmissionInput<'_>, list: &KeyList, answer: &HttpAnswer) -> Result<(), Failed> {
    if !input.skip_tls_verification || list.tls.contains(&answer.tls_key) {
        Ok(())
    } else {
        Err(Failed::Cause(Cause::Transport(TransportError::UnexpectedKey(answer.tls_key))))
    }
}

fn make_key(services: &Services) -> Option<MachineKey> {
    // A random number is no scalar of the curve once in 2^32; a generator that gives such twice is
    // broken.
    for _ in 0..4 {
        let mut secret = zeroize::Zeroizing::new([0; 32]);
        services.random.fill(secret.as_mut_slice()).ok()?;
        if let Some(key) = MachineKey::from_bytes(&secret) {
            return Some(key);
        }
    }
    None
}

/// How this machine calls itself.
#[must_use]
pub fn host(machine: &MachineFacts) -> Host {
    let dns_name = machine.dns_domain.as_ref().map(|domain| format!("{}.{domain}", machine.dns_host_name));
    Host {
        name: machine.netbios_name.clone(),
        dns_name,
        domain: machine.netbios_domain.clone().filter(|_| machine.joined),
        dns_domain: machine.dns_domain.clone().filter(|_| machine.joined),
        domain_sid: machine.domain_sid.as_ref().map(|sid| sid.as_str().to_owned()),
        machine_sid: machine.machine_sid.as_ref().map(|sid| sid.as_str().to_owned()),
    }
}

impl Admission {
    /// What the server said.
    #[must_use]
    pub const fn admitted(&self) -> &Admitted {
        &self.admitted
    }

    /// The server's time minus ours, in seconds, where the server found our clock wrong.
    #[must_use]
    pub const fn clock_offset(&self) -> Option<i64> {
        self.clock_offset
    }

    /// What gets saved, with the machine's key sealed.
    ///
    /// # Errors
    /// [`AdmissionFailed::Internal`] where the key cannot be sealed.
    pub fn into_configuration(
        self,
        services: &Services,
        known_accounts: Vec<KnownAccount>,
        allowed_providers: Vec<String>,
    ) -> Result<Configuration, AdmissionFailed> {
        let sealed =
            services.seal.seal(self.key.to_bytes().as_slice()).map_err(|_| AdmissionFailed::Internal)?;
        let admission = V2 {
            service: self.admitted.service,
            machine: self.admitted.machine,
            receipt: self.admitted.receipt,
            anchor: self.admitted.anchor,
            public_key: self.key.public(),
            sealed_key: protocol::encoding::encode(&sealed),
            key_list: self.key_list,
            settings: self.admitted.settings,
            features: self.admitted.features,
        };
        Ok(Configuration {
            link: Link::V2(Box::new(admission)),
            servers: self.servers,
            skip_tls_verification: self.skip_tls_verification,
            host: self.machine.netbios_name.clone(),
            machine_sid: self.machine.machine_sid,
            known_accounts,
            allowed_providers,
            saved: self.now,
        })
    }
}
