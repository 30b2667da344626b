//! How the panel is asked for, and what comes before it.

use std::ffi::OsStr;

/// The word that the panel gives itself when it starts itself anew as administrator. Nobody else
/// needs it.
pub const ELEVATED: &str = "--panel-as-administrator";

/// What the command line asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// A command.
    Command,
    /// The panel.
    Panel,
    /// The panel, started anew by the panel. It does not try a second time to become administrator.
    PanelAgain,
}

/// Reads the words after the program's name.
pub fn wanted<T: AsRef<OsStr>>(mut words: impl Iterator<Item = T>) -> Start {
    match (words.next(), words.next()) {
        (None, _) => Start::Panel,
        (Some(word), None) if word.as_ref() == ELEVATED => Start::PanelAgain,
        _ => Start::Command,
    }
}

/// What happens first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum First {
    /// The panel is shown.
    Show,
    /// The program starts itself anew, as administrator.
    Elevate,
    /// Windows gave no more rights: that is said, and nothing else.
    Refuse,
}

/// Decides it.
#[must_use]
pub const fn first(start: Start, elevated: bool) -> First {
    match (start, elevated) {
        (_, true) => First::Show,
        (Start::PanelAgain, false) => First::Refuse,
        (_, false) => First::Elevate,
    }
}

#[cfg(test)]
mod tests {
    use super::{ELEVATED, First, Start, first, wanted};

    #[test]
    fn only_an_empty_command_line_is_the_panel() {
        for (words, start) in [
            (&[][..], Start::Panel),
            (&[ELEVATED][..], Start::PanelAgain),
            (&[ELEVATED, "show"][..], Start::Command),
            (&["--json"][..], Start::Command),
            (&["show"][..], Start::Command),
            (&[""][..], Start::Command),
        ] {
            assert_eq!(wanted(words.iter()), start, "{words:?}");
        }
    }

    #[test]
    fn whoever_stays_without_rights_does_not_go_round_in_circles() {
        for (start, elevated, then) in [
            (Start::Panel, true, First::Show),
            (Start::Panel, false, First::Elevate),
            (Start::PanelAgain, true, First::Show),
            (Start::PanelAgain, false, First::Refuse),
        ] {
            assert_eq!(first(start, elevated), then);
        }
    }
}
