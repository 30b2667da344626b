//! `trasa-server restore`.

use super::{Console, Failure};
use crate::backup;
use crate::clock;
use crate::keys::recovery;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};

/// Arguments of `restore`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The backup.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The recovery key that `init` wrote.
    #[arg(long, value_name = "FILE")]
    recovery_key: PathBuf,
    /// A later `audit export`: names what was revoked after the backup was made.
    #[arg(long, value_name = "FILE")]
    audit: Option<PathBuf>,
}

/// Verbs of audit kinds that took something away from somebody.
const REVOKING: [&str; 8] =
    ["revoke", "disable", "remove", "delete", "release", "rotate_key", "rotate", "deny_v1"];

#[derive(serde::Serialize)]
struct Answer {
    data: PathBuf,
    #[serde(flatten)]
    restored: backup::Restored,
    undone: Option<Vec<serde_json::Value>>,
}

pub(super) async fn run(arguments: Arguments, at: &Console) -> Result<(), Failure> {
    let recovery = recovery::read(&arguments.recovery_key, None)?;
    let restored = backup::restore(&arguments.file, at.data(), recovery, at.actor(), clock::now()).await?;
    let undone = match &arguments.audit {
        Some(file) => {
            Some(revocations(file, restored.last_row).map_err(|error| Failure::file(file, &error))?)
        }
        None => None,
    };
    let answer = Answer { data: at.data().to_owned(), restored, undone };
    let text = describe(&answer);
    at.show(&answer, &text)
}

fn describe(answer: &Answer) -> String {
    let restored = &answer.restored;
    let voided = &restored.voided;
    let time =
        jiff::Timestamp::from_second(restored.backup_time).map(|time| time.to_string()).unwrap_or_default();
    let mut text = format!(
        "Restored {} as of {time}.\n\
         Voided: the one-time codes of {} devices up to now, {} waiting logons.\n\
         The server has a new signing key (epoch {}); agents follow by themselves.\n",
        answer.data.display(),
        voided.devices,
        voided.pending_logons,
        restored.epoch
    );
    match &answer.undone {
        Some(undone) if undone.is_empty() => text.push_str("Nothing was revoked after the backup.\n"),
        Some(undone) => {
            text.push_str("Undone by the restore; do it again:\n");
            for row in undone {
                let field = |name: &str| row.get(name).and_then(serde_json::Value::as_str).unwrap_or_default();
                text.push_str(&format!("  {} {} by {}\n", field("kind"), field("subject"), field("actor")));
            }
        }
        None => text.push_str(&format!(
            "What was revoked after that time is not revoked now. Look through the {} approved machines, {} enabled \
             users, {} accesses, {} tokens and {} services that serve original agents, or restore with --audit and a later export to have it named.\n",
            voided.approved_machines, voided.enabled_users, voided.accesses, voided.tokens, voided.v1_services
        )),
    }
    text
}

/// Rows of an export after `last_row` that revoked something.
fn revocations(file: &Path, last_row: i64) -> std::io::Result<Vec<serde_json::Value>> {
    let mut rows = Vec::new();
    for line in BufReader::new(std::fs::File::open(file)?).lines() {
        let Ok(row) = serde_json::from_str::<serde_json::Value>(&line?) else { continue };
        let number = row.get("number").and_then(serde_json::Value::as_i64).unwrap_or(0);
        let kind = row.get("kind").and_then(serde_json::Value::as_str).unwrap_or_default();
        let verb = kind.split_once('.').map_or("", |(_, verb)| verb);
        if number > last_row && REVOKING.contains(&verb) {
            rows.push(row);
        }
    }
    Ok(rows)
}
