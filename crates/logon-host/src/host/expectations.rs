//! Whether an expectation holds.

use super::walk::{Last, Walk};
use crate::codes;
use crate::fields::{self, Field, PASSWORD};
use crate::kerb::Kind;
use crate::output::Event;
use crate::script::{Expectation, Line};

impl Walk {
    pub(super) fn expect(&mut self, line: &Line, expectation: &Expectation) -> Result<(), String> {
        // Asking about a tile that is not there yet brings it up, as a look at the screen would.
        if asks_tile(expectation) {
            self.start()?;
        }
        self.follow_changes()?;
        let (ok, found) = match self.holds(expectation) {
            Ok(answer) => answer,
            Err(reason) => (false, reason),
        };
        self.shared.output.event(
            Event::new("expect")
                .with("line", line.number)
                .with("text", line.text.as_str())
                .with("ok", ok)
                .with("found", found),
        );
        if ok { Ok(()) } else { Err(format!("{} does not hold", line.text)) }
    }

    /// Whether it holds, and what there was instead.
    fn holds(&self, expectation: &Expectation) -> Result<(bool, String), String> {
        use Expectation as E;
        let last = &self.last;
        Ok(match expectation {
            E::Text(text) => {
                let shown = self.displayed();
                (shown.iter().any(|it| it.contains(text)), format!("{shown:?}"))
            }
            E::NoText(text) => {
                let shown = self.displayed();
                (!shown.iter().any(|it| it.contains(text)), format!("{shown:?}"))
            }
            E::Field(name, text) => {
                let field = self.field(name)?;
                (field.shown_text() == text, field.shown_text().to_owned())
            }
            E::State(name, state) => {
                let field = self.field(name)?;
                (field.is_in(*state), states(&field))
            }
            E::Choices(name, items) => {
                let field = self.field(name)?;
                (field.choices == *items, format!("{:?}", field.choices))
            }
            E::Choice(name, text) => {
                let field = self.field(name)?;
                (field.choice.is_some() && field.shown_text().contains(text), field.shown_text().to_owned())
            }
            E::Step(step) => {
                let now = self.tile_step();
                (now == Some(*step), now.map_or("no password field".into(), |it| format!("step {it}")))
            }
            E::Status(text) => {
                let said = self.said();
                (said.iter().any(|it| it.contains(text)), format!("{said:?}"))
            }
            E::Icon(icon) => (last.icon == *icon, last.icon.to_string()),
            E::Response(response) => {
                (last.response == Some(*response), last.response.map_or("none".into(), |it| it.to_string()))
            }
            E::Serialized(account) => {
                let fits = last
                    .serialized
                    .as_ref()
                    .is_some_and(|it| self.is_right(it) && same(&it.account, account));
                (fits, summary(last))
            }
            E::ChangedPassword(account) => {
                let fits = last
                    .serialized
                    .as_ref()
                    .is_some_and(|it| it.kind == Some(Kind::ChangePassword) && same(&it.account, account));
                (fits, summary(last))
            }
            E::NoSerialization => (last.serialized.is_none(), summary(last)),
            E::NeverSerialized => {
                let found = if self.ever_serialized { "a call returned a credential" } else { "none" };
                (!self.ever_serialized, found.to_owned())
            }
            E::LoggedOn(wanted) => {
                let logged_on = last.windows.is_some_and(|(status, _)| status == 0);
                (
                    logged_on == *wanted,
                    last.windows.map_or("nothing was serialized".into(), |it| codes::status_name(it.0)),
                )
            }
            E::HResult(code) => (last.hresult == *code, codes::hresult_name(last.hresult)),
            E::Credentials(count) => (last.count.count == *count, last.count.count.to_string()),
            E::AutoLogon(wanted) => (last.count.auto_logon == *wanted, last.count.auto_logon.to_string()),
            E::Filtered { clsid, remains } => {
                let answer =
                    self.filtered.iter().find(|(it, _)| same(it, clsid)).map(|(_, remains)| *remains);
                (answer == Some(*remains), format!("{:?}", self.filtered))
            }
            E::Event(name) => {
                let seen = self.shared.output.seen();
                let names: Vec<&str> = seen.iter().map(|it| it.name).collect();
                (names.contains(&name.as_str()), names.join(" "))
            }
            E::Log(text) => {
                let log = std::fs::read_to_string(&self.active.events_file).unwrap_or_default();
                (log.lines().any(|it| it.contains(text)), format!("{} lines", log.lines().count()))
            }
        })
    }

    /// Status texts since the last submit began: while Connect ran, and the last word.
    fn said(&self) -> Vec<String> {
        let seen = self.shared.output.seen();
        let statuses = seen.iter().filter(|it| it.name == "status").filter_map(|it| it.get("text")?.as_str());
        let mut said: Vec<String> = statuses.map(str::to_owned).collect();
        said.push(self.last.status.clone());
        said
    }

    /// Texts that a person sees now.
    fn displayed(&self) -> Vec<String> {
        let fields = self.shared.fields_now();
        let shown = fields.iter().filter(|it| it.kind != PASSWORD && it.is_displayed(self.selected));
        shown.map(|it| it.shown_text().to_owned()).filter(|it| !it.is_empty()).collect()
    }

    fn tile_step(&self) -> Option<u8> {
        let fields = self.shared.fields_now();
        let password = fields::find(&fields, "password").ok()?;
        Some(if fields[password].is_displayed(true) { 1 } else { 2 })
    }
}

fn same(left: &str, right: &str) -> bool {
    left.to_lowercase() == right.to_lowercase()
}

fn summary(last: &Last) -> String {
    last.serialized.as_ref().map_or("no credential".into(), |it| {
        let kind = it.kind.map_or("unknown", Kind::word);
        format!("{kind} of {}, password {}", it.account, it.password)
    })
}

fn states(field: &Field) -> String {
    format!("{} {}", fields::state_word(field.state), fields::interactive_word(field.interactive))
}

fn asks_tile(expectation: &Expectation) -> bool {
    use Expectation as E;
    matches!(
        expectation,
        E::Text(_)
            | E::NoText(_)
            | E::Field(..)
            | E::State(..)
            | E::Choices(..)
            | E::Choice(..)
            | E::Step(_)
            | E::Credentials(_)
            | E::AutoLogon(_)
            | E::Filtered { .. }
    )
}
