//! Lists for people: one line each, columns aligned. Programs read `--json`.

use comfy_table::Table;
use comfy_table::presets::NOTHING;

pub use crate::dates::instant;

/// A list for people; `empty` is said where there is nothing.
#[must_use]
pub fn table(headings: &[&str], rows: Vec<Vec<String>>, empty: &str) -> String {
    if rows.is_empty() {
        return empty.to_owned();
    }
    let mut table = Table::new();
    table.load_style(NOTHING).set_header(headings).add_rows(rows);
    table.trim_fmt()
}

/// An instant that may be missing.
#[must_use]
pub fn instant_or(unix_secs: Option<i64>, missing: &str) -> String {
    unix_secs.map_or_else(|| missing.to_owned(), instant)
}
