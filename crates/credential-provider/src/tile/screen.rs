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
}

impl Screen {
    /// What LogonUI shows after it asked for every field of `view`.
    pub(crate) fn of(view: &View) -> Self {
        let fields = Field::ALL.map(|field| (view.field(field).shown, text(field, view)));
        Self { fields, method: view.method, submit_beside: view.submit_beside }
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
    ///
    /// What is hidden is left alone: LogonUI may tell us of a text that we set ourselves as if it had been typed. The
    /// focus moves only when the step changes or when its field is emptied by us (`emptied`: a secret), never while somebody
    /// types.
    pub(crate) fn update(&mut self, view: &View, emptied: &[Field]) -> Vec<Change> {
        let mut changes = Vec::new();
        for shown in [false, true] {
            let switched = |field: &Field| view.field(*field).shown == shown && self.shown(*field) != shown;
            changes.extend(Field::ALL.into_iter().filter(switched).map(|field| Change::Shown(field, shown)));
        }
        let is_step = |change: &Change| matches!(change, Change::Shown(field, _) if takes_focus(*field));
        let mut moves = changes.iter().any(is_step) || emptied.contains(&view.focus);
        for (field, text) in Field::ALL.into_iter().map(|field| (field, text(field, view))) {
            let known = &mut self.fields[field as usize];
            known.0 = view.field(field).shown;
            if known.0 && known.1 != text {
                known.1.clone_from(&text);
                moves |= field == view.focus && text.is_empty();
                changes.push(Change::Text(field, text));
            }
        }
        if self.shown(Field::Method) && view.method != self.method {
            self.method = view.method;
            changes.push(Change::Method(view.method));
        }
        if self.shown(Field::Submit) && view.submit_beside != self.submit_beside {
            self.submit_beside = view.submit_beside;
            changes.push(Change::SubmitBeside(view.submit_beside));
        }
        if moves && takes_focus(view.focus) {
            changes.push(Change::Focus(view.focus));
        }
        changes
    }

    const fn shown(&self, field: Field) -> bool {
        self.fields[field as usize].0
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
        assert_eq!(Screen::of(logon.view()).update(logon.view(), &[]), []);
    }

    #[test]
    fn what_was_typed_neither_comes_back_nor_moves_the_focus() {
        let mut logon = logon();
        let mut screen = Screen::of(logon.view());
        screen.typed(Field::UserName, "bat");
        logon.handle(Event::Typed(Field::UserName, "bat".into()), Duration::ZERO);
        assert_eq!(screen.update(logon.view(), &[]), []);
    }

    #[test]
    fn the_focus_goes_to_a_field_that_was_emptied() {
        let logon = logon();
        let mut screen = Screen::of(logon.view());
        let focus = logon.view().focus;
        assert_eq!(screen.update(logon.view(), &[Field::Code]), []);
        assert_eq!(screen.update(logon.view(), &[focus]), [Change::Focus(focus)]);
    }

    #[test]
    fn the_focus_goes_to_a_user_name_that_was_wiped_with_the_password() {
        let mut logon = logon();
        let mut screen = Screen::of(logon.view());
        screen.typed(Field::UserName, "bat");
        logon.handle(Event::Typed(Field::UserName, "bat".into()), Duration::ZERO);
        logon.handle(Event::Deselected, Duration::ZERO);
        let changes = screen.update(logon.view(), &[Field::Password]);
        assert_eq!(changes, [Change::Text(Field::UserName, String::new()), Change::Focus(Field::UserName)]);
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
        let changes = screen.update(logon.view(), &[]);
        assert_eq!(changes.first(), Some(&Change::Shown(Field::Password, false)), "{changes:?}");
        assert!(changes.contains(&Change::Shown(Field::Status, true)));
        assert!(!format!("{changes:?}").contains("hunter2"));
        let hides = changes.iter().rposition(|change| matches!(change, Change::Shown(_, false)));
        let shows = changes.iter().position(|change| matches!(change, Change::Shown(_, true)));
        assert!(hides < shows, "{changes:?}");
        assert_eq!(screen.update(logon.view(), &[]), []);
    }
}
