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

/// Whether the command is one that the installer runs as SYSTEM. Windows shows a console program's window to whoever is
/// signed in, and a window of SYSTEM's has menus that lead to more.
pub fn is_the_installers<T: AsRef<OsStr>>(mut words: impl Iterator<Item = T>) -> bool {
    let first = words.next();
    first.is_some_and(|word| {
        ["register", "unregister", "unattended"].iter().any(|name| word.as_ref() == *name)
    })
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
    use super::{ELEVATED, First, Start, first, is_the_installers, wanted};

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

    /// A repair can be asked for by anybody; its actions run as SYSTEM.
    #[test]
    fn no_action_of_the_installer_shows_a_window_of_systems() {
        for (words, expect) in [
            (&["register"][..], true),
            (&["register", "--dll", "x"], true),
            (&["unregister", "--removal"], true),
            (&["unattended", "--arm="], true),
            (&["show"], false),
            (&["try"], false),
            (&[], false),
        ] {
            assert_eq!(is_the_installers(words.iter()), expect, "{words:?}");
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
