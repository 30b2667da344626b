//! The offline users: one list, two copies, the higher intact one wins.

use super::envelope;
use super::load::Notice;
use crate::account::{Account, KnownAccount};
use crate::ports::{Event, ProtectedFile, StateValue, Stored};
use crate::services::Services;
use serde::{Deserialize, Serialize};

/// Who passes when there is no decision. In clear, so that no lost key locks them out.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct OfflineList {
    /// Raised by one with each change; tells which of two intact copies is the newer.
    pub serial: u64,
    /// The users, resolved when the list was saved.
    pub users: Vec<KnownAccount>,
}

impl OfflineList {
    /// Whether the account is listed: by SID where both sides have one, else by every name.
    #[must_use]
    pub fn lists(&self, account: &Account) -> bool {
        self.users.iter().any(|user| user.account.is_same(account))
    }

    pub(super) fn to_bytes(&self) -> Result<Vec<u8>, serde_json::Error> {
        envelope::wrap(self)
    }
}

/// The list and what was found out about its copies. `None` where no copy is intact.
pub(super) fn read(services: &Services, notices: &mut Vec<Notice>) -> Option<OfflineList> {
    let file = intact(services.files.read(ProtectedFile::Offline));
    let registry = intact(services.registry.read(StateValue::OfflineCopy));
    if matches!(file, Err(Fault::Loose)) || matches!(registry, Err(Fault::Loose)) {
        notices.push(Notice::OfflineCopyLoose);
    }
    let best = match (&file, &registry) {
        (Ok(file), Ok(registry)) if registry.serial > file.serial => registry,
        (Ok(file), _) => file,
        (Err(_), Ok(registry)) => registry,
        (Err(_), Err(_)) => return None,
    };
    repair(services, best, (&file, &registry));
    Some(best.clone())
}

/// How the two copies stand, the file's and the registry's: the serial of an intact one, else what is
/// wrong with it as a clause. Mends nothing, unlike [`super::load`].
pub fn offline_copies(services: &Services) -> [Result<u64, &'static str>; 2] {
    let stands = |stored| intact(stored).map(|list| list.serial).map_err(Fault::text);
    [
        stands(services.files.read(ProtectedFile::Offline)),
        stands(services.registry.read(StateValue::OfflineCopy)),
    ]
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    Missing,
    Loose,
    Broken,
}

impl Fault {
    const fn text(self) -> &'static str {
        match self {
            Self::Missing => "it was missing",
            Self::Loose => "others could have changed it",
            Self::Broken => "it was damaged",
        }
    }
}

fn intact(stored: Stored) -> Result<OfflineList, Fault> {
    match stored {
        Stored::Bytes(bytes) => envelope::open(&bytes).ok_or(Fault::Broken),
        Stored::Loose => Err(Fault::Loose),
        Stored::Missing => Err(Fault::Missing),
        Stored::Unreadable(_) => Err(Fault::Broken),
    }
}

type Copy = Result<OfflineList, Fault>;

/// Rewrites a copy that is not the best one. Where that fails (the tile may run without the right),
/// the list is good all the same and the next reader tries again.
fn repair(services: &Services, best: &OfflineList, (file, registry): (&Copy, &Copy)) {
    let why = |copy: &Copy| match copy {
        Ok(list) if list == best => None,
        Ok(_) => Some("it was older"),
        Err(fault) => Some(fault.text()),
    };
    let Ok(bytes) = best.to_bytes() else { return };
    if let Some(why) = why(file)
        && services.files.write(ProtectedFile::Offline, &bytes).is_ok()
    {
        services.events.write(&Event::offline_copy_rewritten("file", why));
    }
    if let Some(why) = why(registry)
        && services.registry.write(StateValue::OfflineCopy, &bytes).is_ok()
    {
        services.events.write(&Event::offline_copy_rewritten("registry", why));
    }
}
