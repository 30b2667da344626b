//! The words of a screen, one line a thing, for comparing exactly.

use super::{Icon, Screen, Shows, Speaker};
use crate::fields::{self, Field};

impl Screen {
    /// What is seen, from top to bottom. A password is only ever filled or empty.
    pub fn describe(&self) -> String {
        let mut lines = vec![match &self.shows {
            Shows::Tile => "tile, selected".to_owned(),
            Shows::Deselected => "tile, not selected".to_owned(),
            Shows::Busy(text) if text.is_empty() => "tile, busy".to_owned(),
            Shows::Busy(text) => format!("tile, busy: {text}"),
            Shows::Message { text, icon, by } => {
                let whose = match by {
                    Speaker::Provider => "provider",
                    Speaker::Windows => "Windows",
                };
                format!("message of the {whose}, icon {}: {text}", icon.word())
                    .replace("the Windows", "Windows")
            }
            Shows::Welcome => "Windows: Welcome".to_owned(),
        }];
        lines.extend(self.seen().map(|field| self.line(field)));
        lines.push(String::new());
        lines.join("\n")
    }

    fn line(&self, field: &Field) -> String {
        let mut line = format!("{} ", field.kind_word());
        match field.kind {
            fields::IMAGE => line += &field.image.as_ref().map_or("none".to_owned(), |_| field.label.clone()),
            fields::PASSWORD => {
                line +=
                    &format!("[{}] {}", field.label, if field.is_filled { "(filled)" } else { "(empty)" });
            }
            fields::EDIT => line += &format!("[{}] {}", field.label, field.text),
            fields::CHECKBOX => {
                line += &format!("[{}] {}", if field.checked == Some(true) { "x" } else { " " }, field.text);
            }
            fields::COMBOBOX => {
                line += &format!("[{}] {}", field.label, field.shown_text());
                if self.open == Some(field.id) {
                    line += &format!(", open: {}", field.choices.join(" | "));
                }
            }
            fields::SUBMIT => {
                let beside = self.fields.iter().find(|it| Some(it.id) == field.adjacent_to);
                line +=
                    &format!("[{}] beside {}", field.label, beside.map_or("nothing", |it| it.label.as_str()));
            }
            _ => line += &field.text,
        }
        match fields::interactive_word(field.interactive) {
            "plain" => {}
            word => line += &format!(" ({word})"),
        }
        line.trim_end().to_owned()
    }
}

impl Icon {
    /// Its word.
    pub fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Success => "success",
        }
    }

    /// The icon of a CREDENTIAL_PROVIDER_STATUS_ICON.
    pub fn of(number: i32) -> Self {
        match number {
            1 => Self::Error,
            2 => Self::Warning,
            3 => Self::Success,
            _ => Self::None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_hidden_or_secret_is_not_described() {
        let field = |id, kind, label: &str, state| Field {
            id,
            kind,
            label: label.into(),
            state,
            text: format!("text {id}"),
            ..Field::default()
        };
        let mut fields = vec![
            field(0, 1, "Banner", 3),
            field(1, fields::EDIT, "User name", 1),
            field(2, fields::PASSWORD, "Password", 1),
            field(3, fields::EDIT, "Code", 0),
            field(4, fields::SUBMIT, "Submit", 1),
        ];
        fields[1].interactive = 3;
        fields[2].is_filled = true;
        fields[4].adjacent_to = Some(2);
        let screen = |shows| Screen { shows, fields: fields.clone(), open: None };
        let tile = "large-text text 0\nedit-text [User name] text 1 (focused)\npassword-text [Password] (filled)\n\
                    submit-button [Submit] beside Password\n";
        assert_eq!(screen(Shows::Tile).describe(), format!("tile, selected\n{tile}"));
        assert_eq!(screen(Shows::Busy("Wait".into())).describe(), format!("tile, busy: Wait\n{tile}"));
        assert_eq!(screen(Shows::Deselected).describe(), "tile, not selected\nlarge-text text 0\n");
        let message = Shows::Message { text: "No.".into(), icon: Icon::Error, by: Speaker::Provider };
        assert_eq!(screen(message).describe(), "message of the provider, icon error: No.\n");
        let message = Shows::Message { text: "No.".into(), icon: Icon::None, by: Speaker::Windows };
        assert_eq!(screen(message).describe(), "message of Windows, icon none: No.\n");
    }
}
