//! One call to one address, until there is an authentic answer or a cause why not.

use super::cause::Cause;
use super::client::{CallFailed, Client};
use super::signed::{Authentic, Call, parse, sign, verify};
use super::{ANSWER_LIMIT, CONNECT_LIMIT};
use crate::keys::P256Verifier;
use crate::ports::{
    Address, Cancelled, Deadlines, Event, HttpAnswer, HttpRequest, Method, TlsExpectation, TransportError,
};
use core::time::Duration;
use protocol::error_code::ErrorCode;
use protocol::signing::{Tag, Unverified};
use protocol::v2::{Answer, CheckAnswer, CheckRequest, ErrorBody, ReportAnswer, ReportRequest, path};

/// Until when the answer is needed, and how long one exchange may take.
#[derive(Debug, Clone, Copy)]
pub(super) struct Budget {
    /// On the clock of ticks.
    pub until: Duration,
    /// At most this for one exchange.
    pub answer: Duration,
}

impl Client<'_> {
    /// An authentic answer other than `clock` and `unavailable`, with the time its signer stated.
    pub(super) fn call_at(
        &mut self,
        address: &Address,
        call: &Call,
        budget: Budget,
        cancelled: &dyn Cancelled,
    ) -> Result<(Authentic, i64), Cause> {
        let admission = self.admission();
        let signer = self.connection.link.key.signer(admission.machine);
        for _ in 0..2 {
            // Without random numbers an old answer could be replayed; then there is no answer.
            let nonce = self.nonce().ok_or(Cause::NotAuthentic)?;
            let tags = (Tag::Request, Tag::Response);
            let sent = sign(call, &signer, self.unix_now(), nonce, tags, Some(&admission.receipt));
            let answer = self.exchange(address, &sent.request, budget, cancelled)?;
            let Some(unverified) = sent.read(&answer) else { return Err(self.not_authentic(&answer)) };
            if !self.is_ours(address, &unverified, budget, cancelled)? {
                return Err(self.not_authentic(&answer));
            }
            let created = unverified.parameters.created;
            let authentic = parse(&answer.body);
            if let Authentic::Answer(inner) = &authentic {
                if let Answer::Clock { time } = **inner {
                    let offset = time.saturating_sub(self.services.clock.unix_seconds());
                    self.services.events.write(&Event::clock_off(offset));
                    self.clock_offset = offset;
                    continue;
                }
                if matches!(**inner, Answer::Unavailable) {
                    return Err(Cause::Unavailable);
                }
            }
            if created.abs_diff(self.unix_now()) > protocol::SIGNATURE_AGE_SECS.unsigned_abs() {
                return Err(Cause::NotAuthentic);
            }
            self.learned.highest_server_time = self.learned.highest_server_time.max(created);
            self.learned.tls_seen.insert(address.to_string(), answer.tls_key);
            return Ok((authentic, created));
        }
        Err(Cause::Clock)
    }

    /// "Unavailable" may be unsigned: it is worth no more than silence, but its text is better.
    fn not_authentic(&self, answer: &HttpAnswer) -> Cause {
        match parse(&answer.body) {
            Authentic::Answer(inner) if matches!(*inner, Answer::Unavailable) => Cause::Unavailable,
            _ => Cause::NotAuthentic,
        }
    }

    /// Whether a key of the newest list that we accept signed this.
    fn is_ours(
        &mut self,
        address: &Address,
        unverified: &Unverified,
        budget: Budget,
        cancelled: &dyn Cancelled,
    ) -> Result<bool, Cause> {
        if let Some(verified) = verify(unverified, self.key_list()) {
            return Ok(verified);
        }
        // An unknown server key: a rotation, a recovery, or somebody else. The chain tells.
        let answer = self.exchange(
            address,
            &Call::new(Method::Get, path::KEYS.to_owned()).unsigned(),
            budget,
            cancelled,
        )?;
        if let Some(list) = self.follow(&answer) {
            self.adopt(list);
        }
        Ok(verify(unverified, self.key_list()).unwrap_or(false))
    }

    fn follow(&self, answer: &HttpAnswer) -> Option<protocol::keys::KeyList> {
        let Authentic::Answer(answer) = parse(&answer.body) else { return None };
        let Answer::Keys { keys } = *answer else { return None };
        protocol::keys::follow(&self.admission().anchor, Some(self.key_list()), &keys, P256Verifier::new).ok()
    }

    /// One exchange; with "skip TLS verification" an unknown TLS key is looked up in the key list.
    fn exchange(
        &mut self,
        address: &Address,
        request: &HttpRequest,
        budget: Budget,
        cancelled: &dyn Cancelled,
    ) -> Result<HttpAnswer, Cause> {
        let result = self.send(address, &self.expectation(address), request, budget, cancelled);
        let Err(Cause::Transport(TransportError::UnexpectedKey(shown))) = &result else { return result };
        if !self.connection.link.skip_tls_verification {
            return result;
        }
        // A request without any secret to whoever is there. What counts is the signed list, and that
        // it names the key that was shown.
        let keys = Call::new(Method::Get, path::KEYS.to_owned()).unsigned();
        let answer = self.send(address, &TlsExpectation::FirstContact, &keys, budget, cancelled)?;
        match self.follow(&answer) {
            Some(list) if list.tls.contains(&answer.tls_key) && answer.tls_key == *shown => self.adopt(list),
            _ => return result,
        }
        self.send(address, &self.expectation(address), request, budget, cancelled)
    }

    fn expectation(&self, address: &Address) -> TlsExpectation {
        if self.connection.link.skip_tls_verification {
            TlsExpectation::Pinned(self.key_list().tls.clone())
        } else {
            TlsExpectation::MachineStore {
                last_seen: self.learned.tls_seen.get(&address.to_string()).copied(),
            }
        }
    }

    fn send(
        &self,
        address: &Address,
        tls: &TlsExpectation,
        request: &HttpRequest,
        budget: Budget,
        cancelled: &dyn Cancelled,
    ) -> Result<HttpAnswer, Cause> {
        if cancelled.is_cancelled() {
            return Err(Cause::Transport(TransportError::Cancelled));
        }
        let total = budget.until.saturating_sub(self.ticks()).min(budget.answer);
        if total.is_zero() {
            return Err(Cause::NoTimeLeft);
        }
        let deadlines = Deadlines { connect: total.min(CONNECT_LIMIT), total };
        self.services
            .transport
            .exchange(address, tls, request, deadlines, cancelled)
            .map_err(Cause::Transport)
    }

    /// Asks the addresses in order until one gives an authentic answer.
    fn call(
        &mut self,
        call: &Call,
        limit: Duration,
        cancelled: &dyn Cancelled,
    ) -> Result<Answer, CallFailed> {
        let budget = Budget { until: self.ticks() + limit, answer: ANSWER_LIMIT };
        let mut causes = Vec::new();
        for address in self.addresses() {
            match self.call_at(&address, call, budget, cancelled) {
                Ok((Authentic::Answer(answer), _)) => match *answer {
                    Answer::Error(error) if is_restored(&error) => causes.push((address, Cause::Restored)),
                    Answer::Error(error) => return Err(CallFailed::Refused(error.code, error.parameters)),
                    answer => return Ok(answer),
                },
                Ok((Authentic::NotUnderstood, _)) => return Err(CallFailed::DoesNotFit),
                Err(cause) => {
                    self.services.events.write(&Event::address_failed(&address.to_string(), cause.text()));
                    causes.push((address, cause));
                }
            }
        }
        Err(CallFailed::Unreachable(causes))
    }

    /// `POST /agent/v2/check`.
    ///
    /// # Errors
    /// [`CallFailed`].
    pub fn check(
        &mut self,
        request: &CheckRequest,
        limit: Duration,
        cancelled: &dyn Cancelled,
    ) -> Result<CheckAnswer, CallFailed> {
        match self.call(&json(Method::Post, path::CHECK, request)?, limit, cancelled)? {
            Answer::Check(answer) => Ok(answer),
            _ => Err(CallFailed::DoesNotFit),
        }
    }

    /// `POST /agent/v2/report`.
    ///
    /// # Errors
    /// [`CallFailed`].
    pub fn report(
        &mut self,
        request: &ReportRequest,
        limit: Duration,
        cancelled: &dyn Cancelled,
    ) -> Result<ReportAnswer, CallFailed> {
        let answer = match self.call(&json(Method::Post, path::REPORT, request)?, limit, cancelled)? {
            Answer::Report(answer) => answer,
            _ => return Err(CallFailed::DoesNotFit),
        };
        let anchor = &self.admission().anchor;
        if let Ok(list) =
            protocol::keys::follow(anchor, Some(self.key_list()), &answer.keys, P256Verifier::new)
        {
            self.adopt(list);
        }
        self.learned.settings = Some(answer.settings.clone());
        Ok(answer)
    }
}

fn json(method: Method, path: &str, body: &impl serde::Serialize) -> Result<Call, CallFailed> {
    let mut call = Call::new(method, path.to_owned());
    call.body = serde_json::to_vec(body).map_err(|_| CallFailed::Internal)?.into();
    Ok(call)
}

/// `unknown_machine` to a machine whose receipt is valid: the store was restored.
pub(super) fn is_restored(error: &ErrorBody) -> bool {
    error.code == ErrorCode::UnknownMachine
        && error.parameters.get("receipt").and_then(serde_json::Value::as_bool) == Some(true)
}
