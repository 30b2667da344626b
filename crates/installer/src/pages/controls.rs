//! Dialogs and the controls in them.

/// Left edge, upper edge, width, height in dialog units.
pub(super) type Place = (i32, i32, i32, i32);

/// What a control is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    PushButton,
    CheckBox,
    ProgressBar,
    ListBox,
    Line,
    Icon,
}

impl Kind {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Text => "Text",
            Self::PushButton => "PushButton",
            Self::CheckBox => "CheckBox",
            Self::ProgressBar => "ProgressBar",
            Self::ListBox => "ListBox",
            Self::Line => "Line",
            Self::Icon => "Icon",
        }
    }

    /// Can the Tab key come here?
    pub(super) const fn is_tab_stop(self) -> bool {
        matches!(self, Self::PushButton | Self::CheckBox | Self::ListBox)
    }
}

/// What a button does.
#[derive(Debug, Clone)]
pub(super) struct Event {
    pub name: &'static str,
    pub argument: &'static str,
    /// `None` for always.
    pub condition: Option<String>,
}

impl Event {
    /// Only then.
    pub(super) fn when(mut self, condition: &str) -> Self {
        self.condition = Some(condition.to_owned());
        self
    }
}

/// A control event, always.
pub(super) const fn on(name: &'static str, argument: &'static str) -> Event {
    Event { name, argument, condition: None }
}

/// A control of a page.
#[derive(Debug, Clone)]
pub(super) struct Control {
    pub name: &'static str,
    pub kind: Kind,
    pub place: Place,
    /// The property that it shows or sets.
    pub property: Option<&'static str>,
    pub text: String,
    pub events: Vec<Event>,
    /// It is hidden where this does not hold.
    pub shown_if: Option<String>,
    /// The event of Windows Installer whose text it shows.
    pub shows: Option<&'static str>,
}

impl Control {
    fn new(name: &'static str, kind: Kind, place: Place, text: &str) -> Self {
        let text = text.to_owned();
        Self { name, kind, place, property: None, text, events: Vec::new(), shown_if: None, shows: None }
    }

    pub(super) fn named(mut self, name: &'static str) -> Self {
        self.name = name;
        self
    }

    pub(super) fn does(mut self, event: Event) -> Self {
        self.events.push(event);
        self
    }

    pub(super) fn hidden_unless(mut self, condition: &str) -> Self {
        self.shown_if = Some(condition.to_owned());
        self
    }

    pub(super) fn shows(mut self, event: &'static str) -> Self {
        self.shows = Some(event);
        self
    }

    pub(super) fn attributes(&self) -> i32 {
        const VISIBLE: i32 = 1;
        const ENABLED: i32 = 2;
        const TRANSPARENT: i32 = 0x1_0000;
        const NO_PREFIX: i32 = 0x2_0000;
        /// Small blocks on old versions of Windows.
        const PROGRESS_95: i32 = 0x1_0000;
        const FIXED_SIZE: i32 = 0x10_0000;
        const ICON_48: i32 = 0x60_0000;
        let visible = if self.shown_if.is_some() { 0 } else { VISIBLE };
        visible
            + match self.kind {
                Kind::Text => ENABLED + TRANSPARENT + NO_PREFIX,
                Kind::ProgressBar => PROGRESS_95,
                Kind::Line => 0,
                Kind::Icon => ENABLED + FIXED_SIZE + ICON_48,
                Kind::PushButton | Kind::CheckBox | Kind::ListBox => ENABLED,
            }
    }
}

/// A text.
pub(super) fn label(name: &'static str, place: Place, text: &str) -> Control {
    Control::new(name, Kind::Text, place, text)
}

/// A button; `&` stands before its mnemonic.
pub(super) fn button(name: &'static str, place: Place, text: &str) -> Control {
    Control::new(name, Kind::PushButton, place, text)
}

/// A box that sets `property` to 1.
pub(super) fn check_box(name: &'static str, place: Place, property: &'static str, text: &str) -> Control {
    Control { property: Some(property), ..Control::new(name, Kind::CheckBox, place, text) }
}

/// How far it is.
pub(super) fn progress_bar(name: &'static str, place: Place) -> Control {
    Control::new(name, Kind::ProgressBar, place, "").shows("SetProgress")
}

/// A drawing of the table `Binary`.
pub(super) fn icon(name: &'static str, place: Place, picture: &str) -> Control {
    Control::new(name, Kind::Icon, place, picture)
}

/// A list that Windows Installer fills.
pub(super) fn list(name: &'static str, place: Place, property: &'static str) -> Control {
    Control { property: Some(property), ..Control::new(name, Kind::ListBox, place, "") }
}

/// A page.
#[derive(Debug, Clone)]
pub(super) struct Dialog {
    pub name: &'static str,
    pub size: (i32, i32),
    pub attributes: i32,
    pub controls: Vec<Control>,
    pub first: &'static str,
    /// What Enter does.
    pub default: Option<&'static str>,
    /// What Escape does.
    pub escape: Option<&'static str>,
}

const PAGE: (i32, i32) = (370, 270);
const VISIBLE: i32 = 1;
const MODAL: i32 = 2;
const KEEP_MODELESS: i32 = 16;
const ERROR: i32 = 0x1_0000;

impl Dialog {
    fn new(name: &'static str, size: (i32, i32)) -> Self {
        let attributes = VISIBLE + MODAL;
        Self {
            name,
            size,
            attributes,
            controls: Vec::new(),
            first: "",
            default: None,
            escape: Some("Cancel"),
        }
    }

    /// A page of usual size, with a line above the buttons.
    pub(super) fn page(name: &'static str) -> Self {
        Self::new(name, PAGE).with(Control::new("Line", Kind::Line, (0, 234, 370, 2), ""))
    }

    /// A question.
    pub(super) fn small(name: &'static str) -> Self {
        Self::new(name, (260, 85))
    }

    /// Is it of usual size?
    pub(super) fn is_page(&self) -> bool {
        self.size == PAGE
    }

    /// Stays while the work goes on.
    pub(super) fn modeless(mut self) -> Self {
        self.attributes = VISIBLE;
        self
    }

    /// Leaves the progress page standing behind it.
    pub(super) fn stays_up(mut self) -> Self {
        self.attributes |= KEEP_MODELESS;
        self
    }

    pub(super) fn for_errors(mut self) -> Self {
        self.attributes |= ERROR;
        self.escape = None;
        self
    }

    pub(super) fn with(mut self, control: Control) -> Self {
        self.controls.push(control);
        self
    }

    /// The control that has the focus at first, and that Enter presses.
    pub(super) fn first(mut self, name: &'static str) -> Self {
        self.first = name;
        self.default = Some(name);
        self
    }

    pub(super) fn without_default(mut self) -> Self {
        self.default = None;
        self
    }

    /// What Escape presses.
    pub(super) fn escape(mut self, name: &'static str) -> Self {
        self.escape = Some(name);
        self
    }
}
