//! What the agent learned since its configuration was saved. All of it can be lost without harm.

use super::{V2, envelope};
use crate::Sid;
use crate::ports::{StateValue, Stored};
use crate::services::Services;
use protocol::encoding::Sha256;
use protocol::id::MachineId;
use protocol::keys::KeyList;
use protocol::v2::{Mode, Settings};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Stands in the registry value [`StateValue::Learned`].
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Learned {
    /// Of which configuration this is ([`super::Configuration::id`]); what another one learned is
    /// dropped.
    pub machine: Option<MachineId>,
    /// The newest key list.
    pub key_list: Option<KeyList>,
    /// The newest mode and approval.
    pub settings: Option<Settings>,
    /// The TLS key that each address showed in its last authentic exchange.
    pub tls_seen: BTreeMap<String, Sha256>,
    /// The highest time that the server ever signed, Unix seconds.
    pub highest_server_time: i64,
    /// The trasa id that worked last, by account.
    pub trasa_ids: BTreeMap<Sid, String>,
    /// Codes of notices for the next report. Whoever finds a fault also mends it, so the report would
    /// not find it any more.
    pub notices: std::collections::BTreeSet<String>,
    /// Starts in safe mode that the server knows of, by their time. `None` before the first report: what
    /// happened before TRASA came is not told.
    pub safe_mode_told: Option<std::collections::BTreeSet<i64>>,
    /// Standing faults that the server knows of, by their codes.
    pub standing_told: std::collections::BTreeSet<String>,
}

impl Learned {
    /// Most trasa ids that are kept.
    const MAX_TRASA_IDS: usize = 200;

    /// Reads what this configuration learned. A copy that is missing, loose or broken is no copy.
    #[must_use]
    pub fn read(services: &Services, machine: MachineId) -> Self {
        let stored = match services.registry.read(StateValue::Learned) {
            Stored::Bytes(bytes) => envelope::open::<Self>(&bytes),
            Stored::Missing | Stored::Loose | Stored::Unreadable(_) => None,
        };
        stored
            .filter(|learned| learned.machine == Some(machine))
            .unwrap_or_else(|| Self { machine: Some(machine), ..Self::default() })
    }

    /// Writes it. A failure is no reason to refuse anybody.
    pub fn write(&self, services: &Services) {
        if let Ok(bytes) = envelope::wrap(self) {
            let _ = services.registry.write(StateValue::Learned, &bytes);
        }
    }

    /// Brings what one user of this changed (from `before` to `after`) into what is written down now:
    /// the report task and several tiles learn side by side, and none may undo another's news.
    #[must_use]
    pub fn merged(self, before: &Self, after: Self) -> Self {
        fn newer<T: PartialEq>(stored: T, before: &T, after: T) -> T {
            if after == *before { stored } else { after }
        }
        let mut tls_seen = self.tls_seen;
        tls_seen.extend(after.tls_seen.into_iter().filter(|(at, key)| before.tls_seen.get(at) != Some(key)));
        let mut trasa_ids = self.trasa_ids;
        trasa_ids
            .extend(after.trasa_ids.into_iter().filter(|(sid, id)| before.trasa_ids.get(sid) != Some(id)));
        Self {
            machine: after.machine,
            key_list: newer(self.key_list, &before.key_list, after.key_list),
            settings: newer(self.settings, &before.settings, after.settings),
            tls_seen,
            highest_server_time: self.highest_server_time.max(after.highest_server_time),
            trasa_ids,
            notices: newer(self.notices, &before.notices, after.notices),
            standing_told: newer(self.standing_told, &before.standing_told, after.standing_told),
            safe_mode_told: newer(self.safe_mode_told, &before.safe_mode_told, after.safe_mode_told),
        }
    }

    /// Reads, merges and writes. Nothing is written where nothing changed.
    pub fn update(services: &Services, before: &Self, after: Self) -> Self {
        let Some(machine) = after.machine else { return after };
        let stored = Self::read(services, machine);
        let merged = stored.clone().merged(before, after);
        if merged != stored {
            merged.write(services);
        }
        merged
    }

    /// Remembers the trasa id that worked for an account.
    pub fn remember(&mut self, sid: Sid, trasa_id: String) {
        if self.trasa_ids.len() >= Self::MAX_TRASA_IDS && !self.trasa_ids.contains_key(&sid) {
            self.trasa_ids.pop_first();
        }
        self.trasa_ids.insert(sid, trasa_id);
    }

    /// The key list to trust.
    #[must_use]
    pub fn key_list<'a>(&'a self, admission: &'a V2) -> &'a KeyList {
        self.key_list.as_ref().unwrap_or(&admission.key_list)
    }

    /// Mode and approval.
    #[must_use]
    pub fn settings<'a>(&'a self, admission: &'a V2) -> &'a Settings {
        self.settings.as_ref().unwrap_or(&admission.settings)
    }

    /// Whether the service only watches, at `now` (Unix seconds by this machine's clock). Ends at
    /// the cached end without news; a clock that was set back does not prolong it.
    #[must_use]
    pub fn is_watching(&self, admission: &V2, now: i64) -> bool {
        let settings = self.settings(admission);
        settings.mode == Mode::Watch
            && settings.mode_until.is_some_and(|until| now.max(self.highest_server_time) < until)
    }
}
