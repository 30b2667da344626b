//! A password that must be changed: after the second factor, in the same tile.

use super::event::Action;
use super::machine::Logon;
use super::state::State;
use super::view::{Field, Status};
use crate::texts;
use core::time::Duration;

/// How long a person may take to choose a new password.
const CHOOSE_LIMIT: Duration = Duration::from_secs(600);

const STATUS_SUCCESS: u32 = 0;
const STATUS_ACCOUNT_RESTRICTION: u32 = 0xC000_006E;
const STATUS_PASSWORD_EXPIRED: u32 = 0xC000_0071;
const STATUS_PASSWORD_MUST_CHANGE: u32 = 0xC000_0224;

/// Whether Windows wants a new password before it lets this account in.
const fn wants_new_password(status: u32, substatus: u32) -> bool {
    const fn says_so(code: u32) -> bool {
        matches!(code, STATUS_PASSWORD_EXPIRED | STATUS_PASSWORD_MUST_CHANGE)
    }
    says_so(status) || (status == STATUS_ACCOUNT_RESTRICTION && says_so(substatus))
}

impl Logon {
    /// ReportResult. Only here does a right outlive its serialization, and only for the change.
    pub(super) fn reported(&mut self, status: u32, substatus: u32, now: Duration, actions: &mut Vec<Action>) {
        match core::mem::replace(&mut self.state, State::Credentials) {
            State::Serialized { checked, right, .. } if wants_new_password(status, substatus) => {
                self.state = State::NewPassword { checked, right, until: now + CHOOSE_LIMIT };
                self.status = Some(Status::information(texts::CHOOSE_NEW_PASSWORD));
                self.survive_reselection(now);
            }
            State::Changing { checked, right, until } if status == STATUS_SUCCESS => {
                self.state = State::LogonReady { checked, right, until };
                self.status = Some(Status::information(texts::NEW_PASSWORD_TAKEN));
                self.call_logon_ui_back(now, actions);
            }
            State::Changing { checked, right, until } => {
                self.state = State::NewPassword { checked, right, until };
                self.status = Some(Status::error(texts::NEW_PASSWORD_REFUSED));
                self.forget_new_password(actions);
                self.survive_reselection(now);
            }
            other => {
                // Windows shows its own message; here nothing stays (B26).
                self.state = other;
                self.wipe(actions);
                self.status = None;
            }
        }
    }

    pub(super) fn choose_new_password(&mut self) {
        let inputs = &self.inputs;
        let wrong = if inputs.new_password.is_empty() {
            Some(texts::NEW_PASSWORD_MISSING)
        } else if !inputs.new_password.same_as(&inputs.repeat_password) {
            Some(texts::NEW_PASSWORDS_DIFFER)
        } else if inputs.new_password.same_as(&inputs.password) {
            Some(texts::NEW_PASSWORD_IS_OLD)
        } else {
            None
        };
        if let Some(text) = wrong {
            self.status = Some(Status::error(text));
            return;
        }
        match core::mem::replace(&mut self.state, State::Credentials) {
            State::NewPassword { checked, right, until } => {
                self.state = State::ChangeReady { checked, right, until };
            }
            other => self.state = other,
        }
    }

    fn forget_new_password(&mut self, actions: &mut Vec<Action>) {
        self.inputs.new_password.wipe();
        self.inputs.repeat_password.wipe();
        actions.extend([Action::Blank(Field::NewPassword), Action::Blank(Field::RepeatPassword)]);
    }
}
