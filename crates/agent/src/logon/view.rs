//! What the tile shows: a plain description, which the shell only renders.

use crate::texts;

/// The fields of the tile, in their order. The number of a field never changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "label() and kind() say what each is")]
pub enum Field {
    Image,
    Banner,
    UserName,
    Password,
    Who,
    TrasaId,
    Method,
    Code,
    Number,
    NewPassword,
    RepeatPassword,
    Status,
    Submit,
    StartOver,
    Cancel,
}

/// The kinds of field that LogonUI knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "named after CREDENTIAL_PROVIDER_FIELD_TYPE")]
pub enum FieldKind {
    TileImage,
    LargeText,
    SmallText,
    EditText,
    PasswordText,
    ComboBox,
    SubmitButton,
    CommandLink,
}

impl Field {
    /// Every field, in order of its number.
    pub const ALL: [Self; 15] = [
        Self::Image,
        Self::Banner,
        Self::UserName,
        Self::Password,
        Self::Who,
        Self::TrasaId,
        Self::Method,
        Self::Code,
        Self::Number,
        Self::NewPassword,
        Self::RepeatPassword,
        Self::Status,
        Self::Submit,
        Self::StartOver,
        Self::Cancel,
    ];

    /// Its number for LogonUI.
    #[must_use]
    pub const fn id(self) -> u32 {
        self as u32
    }

    /// The field of a number.
    #[must_use]
    pub fn from_id(id: u32) -> Option<Self> {
        Self::ALL.get(usize::try_from(id).ok()?).copied()
    }

    /// What kind of field it is.
    #[must_use]
    pub const fn kind(self) -> FieldKind {
        match self {
            Self::Image => FieldKind::TileImage,
            Self::Banner | Self::Number => FieldKind::LargeText,
            Self::Who | Self::Status => FieldKind::SmallText,
            Self::UserName | Self::TrasaId | Self::Code => FieldKind::EditText,
            Self::Password | Self::NewPassword | Self::RepeatPassword => FieldKind::PasswordText,
            Self::Method => FieldKind::ComboBox,
            Self::Submit => FieldKind::SubmitButton,
            Self::StartOver | Self::Cancel => FieldKind::CommandLink,
        }
    }

    /// Its label in the descriptor; also what Narrator reads.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Image => "TRASA",
            Self::Banner => texts::BANNER,
            Self::UserName => texts::USER_NAME,
            Self::Password => texts::PASSWORD,
            Self::Who => "Signing in as",
            Self::TrasaId => texts::TRASA_ID,
            Self::Method => texts::METHOD,
            Self::Code => texts::CODE,
            Self::Number => "Number for the phone",
            Self::NewPassword => texts::NEW_PASSWORD,
            Self::RepeatPassword => texts::REPEAT_PASSWORD,
            Self::Status => "Status",
            Self::Submit => texts::SUBMIT,
            Self::StartOver => texts::START_OVER,
            Self::Cancel => texts::CANCEL,
        }
    }

    /// Whether what is typed there is a secret: never read back, wiped with the logon.
    #[must_use]
    pub const fn is_secret(self) -> bool {
        matches!(self, Self::Password | Self::NewPassword | Self::RepeatPassword | Self::Code)
    }

    /// Whether the tile shows it before it is chosen, too.
    #[must_use]
    pub const fn is_shown_when_deselected(self) -> bool {
        matches!(self, Self::Image | Self::Banner)
    }
}

/// The entries of the method list, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MethodChoice {
    /// Ring the phone.
    Push,
    /// A one-time code.
    Code,
}

impl MethodChoice {
    /// Every entry, in order of its index.
    pub const ALL: [Self; 2] = [Self::Push, Self::Code];

    /// Its index in the list.
    #[must_use]
    pub const fn index(self) -> u32 {
        self as u32
    }

    /// The entry of an index.
    #[must_use]
    pub fn from_index(index: u32) -> Option<Self> {
        Self::ALL.get(usize::try_from(index).ok()?).copied()
    }

    /// Its text.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::Push => texts::METHOD_PUSH,
            Self::Code => texts::METHOD_CODE,
        }
    }
}

/// How a status line is meant; the shell picks the icon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "three tones, as CREDENTIAL_PROVIDER_STATUS_ICON has them")]
pub enum Tone {
    Information,
    Warning,
    Error,
}

/// A line for the person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// What happened and what to do next.
    pub text: String,
    /// How it is meant.
    pub tone: Tone,
}

impl Status {
    /// A neutral line.
    #[must_use]
    pub fn information(text: impl Into<String>) -> Self {
        Self { text: text.into(), tone: Tone::Information }
    }

    /// Something to mind.
    #[must_use]
    pub fn warning(text: impl Into<String>) -> Self {
        Self { text: text.into(), tone: Tone::Warning }
    }

    /// A refusal or a failure.
    #[must_use]
    pub fn error(text: impl Into<String>) -> Self {
        Self { text: text.into(), tone: Tone::Error }
    }
}

/// One field as it stands now.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FieldView {
    /// Whether the selected tile shows it.
    pub shown: bool,
    /// Its text. The shell sets it where it differs from what the field shows: what was typed comes
    /// back unchanged. Always empty for secrets, which the shell never sets from here and blanks on
    /// [`super::Action::Blank`].
    pub text: String,
}

/// The tile as it stands now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct View {
    pub(super) fields: [FieldView; Field::ALL.len()],
    /// The field that has the focus.
    pub focus: Field,
    /// The field that the submit button stands beside.
    pub submit_beside: Field,
    /// The chosen entry of the method list.
    pub method: MethodChoice,
    /// The line in [`Field::Status`], with its tone.
    pub status: Option<Status>,
}

impl View {
    /// A field.
    #[must_use]
    pub const fn field(&self, field: Field) -> &FieldView {
        &self.fields[field as usize]
    }

    /// Every field, in order.
    pub fn fields(&self) -> impl Iterator<Item = (Field, &FieldView)> {
        Field::ALL.into_iter().zip(&self.fields)
    }

    pub(super) fn blank() -> Self {
        Self {
            fields: Default::default(),
            focus: Field::UserName,
            submit_beside: Field::Password,
            method: MethodChoice::Code,
            status: None,
        }
    }

    pub(super) fn show(&mut self, field: Field, text: impl Into<String>) {
        self.fields[field as usize] = FieldView { shown: true, text: text.into() };
    }
}
