//! One logon while it lasts: the state machine, its workers, and what still has to be told to LogonUI.
//!
//! No COM pointer is in here: a session is shared with worker threads, and LogonUI's interfaces stay on the thread that
//! they came on. What a worker changes is drawn by the tile's own thread (see [`crate::tile::Stage`]).

use crate::com::lock;
use crate::worker;
use agent::logon::{Action, Event, Field, Job, Logon, Serialization, Ticket, View};
use agent::worker::Agent;
use core::sync::atomic::{AtomicBool, Ordering};
use core::time::Duration;
use std::sync::{Arc, Condvar, Mutex, PoisonError};

/// A logon, shared by the tile and its workers.
pub(crate) struct Session {
    agent: Agent,
    logon: Mutex<Logon>,
    /// Told after every event.
    moved: Condvar,
    jobs: Mutex<Vec<(Ticket, Arc<AtomicBool>)>>,
    /// Fields of secrets that LogonUI has to empty.
    blanks: Mutex<Vec<Field>>,
    /// The view changed since it was drawn.
    stale: AtomicBool,
    /// LogonUI is to enumerate again.
    rings: AtomicBool,
}

impl Session {
    /// A logon that nobody has touched yet.
    pub(crate) fn new(agent: Agent, elevation: bool) -> Arc<Self> {
        let logon = Logon::new(agent.setup(elevation));
        Arc::new(Self {
            agent,
            logon: Mutex::new(logon),
            moved: Condvar::new(),
            jobs: Mutex::default(),
            blanks: Mutex::default(),
            stale: AtomicBool::new(false),
            rings: AtomicBool::new(false),
        })
    }

    /// Configuration and ports.
    pub(crate) const fn agent(&self) -> &Agent {
        &self.agent
    }

    /// Something happened.
    pub(crate) fn handle(self: &Arc<Self>, event: Event) {
        let now = self.now();
        let actions = lock(&self.logon).handle(event, now);
        self.perform(actions);
        self.moved.notify_all();
    }

    /// GetSerialization.
    pub(crate) fn ask_serialization(self: &Arc<Self>) -> Serialization {
        let now = self.now();
        let (serialization, actions) = lock(&self.logon).ask_serialization(now);
        self.perform(actions);
        serialization
    }

    /// Time passes: what is due by now happens.
    pub(crate) fn tick(self: &Arc<Self>) {
        let now = self.now();
        let due = lock(&self.logon).next_tick(now).is_some_and(|at| at <= now);
        if due {
            self.handle(Event::Tick);
        }
    }

    /// Waits until something happened, at most for `limit`. Says whether there is more to wait for.
    pub(crate) fn wait(&self, limit: Duration) -> bool {
        let logon = lock(&self.logon);
        if !logon.is_busy() {
            return false;
        }
        let (logon, _) = self.moved.wait_timeout(logon, limit).unwrap_or_else(PoisonError::into_inner);
        logon.is_busy()
    }

    /// Whether the next enumeration submits by itself. Says yes once.
    pub(crate) fn take_auto_logon(&self) -> bool {
        lock(&self.logon).take_auto_logon()
    }

    /// The tile as it should stand.
    pub(crate) fn view(&self) -> View {
        lock(&self.logon).view().clone()
    }

    /// Whether the view changed since the last time that this was asked.
    pub(crate) fn take_stale(&self) -> bool {
        self.stale.swap(false, Ordering::AcqRel)
    }

    /// The fields to empty on the screen, since the last time that this was asked.
    pub(crate) fn take_blanks(&self) -> Vec<Field> {
        core::mem::take(&mut *lock(&self.blanks))
    }

    /// Whether LogonUI is to enumerate again. Says yes once.
    pub(crate) fn take_ring(&self) -> bool {
        self.rings.swap(false, Ordering::AcqRel)
    }

    /// The ring could not be passed on yet.
    pub(crate) fn ring_later(&self) {
        self.rings.store(true, Ordering::Release);
    }

    fn now(&self) -> Duration {
        self.agent.services().clock.ticks()
    }

    fn perform(self: &Arc<Self>, actions: Vec<Action>) {
        for action in actions {
            match action {
                Action::Show => self.stale.store(true, Ordering::Release),
                Action::Blank(field) => self.blank(field),
                Action::Start(job) => self.start(job),
                Action::GiveUp(ticket) => self.give_up(ticket),
                Action::Remember(sid, trasa_id) => self.agent.remember(sid, trasa_id),
                Action::CredentialsChanged => self.ring_later(),
            }
        }
    }

    fn start(self: &Arc<Self>, job: Job) {
        let ticket = job.ticket();
        let cancelled = Arc::new(AtomicBool::new(false));
        lock(&self.jobs).push((ticket, Arc::clone(&cancelled)));
        let session = Arc::clone(self);
        let started = worker::start(move || session.work(job, &cancelled));
        if !started {
            self.end_job(ticket);
            self.handle(Event::WorkerFailed(ticket));
        }
    }

    /// The body of a worker. A job that panics ends like one that could not start.
    fn work(self: Arc<Self>, job: Job, cancelled: &AtomicBool) {
        let ticket = job.ticket();
        let mut progress = |progress| self.handle(Event::Progress(ticket, progress));
        let end = crate::com::guarded("worker", || {
            Ok(agent::worker::run(job, &self.agent, cancelled, &mut progress))
        });
        self.end_job(ticket);
        self.handle(end.unwrap_or(Event::WorkerFailed(ticket)));
    }

    fn blank(&self, field: Field) {
        let mut blanks = lock(&self.blanks);
        if !blanks.contains(&field) {
            blanks.push(field);
        }
    }

    fn give_up(&self, ticket: Ticket) {
        for (running, cancelled) in lock(&self.jobs).iter() {
            if *running == ticket {
                cancelled.store(true, Ordering::Release);
            }
        }
    }

    fn end_job(&self, ticket: Ticket) {
        lock(&self.jobs).retain(|(running, _)| *running != ticket);
    }
}
