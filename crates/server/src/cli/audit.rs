//! `trasa-server audit`.

use super::{Console, Failure};
use crate::audit::Row;
use crate::audit::chain::{Check, Gap, Segment};
use crate::keys::VerifyingKey;
use crate::store::{OrganisationId, Read, StoreError};
use protocol::encoding::Sha256;
use std::collections::HashMap;
use std::io::{self, Write as _};

/// What to do with the audit.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Show rows, newest first.
    List {
        /// How many.
        #[arg(long, default_value_t = 100)]
        most: usize,
        /// Only rows of this kind, such as logon or alarm.
        #[arg(long)]
        kind: Option<String>,
    },
    /// Write every row, oldest first, as JSON lines; the last line holds the signed head.
    Export,
    /// Compute every segment again and name what is missing or altered.
    Verify,
}

/// Rows and segments that are handled at once, which bounds memory.
const PAGE: usize = 1000;

pub(super) async fn run(command: Command, at: &Console) -> Result<(), Failure> {
    match command {
        Command::List { most, kind } => list(most, kind, at).await,
        Command::Export => export(at).await,
        Command::Verify => verify(at).await,
    }
}

async fn list(most: usize, kind: Option<String>, at: &Console) -> Result<(), Failure> {
    let store = at.open()?;
    let rows = store
        .scan(move |read| read.newest_audit_rows(OrganisationId::DEFAULT, kind.as_deref(), most))
        .await?;
    let text = rows.iter().map(line).collect::<String>();
    at.show(&rows, &text)
}

fn line(row: &Row) -> String {
    let time = jiff::Timestamp::from_second(row.time).map(|time| time.to_string()).unwrap_or_default();
    // Details are JSON, which escapes control characters; the rest is ours.
    format!(
        "{:>8} {time} {:<20} {} {} {}\n",
        row.number,
        row.kind,
        row.actor,
        row.subject,
        printable(&row.details)
    )
}

/// Names may hold characters that turn a terminal's text around.
pub(super) fn printable(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{7f}'..='\u{9f}' => c.escape_unicode().to_string(),
            c => c.to_string(),
        })
        .collect()
}

async fn export(at: &Console) -> Result<(), Failure> {
    let organisation = OrganisationId::DEFAULT;
    let store = at.open()?;
    let output = |error: io::Error| Failure::refused("output", error.to_string());
    let json = |error: serde_json::Error| Failure::refused("output", error.to_string());
    // The head first: rows that come while it runs lie beyond it.
    let head = store.scan(move |read| read.last_segment(organisation)).await?;
    let mut out = io::BufWriter::new(io::stdout());
    let mut after = 0;
    loop {
        let rows = store.scan(move |read| read.audit_rows(organisation, after, i64::MAX, PAGE)).await?;
        let Some(last) = rows.last() else { break };
        after = last.number;
        for row in &rows {
            serde_json::to_writer(&mut out, row).map_err(json)?;
            out.write_all(b"\n").map_err(output)?;
        }
    }
    serde_json::to_writer(&mut out, &serde_json::json!({ "head": head })).map_err(json)?;
    out.write_all(b"\n").map_err(output)?;
    out.flush().map_err(output)
}

#[derive(serde::Serialize)]
struct Verified {
    segments: i64,
    rows: i64,
    head: Sha256,
    open_rows: usize,
    gaps: Vec<Gap>,
}

async fn verify(at: &Console) -> Result<(), Failure> {
    let store = at.open()?;
    let verified = store.scan(|read| check(read, OrganisationId::DEFAULT)).await?;
    let mut text = format!(
        "{} segments, {} rows, {} rows not closed yet\nHead {}\n",
        verified.segments, verified.rows, verified.open_rows, verified.head
    );
    for gap in &verified.gaps {
        text.push_str(&gap.message);
        text.push('\n');
    }
    at.show(&verified, &text)?;
    match verified.gaps.as_slice() {
        [] => Ok(()),
        [only] => Err(Failure::refused("audit_gap", only.message.clone())),
        [first, ..] => {
            let more = verified.gaps.len() - 1;
            Err(Failure::refused("audit_gap", format!("{}, and {more} more", first.message)))
        }
    }
}

fn check(read: &Read<'_>, organisation: OrganisationId) -> Result<Verified, StoreError> {
    // Only keys that the chain names, followed from the anchor: a row slipped into a table is no key.
    let known = crate::keys::listed(&read.anchor(organisation)?, &read.key_chain(organisation)?)
        .map_err(|error| StoreError::refused("keys_damaged", error.to_string()))?;
    let keys: HashMap<Sha256, VerifyingKey> =
        known.iter().map(|key| (key.fingerprint(), VerifyingKey::new(key))).collect();
    let mut check = Check::new(organisation, |id| keys.get(id).cloned());
    let (mut segments, mut rows) = (0, 0);
    let mut after = 0;
    loop {
        let page = read.segments(organisation, after, 100)?;
        let Some(last) = page.last() else { break };
        after = last.number;
        for segment in &page {
            check_segment(read, organisation, segment, &mut check)?;
            segments += 1;
            rows += segment.row_count;
        }
    }
    for (first, last) in read.missing_audit_rows()? {
        check.missing(first, last);
    }
    let open = read.audit_rows(organisation, check.last_row(), i64::MAX, usize::MAX)?;
    Ok(Verified { segments, rows, head: check.head(), open_rows: open.len(), gaps: check.gaps })
}

fn check_segment<F: Fn(&Sha256) -> Option<VerifyingKey>>(
    read: &Read<'_>,
    organisation: OrganisationId,
    segment: &Segment,
    check: &mut Check<VerifyingKey, F>,
) -> Result<(), StoreError> {
    for stray in read.audit_rows(organisation, check.last_row(), segment.first_row - 1, PAGE)? {
        check.stray(stray.number);
    }
    let rows = read.audit_rows(organisation, segment.first_row - 1, segment.last_row, usize::MAX)?;
    check.segment(segment, &rows);
    Ok(())
}
