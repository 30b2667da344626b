//! From a state to what the tile shows.

use super::machine::Logon;
use super::state::State;
use super::view::{Field, MethodChoice, Status, View};
use crate::texts;
use core::time::Duration;
use protocol::v2::PasswordState;

impl Logon {
    pub(super) fn render(&self, now: Duration) -> View {
        let mut view = View::blank();
        view.show(Field::Image, "");
        view.show(Field::Banner, texts::BANNER);
        match &self.state {
            State::Credentials => {
                view.show(Field::UserName, self.inputs.user_name.clone());
                view.show(Field::Password, "");
                view.show(Field::Submit, texts::SUBMIT);
                view.focus = if self.inputs.user_name.is_empty() { Field::UserName } else { Field::Password };
            }
            State::Checking { .. } => {
                view.show(Field::UserName, self.inputs.user_name.clone());
                view.focus = Field::Status;
            }
            State::SecondFactor { checked, method } => {
                view.show(Field::Who, texts::signing_in_as(&checked.account));
                view.method = *method;
                if checked.ask_trasa_id {
                    view.show(Field::TrasaId, self.inputs.trasa_id.clone());
                }
                if checked.password() == PasswordState::Verified {
                    view.show(Field::Method, "");
                }
                if *method == MethodChoice::Code {
                    view.show(Field::Code, "");
                }
                view.show(Field::Submit, texts::SUBMIT);
                view.show(Field::StartOver, texts::START_OVER);
                let wants_id = checked.ask_trasa_id && self.inputs.trasa_id.trim().is_empty();
                (view.focus, view.submit_beside) = match (wants_id, method) {
                    (true, MethodChoice::Code) => (Field::TrasaId, Field::Code),
                    (true, MethodChoice::Push) => (Field::TrasaId, Field::Method),
                    (false, MethodChoice::Code) => (Field::Code, Field::Code),
                    (false, MethodChoice::Push) => (Field::Submit, Field::Method),
                };
            }
            State::Asking { checked, method, phone, .. } => {
                view.show(Field::Who, texts::signing_in_as(&checked.account));
                view.method = *method;
                if let Some(number) = phone.as_ref().and_then(|phone| phone.number.as_ref()) {
                    view.show(Field::Number, number.clone());
                }
                view.show(Field::Cancel, texts::CANCEL);
                view.focus = Field::Cancel;
            }
            State::Allowed { checked, .. }
            | State::Serialized { checked, .. }
            | State::Changing { checked, .. }
            | State::ChangeReady { checked, .. }
            | State::LogonReady { checked, .. } => {
                view.show(Field::Who, texts::signing_in_as(&checked.account));
                view.show(Field::Submit, texts::SUBMIT);
                view.show(Field::StartOver, texts::START_OVER);
                view.focus = Field::Submit;
                view.submit_beside = Field::Who;
            }
            State::NewPassword { checked, .. } => {
                view.show(Field::Who, texts::signing_in_as(&checked.account));
                view.show(Field::NewPassword, "");
                view.show(Field::RepeatPassword, "");
                view.show(Field::Submit, texts::SUBMIT);
                view.show(Field::StartOver, texts::START_OVER);
                view.focus = Field::NewPassword;
                view.submit_beside = Field::RepeatPassword;
            }
        }
        view.status = self.status_line(now);
        if let Some(status) = &view.status {
            view.show(Field::Status, status.text.clone());
        }
        view
    }

    /// The line that says what is going on. Every state is a label in the tile, not only a busy text.
    pub(super) fn status_line(&self, now: Duration) -> Option<Status> {
        match &self.state {
            State::Checking { .. } => Some(Status::information(texts::CHECKING_PASSWORD)),
            State::Asking { phone: Some(phone), .. } => {
                let left = phone.until.saturating_sub(now);
                let seconds = left.as_secs() + u64::from(left.subsec_nanos() > 0);
                let text = match phone.number {
                    Some(_) => texts::waiting_for_phone(seconds),
                    None => texts::waiting_without_number(seconds),
                };
                Some(Status::information(text))
            }
            State::Asking { line, .. } => Some(line.clone()),
            State::Credentials if self.status.is_none() && self.setup.damaged => {
                Some(Status::error(texts::DAMAGED))
            }
            State::Credentials if self.status.is_none() && !self.network => {
                Some(Status::warning(texts::NO_NETWORK))
            }
            _ => self.status.clone(),
        }
    }
}
