//! `try`: a trial logon as a conversation on the console.

use crate::arguments::Try;
use crate::console::{Console, Failure};
use crate::flow;
use crate::panel::Panel;
use crate::ports::Typing;
use agent::Password;
use agent::logon::{Field, MethodChoice, View};
use agent::ports::Never;
use agent::texts;
use agent::trial::{Person, Typed};
use serde_json::json;
use zeroize::Zeroizing;

pub(super) fn run(
    arguments: Try,
    panel: &Panel,
    typing: &mut dyn Typing,
    console: &mut Console<'_>,
) -> Result<(), Failure> {
    let mut conversation = Conversation { given: arguments, typing, console, said: Vec::new() };
    let passed = flow::trial::run(panel, &mut conversation, &Never)?;
    // Version 1 names no logon.
    let named =
        if passed.short_code.is_empty() { String::new() } else { format!(" ({})", passed.short_code) };
    let lines = [
        format!("The trial logon of {} passed{named}. Nothing of Windows was changed.", passed.account),
        "Next: TrasaConfig arm.".to_owned(),
    ];
    let shown = json!({
        "passed": true, "account": passed.account, "short_code": passed.short_code, "at": passed.at,
    });
    console.show(&shown, &lines)
}

/// Asks for each field once; what stood on the command line is not asked for.
struct Conversation<'a, 'b> {
    given: Try,
    typing: &'a mut dyn Typing,
    console: &'a mut Console<'b>,
    /// The lines that were said last, so that none is said twice.
    said: Vec<String>,
}

impl Person for Conversation<'_, '_> {
    fn fill(&mut self, field: Field, view: &View) -> Option<Typed> {
        let shown = view.field(field).text.clone();
        match field {
            Field::UserName => match self.given.user.take() {
                Some(user) => Some(Typed::Text(Zeroizing::new(user))),
                None => self.text(field, &shown),
            },
            Field::TrasaId => match self.given.trasa_id.take() {
                Some(id) => Some(Typed::Text(Zeroizing::new(id))),
                None => self.text(field, &shown),
            },
            Field::Method => match self.given.method.take() {
                Some(method) => Some(Typed::Method(method.choice())),
                None => self.method(view.method),
            },
            Field::Code => self.line(field.label(), true).map(Typed::Text),
            _ => {
                let line = self.line(field.label(), true)?;
                Password::from_text(&line).ok().map(Typed::Secret)
            }
        }
    }

    fn look(&mut self, view: &View) {
        let number = view.field(Field::Number);
        let mut lines = Vec::new();
        if number.shown {
            lines.push(format!("{}: {}", Field::Number.label(), number.text));
        } else if let Some(status) = view.status.as_ref().filter(|status| status.text != texts::SIGNING_IN) {
            lines.push(status.text.clone());
        }
        for line in &lines {
            if !self.said.contains(line) {
                self.console.progress(line);
            }
        }
        self.said = lines;
    }
}

impl Conversation<'_, '_> {
    /// Nothing typed: what is shown already, or the end where nothing is.
    fn text(&mut self, field: Field, shown: &str) -> Option<Typed> {
        let prompt =
            if shown.is_empty() { field.label().to_owned() } else { format!("{} [{shown}]", field.label()) };
        let line = self.line(&prompt, false)?;
        if line.is_empty() {
            return (!shown.is_empty()).then_some(Typed::Keep);
        }
        Some(Typed::Text(line))
    }

    fn method(&mut self, default: MethodChoice) -> Option<Typed> {
        let name = |choice| if choice == MethodChoice::Push { "push" } else { "code" };
        let prompt = format!("{}, push or code [{}]", Field::Method.label(), name(default));
        let line = self.line(&prompt, false)?;
        match line.to_ascii_lowercase().as_str() {
            "push" => Some(Typed::Method(MethodChoice::Push)),
            "code" => Some(Typed::Method(MethodChoice::Code)),
            "" => Some(Typed::Keep),
            _ => None,
        }
    }

    fn line(&mut self, prompt: &str, hidden: bool) -> Option<Zeroizing<String>> {
        self.typing.line(prompt, hidden)
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{Fixture, Ran};
    use agent::config::{self, State};
    use protocol::reason::Reason;
    use protocol::v2::{Answer, DecisionResult, path};

    fn ready() -> Fixture {
        let fixture = Fixture::new();
        fixture.install();
        assert_eq!(fixture.set("--offline-users bat").exit, 0);
        fixture
    }

    fn refused(ran: &Ran) -> String {
        assert_eq!(ran.exit, 1, "{ran:?}");
        ran.json()["code"].as_str().unwrap_or_default().to_owned()
    }

    const LINES: &str = "bat\r\nright\r\nb\r\ncode\r\n287082\r\n";

    #[test]
    fn a_conversation_ends_in_a_trial_that_counts() {
        let fixture = ready();
        let ran = fixture.run_with("try", LINES);
        assert_eq!(ran.exit, 0, "{ran:?}");
        assert!(ran.out.starts_with("The trial logon of HOST\\bat passed (K7Q2MX)."), "{ran:?}");
        assert_eq!(config::load(&fixture.world.services).state, State::Verified);
        let ran = fixture.run_with("try --json --user HOST\\bat --trasa-id b --method code", "right\n287082");
        assert_eq!((ran.exit, ran.json()["account"].as_str()), (0, Some("HOST\\bat")), "{ran:?}");
        assert!(!ran.err.contains("Checking"), "with --json nothing but the result and faults is said");
    }

    #[test]
    fn what_is_typed_is_said_nowhere() {
        let fixture = ready();
        let typed = "bat\nhunter2-canary\n";
        let ran = fixture.run_with("try", typed);
        assert_eq!(ran.exit, 1);
        assert!(ran.err.contains("incorrect"), "{ran:?}");
        let ran_too = fixture.run_with("try", LINES);
        for text in [&ran.out, &ran.err, &ran_too.out, &ran_too.err, &fixture.world.log().join("\n")] {
            assert!(!text.contains("canary") && !text.contains("287082"), "{text}");
        }
    }

    #[test]
    fn refused_for_each_of_these() {
        let fixture = ready();
        fixture.elevated.set(false);
        assert_eq!(fixture.run_with("try", LINES).exit, 4);
        fixture.elevated.set(true);
        assert_eq!(refused(&fixture.run_with("try --json", "")), "cancelled");
        *fixture.diagnostics.load_fault.borrow_mut() = Some("error 126".to_owned());
        assert_eq!(refused(&fixture.run_with("try --json", LINES)), "provider_not_loadable");
        *fixture.diagnostics.load_fault.borrow_mut() = None;
        *fixture.diagnostics.version.borrow_mut() = Some("0.0.9".to_owned());
        assert_eq!(refused(&fixture.run_with("try --json", LINES)), "other_version");
        *fixture.diagnostics.version.borrow_mut() = None;
        fixture.world.server.script(|_, request, server| server.deny(request, Reason::NotPermitted));
        assert_eq!(refused(&fixture.run_with("try --json", LINES)), "trial_refused");
        fixture.world.server.script(|_, request, server| {
            let decision = server.decision(request, DecisionResult::Allow, Reason::Watch);
            agent::testing::Reply::Signed(Answer::Decision(decision))
        });
        assert_eq!(refused(&fixture.run_with("try --json", LINES)), "trial_without_second_factor");
        fixture.world.server.unscript();
        assert_eq!(fixture.run("unregister").exit, 0);
        let before = fixture.world.server.count(path::LOGONS);
        assert_eq!(refused(&fixture.run_with("try --json", LINES)), "provider_not_registered");
        assert_eq!(fixture.world.server.count(path::LOGONS), before, "nobody is asked in vain");
        assert_eq!(refused(&Fixture::new().run_with("try --json", LINES)), "provider_not_registered");
    }
}
