//! What LogonUI shows now, and what has to change for it to show a view. Pure.

use agent::logon::{Field, FieldKind, MethodChoice, View};

/// One call of ICredentialProviderCredentialEvents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Change {
    /// Show or hide a field.
    Shown(Field, bool),
    /// Set a field's text. Never a secret: those are only ever emptied.
    Text(Field, String),
    /// Choose an entry of the method list.
    Method(MethodChoice),
    /// Put the submit button beside a field.
    SubmitBeside(Field),
    /// Give a field the focus.
    Focus(Field),
}

/// What LogonUI shows, as far as we told it or it told us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Screen {
    fields: [(bool, String); Field::ALL.len()],
    method: MethodChoice,
    submit_beside: Field,
    focus: Field,
}

impl Screen {
    /// What LogonUI shows after it asked for every field of `view`.
    pub(crate) fn of(view: &View) -> Self {
        let fields = Field::ALL.map(|field| (view.field(field).shown, text(field, view)));
        Self { fields, method: view.method, submit_beside: view.submit_beside, focus: view.focus }
    }

    /// The person typed into a field: it shows that already.
    pub(crate) fn typed(&mut self, field: Field, text: &str) {
        if !field.is_secret()
            && let Some(known) = self.fields.get_mut(field as usize)
        {
            text.clone_into(&mut known.1);
        }
    }

    /// The person chose an entry of the method list.
    pub(crate) fn chose(&mut self, method: MethodChoice) {
        self.method = method;
    }

    /// The calls after which LogonUI shows `view`, in the order in which they are to be made. What hides comes before
    /// what shows, so that the tile never holds both steps; the focus comes last, when its field is there.
    pub(crate) fn update(&mut self, view: &View) -> Vec<Change> {
        let next = Self::of(view);
        let mut changes = Vec::new();
        for shown in [false, true] {
            let switched = |field: &Field| {
                let index = *field as usize;
                next.fields[index].0 == shown && self.fields[index].0 != shown
            };
            changes.extend(Field::ALL.into_iter().filter(switched).map(|field| Change::Shown(field, shown)));
        }
        for field in Field::ALL {
            let (_, text) = &next.fields[field as usize];
            if *text != self.fields[field as usize].1 {
                changes.push(Change::Text(field, text.clone()));
            }
        }
        if next.method != self.method {
            changes.push(Change::Method(next.method));
        }
        if next.submit_beside != self.submit_beside {
            changes.push(Change::SubmitBeside(next.submit_beside));
        }
        if next.focus != self.focus && takes_focus(next.focus) {
            changes.push(Change::Focus(next.focus));
        }
        *self = next;
        changes
    }
}

/// The text that LogonUI gets for a field. Links and buttons keep theirs while they are hidden.
pub(crate) fn text(field: Field, view: &View) -> String {
    match field.kind() {
        FieldKind::CommandLink | FieldKind::SubmitButton => field.label().to_owned(),
        _ if field.is_secret() => String::new(),
        _ => view.field(field).text.clone(),
    }
}

/// Labels, links and buttons are not focused through the interactive state.
pub(crate) fn takes_focus(field: Field) -> bool {
    matches!(field.kind(), FieldKind::EditText | FieldKind::PasswordText | FieldKind::ComboBox)
}

#[cfg(test)]
mod tests {
    use super::{Change, Screen};
    use agent::Password;
    use agent::logon::{Event, Field, Logon, Setup};
    use agent::ports::{MachineFacts, SessionFacts};
    use agent::proof::Scenario;
    use core::time::Duration;
    use std::collections::BTreeMap;

    fn logon() -> Logon {
        let machine = MachineFacts {
            netbios_name: "HOST".into(),
            dns_host_name: "host".into(),
            joined: false,
            netbios_domain: None,
            dns_domain: None,
            machine_sid: None,
            domain_sid: None,
            windows_version: "6.1.7601".into(),
        };
        Logon::new(Setup {
            scenario: Scenario::Logon,
            session: SessionFacts { id: 1, remote: false, owner: None },
            machine,
            damaged: false,
            watching: false,
            push: true,
            network: true,
            trasa_ids: BTreeMap::new(),
        })
    }

    #[test]
    fn nothing_changes_while_the_view_stands() {
        let logon = logon();
        assert_eq!(Screen::of(logon.view()).update(logon.view()), []);
    }

    #[test]
    fn what_was_typed_does_not_come_back() {
        let mut logon = logon();
        let mut screen = Screen::of(logon.view());
        screen.typed(Field::UserName, "bat");
        logon.handle(Event::Typed(Field::UserName, "bat".into()), Duration::ZERO);
        let changes = screen.update(logon.view());
        assert!(!changes.iter().any(|change| matches!(change, Change::Text(..))), "{changes:?}");
    }

    #[test]
    fn a_step_hides_first_and_never_writes_a_secret() {
        let mut logon = logon();
        let mut screen = Screen::of(logon.view());
        screen.typed(Field::UserName, "bat");
        logon.handle(Event::Typed(Field::UserName, "bat".into()), Duration::ZERO);
        let password = Password::from_text("hunter2").expect("short");
        logon.handle(Event::TypedSecret(Field::Password, password), Duration::ZERO);
        logon.handle(Event::Submit, Duration::ZERO);
        let changes = screen.update(logon.view());
        assert_eq!(changes.first(), Some(&Change::Shown(Field::Password, false)), "{changes:?}");
        assert!(changes.contains(&Change::Shown(Field::Status, true)));
        assert!(!format!("{changes:?}").contains("hunter2"));
        let hides = changes.iter().rposition(|change| matches!(change, Change::Shown(_, false)));
        let shows = changes.iter().position(|change| matches!(change, Change::Shown(_, true)));
        assert!(hides < shows, "{changes:?}");
        assert_eq!(screen, Screen::of(logon.view()));
    }
}
