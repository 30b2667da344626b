//! What each line of a script does.

use zeroize::Zeroizing;

use super::com;
use super::walk::Walk;
use crate::fields::{self, Field, PASSWORD};
use crate::output::Event;
use crate::script::{Line, Value, Verb};
use crate::world::SessionKind;

/// Real time that the DLL's threads get after the virtual clocks have jumped.
const SETTLE: std::time::Duration = std::time::Duration::from_millis(60);
/// Digits that are typed are codes, wherever they are typed.
const SHORTEST_CODE: usize = 6;

impl Walk {
    /// Does one line.
    pub(super) fn line(&mut self, line: &Line) -> Result<(), String> {
        self.picture_step(line);
        if let Verb::Expect(expectation) = &line.verb {
            self.expect(line, expectation)?;
            // Asking brings the tile up, if it was not there.
            return self.picture_after();
        }
        self.shared
            .output
            .event(Event::new("verb").with("line", line.number).with("text", line.text.as_str()));
        if needs_tile(&line.verb) {
            self.start()?;
        }
        self.verb(&line.verb)?;
        self.follow_changes()?;
        self.picture_after()
    }

    fn verb(&mut self, verb: &Verb) -> Result<(), String> {
        match verb {
            Verb::Start => self.start(),
            Verb::List => self.list(),
            Verb::Type { field, value } => self.type_text(field, value),
            Verb::Choose { field, item } => self.choose(field, item),
            Verb::Check { field, on } => self.check(field, *on),
            Verb::Press { field } => self.press(field),
            Verb::Submit => self.submit(),
            Verb::Cancel(when) => {
                self.cancel = Some(when.clone());
                Ok(())
            }
            Verb::Deselect => self.deselect(),
            Verb::Select => {
                self.shared.output.mark();
                self.select(false)
            }
            Verb::Advise => self.advise(),
            Verb::Unadvise => {
                let code = com::unadvise(&self.provider()?);
                self.advised = false;
                self.heard("UnAdvise", code);
                Ok(())
            }
            Verb::ReEnumerate => self.enumerate(),
            Verb::Pump(time) => {
                self.pump(*time);
                Ok(())
            }
            Verb::Scenario { scenario, flags } => {
                self.scenario = *scenario;
                self.flags = *flags;
                let code = com::set_usage_scenario(&self.provider()?, scenario.cpus(), *flags);
                self.heard("SetUsageScenario", code);
                Ok(())
            }
            Verb::Nla { account, value, layout } => self.nla(account, value, *layout),
            Verb::NlaBytes(bytes) => self.nla_bytes(bytes.clone()),
            Verb::ReportResult { status, substatus } => self.report_result(*status, *substatus),
            Verb::NextResult { status, substatus } => {
                self.next_result = Some((*status, *substatus));
                Ok(())
            }
            Verb::Say(_) | Verb::Expect(_) => Ok(()),
            Verb::Picture(picture) => self.picture(picture),
            Verb::InPictures { pattern, text } => {
                self.picture_substitute(pattern, text);
                Ok(())
            }
            Verb::Raw(call) => self.raw(call),
            world => self.change_world(world),
        }
    }

    fn change_world(&mut self, verb: &Verb) -> Result<(), String> {
        let active = self.active;
        match verb {
            Verb::Wait(time) => {
                active.clock.advance(*time);
                self.pump(SETTLE);
            }
            Verb::Suspend(time) => {
                active.clock.suspend(*time);
                self.pump(SETTLE);
            }
            Verb::Time { forward, by } => {
                let ticks = i64::try_from(by.as_nanos() / 100).unwrap_or(i64::MAX / 4);
                active.clock.set_wall(if *forward { ticks } else { -ticks });
            }
            Verb::Clock { is_virtual } => active.clock.set_virtual(*is_virtual),
            Verb::Network(network) => active.set_network(*network),
            Verb::Session(kind) => active.world_mut().session.kind = *kind,
            Verb::Owner(owner) => active.world_mut().session.owner.clone_from(owner),
            Verb::AccountOutcome { account, code } => {
                let index = self.account(account)?;
                active.world_mut().accounts[index].outcome = *code;
            }
            Verb::AccountPassword { account, value } => {
                let index = self.account(account)?;
                let password = self.value(value)?;
                self.shared.output.keep_secret(&password);
                active.world_mut().accounts[index].password = password;
            }
            Verb::Acl { path, sddl } => crate::redirect::set_acl(path, sddl)?,
            _ => {}
        }
        let remote = active.world().session.kind == SessionKind::Remote;
        self.shared.output.event(Event::new("world").with("remote", remote));
        Ok(())
    }

    fn account(&self, name: &str) -> Result<usize, String> {
        let (domain, user) = name.split_once('\\').unwrap_or(("", name));
        self.active.world().find_account(domain, user).ok_or(format!("the world has no account {name}"))
    }

    /// The value itself; what does not stand in the script is kept out of the output.
    pub(super) fn value(&self, value: &Value) -> Result<Zeroizing<String>, String> {
        let found = match value {
            Value::Text(text) => return Ok(text.clone()),
            Value::Environment(name) => {
                Zeroizing::new(std::env::var(name).map_err(|_| format!("the environment has no {name}"))?)
            }
            Value::Password(account) => {
                let account = account.as_ref().or(self.typed_account.as_ref());
                self.password_of(account.ok_or("$password: no account name was typed yet")?)?
            }
        };
        self.shared.output.keep_secret(&found);
        Ok(found)
    }

    pub(super) fn field(&self, name: &str) -> Result<Field, String> {
        let fields = self.shared.fields_now();
        fields::find(&fields, name).map(|index| fields[index].clone())
    }

    fn type_text(&mut self, name: &str, value: &Value) -> Result<(), String> {
        let field = self.field(name)?;
        let text = self.value(value)?;
        let is_code = text.len() >= SHORTEST_CODE && text.bytes().all(|it| it.is_ascii_digit());
        if field.kind == PASSWORD || is_code {
            self.shared.output.keep_secret(&text);
        } else if matches!(value, Value::Text(_)) && self.account(&text).is_ok() {
            self.typed_account = Some(text.to_string());
        }
        if let Some(shown) = self.shared.fields().iter_mut().find(|it| it.id == field.id) {
            shown.is_filled = !text.is_empty();
            if field.kind != PASSWORD {
                shown.text = text.to_string();
            }
        }
        self.shared.focus(field.id);
        let code = com::set_string(&self.credential()?, field.id, Some(&text));
        self.heard("SetStringValue", code);
        Ok(())
    }

    fn choose(&mut self, name: &str, item: &str) -> Result<(), String> {
        let field = self.field(name)?;
        let index = field.item(item)?;
        if let Some(shown) = self.shared.fields().iter_mut().find(|it| it.id == field.id) {
            shown.choice = Some(index);
        }
        self.shared.focus(field.id);
        let code = com::set_combobox(&self.credential()?, field.id, index);
        self.heard("SetComboBoxSelectedValue", code);
        Ok(())
    }

    fn check(&mut self, name: &str, on: bool) -> Result<(), String> {
        let field = self.field(name)?;
        if let Some(shown) = self.shared.fields().iter_mut().find(|it| it.id == field.id) {
            shown.checked = Some(on);
        }
        self.shared.focus(field.id);
        let code = com::set_checkbox(&self.credential()?, field.id, on);
        self.heard("SetCheckboxValue", code);
        Ok(())
    }

    fn press(&mut self, name: &str) -> Result<(), String> {
        let field = self.field(name)?;
        if field.kind == fields::SUBMIT {
            return self.submit();
        }
        let code = com::click(&self.credential()?, field.id);
        self.heard("CommandLinkClicked", code);
        Ok(())
    }

    fn list(&mut self) -> Result<(), String> {
        for field in self.shared.fields_now() {
            let text = match (field.kind, field.is_filled) {
                (PASSWORD, true) => "(filled)",
                (PASSWORD, false) => "(empty)",
                _ => field.text.as_str(),
            };
            self.shared.output.event(
                Event::new("field")
                    .with("index", field.id)
                    .with("label", field.label.as_str())
                    .with("type", field.kind_word())
                    .with("guid", field.guid.as_str())
                    .with("state", fields::state_word(field.state))
                    .with("interactive", fields::interactive_word(field.interactive))
                    .with("text", text)
                    .with("choices", field.choices.clone())
                    .with("choice", field.choice),
            );
        }
        Ok(())
    }
}

/// Verbs that a person does at a tile.
fn needs_tile(verb: &Verb) -> bool {
    matches!(
        verb,
        Verb::List
            | Verb::Type { .. }
            | Verb::Choose { .. }
            | Verb::Check { .. }
            | Verb::Press { .. }
            | Verb::Submit
            | Verb::Deselect
            | Verb::Select
            | Verb::ReEnumerate
            | Verb::ReportResult { .. }
            | Verb::Picture(_)
    )
}
