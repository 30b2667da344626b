//! The offline rule, and the record that is on disk before anybody passes by it.

use crate::account::Account;
use crate::config::OfflineList;
use crate::ports::{ProtectedFile, Stored};
use crate::proof::{Basis, Binding, Proof};
use crate::services::Services;
use protocol::id::LogonId;
use protocol::v2::{OfflineLogon, Session};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Which rule lets an account pass where there is no decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// It is listed.
    Listed,
    /// The service only watches.
    Watch,
}

impl Rule {
    /// As the report says it.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Listed => "offline_rule",
            Self::Watch => "watch",
        }
    }
}

/// The offline rule of the manual, for an account about which nobody gave a decision: listed
/// accounts pass, and in watch mode everybody. `None`: refused.
#[must_use]
pub fn rule(account: &Account, list: &OfflineList, watching: bool) -> Option<Rule> {
    if list.lists(account) {
        Some(Rule::Listed)
    } else if watching {
        Some(Rule::Watch)
    } else {
        None
    }
}

/// The record could not be written, so nobody passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the offline logon could not be recorded")]
pub struct NotRecorded;

/// Writes the record and only then makes the proof.
///
/// # Errors
/// [`NotRecorded`]: a logon that nobody would ever hear of is none.
pub(crate) fn admit(
    services: &Services,
    binding: &Binding,
    remote: bool,
    rule: Rule,
    cause: &str,
) -> Result<Proof, NotRecorded> {
    let mut id = [0; 16];
    services.random.fill(&mut id).map_err(|_| NotRecorded)?;
    let logon = OfflineLogon {
        id: LogonId::new(id),
        account: binding.account.to_wire(),
        scenario: binding.scenario,
        session: if remote { Session::Remote } else { Session::Console },
        rule: rule.code().to_owned(),
        cause: cause.to_owned(),
        time: services.clock.unix_seconds(),
    };
    append(services, &Line::Logon(logon))?;
    let basis = match rule {
        Rule::Listed => Basis::OfflineRule,
        Rule::Watch => Basis::Watch,
    };
    Ok(Proof::new(binding.clone(), basis, services.clock.ticks()))
}

/// A line of `offline-log.jsonl`. The file is only ever appended to while a tile may write, so that
/// report and tile cannot lose each other's lines.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Line {
    /// Somebody passed.
    Logon(OfflineLogon),
    /// These are durable at the server.
    Received(Vec<LogonId>),
}

fn append(services: &Services, line: &Line) -> Result<(), NotRecorded> {
    let text = serde_json::to_string(line).map_err(|_| NotRecorded)?;
    services.files.append(ProtectedFile::OfflineLog, &text).map_err(|_| NotRecorded)
}

/// The records that the server has not confirmed yet, oldest first.
#[must_use]
pub fn unreported(services: &Services) -> Vec<OfflineLogon> {
    match services.files.read(ProtectedFile::OfflineLog) {
        Stored::Bytes(bytes) => unconfirmed(&bytes),
        Stored::Missing | Stored::Loose | Stored::Unreadable(_) => Vec::new(),
    }
}

/// A line that cannot be read (a power failure cut it off) is passed over; the others count.
fn unconfirmed(bytes: &[u8]) -> Vec<OfflineLogon> {
    let mut logons: Vec<OfflineLogon> = Vec::new();
    let mut received = BTreeSet::new();
    for line in bytes.split(|b| *b == b'\n') {
        match serde_json::from_slice(line) {
            Ok(Line::Logon(logon)) => logons.push(logon),
            Ok(Line::Received(ids)) => received.extend(ids),
            Err(_) => {}
        }
    }
    let mut seen = BTreeSet::new();
    logons.retain(|logon| !received.contains(&logon.id) && seen.insert(logon.id));
    logons
}

/// Notes what the server confirmed, so that it is sent no more. A long file without anything left
/// to send is removed.
pub fn confirm(services: &Services, received: &[LogonId]) {
    const LONG_BYTES: usize = 256 * 1024;
    let ours: Vec<_> = unreported(services).into_iter().map(|logon| logon.id).collect();
    let confirmed: Vec<_> = received.iter().copied().filter(|id| ours.contains(id)).collect();
    if confirmed.is_empty() || append(services, &Line::Received(confirmed)).is_err() {
        return;
    }
    if let Stored::Bytes(bytes) = services.files.read(ProtectedFile::OfflineLog)
        && bytes.len() > LONG_BYTES
        && unconfirmed(&bytes).is_empty()
    {
        let _ = services.files.remove(ProtectedFile::OfflineLog);
    }
}
