//! The resource script: what is in it fits the code, and the keyboard.

use crate::dialog::{ids, texts};
use std::collections::{BTreeMap, BTreeSet};

const SCRIPT: &str = include_str!("../../../resources/dialogs.rc");

/// A control as it stands in the script.
#[derive(Debug, Clone)]
struct Control {
    id: i32,
    class: &'static str,
    text: String,
    /// Left, top, width, height, in dialog units.
    area: [i32; 4],
    is_tab_stop: bool,
}

impl Control {
    fn right(&self) -> i32 {
        self.area[0] + self.area[2]
    }
    fn bottom(&self) -> i32 {
        self.area[1] + self.area[3]
    }
    fn mnemonic(&self) -> Option<char> {
        mnemonic(&self.text)
    }
}

fn mnemonic(text: &str) -> Option<char> {
    text.split_once('&').and_then(|(_, after)| after.chars().next()).map(|c| c.to_ascii_lowercase())
}

/// The dialogs by number: size and controls, in order.
fn dialogs() -> BTreeMap<i32, ([i32; 2], Vec<Control>)> {
    let mut dialogs = BTreeMap::new();
    let mut current = None;
    for line in SCRIPT.lines().map(str::trim).filter(|line| !line.starts_with("//")) {
        if let Some((id, rest)) = line.split_once(" DIALOGEX ") {
            let size: Vec<i32> = rest.split(", ").map(|n| n.parse().unwrap()).collect();
            current = Some(id.parse().unwrap());
            dialogs.insert(id.parse().unwrap(), ([size[2], size[3]], Vec::new()));
        } else if let (Some(id), Some(control)) = (current, control(line)) {
            dialogs.get_mut(&id).unwrap().1.push(control);
        }
    }
    dialogs
}

fn control(line: &str) -> Option<Control> {
    let (kind, rest) = line.split_once(['(', ' '])?;
    let rest = rest.trim_end_matches(')');
    // Text first, where there is one; the areas are the last numbers.
    let (text, rest) = match rest.strip_prefix('"').and_then(|rest| rest.split_once("\", ")) {
        Some((text, rest)) => (text.to_owned(), rest),
        None => (String::new(), rest),
    };
    let parts: Vec<&str> = rest.split(", ").map(str::trim).collect();
    let id = parts.first()?.parse().ok()?;
    let numbers: Vec<i32> = parts[1..].iter().filter_map(|part| part.parse().ok()).collect();
    let make =
        |class, area: [i32; 4], is_tab_stop| Control { id, class, text: text.clone(), area, is_tab_stop };
    let [x, y, w] = numbers.first_chunk::<3>().copied()?;
    Some(match kind {
        "LABEL" => make("Static", [x, y, w, 8], false),
        "FIELD" => make("Edit", [x, y, w, 13], true),
        "NOTE" => make("Static", [x, y, w, numbers[3]], false),
        "BUTTON" => make("Button", [x, y, w, 14], true),
        "CHECKBOX" => make("Button", [x, y, w, 10], true),
        "VALUE" => make("Edit", [x, y, w, 9], true),
        "CONTROL" => {
            let class = ["Static", "Edit", "Button", "ComboBox", "msctls_progress32"]
                .into_iter()
                .find(|class| rest.contains(&format!("\"{class}\"")))?;
            let class = if rest.contains("BS_GROUPBOX") { "GroupBox" } else { class };
            make(class, [x, y, w, numbers[3]], rest.contains("WS_TABSTOP"))
        }
        _ => return None,
    })
}

#[test]
fn every_number_in_the_code_is_in_the_script() {
    let dialogs = dialogs();
    assert_eq!(dialogs.keys().copied().collect::<Vec<_>>(), [i32::from(ids::PANEL), i32::from(ids::TRIAL)]);
    let known: BTreeSet<i32> = ids::ALL.iter().map(|(_, id)| i32::from(*id)).collect();
    let mut used = BTreeSet::new();
    for (_, controls) in dialogs.values() {
        for control in controls {
            assert!(control.id <= 2 || known.contains(&control.id), "no name for {control:?}");
            assert!(control.id < 0 || control.id <= 2 || used.insert(control.id), "twice: {control:?}");
        }
    }
    for (name, id) in ids::ALL {
        assert!(used.contains(&i32::from(*id)), "{name} is in no dialog");
    }
}

#[test]
fn no_mnemonic_is_given_twice() {
    // The buttons whose text changes have these, too.
    let changing = [(ids::PANEL, "&Arm"), (ids::PANEL, "&Disarm"), (ids::TRIAL, "TRASA &username")];
    for (dialog, (_, controls)) in dialogs() {
        let mut taken: BTreeMap<char, String> = BTreeMap::new();
        for control in &controls {
            if let Some(letter) = control.mnemonic() {
                let other = taken.insert(letter, control.text.clone());
                assert_eq!(other, None, "Alt+{letter} in {dialog}: {}", control.text);
            }
        }
        for (_, text) in changing.iter().filter(|(of, text)| i32::from(*of) == dialog && *text != "&Arm") {
            let letter = mnemonic(text).unwrap();
            assert!(!taken.contains_key(&letter), "Alt+{letter} in {dialog}: {text}");
        }
    }
}

#[test]
fn everything_that_is_typed_or_read_has_a_name_before_it() {
    for (dialog, (_, controls)) in dialogs() {
        for (at, control) in controls.iter().enumerate() {
            if !matches!(control.class, "Edit" | "ComboBox") {
                continue;
            }
            // The tile's own lines are texts without a label.
            if control.id == i32::from(ids::TRIAL_STATUS) {
                continue;
            }
            let label = &controls[at - 1];
            let is_named = label.class == "Static"
                && (label.text.ends_with(':') || label.id == i32::from(ids::TRIAL_FIRST_LABEL));
            assert!(is_named, "{dialog}: {control:?} follows {label:?}");
        }
        let keys = controls.iter().filter(|control| control.class == "Button" && control.id > 2);
        assert!(keys.into_iter().all(|key| key.mnemonic().is_some()), "a button without a key in {dialog}");
    }
}

#[test]
fn nothing_covers_anything_else_or_lies_outside() {
    // A trial has two pages; what lies at one place is on different ones.
    let pages: [BTreeSet<u16>; 2] = [
        [ids::TRIAL_PASSWORD, ids::TRIAL_PASSWORD_LABEL].into(),
        [ids::TRIAL_METHOD, ids::TRIAL_METHOD_LABEL].into(),
    ];
    for (dialog, ([width, height], controls)) in dialogs() {
        for (at, one) in controls.iter().enumerate() {
            assert!(one.area[0] >= 7 && one.area[1] >= 6, "too near the edge: {one:?}");
            assert!(one.right() <= width - 7 && one.bottom() <= height - 6, "outside of {dialog}: {one:?}");
            for other in &controls[at + 1..] {
                let is_frame = one.class == "GroupBox" || other.class == "GroupBox";
                let on = |control: &Control| {
                    pages.iter().position(|page| page.iter().any(|id| i32::from(*id) == control.id))
                };
                let other_page = matches!((on(one), on(other)), (Some(a), Some(b)) if a != b);
                // A list's height is that of its open list.
                let is_list = one.class == "ComboBox" || other.class == "ComboBox";
                let apart = one.right() <= other.area[0]
                    || other.right() <= one.area[0]
                    || one.bottom() <= other.area[1]
                    || other.bottom() <= one.area[1];
                assert!(is_frame || other_page || is_list || apart, "{one:?} and {other:?}");
            }
        }
    }
}

#[test]
fn the_tab_key_goes_from_the_top_to_the_bottom() {
    let (_, controls) = &dialogs()[&i32::from(ids::PANEL)];
    let stops: Vec<_> =
        controls.iter().filter(|control| control.is_tab_stop).map(|control| control.id).collect();
    let order = [
        ids::SERVICE_ID,
        ids::SERVICE_KEY,
        ids::SERVER,
        ids::OFFLINE,
        ids::SKIP_TLS,
        ids::ORIGINAL,
        ids::IMPORT,
        ids::SAVE,
        ids::STATE,
        ids::SERVICE,
        ids::MACHINE,
        ids::ADDRESSES,
        ids::MODE,
        ids::CONTACT,
        ids::PROBATION,
        ids::CHECK,
        ids::TRY,
        ids::ARM,
        ids::NEWS,
        ids::CANCEL,
    ];
    assert_eq!(stops, order.map(i32::from));
}

#[test]
fn the_words_are_the_manuals() {
    let (_, controls) = &dialogs()[&i32::from(ids::PANEL)];
    let texts: Vec<_> = controls.iter().map(|control| control.text.replace('&', "")).collect();
    for word in [
        "ServiceID:",
        "ServiceKey:",
        "TRASA server address:",
        "Offline Users:",
        "Skip TLS verification",
        "Save Configuration",
    ] {
        assert!(texts.iter().any(|text| text == word), "{word}");
    }
    assert!(SCRIPT.contains(&format!("CAPTION \"{}\"", texts::TITLE)));
}
