//! The pages as rows of Windows Installer's tables.

use super::controls::{Control, Dialog, Kind};
use super::dialogs;
use crate::database::{Rows, int, text};
use crate::description::Package;
use crate::trasa::LAUNCH;
use msi::Value;

/// The rows of a table that has to do with pages; none for any other.
pub(crate) fn rows(package: &Package, table: &str) -> Rows {
    let all = dialogs(package.icon.is_some());
    match table {
        "Dialog" => all.iter().map(dialog).collect(),
        "Control" => all.iter().flat_map(controls).collect(),
        "ControlCondition" => all.iter().flat_map(conditions).collect(),
        "ControlEvent" => all.iter().flat_map(events).collect(),
        "EventMapping" => all.iter().flat_map(mappings).collect(),
        "CheckBox" => vec![vec![text(LAUNCH), text("1")]],
        "TextStyle" => vec![style("Plain", 8, 0), style("Heading", 12, 1)],
        "UIText" => ui_texts(),
        _ => Rows::new(),
    }
}

fn dialog(dialog: &Dialog) -> Vec<Value> {
    let name = |name: Option<&str>| name.map_or(Value::Null, text);
    vec![
        text(dialog.name),
        int(50),
        int(50),
        int(dialog.size.0),
        int(dialog.size.1),
        int(dialog.attributes),
        text("[SETUPTITLE]"),
        text(dialog.first),
        name(dialog.default),
        name(dialog.escape),
    ]
}

fn controls(dialog: &Dialog) -> Vec<Vec<Value>> {
    dialog.controls.iter().map(|control| row(dialog, control)).collect()
}

fn row(dialog: &Dialog, control: &Control) -> Vec<Value> {
    let (x, y, width, height) = control.place;
    let some = |value: &str| if value.is_empty() { Value::Null } else { text(value) };
    vec![
        text(dialog.name),
        text(control.name),
        text(control.kind.name()),
        int(x),
        int(y),
        int(width),
        int(height),
        int(control.attributes()),
        control.property.map_or(Value::Null, text),
        some(&control.text),
        next(dialog, control).map_or(Value::Null, text),
        Value::Null,
    ]
}

/// Where the Tab key goes from here: round all that can have the focus, in the order in which they are described.
fn next(dialog: &Dialog, control: &Control) -> Option<&'static str> {
    if !control.kind.is_tab_stop() {
        return None;
    }
    let mut stops = dialog.controls.iter().filter(|other| other.kind.is_tab_stop());
    let first = stops.clone().next()?;
    stops.find(|other| other.name == control.name);
    Some(stops.next().unwrap_or(first).name)
}

fn conditions(dialog: &Dialog) -> Vec<Vec<Value>> {
    let shown = dialog.controls.iter().filter_map(|control| Some((control, control.shown_if.as_ref()?)));
    shown
        .map(|(control, condition)| {
            vec![text(dialog.name), text(control.name), text("Show"), text(condition)]
        })
        .collect()
}

fn events(dialog: &Dialog) -> Vec<Vec<Value>> {
    let pairs =
        dialog.controls.iter().flat_map(|control| control.events.iter().map(move |e| (control, e)).zip(1..));
    pairs
        .map(|((control, event), order)| {
            let condition = event.condition.as_deref().unwrap_or("1");
            vec![
                text(dialog.name),
                text(control.name),
                text(event.name),
                text(event.argument),
                text(condition),
                int(order),
            ]
        })
        .collect()
}

fn mappings(dialog: &Dialog) -> Vec<Vec<Value>> {
    let shown = dialog.controls.iter().filter_map(|control| Some((control, control.shows?)));
    shown
        .map(|(control, event)| {
            let attribute = if control.kind == Kind::ProgressBar { "Progress" } else { "Text" };
            vec![text(dialog.name), text(control.name), text(event), text(attribute)]
        })
        .collect()
}

fn style(name: &str, size: i32, bits: i32) -> Vec<Value> {
    vec![text(name), text("Tahoma"), int(size), Value::Null, int(bits)]
}

/// Units that Windows Installer asks for by name.
fn ui_texts() -> Rows {
    [("bytes", "bytes"), ("KB", "KB"), ("MB", "MB"), ("GB", "GB")]
        .into_iter()
        .map(|(key, value)| vec![text(key), text(value)])
        .collect()
}
