//! A shell without LogonUI: runs the jobs of a [`Logon`] at once.

use super::World;
use crate::Password;
use crate::logon::{Action, Event, Field, Logon, Permit, Progress, Serialization};
use crate::ports::Never;
use crate::worker::{Agent, run};

/// A tile in front of a [`World`].
pub struct Tile {
    pub agent: Agent,
    pub logon: Logon,
    /// Progress of the last job.
    pub progress: Vec<Progress>,
    /// How often LogonUI was called back.
    pub call_backs: usize,
}

impl Tile {
    #[must_use]
    pub fn open(world: &World) -> Self {
        let agent = Agent::load(world.services.clone());
        let logon = Logon::new(agent.setup(false));
        Self { agent, logon, progress: Vec::new(), call_backs: 0 }
    }

    fn now(&self) -> core::time::Duration {
        self.agent.services().clock.ticks()
    }

    pub fn event(&mut self, event: Event) {
        let now = self.now();
        let actions = self.logon.handle(event, now);
        self.perform(actions);
    }

    fn perform(&mut self, actions: Vec<Action>) {
        for action in actions {
            match action {
                Action::Start(job) => {
                    self.progress.clear();
                    let mut heard = Vec::new();
                    let event = run(job, &self.agent, &Never, &mut |progress| heard.push(progress));
                    self.progress = heard;
                    self.event(event);
                }
                Action::Remember(sid, trasa_id) => self.agent.remember(sid, trasa_id),
                Action::CredentialsChanged => self.call_backs += 1,
                Action::Show | Action::Blank(_) | Action::GiveUp(_) => {}
            }
        }
    }

    pub fn type_credentials(&mut self, user: &str, password: &str) {
        self.event(Event::Typed(Field::UserName, user.into()));
        self.event(Event::TypedSecret(Field::Password, Password::from_text(password).unwrap()));
    }

    /// Connect.
    pub fn submit(&mut self) {
        self.event(Event::Submit);
    }

    /// GetSerialization.
    pub fn serialize(&mut self) -> Option<Permit> {
        let now = self.now();
        let (serialization, actions) = self.logon.ask_serialization(now);
        self.perform(actions);
        match serialization {
            Serialization::Credential(permit) => Some(permit),
            Serialization::NotFinished(_) => None,
        }
    }

    /// Step 1 with these, step 2 with this code, then GetSerialization.
    pub fn log_on(&mut self, user: &str, password: &str, trasa_id: &str, code: &str) -> Option<Permit> {
        self.type_credentials(user, password);
        self.submit();
        assert!(self.serialize().is_none(), "step 1 gives no credential");
        self.second_factor(trasa_id, code)
    }

    pub fn second_factor(&mut self, trasa_id: &str, code: &str) -> Option<Permit> {
        self.event(Event::Typed(Field::TrasaId, trasa_id.into()));
        self.event(Event::Typed(Field::Code, code.into()));
        self.submit();
        self.serialize()
    }

    #[must_use]
    pub fn status(&self) -> String {
        self.logon.view().status.as_ref().map(|s| s.text.clone()).unwrap_or_default()
    }
}
