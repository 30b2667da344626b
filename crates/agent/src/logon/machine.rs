//! The transitions.

use super::event::{
    Action, Answer, Event, Job, LogonQuestion, PasswordAnswered, PasswordQuestion, Progress, Refusal, Setup,
    Ticket,
};
use super::permit::{Credential, Permit, Right, Serialization};
use super::state::{Checked, Inputs, Phone, State, Survive};
use super::view::{Field, MethodChoice, Status, View};
use crate::account::TypedName;
use crate::password::PasswordOutcome;
use crate::proof::{Binding, Scenario};
use crate::{Password, texts};
use core::time::Duration;
use protocol::reason::Reason;
use protocol::v2::{Method, PasswordState};
use zeroize::{Zeroize as _, Zeroizing};

/// How long step 2 is kept, with the password, while nobody does anything.
const IDLE: Duration = Duration::from_secs(300);
/// How long Windows may take to report the result of what was serialized.
const REPORT_LIMIT: Duration = Duration::from_secs(120);
/// How long a re-enumeration that we asked for may take.
const SURVIVE_LIMIT: Duration = Duration::from_secs(10);
/// Longest trasa id, in characters (an email address has at most 254).
const MAX_TRASA_ID_CHARS: usize = 254;

/// One logon at the tile.
pub struct Logon {
    pub(super) setup: Setup,
    pub(super) inputs: Inputs,
    pub(super) state: State,
    pub(super) status: Option<Status>,
    pub(super) network: bool,
    view: View,
    tickets: u64,
    /// Connect submitted, and GetSerialization has not come yet.
    connected: bool,
    /// GetSerialization started the work, so its end must call LogonUI back.
    call_back: bool,
    auto_logon: bool,
    pub(super) survive: Option<Survive>,
}

impl core::fmt::Debug for Logon {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Logon").field("step", &self.step()).finish_non_exhaustive()
    }
}

impl Logon {
    /// A tile that nobody has touched yet.
    #[must_use]
    pub fn new(setup: Setup) -> Self {
        let mut logon = Self {
            network: setup.network,
            setup,
            inputs: Inputs::default(),
            state: State::Credentials,
            status: None,
            view: View::blank(),
            tickets: 0,
            connected: false,
            call_back: false,
            auto_logon: false,
            survive: None,
        };
        logon.prefill();
        logon.view = logon.render(Duration::ZERO);
        logon
    }

    /// The tile as it stands.
    #[must_use]
    pub const fn view(&self) -> &View {
        &self.view
    }

    /// Whether a job runs that Connect should wait for.
    #[must_use]
    pub const fn is_busy(&self) -> bool {
        matches!(self.state, State::Checking { .. } | State::Asking { .. })
    }

    /// Name of the state, for traces.
    #[must_use]
    pub const fn step(&self) -> &'static str {
        match self.state {
            State::Credentials => "credentials",
            State::Checking { .. } => "checking",
            State::SecondFactor { .. } => "second-factor",
            State::Asking { .. } => "asking",
            State::Allowed { .. } => "allowed",
            State::Serialized { .. } => "serialized",
            State::NewPassword { .. } => "new-password",
            State::ChangeReady { .. } => "change-ready",
            State::Changing { .. } => "changing",
            State::LogonReady { .. } => "logon-ready",
        }
    }

    /// Whether the next enumeration may submit by itself. Says yes once.
    pub fn take_auto_logon(&mut self) -> bool {
        let ready = match self.state {
            State::Allowed { .. } | State::LogonReady { .. } | State::ChangeReady { .. } => true,
            State::Credentials => self.setup.scenario != Scenario::Uac,
            _ => false,
        };
        core::mem::take(&mut self.auto_logon) && ready
    }

    /// When [`Event::Tick`] is due, on the clock of [`crate::ports::Clock::ticks`].
    #[must_use]
    pub fn next_tick(&self, now: Duration) -> Option<Duration> {
        match &self.state {
            // The seconds left are shown.
            State::Asking { phone: Some(phone), .. } if phone.until > now => {
                let left = phone.until - now;
                Some(now + Duration::from_nanos(u64::from(left.subsec_nanos().max(1))))
            }
            _ => self.ends(),
        }
    }

    fn ends(&self) -> Option<Duration> {
        match &self.state {
            State::Credentials | State::Checking { .. } | State::Asking { .. } => None,
            State::SecondFactor { checked, .. } => Some(checked.since + IDLE),
            State::Allowed { proof, .. } => Some(proof.ends()),
            State::Serialized { since, .. } => Some(*since + REPORT_LIMIT),
            State::NewPassword { until, .. }
            | State::ChangeReady { until, .. }
            | State::Changing { until, .. }
            | State::LogonReady { until, .. } => Some(*until),
        }
    }

    /// Something happened at `now` (ticks).
    pub fn handle(&mut self, event: Event, now: Duration) -> Vec<Action> {
        let mut actions = Vec::new();
        self.expire(now, &mut actions);
        match event {
            Event::SetUp(setup) => {
                self.wipe(&mut actions);
                self.network = setup.network;
                self.setup = *setup;
                self.status = None;
                self.inputs = Inputs::default();
                self.prefill();
            }
            Event::Typed(field, text) => self.typed(field, text, &mut actions),
            Event::TypedSecret(field, text) => self.typed_secret(field, text, &mut actions),
            Event::Chose(choice) => self.chose(choice, now),
            Event::Incoming { user, domain, password } => {
                self.incoming(&user, &domain, password, &mut actions);
                // The enumeration that follows may let go of a credential before it asks for ours.
                self.survive_reselection(now);
            }

            Event::Submit => {
                self.connected = true;
                self.submit(now, &mut actions);
            }
            Event::StartOver => {
                self.wipe(&mut actions);
                self.status = None;
            }
            Event::Cancel => self.cancel(now, &mut actions),
            Event::PasswordAnswered(ticket, answered) => {
                self.password_answered(ticket, answered, now, &mut actions)
            }
            Event::Progress(ticket, progress) => self.progress(ticket, progress),
            Event::Answered(ticket, answer) => self.answered(ticket, answer, now, &mut actions),
            Event::WorkerFailed(ticket) => self.worker_failed(ticket, now, &mut actions),
            Event::Network(up) => self.network = up,
            Event::Tick => {}
            Event::Deselected => {
                self.left(now, |survive| core::mem::take(&mut survive.deselect), &mut actions)
            }
            Event::Unadvised => {
                self.left(now, |survive| core::mem::take(&mut survive.unadvise), &mut actions)
            }
            Event::Reported { status, substatus } => self.reported(status, substatus, now, &mut actions),
        }
        self.refresh(now, &mut actions);
        actions
    }

    /// GetSerialization. Where Connect did not run before it, it submits by itself; the end of that
    /// work then calls LogonUI back with [`Action::CredentialsChanged`].
    pub fn ask_serialization(&mut self, now: Duration) -> (Serialization, Vec<Action>) {
        let mut actions = Vec::new();
        self.expire(now, &mut actions);
        if !core::mem::take(&mut self.connected) {
            self.submit(now, &mut actions);
        }
        if self.is_busy() {
            self.call_back = true;
        }
        let serialization = match self.take_permit(now, &mut actions) {
            Some(permit) => {
                self.survive = None;
                Serialization::Credential(permit)
            }
            None => Serialization::NotFinished(self.status_line(now)),
        };
        self.refresh(now, &mut actions);
        (serialization, actions)
    }

    /// INVARIANT: the only place where a credential leaves, and each arm spends a right that came
    /// from a proof.
    fn take_permit(&mut self, now: Duration, actions: &mut Vec<Action>) -> Option<Permit> {
        match core::mem::replace(&mut self.state, State::Credentials) {
            State::Allowed { checked, proof } => {
                if !proof.is_good(&self.binding(&checked), now) {
                    self.wipe(actions);
                    self.status = Some(Status::error(texts::TOOK_TOO_LONG));
                    return None;
                }
                let right = Right::spend(proof);
                let credential = Credential::Logon {
                    name: checked.name.clone(),
                    password: self.inputs.password.duplicate(),
                };
                let permit = Permit::new(credential, right.for_change());
                self.state = State::Serialized { checked, right, since: now };
                Some(permit)
            }
            State::ChangeReady { checked, right, until } => {
                let credential = Credential::ChangePassword {
                    domain: checked.account.domain.clone(),
                    user: checked.account.name.clone(),
                    old: self.inputs.password.duplicate(),
                    new: self.inputs.new_password.duplicate(),
                };
                let permit = Permit::new(credential, right.for_change());
                self.state = State::Changing { checked, right, until };
                Some(permit)
            }
            State::LogonReady { checked, right, until: _ } => {
                let credential =
                    Credential::Logon { name: checked.name, password: self.inputs.new_password.duplicate() };
                self.wipe(actions);
                Some(Permit::new(credential, right))
            }
            other => {
                self.state = other;
                None
            }
        }
    }

    pub(super) fn binding(&self, checked: &Checked) -> Binding {
        Binding {
            account: checked.account.clone(),
            name: checked.name.clone(),
            session: self.setup.session.id,
            scenario: self.setup.scenario,
        }
    }

    fn submit(&mut self, now: Duration, actions: &mut Vec<Action>) {
        match &self.state {
            State::Credentials => self.check_password(actions),
            State::SecondFactor { .. } => self.ask_server(now, actions),
            State::NewPassword { .. } => self.choose_new_password(),
            _ => {}
        }
    }

    fn check_password(&mut self, actions: &mut Vec<Action>) {
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

    fn password_answered(
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

    fn ask_server(&mut self, now: Duration, actions: &mut Vec<Action>) {
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
        } else if checked.ask_trasa_id && trasa_id.is_empty() {
            Some(texts::TRASA_ID_MISSING)
        } else if method == MethodChoice::Code && !is_code {
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

    fn progress(&mut self, ticket: Ticket, progress: Progress) {
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

    fn answered(&mut self, ticket: Ticket, answer: Answer, now: Duration, actions: &mut Vec<Action>) {
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
                    && matches!(proof.basis(), crate::proof::Basis::Decision { reason, .. } if *reason != Reason::Watch)
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
        if let Refusal::Denied { reason, .. } = refusal {
            match reason {
                Reason::NotPermitted | Reason::UserUnknown | Reason::UserDisabled | Reason::NoAccess => {
                    checked.ask_trasa_id = true;
                }
                Reason::PushNotAvailable
                | Reason::PushNeedsPassword
                | Reason::PushStopped
                | Reason::PushBusy
                | Reason::PushExpired => method = MethodChoice::Code,
                _ => {}
            }
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
            Refusal::NoDecision(why) => Status::warning(texts::no_decision(why)),
            Refusal::Damaged => Status::error(texts::DAMAGED),
            Refusal::Cancelled => Status::information(texts::GIVEN_UP),
            Refusal::Internal => Status::error(texts::INTERNAL),
        }
    }

    fn worker_failed(&mut self, ticket: Ticket, now: Duration, actions: &mut Vec<Action>) {
        match &self.state {
            State::Checking { ticket: running, .. } if *running == ticket => {
                self.wipe(actions);
                self.status = Some(Status::error(texts::INTERNAL));
            }
            State::Asking { .. } => self.answered(ticket, Answer::Refused(Refusal::Internal), now, actions),
            _ => {}
        }
    }

    fn cancel(&mut self, now: Duration, actions: &mut Vec<Action>) {
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

    pub(super) fn call_logon_ui_back(&mut self, now: Duration, actions: &mut Vec<Action>) {
        self.auto_logon = true;
        self.survive = Some(Survive { until: now + SURVIVE_LIMIT, deselect: true, unadvise: true });
        actions.push(Action::CredentialsChanged);
    }

    /// ReportResult and SetSerialization are followed by a re-selection that must be survived.
    pub(super) fn survive_reselection(&mut self, now: Duration) {
        self.survive = Some(Survive { until: now + SURVIVE_LIMIT, deselect: true, unadvise: true });
    }

    fn left(&mut self, now: Duration, allowance: impl Fn(&mut Survive) -> bool, actions: &mut Vec<Action>) {
        let survives = self.survive.as_mut().is_some_and(|survive| now < survive.until && allowance(survive));
        if !survives {
            self.wipe(actions);
            self.status = None;
            self.inputs.user_name.clear();
            self.inputs.trasa_id.clear();
            self.prefill();
        }
    }

    fn chose(&mut self, choice: MethodChoice, now: Duration) {
        if let State::SecondFactor { checked, method } = &mut self.state
            && (choice == MethodChoice::Code || checked.password() == PasswordState::Verified)
        {
            *method = choice;
            checked.since = now;
        }
    }

    fn typed(&mut self, field: Field, text: String, actions: &mut Vec<Action>) {
        match field {
            Field::UserName if self.inputs.user_name != text => {
                // Another account: nothing of the old one may stay (B26).
                if !matches!(self.state, State::Credentials) {
                    self.wipe(actions);
                    self.status = None;
                }
                self.inputs.user_name = text;
            }
            Field::TrasaId => self.inputs.trasa_id = text,
            Field::Code => self.inputs.code = Zeroizing::new(text),
            _ => {}
        }
    }

    fn typed_secret(&mut self, field: Field, text: Password, actions: &mut Vec<Action>) {
        match field {
            Field::Password if !self.inputs.password.same_as(&text) => {
                if matches!(self.state, State::Credentials) {
                    self.inputs.password = text;
                } else if !text.is_empty() {
                    // An empty text is the echo of a field that was blanked; anything else is a person
                    // who begins anew.
                    self.wipe(actions);
                    self.status = None;
                    self.inputs.password = text;
                }
            }
            Field::NewPassword => self.inputs.new_password = text,
            Field::RepeatPassword => self.inputs.repeat_password = text,
            _ => {}
        }
        // What was ready to be serialized was checked with the other text.
        if matches!(field, Field::NewPassword | Field::RepeatPassword)
            && matches!(
                self.state,
                State::ChangeReady { .. } | State::Changing { .. } | State::LogonReady { .. }
            )
        {
            self.wipe(actions);
            self.status = None;
        }
    }

    fn incoming(&mut self, user: &str, domain: &str, password: Password, actions: &mut Vec<Action>) {
        self.wipe(actions);
        self.status = None;
        self.inputs.user_name = if domain.is_empty() { user.to_owned() } else { format!("{domain}\\{user}") };
        self.auto_logon = !password.is_empty() && !user.is_empty() && self.setup.scenario != Scenario::Uac;
        self.inputs.password = password;
    }

    fn prefill(&mut self) {
        if let Some(owner) = &self.setup.session.owner
            && self.setup.scenario == Scenario::Unlock
        {
            self.inputs.user_name = format!("{}\\{}", owner.domain, owner.name);
        }
    }

    fn expire(&mut self, now: Duration, actions: &mut Vec<Action>) {
        if self.ends().is_some_and(|end| now >= end) {
            self.wipe(actions);
            self.status = Some(Status::warning(texts::TOOK_TOO_LONG));
        }
    }

    /// Back to step 1 with no secret and no right left; the user name stays.
    pub(super) fn wipe(&mut self, actions: &mut Vec<Action>) {
        if let State::Checking { ticket, .. } | State::Asking { ticket, .. } = &self.state {
            actions.push(Action::GiveUp(*ticket));
        }
        self.state = State::Credentials;
        self.connected = false;
        self.call_back = false;
        self.auto_logon = false;
        self.survive = None;
        self.inputs.password.wipe();
        self.inputs.code.zeroize();
        self.inputs.new_password.wipe();
        self.inputs.repeat_password.wipe();
        actions.extend(Field::ALL.into_iter().filter(|field| field.is_secret()).map(Action::Blank));
    }

    fn next_ticket(&mut self) -> Ticket {
        self.tickets += 1;
        Ticket(self.tickets)
    }

    fn refresh(&mut self, now: Duration, actions: &mut Vec<Action>) {
        let view = self.render(now);
        if view != self.view {
            self.view = view;
            actions.push(Action::Show);
        }
    }
}
