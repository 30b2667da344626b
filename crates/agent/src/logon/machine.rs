//! The transitions.

use super::event::{Action, Event, Setup, Ticket};
use super::permit::{Credential, Permit, Right, Serialization};
use super::state::{Checked, Inputs, State, Survive};
use super::view::{Field, Status, View};
use crate::proof::{Binding, Scenario};
use crate::texts;
use core::time::Duration;
use zeroize::Zeroize as _;

/// How long step 2 is kept, with the password, while nobody does anything.
const IDLE: Duration = Duration::from_secs(300);
/// How long Windows may take to report the result of what was serialized.
const REPORT_LIMIT: Duration = Duration::from_secs(120);
/// How long a re-enumeration that we asked for may take.
const SURVIVE_LIMIT: Duration = Duration::from_secs(10);
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
    pub(super) call_back: bool,
    pub(super) auto_logon: bool,
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
        // Only these part a Connect from the GetSerialization that follows it. An answer does not: its
        // refusal must not be submitted once more, with the password wiped (one submission, one check).
        if matches!(
            event,
            Event::SetUp(_)
                | Event::Incoming { .. }
                | Event::StartOver
                | Event::Deselected
                | Event::Unadvised
        ) {
            self.connected = false;
        }
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

    pub(super) fn call_logon_ui_back(&mut self, now: Duration, actions: &mut Vec<Action>) {
        self.auto_logon = true;
        self.survive = Some(Survive { until: now + SURVIVE_LIMIT, deselect: true, unadvise: true });
        actions.push(Action::CredentialsChanged);
    }

    /// ReportResult and SetSerialization are followed by a re-selection that must be survived.
    pub(super) fn survive_reselection(&mut self, now: Duration) {
        self.survive = Some(Survive { until: now + SURVIVE_LIMIT, deselect: true, unadvise: true });
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
        self.call_back = false;
        self.auto_logon = false;
        self.survive = None;
        self.inputs.password.wipe();
        self.inputs.code.zeroize();
        self.inputs.new_password.wipe();
        self.inputs.repeat_password.wipe();
        actions.extend(Field::ALL.into_iter().filter(|field| field.is_secret()).map(Action::Blank));
    }

    pub(super) fn next_ticket(&mut self) -> Ticket {
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
