//! One logon.

use super::super::cause::Cause;
use super::super::logon::Outcome;
use super::super::{ANSWER_LIMIT, CONNECT_LIMIT, FIRST_ANSWER_LIMIT, REMOTE_PHONE_LIMIT};
use super::refusal::Described;
use super::{PUSH_LIMIT, Refusal, call};
use crate::account::{Account, AccountKind};
use crate::config::{Learned, LinkV1};
use crate::logon::{LogonQuestion, Progress};
use crate::ports::{
    Address, Cancelled, Event, HttpAnswer, HttpRequest, MachineFacts, TlsExpectation, TransportError,
};
use crate::proof::{Basis, Proof};
use crate::services::Services;
use core::time::Duration;
use protocol::reason::Reason;
use protocol::v1::{CheckConfigRequest, LogonAnswer, LogonRequest, TfaMethod, path};
use protocol::v2::{Method, PasswordState};

/// A time-out later than this came after the connection was made (twice, where a kept one was dead):
/// the server was there and waited for the phone.
const WAS_CONNECTED: Duration = CONNECT_LIMIT.saturating_mul(2).saturating_add(Duration::from_secs(1));

/// Asks a server of version 1 on behalf of this machine.
#[derive(Debug)]
pub struct Client<'a> {
    services: &'a Services,
    link: LinkV1<'a>,
    machine: &'a MachineFacts,
    learned: Learned,
}

/// What the server is asked for. There is no third way: an empty code would ring the phone.
enum Factor<'q> {
    Push,
    Code(&'q str),
}

impl<'a> Client<'a> {
    /// A client with what was learned so far.
    #[must_use]
    pub const fn new(
        services: &'a Services,
        link: LinkV1<'a>,
        machine: &'a MachineFacts,
        learned: Learned,
    ) -> Self {
        Self { services, link, machine, learned }
    }

    /// What is known now, to be written down.
    #[must_use]
    pub fn learned(self) -> Learned {
        self.learned
    }

    /// Asks for a decision and waits for it; for a push that is up to [`PUSH_LIMIT`]. `progress` hears
    /// of each step.
    pub fn logon(
        &mut self,
        question: &LogonQuestion,
        cancelled: &dyn Cancelled,
        progress: &mut dyn FnMut(Progress),
    ) -> Outcome {
        let code = question.code.as_deref().map(String::as_str).filter(|code| !code.is_empty());
        let factor = match (question.method, code) {
            (Method::Totp, Some(code)) => Factor::Code(code),
            (Method::Totp, None) => return self.nothing_to_ask(Refusal::CodeMissing, cancelled),
            (Method::Push | Method::Auto, _) if question.password == PasswordState::Verified => Factor::Push,
            (Method::Push | Method::Auto, _) => {
                return self.nothing_to_ask(Refusal::PushNeedsPassword, cancelled);
            }
        };
        let Some(trasa_id) = question.trasa_id.as_deref().filter(|id| !id.is_empty()) else {
            return self.nothing_to_ask(Refusal::TrasaIdMissing, cancelled);
        };
        let Some(request) = self.request(question, trasa_id, &factor) else { return Outcome::Internal };
        let limit = match factor {
            Factor::Code(_) => FIRST_ANSWER_LIMIT,
            Factor::Push if question.remote => REMOTE_PHONE_LIMIT,
            Factor::Push => PUSH_LIMIT,
        };
        let until = self.ticks() + limit;
        let mut causes = Vec::new();
        for address in self.link.servers {
            progress(match factor {
                Factor::Code(_) => Progress::Asking,
                Factor::Push => Progress::Phone { number: None, until },
            });
            let begun = self.ticks();
            let left = until.saturating_sub(begun);
            let total = if matches!(factor, Factor::Code(_)) { left.min(ANSWER_LIMIT) } else { left };
            let cause = match self.send(address, &request, total, cancelled) {
                Ok(answer) => return self.judge(address, question, &factor, &answer),
                Err(cause) if cause.is_cancel() => return Outcome::Cancelled,
                Err(cause @ Cause::Transport(TransportError::Malformed | TransportError::TooLarge)) => {
                    let described = Described::cause(&cause);
                    return Outcome::V1(Refusal::NotUnderstood(described));
                }
                Err(Cause::Transport(TransportError::Timeout))
                    if matches!(factor, Factor::Push)
                        && self.ticks().saturating_sub(begun) >= total.min(WAS_CONNECTED) =>
                {
                    return Outcome::V1(Refusal::PhoneUnanswered);
                }
                Err(cause) => cause,
            };
            self.failed(address, cause, &mut causes);
        }
        Outcome::NoDecision(causes)
    }

    /// A logon that must not be sent is a refusal where the server is there, and no decision where it
    /// is not. A configuration check tells which, and concerns nobody.
    fn nothing_to_ask(&mut self, refusal: Refusal, cancelled: &dyn Cancelled) -> Outcome {
        let until = self.ticks() + FIRST_ANSWER_LIMIT;
        let check = CheckConfigRequest {
            service_id: self.link.verified.service.clone(),
            service_key: self.link.key.as_str().to_owned().into(),
            trasa_host: String::new(),
            offline_users: String::new(),
            skip_tls_verification: self.link.skip_tls_verification,
        };
        let Some(request) = call::post(path::CHECK_CONFIG, &check) else { return Outcome::Internal };
        let mut causes = Vec::new();
        for address in self.link.servers {
            let total = until.saturating_sub(self.ticks()).min(ANSWER_LIMIT);
            let cause = match self.send(address, &request, total, cancelled) {
                Ok(_) | Err(Cause::Transport(TransportError::Malformed | TransportError::TooLarge)) => {
                    return Outcome::V1(refusal);
                }
                Err(cause) if cause.is_cancel() => return Outcome::Cancelled,
                Err(cause) => cause,
            };
            self.failed(address, cause, &mut causes);
        }
        Outcome::NoDecision(causes)
    }

    fn request(&self, question: &LogonQuestion, trasa_id: &str, factor: &Factor<'_>) -> Option<HttpRequest> {
        let (method, code) = match factor {
            Factor::Push => (TfaMethod::Push, ""),
            Factor::Code(code) => (TfaMethod::Totp, *code),
        };
        let body = LogonRequest {
            service_id: self.link.verified.service.clone(),
            service_key: self.link.key.as_str().to_owned().into(),
            trasa_id: trasa_id.to_owned(),
            tfa_method: method.word().to_owned(),
            totp_code: code.to_owned().into(),
            user: user(&question.binding.account, self.machine),
            user_ip: String::new(),
            workstation: self.machine.netbios_name.clone(),
            hostname: String::new(),
        };
        call::post(path::LOGON_WINDOWS, &body)
    }

    fn send(
        &self,
        address: &Address,
        request: &HttpRequest,
        total: Duration,
        cancelled: &dyn Cancelled,
    ) -> Result<HttpAnswer, Cause> {
        let tls = if self.link.skip_tls_verification {
            TlsExpectation::Pinned(vec![self.link.verified.tls_key])
        } else {
            TlsExpectation::MachineStore {
                last_seen: self.learned.tls_seen.get(&address.to_string()).copied(),
            }
        };
        call::send(self.services, address, &tls, request, total, cancelled)
    }

    /// An HTTP answer ends the logon, whatever it is.
    fn judge(
        &mut self,
        address: &Address,
        question: &LogonQuestion,
        factor: &Factor<'_>,
        answer: &HttpAnswer,
    ) -> Outcome {
        let Some(envelope) = call::envelope(answer) else {
            return Outcome::V1(Refusal::NotUnderstood(Described::status(answer.status)));
        };
        self.learned.tls_seen.insert(address.to_string(), answer.tls_key);
        let reason = match (LogonAnswer::of(&envelope), factor) {
            (LogonAnswer::Allowed, Factor::Code(_)) => Reason::CodeAccepted,
            (LogonAnswer::Allowed, Factor::Push) => Reason::PushApproved,
            (LogonAnswer::PassedThrough, _) => Reason::PassThrough,
            (LogonAnswer::Refused(reason), _) => return Outcome::V1(Refusal::Reason(reason)),
            (LogonAnswer::NotUnderstood, _) => {
                let trasa_id = question.trasa_id.as_deref().unwrap_or_default();
                let code = question.code.as_deref().map_or("", String::as_str);
                let described = Described::reason(&envelope.reason, [self.link.key.as_str(), trasa_id, code]);
                return Outcome::V1(Refusal::NotUnderstood(described));
            }
        };
        let basis = Basis::Decision { reason, short_code: String::new() };
        Outcome::Allow(Proof::new(question.binding.clone(), basis, self.ticks()))
    }

    fn failed(&self, address: &Address, cause: Cause, causes: &mut Vec<(Address, Cause)>) {
        self.services.events.write(&Event::address_failed(&address.to_string(), cause.text()));
        causes.push((address.clone(), cause));
    }

    fn ticks(&self) -> Duration {
        self.services.clock.ticks()
    }
}

/// The account as servers of version 1 know it: with the DNS name of its domain on a joined
/// machine, else with the host's name. An account of Microsoft's or Entra's keeps the name that
/// Windows gives its domain, so that it is nobody's namesake on the machine.
fn user(account: &Account, machine: &MachineFacts) -> String {
    let domain = match account.kind {
        AccountKind::Local => &machine.netbios_name,
        AccountKind::Domain => account.dns_domain.as_ref().unwrap_or(&account.domain),
        AccountKind::Microsoft | AccountKind::Entra => &account.domain,
    };
    format!("{domain}\\{}", account.name)
}
