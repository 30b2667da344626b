//! The shell around the state machine: asks the person for what the view shows, submits, and sees to
//! the end.

use super::{Failed, Passed, Person, Typed};
use crate::logon::{Action, Answer, Event, Field, FieldKind, Job, Logon, Serialization};
use crate::ports::Cancelled;
use crate::proof::Basis;
use crate::texts;
use crate::worker::{self, Agent};

/// After so many submissions the trial has failed; each is one password check or one question to the
/// server.
const MOST_SUBMISSIONS: usize = 6;
/// Name of the state that everything begins with.
const STEP_1: &str = "credentials";

pub(super) struct Walk<'a> {
    agent: &'a Agent,
    logon: Logon,
    person: &'a mut dyn Person,
    cancelled: &'a dyn Cancelled,
    /// Once the server allowed it: whether it saw a second factor, and the trial that passed.
    allowed: Option<(bool, Passed)>,
    /// What the tile said when the last submission led nowhere.
    refused: Option<String>,
}

impl<'a> Walk<'a> {
    pub(super) fn new(agent: &'a Agent, person: &'a mut dyn Person, cancelled: &'a dyn Cancelled) -> Self {
        let logon = Logon::new(agent.setup(false));
        Self { agent, logon, person, cancelled, allowed: None, refused: None }
    }

    pub(super) fn run(mut self) -> Result<Passed, Failed> {
        for _ in 0..MOST_SUBMISSIONS {
            self.fill()?;
            let before = self.logon.step();
            self.event(Event::Submit);
            let after = self.logon.step();
            self.refused = (after == before || after == STEP_1).then(|| self.status());
            if self.cancelled.is_cancelled() {
                return Err(Failed::GivenUp);
            }
            let now = self.agent.services().clock.ticks();
            // Exactly what the tile would be asked. The credential is dropped, which wipes it.
            let (serialization, _) = self.logon.ask_serialization(now);
            if let (Serialization::Credential(_), Some((factor, passed))) =
                (serialization, self.allowed.take())
            {
                return if factor { Ok(passed) } else { Err(Failed::NoSecondFactor) };
            }
        }
        Err(self.given_up())
    }

    /// Asks for every field that can be filled and is shown, in the order of the tile. A choice may show
    /// or hide those after it.
    fn fill(&mut self) -> Result<(), Failed> {
        for field in Field::ALL {
            let fillable =
                matches!(field.kind(), FieldKind::EditText | FieldKind::PasswordText | FieldKind::ComboBox);
            if !fillable || !self.logon.view().field(field).shown {
                continue;
            }
            let typed = self.person.fill(field, self.logon.view());
            match typed.filter(|_| !self.cancelled.is_cancelled()) {
                None => return Err(self.given_up()),
                Some(Typed::Keep) => {}
                Some(Typed::Text(mut text)) => {
                    self.event(Event::Typed(field, core::mem::take(&mut *text)));
                }
                Some(Typed::Secret(text)) => self.event(Event::TypedSecret(field, text)),
                Some(Typed::Method(choice)) => self.event(Event::Chose(choice)),
            }
        }
        Ok(())
    }

    /// Who stops after a refusal was refused.
    fn given_up(&self) -> Failed {
        self.refused.clone().map_or(Failed::GivenUp, Failed::Refused)
    }

    fn status(&self) -> String {
        self.logon.view().status.as_ref().map_or_else(|| texts::INTERNAL.to_owned(), |it| it.text.clone())
    }

    fn event(&mut self, event: Event) {
        let now = self.agent.services().clock.ticks();
        let actions = self.logon.handle(event, now);
        for action in actions {
            match action {
                Action::Show => self.person.look(self.logon.view()),
                Action::Start(job) => self.work(job),
                Action::Remember(sid, trasa_id) => self.agent.remember(sid, trasa_id),
                // There is no LogonUI, and a job ends before anything else happens.
                Action::Blank(_) | Action::GiveUp(_) | Action::CredentialsChanged => {}
            }
        }
    }

    fn work(&mut self, job: Job) {
        let ticket = job.ticket();
        let (logon, person) = (&mut self.logon, &mut *self.person);
        let clock = &self.agent.services().clock;
        let end = worker::run(job, self.agent, self.cancelled, &mut |progress| {
            let actions = logon.handle(Event::Progress(ticket, progress), clock.ticks());
            if actions.iter().any(|action| matches!(action, Action::Show)) {
                person.look(logon.view());
            }
        });
        if let Event::Answered(_, Answer::Allowed(proof)) = &end
            && let Basis::Decision { short_code, .. } = proof.basis()
        {
            let passed = Passed {
                account: proof.binding().account.to_string(),
                at: self.agent.services().clock.unix_seconds(),
                short_code: short_code.clone(),
            };
            self.allowed = Some((proof.basis().shows_second_factor(), passed));
        }
        self.event(end);
    }
}
