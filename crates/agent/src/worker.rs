//! What a worker thread does while the person waits: checks the password, asks the server, and
//! where there is no decision applies the offline rule.

mod client;

use crate::account::{self, Account, KnownAccount, LogonName, ResolveError};
use crate::config::{Loaded, State, UsableLink};
use crate::exchange::{Cause, Outcome, TILE_CHECK_LIMIT, v1};
use crate::logon::{
    Answer, Event as LogonEvent, Job, LogonQuestion, PasswordAnswered, PasswordQuestion, Progress, Refusal,
    Setup,
};
use crate::offline;
use crate::password::{self, PasswordOutcome};
use crate::ports::{Address, Cancelled, Event, SessionFacts, TransportError};
use crate::probation;
use crate::proof::{Basis, Scenario};
use crate::services::Services;
use crate::{Sid, config, proof::Binding};
use client::AnyClient;
use core::time::Duration;
use protocol::reason::Reason;
use protocol::v2::{CheckPurpose, CheckRequest, Feature, PasswordState, Versions};
use std::sync::{Mutex, PoisonError};

/// How long to wait for a network or for name resolution, once a logon.
const NETWORK_LIMIT: Duration = Duration::from_secs(20);
/// How often to look whether it is there.
const NETWORK_PAUSE: Duration = Duration::from_millis(250);
/// Before asking again while names do not resolve.
const RESOLVE_PAUSE: Duration = Duration::from_secs(1);

/// What was loaded for a tile, and the ports to work with. Shared with the worker threads.
#[derive(Debug)]
pub struct Agent {
    services: Services,
    loaded: Loaded,
    learned: Mutex<config::Learned>,
    /// A rehearsal before arming, see [`crate::trial`]: nothing stands in for the server's decision.
    is_trial: bool,
}

impl Agent {
    /// Reads the configuration.
    #[must_use]
    pub fn load(services: Services) -> Self {
        let loaded = config::load(&services);
        if let State::Damaged(damage) = loaded.state {
            services.events.write(&Event::damaged(&damage.to_string()));
        }
        let learned = loaded.usable.as_ref().map(|usable| usable.learned.clone()).unwrap_or_default();
        Self { services, loaded, learned: Mutex::new(learned), is_trial: false }
    }

    /// Reads the configuration for a trial logon: neither the offline rule nor watch mode lets anybody
    /// pass, so that no offline logon is written down that never was, and probation hears of nothing.
    pub(crate) fn load_for_trial(services: Services) -> Self {
        let mut agent = Self { is_trial: true, ..Self::load(services) };
        agent.loaded.offline = config::OfflineList::default();
        agent
    }

    /// What was found.
    #[must_use]
    pub const fn loaded(&self) -> &Loaded {
        &self.loaded
    }

    /// The ports.
    #[must_use]
    pub const fn services(&self) -> &Services {
        &self.services
    }

    /// What a tile is set up with. An owner of the session makes a logon an unlock, whatever usage
    /// scenario Windows names (Windows 10 names logon for both).
    #[must_use]
    pub fn setup(&self, uac: bool) -> Setup {
        let mut session: SessionFacts = self.services.session.facts();
        if self.is_trial {
            // Whoever sits here is rehearsing the next logon, not unlocking this session.
            session.owner = None;
        }
        let scenario = match (uac, &session.owner) {
            (true, _) => Scenario::Uac,
            (false, Some(_)) => Scenario::Unlock,
            (false, None) => Scenario::Logon,
        };
        let push = self.loaded.usable.as_ref().is_some_and(|usable| match usable.link() {
            UsableLink::V1(_) => true,
            UsableLink::V2(link) => link.admission.features.contains(&Feature::Push),
        });
        Setup {
            scenario,
            session,
            machine: self.loaded.machine.clone(),
            damaged: self.loaded.usable.is_none(),
            watching: self.is_watching(),
            push,
            network: self.services.network.is_up(),
            trasa_ids: self.learned().trasa_ids,
        }
    }

    /// Writes down the trasa id that worked, see [`crate::logon::Action::Remember`].
    pub fn remember(&self, sid: Sid, trasa_id: String) {
        self.update(|learned| learned.remember(sid, trasa_id));
    }

    fn is_watching(&self) -> bool {
        if self.is_trial {
            return false;
        }
        let now = self.services.clock.unix_seconds();
        let learned = self.learned();
        let admission = self.loaded.usable.as_ref().and_then(|usable| usable.configuration.admission());
        admission.is_some_and(|admission| learned.is_watching(admission, now))
    }

    fn learned(&self) -> config::Learned {
        // Plain data: a panic of another worker leaves nothing half-done in it.
        self.learned.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn update(&self, change: impl FnOnce(&mut config::Learned)) {
        let mut learned = self.learned.lock().unwrap_or_else(PoisonError::into_inner);
        let mut after = learned.clone();
        change(&mut after);
        *learned = config::Learned::update(&self.services, &learned, after);
    }

    /// A tile may stand for days; the report task learns meanwhile.
    fn refresh(&self) {
        self.update(|_| {});
    }

    fn client(&self) -> Option<AnyClient<'_>> {
        let link = self.loaded.usable.as_ref()?.link();
        Some(AnyClient::new(&self.services, link, &self.loaded.machine, self.learned()))
    }

    /// Keeps what a client learned; trasa ids are only changed here.
    fn keep(&self, client: AnyClient<'_>) {
        let news = client.learned();
        self.update(|learned| {
            let trasa_ids = core::mem::take(&mut learned.trasa_ids);
            *learned = config::Learned { trasa_ids, ..news };
        });
    }
}

/// Versions as they go to the server.
#[must_use]
pub fn versions(windows: &str) -> Versions {
    Versions { agent: env!("CARGO_PKG_VERSION").to_owned(), windows: windows.to_owned() }
}

/// Does a job and returns the event that ends it. Blocks; `progress` hears of what is going on.
pub fn run(
    job: Job,
    agent: &Agent,
    cancelled: &dyn Cancelled,
    progress: &mut dyn FnMut(Progress),
) -> LogonEvent {
    agent.refresh();
    match job {
        Job::CheckPassword(question) => {
            LogonEvent::PasswordAnswered(question.ticket, check_password(agent, &question, cancelled))
        }
        Job::AskServer(question) => {
            let answer = match ask(agent, &question, cancelled, progress) {
                Ok(proof) => Answer::Allowed(proof),
                Err(refusal) => Answer::Refused(refusal),
            };
            if !agent.is_trial {
                record(agent, &question.binding, &answer);
                note_for_probation(agent, &question, &answer);
            }
            LogonEvent::Answered(question.ticket, answer)
        }
    }
}

fn check_password(agent: &Agent, question: &PasswordQuestion, cancelled: &dyn Cancelled) -> PasswordAnswered {
    let PasswordQuestion { name, password, .. } = question;
    let said = agent.services.password.check(&name.user, name.domain.as_deref(), password);
    let outcome = password::judge(&said);
    if matches!(outcome, PasswordOutcome::Stop(_)) {
        // The server hears nothing, and nothing is looked up for somebody without the password.
        let account = Err(ResolveError::NotFound);
        return PasswordAnswered { outcome, account, ask_trasa_id: true, offline_user: false };
    }
    let account = match &said.sid {
        Some(sid) => account_of_token(agent, sid, name),
        None => account::resolve(name, &agent.loaded.machine, &*agent.services.lookup, &known(agent)),
    };
    let ask_trasa_id = match (&account, outcome) {
        (Ok(account), PasswordOutcome::Verified(_)) => ask_trasa_id(agent, account, cancelled),
        _ => true,
    };
    let offline_user = account.as_ref().is_ok_and(|account| agent.loaded.offline.lists(account));
    PasswordAnswered { outcome, account, ask_trasa_id, offline_user }
}

fn known(agent: &Agent) -> Vec<KnownAccount> {
    let saved = agent.loaded.usable.iter().flat_map(|usable| &usable.configuration.known_accounts);
    agent.loaded.offline.users.iter().chain(saved).cloned().collect()
}

/// The token's SID is the account from here on. Its names are for people and for the server.
fn account_of_token(agent: &Agent, sid: &Sid, name: &LogonName) -> Result<Account, ResolveError> {
    let machine = &agent.loaded.machine;
    if let Ok(resolved) = agent.services.lookup.by_sid(sid, account::LOOKUP_LIMIT) {
        return Ok(Account::from_resolved(&resolved, machine));
    }
    let written = known(agent).into_iter().find(|known| known.account.sid.as_ref() == Some(sid));
    if let Some(known) = written {
        return Ok(known.account);
    }
    let account = Account::from_name(name, machine).ok_or(ResolveError::Unavailable)?;
    Ok(Account { sid: Some(sid.clone()), ..account })
}

/// Whether the trasa id must be typed. No answer in 2 s: it must.
fn ask_trasa_id(agent: &Agent, account: &Account, cancelled: &dyn Cancelled) -> bool {
    if agent.loaded.state != State::Armed || !agent.services.network.is_up() {
        return true;
    }
    // Only version 2 can be asked; with version 1 the name is always typed.
    let Some(AnyClient::V2(mut client)) = agent.client() else { return true };
    let request =
        CheckRequest { purpose: CheckPurpose::Tile, armed: true, accounts: vec![account.to_wire()] };
    let answer = client.check(&request, TILE_CHECK_LIMIT, cancelled);
    agent.keep(AnyClient::V2(client));
    answer.map_or(true, |answer| answer.ask_trasa_id)
}

fn ask(
    agent: &Agent,
    question: &LogonQuestion,
    cancelled: &dyn Cancelled,
    progress: &mut dyn FnMut(Progress),
) -> Result<crate::proof::Proof, Refusal> {
    let Some(mut client) = agent.client() else {
        return without_decision(agent, question, "damaged", Refusal::Damaged);
    };
    let mut wait = Wait::new(agent, question.may_wait_for_network);
    wait.for_network(cancelled, progress);
    let outcome = loop {
        if cancelled.is_cancelled() {
            break Outcome::Cancelled;
        }
        let outcome = client.logon(question, cancelled, progress);
        match &outcome {
            Outcome::NoDecision(causes) if no_names(causes) && wait.for_names(cancelled, progress) => {}
            _ => break outcome,
        }
    };
    agent.keep(client);
    match outcome {
        Outcome::Allow(proof) => Ok(proof),
        Outcome::Deny { reason, parameters, short_code } => {
            Err(Refusal::Denied { reason, parameters, short_code })
        }
        Outcome::Error { code, parameters } => Err(Refusal::Error { code, parameters }),
        Outcome::DoesNotFit => Err(Refusal::DoesNotFit),
        Outcome::V1(refusal) => Err(Refusal::V1(refusal)),
        Outcome::Cancelled => Err(Refusal::Cancelled),
        Outcome::Internal => Err(Refusal::Internal),
        Outcome::NoDecision(causes) => {
            let (code, text) = if agent.services.network.is_up() {
                // A server that answered tells more than an address where nobody was.
                let telling = causes.iter().find(|(_, cause)| cause.is_reached()).or(causes.first());
                telling.map_or(("no_address", "no address is configured"), |(_, cause)| {
                    (cause.code(), cause.text())
                })
            } else {
                ("no_network", "this computer has no network")
            };
            let reached = causes.iter().any(|(_, cause)| cause.is_reached());
            without_decision(agent, question, code, Refusal::NoDecision { why: text.to_owned(), reached })
        }
    }
}

/// The offline rule. The only other way to a proof than the server's allow.
fn without_decision(
    agent: &Agent,
    question: &LogonQuestion,
    cause: &str,
    refusal: Refusal,
) -> Result<crate::proof::Proof, Refusal> {
    let binding = &question.binding;
    let Some(rule) = offline::rule(&binding.account, &agent.loaded.offline, agent.is_watching()) else {
        return Err(refusal);
    };
    offline::admit(&agent.services, binding, question.remote, rule, cause).map_err(|_| {
        agent.services.events.write(&Event::internal_error("an offline logon could not be recorded"));
        Refusal::Internal
    })
}

fn no_names(causes: &[(Address, Cause)]) -> bool {
    !causes.is_empty()
        && causes.iter().all(|(_, cause)| *cause == Cause::Transport(TransportError::NameResolution))
}

/// The wait for a network or for names, at most once a logon.
struct Wait<'a> {
    agent: &'a Agent,
    until: Duration,
}

impl<'a> Wait<'a> {
    fn new(agent: &'a Agent, allowed: bool) -> Self {
        let now = agent.services.clock.ticks();
        Self { agent, until: if allowed { now + NETWORK_LIMIT } else { now } }
    }

    fn pause(&self, time: Duration, cancelled: &dyn Cancelled) -> bool {
        let clock = &self.agent.services.clock;
        let left = self.until.saturating_sub(clock.ticks());
        if left.is_zero() || cancelled.is_cancelled() {
            return false;
        }
        clock.sleep(time.min(left));
        true
    }

    fn for_network(&self, cancelled: &dyn Cancelled, progress: &mut dyn FnMut(Progress)) {
        let network = &self.agent.services.network;
        if network.is_up() {
            return;
        }
        progress(Progress::WaitingForNetwork);
        while !network.is_up() && self.pause(NETWORK_PAUSE, cancelled) {}
    }

    fn for_names(&mut self, cancelled: &dyn Cancelled, progress: &mut dyn FnMut(Progress)) -> bool {
        progress(Progress::WaitingForNetwork);
        self.pause(RESOLVE_PAUSE, cancelled)
    }
}

/// Only a verified password tells whether somebody was locked out who should not be.
fn note_for_probation(agent: &Agent, question: &LogonQuestion, answer: &Answer) {
    match answer {
        Answer::Allowed(proof) => {
            if proof.basis().shows_second_factor() {
                probation::end(&agent.services);
            }
        }
        Answer::Refused(Refusal::Cancelled) => {}
        Answer::Refused(_) if question.password == PasswordState::Verified => {
            probation::refused(&agent.services);
        }
        Answer::Refused(_) => {}
    }
}

fn record(agent: &Agent, binding: &Binding, answer: &Answer) {
    let account = binding.account.to_string();
    let event = match answer {
        Answer::Allowed(proof) => match proof.basis() {
            Basis::Decision { reason: Reason::PassThrough, .. } => Event::logon_passed_through(&account),
            Basis::Decision { reason, short_code } if short_code.is_empty() => {
                Event::logon_allowed_unsigned(&account, reason.code())
            }
            Basis::Decision { reason, short_code } => {
                Event::logon_allowed(&account, reason.code(), short_code)
            }
            Basis::OfflineRule => Event::offline_allowed(&account, "there was no decision"),
            Basis::Watch => Event::watch_passed(&account, "there was no decision"),
        },
        Answer::Refused(refusal) => match refusal {
            Refusal::Denied { reason, short_code, .. } => {
                Event::logon_denied(&account, reason.code(), short_code)
            }
            Refusal::Error { code, .. } => Event::logon_refused(&account, code.code()),
            Refusal::DoesNotFit => {
                Event::logon_refused(&account, "the signed answer does not belong to this logon")
            }
            Refusal::V1(v1::Refusal::NotUnderstood(what)) => Event::logon_refused(&account, what.as_str()),
            Refusal::V1(refusal) => Event::logon_refused(&account, refusal.code()),
            Refusal::NoDecision { why, .. } => Event::offline_refused(&account, why),
            Refusal::Damaged => Event::offline_refused(&account, "the configuration is damaged"),
            Refusal::Cancelled => return,
            Refusal::Internal => Event::logon_refused(&account, "internal error"),
        },
    };
    agent.services.events.write(&event);
}

#[cfg(test)]
mod tests;
