//! One logon: the question to each address in order, and what its answer is worth.

use super::call::{Budget, is_restored};
use super::cause::Cause;
use super::client::Client;
use super::signed::{Authentic, Call};
use super::{ANSWER_LIMIT, CONNECT_LIMIT, FIRST_ANSWER_LIMIT};
use crate::logon::{LogonQuestion, Progress};
use crate::ports::{Address, Cancelled, Event, Method as HttpMethod, Never};
use crate::proof::{Basis, Proof};
use protocol::error_code::ErrorCode;
use protocol::id::LogonId;
use protocol::reason::Reason;
use protocol::v2::{
    Answer, Decision, DecisionResult, LogonRequest, Method, Params, PasswordState, Session, path,
};

/// How a logon ended at the server, or that it did not.
#[derive(Debug)]
pub enum Outcome {
    /// Allowed. In version 2 only a signed decision about this very logon makes one.
    Allow(Proof),
    /// Denied; final (B62).
    Deny {
        /// Why, as far as the tile may know.
        reason: Reason,
        /// Values for the text.
        parameters: Params,
        /// Names the logon in the dashboard.
        short_code: String,
    },
    /// A signed error: a refusal.
    Error {
        /// Why.
        code: ErrorCode,
        /// Values for the text.
        parameters: Params,
    },
    /// A signed answer that does not belong to this logon, or that nobody here understands: a refusal.
    DoesNotFit,
    /// Refused, in version 1.
    V1(super::v1::Refusal),
    /// No address gave an authentic answer in time (in version 1: any answer).
    NoDecision(Vec<(Address, Cause)>),
    /// The person gave up.
    Cancelled,
    /// Something that must work did not: a refusal (B30).
    Internal,
}

pub(super) struct Asked<'q> {
    pub id: LogonId,
    pub question: &'q LogonQuestion,
}

impl Client<'_> {
    /// Asks for a decision and waits for the phone where it rings. `progress` hears of each step.
    pub fn logon(
        &mut self,
        question: &LogonQuestion,
        cancelled: &dyn Cancelled,
        progress: &mut dyn FnMut(Progress),
    ) -> Outcome {
        let Some(id) = self.nonce() else { return Outcome::Internal };
        let asked = Asked { id: LogonId(id), question };
        let request = LogonRequest {
            account: question.binding.account.to_wire(),
            trasa_id: question.trasa_id.clone(),
            method: question.method,
            code: question.code.clone(),
            password: question.password,
            scenario: question.binding.scenario,
            session: if question.remote { Session::Remote } else { Session::Console },
            claimed_client: None,
            versions: self.connection.versions.clone(),
        };
        let mut call = Call::new(HttpMethod::Put, path::logon(asked.id));
        match serde_json::to_vec(&request) {
            Ok(body) => call.body = body.into(),
            Err(_) => return Outcome::Internal,
        }
        let outcome = self.ask_all(&asked, &call, cancelled, progress);
        if matches!(outcome, Outcome::Cancelled) {
            self.withdraw(&asked);
        }
        outcome
    }

    fn ask_all(
        &mut self,
        asked: &Asked<'_>,
        call: &Call,
        cancelled: &dyn Cancelled,
        progress: &mut dyn FnMut(Progress),
    ) -> Outcome {
        let budget = Budget { until: self.ticks() + FIRST_ANSWER_LIMIT, answer: ANSWER_LIMIT };
        let mut causes = Vec::new();
        for address in self.addresses() {
            progress(Progress::Asking);
            let cause = match self.call_at(&address, call, budget, cancelled) {
                Ok((answer, created)) => match self.judge(asked, answer, created) {
                    Judged::End(outcome) => return outcome,
                    Judged::Phone(challenge) => {
                        return self.await_phone(asked, &challenge, &address, cancelled, progress);
                    }
                    Judged::Pending => return Outcome::DoesNotFit,
                    Judged::None(cause) => cause,
                },
                Err(cause) if cause.is_cancel() => return Outcome::Cancelled,
                Err(cause) => cause,
            };
            self.services.events.write(&Event::address_failed(&address.to_string(), cause.text()));
            causes.push((address, cause));
        }
        Outcome::NoDecision(causes)
    }

    /// What an authentic answer says about this logon.
    pub(super) fn judge(&self, asked: &Asked<'_>, answer: Authentic, created: i64) -> Judged {
        let Authentic::Answer(answer) = answer else { return Judged::End(Outcome::DoesNotFit) };
        match *answer {
            Answer::Decision(decision) => Judged::End(self.decided(asked, decision, created)),
            Answer::Challenge(challenge)
                if challenge.logon == asked.id
                    && asked.question.method != Method::Totp
                    && asked.question.password == PasswordState::Verified
                    && challenge.number.len() == 2
                    && challenge.number.bytes().all(|b| b.is_ascii_digit()) =>
            {
                Judged::Phone(challenge)
            }
            Answer::Pending(pending) if pending.logon == asked.id => Judged::Pending,
            Answer::Error(error) if is_restored(&error) => Judged::None(Cause::Restored),
            Answer::Error(error) => {
                Judged::End(Outcome::Error { code: error.code, parameters: error.parameters })
            }
            _ => Judged::End(Outcome::DoesNotFit),
        }
    }

    fn decided(&self, asked: &Asked<'_>, decision: Decision, created: i64) -> Outcome {
        let admission = self.admission();
        let age = created.saturating_sub(decision.time);
        let belongs = decision.logon == asked.id
            && decision.machine == admission.machine
            && decision.service == admission.service.id
            && decision.account == asked.question.binding.account.to_wire();
        if !belongs {
            return Outcome::DoesNotFit;
        }
        match decision.result {
            DecisionResult::Deny => Outcome::Deny {
                reason: decision.reason,
                parameters: decision.parameters,
                short_code: decision.short_code,
            },
            DecisionResult::Allow if !(-5..=protocol::ALLOW_AGE_SECS).contains(&age) => Outcome::DoesNotFit,
            DecisionResult::Allow if !may_allow(decision.reason, asked.question) => Outcome::DoesNotFit,
            DecisionResult::Allow => Outcome::Allow(Proof::new(
                asked.question.binding.clone(),
                Basis::Decision { reason: decision.reason, short_code: decision.short_code },
                self.ticks(),
            )),
        }
    }

    /// The person gave up: cancelled is final at the server too. Best effort, a few seconds.
    fn withdraw(&mut self, asked: &Asked<'_>) {
        let call = Call::new(HttpMethod::Delete, path::logon(asked.id));
        let budget = Budget { until: self.ticks() + CONNECT_LIMIT, answer: CONNECT_LIMIT };
        for address in self.addresses() {
            if self.call_at(&address, &call, budget, &Never).is_ok() {
                return;
            }
        }
    }
}

/// An allow whose reason is a refusal, or a push for a password that nobody verified (B37), is no
/// allow.
fn may_allow(reason: Reason, question: &LogonQuestion) -> bool {
    match reason {
        Reason::CodeAccepted | Reason::Watch | Reason::Bypass => true,
        Reason::PushApproved => question.password == PasswordState::Verified,
        _ => false,
    }
}

pub(super) enum Judged {
    End(Outcome),
    Phone(protocol::v2::Challenge),
    Pending,
    None(Cause),
}
