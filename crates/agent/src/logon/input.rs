//! What people type and choose, and what comes along from outside.

use super::event::Action;
use super::machine::Logon;
use super::state::{State, Survive};
use super::view::{Field, MethodChoice};
use crate::Password;
use crate::proof::Scenario;
use core::time::Duration;
use protocol::v2::PasswordState;
use zeroize::Zeroizing;

impl Logon {
    pub(super) fn left(
        &mut self,
        now: Duration,
        allowance: impl Fn(&mut Survive) -> bool,
        actions: &mut Vec<Action>,
    ) {
        let survives = self.survive.as_mut().is_some_and(|survive| now < survive.until && allowance(survive));
        if !survives {
            self.wipe(actions);
            self.status = None;
            self.inputs.user_name.clear();
            self.inputs.trasa_id.clear();
            self.prefill();
        }
    }

    pub(super) fn chose(&mut self, choice: MethodChoice, now: Duration) {
        if let State::SecondFactor { checked, method } = &mut self.state
            && (choice == MethodChoice::Code || checked.password() == PasswordState::Verified)
        {
            *method = choice;
            checked.since = now;
        }
    }

    pub(super) fn typed(&mut self, field: Field, text: String, actions: &mut Vec<Action>) {
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

    pub(super) fn typed_secret(&mut self, field: Field, text: Password, actions: &mut Vec<Action>) {
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

    pub(super) fn incoming(
        &mut self,
        user: &str,
        domain: &str,
        password: Password,
        actions: &mut Vec<Action>,
    ) {
        self.wipe(actions);
        self.status = None;
        self.inputs.user_name = if domain.is_empty() { user.to_owned() } else { format!("{domain}\\{user}") };
        self.auto_logon = !password.is_empty() && !user.is_empty() && self.setup.scenario != Scenario::Uac;
        self.inputs.password = password;
    }

    pub(super) fn prefill(&mut self) {
        if let Some(owner) = &self.setup.session.owner
            && self.setup.scenario == Scenario::Unlock
        {
            self.inputs.user_name = format!("{}\\{}", owner.domain, owner.name);
        }
    }
}
