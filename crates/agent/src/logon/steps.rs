//! The two steps: what is asked of Windows and of the server, and where an answer leads.

use super::event::{
    Action, Answer, Job, LogonQuestion, PasswordAnswered, PasswordQuestion, Progress, Refusal, Ticket,
};
use super::machine::Logon;
use super::state::{Checked, Phone, State};
use super::view::{Field, MethodChoice, Status};
use crate::account::TypedName;
use crate::password::PasswordOutcome;
use crate::texts;
use core::time::Duration;
use protocol::reason::Reason;
use protocol::v2::{Method, PasswordState};
use zeroize::{Zeroize as _, Zeroizing};

/// Longest trasa id, in characters (an email address has at most 254).
const MAX_TRASA_ID_CHARS: usize = 254;

impl Logon {
    pub(super) fn check_password(&mut self, actions: &mut Vec<Action>) {
        let name = match TypedName::parse(&self.inputs.user_name) {
            Ok(typed) => typed.logon_name(&self.setup.machine),
            Err(error) => {
                self.status = Some(Status::error(texts::typed_error(error)));
                return;
            }
        };
        let ticket = self.next_ticket();
        self.status = None;
        let password = self.inputs.password.duplicate();
        actions.push(Action::Start(Job::CheckPassword(PasswordQuestion {
            ticket,
            name: name.clone(),
            password,
        })));
        self.state = State::Checking { ticket, name };
    }

    pub(super) fn password_answered(
        &mut self,
        ticket: Ticket,
        answered: PasswordAnswered,
        now: Duration,
        actions: &mut Vec<Action>,
    ) {
        let State::Checking { ticket: running, name } = &self.state else { return };
        if *running != ticket {
            return;
        }
        let name = name.clone();
        let refused = match (answered.outcome, answered.account) {
            (PasswordOutcome::Stop(why), _) => texts::stop(why),
            (_, Err(why)) => texts::resolve_error(why),
            (outcome, Ok(account)) => {
                let checked = Checked {
                    name,
                    account,
                    outcome,
                    ask_trasa_id: answered.ask_trasa_id,
                    offline_user: answered.offline_user,
                    since: now,
                    waited_for_network: false,
                };
                self.enter_second_factor(checked, now, actions);
                return;
            }
        };
        self.wipe(actions);
        self.status = Some(Status::error(refused));
    }

    fn enter_second_factor(&mut self, checked: Checked, now: Duration, actions: &mut Vec<Action>) {
        let verified = checked.password() == PasswordState::Verified;
        if let Some(known) = checked.account.sid.as_ref().and_then(|sid| self.setup.trasa_ids.get(sid)) {
            self.inputs.trasa_id.clone_from(known);
        }
        let method = if verified && self.setup.push { MethodChoice::Push } else { MethodChoice::Code };
        self.status = match (self.setup.watching, verified) {
            (true, _) => Some(Status::information(texts::WATCHING)),
            (false, false) => Some(Status::warning(texts::CODE_ONLY)),
            (false, true) => None,
        };
        self.state = State::SecondFactor { checked, method };
        if self.setup.damaged {
            // Nobody can be asked; the worker applies the offline rule.
            self.ask_server(now, actions);
        } else {
            self.call_back = false;
        }
    }

    pub(super) fn ask_server(&mut self, now: Duration, actions: &mut Vec<Action>) {
        let State::SecondFactor { checked, method } = &self.state else { return };
        let method = *method;
        let lenient = self.setup.damaged || self.setup.watching;
        let trasa_id = self.inputs.trasa_id.trim().to_owned();
        let code: Zeroizing<String> =
            Zeroizing::new(self.inputs.code.chars().filter(|c| !c.is_whitespace()).collect());
        let is_code = code.len() == 6 && code.bytes().all(|b| b.is_ascii_digit());
        let odd = trasa_id.chars().count() > MAX_TRASA_ID_CHARS
            || trasa_id.chars().any(crate::printable::is_hidden);
        let missing = if odd {
            Some(texts::TRASA_ID_ODD)
        } else if lenient {
            None
        } else if checked.ask_trasa_id && trasa_id.is_empty() && !checked.offline_user {
            Some(texts::TRASA_ID_MISSING)
        } else if method == MethodChoice::Code && !is_code && !(checked.offline_user && code.is_empty()) {
            Some(texts::CODE_NOT_SIX_DIGITS)
        } else {
            None
        };
        if let Some(text) = missing {
            self.status = Some(Status::error(text));
            return;
        }
        let ticket = self.next_ticket();
        let State::SecondFactor { mut checked, .. } = core::mem::replace(&mut self.state, State::Credentials)
        else {
            return;
        };
        let question = LogonQuestion {
            ticket,
            binding: self.binding(&checked),
            trasa_id: (!trasa_id.is_empty()).then_some(trasa_id),
            method: match method {
                MethodChoice::Push => Method::Push,
                MethodChoice::Code => Method::Totp,
            },
            code: (method == MethodChoice::Code && is_code).then_some(code),
            password: checked.password(),
            remote: self.setup.session.remote,
            may_wait_for_network: !core::mem::replace(&mut checked.waited_for_network, true),
        };
        self.status = None;
        checked.since = now;
        let line = Status::information(texts::ASKING_SERVER);
        actions.push(Action::Start(Job::AskServer(Box::new(question))));
        self.state = State::Asking { ticket, checked, method, phone: None, line };
    }

    pub(super) fn progress(&mut self, ticket: Ticket, progress: Progress) {
        let State::Asking { ticket: running, phone, line, .. } = &mut self.state else { return };
        if *running != ticket {
            return;
        }
        match progress {
            Progress::WaitingForNetwork => *line = Status::warning(texts::WAITING_FOR_NETWORK),
            Progress::Asking => *line = Status::information(texts::ASKING_SERVER),
            Progress::Phone { number, until } => *phone = Some(Phone { number, until }),
        }
    }

    pub(super) fn answered(
        &mut self,
        ticket: Ticket,
        answer: Answer,
        now: Duration,
        actions: &mut Vec<Action>,
    ) {
        if !matches!(&self.state, State::Asking { ticket: running, .. } if *running == ticket) {
            return;
        }
        let State::Asking { checked, method, .. } = core::mem::replace(&mut self.state, State::Credentials)
        else {
            return;
        };
        match answer {
            Answer::Allowed(proof) if proof.is_good(&self.binding(&checked), now) => {
                if let Some(sid) = &checked.account.sid
                    && !self.inputs.trasa_id.trim().is_empty()
                    && proof.basis().shows_second_factor()
                {
                    let trasa_id = self.inputs.trasa_id.trim().to_owned();
                    self.setup.trasa_ids.insert(sid.clone(), trasa_id.clone());
                    actions.push(Action::Remember(sid.clone(), trasa_id));
                }
                self.inputs.code.zeroize();
                actions.push(Action::Blank(Field::Code));
                self.status = Some(Status::information(texts::SIGNING_IN));
                self.state = State::Allowed { checked, proof };
                if core::mem::take(&mut self.call_back) {
                    self.call_logon_ui_back(now, actions);
                }
            }
            Answer::Allowed(_) => self.refused(checked, method, &Refusal::Internal, now, actions),
            Answer::Refused(refusal) => self.refused(checked, method, &refusal, now, actions),
        }
    }

    /// A refusal keeps the password and stays at step 2; with a damaged configuration there is no
    /// step 2 to stay at.
    fn refused(
        &mut self,
        mut checked: Checked,
        method: MethodChoice,
        refusal: &Refusal,
        now: Duration,
        actions: &mut Vec<Action>,
    ) {
        self.call_back = false;
        if self.setup.damaged {
            self.wipe(actions);
            self.status = Some(Self::refusal_line(refusal));
            return;
        }
        let mut method = method;
        match refusal {
            Refusal::V1(refusal) if refusal.suggests_code() => method = MethodChoice::Code,
            Refusal::Denied { reason, .. } => match reason {
                Reason::NotPermitted | Reason::UserUnknown | Reason::UserDisabled | Reason::NoAccess => {
                    checked.ask_trasa_id = true;
                }
                Reason::PushNotAvailable
                | Reason::PushNeedsPassword
                | Reason::PushStopped
                | Reason::PushBusy
                | Reason::PushExpired => method = MethodChoice::Code,
                _ => {}
            },
            _ => {}
        }
        checked.since = now;
        self.inputs.code.zeroize();
        actions.push(Action::Blank(Field::Code));
        self.status = Some(Self::refusal_line(refusal));
        self.state = State::SecondFactor { checked, method };
    }

    fn refusal_line(refusal: &Refusal) -> Status {
        match refusal {
            Refusal::Denied { reason, parameters, short_code } => {
                Status::error(texts::denial(*reason, parameters, short_code))
            }
            Refusal::Error { code, parameters } => Status::error(texts::refusal(*code, parameters)),
            Refusal::DoesNotFit => Status::error(texts::ANSWER_DOES_NOT_FIT),
            Refusal::V1(refusal) => Status::error(texts::v1::refusal(refusal)),
            Refusal::NoDecision { why, reached } => Status::warning(texts::no_decision(why, *reached)),
            Refusal::Damaged => Status::error(texts::DAMAGED),
            Refusal::Cancelled => Status::information(texts::GIVEN_UP),
            Refusal::Internal => Status::error(texts::INTERNAL),
        }
    }

    pub(super) fn worker_failed(&mut self, ticket: Ticket, now: Duration, actions: &mut Vec<Action>) {
        match &self.state {
            State::Checking { ticket: running, .. } if *running == ticket => {
                self.wipe(actions);
                self.status = Some(Status::error(texts::INTERNAL));
            }
            State::Asking { .. } => self.answered(ticket, Answer::Refused(Refusal::Internal), now, actions),
            _ => {}
        }
    }

    pub(super) fn cancel(&mut self, now: Duration, actions: &mut Vec<Action>) {
        match &self.state {
            State::Checking { ticket, .. } => {
                actions.push(Action::GiveUp(*ticket));
                self.call_back = false;
                self.state = State::Credentials;
                self.status = None;
            }
            State::Asking { ticket, .. } => {
                let ticket = *ticket;
                actions.push(Action::GiveUp(ticket));
                self.answered(ticket, Answer::Refused(Refusal::Cancelled), now, actions);
                if let State::SecondFactor { method, .. } = &mut self.state {
                    *method = MethodChoice::Code;
                }
            }
            _ => {}
        }
    }
}
