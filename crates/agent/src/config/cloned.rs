//! A cloned image: Windows gave the machine another SID, and with it every local account.

use super::{Configuration, envelope};
use crate::Sid;
use crate::account::{AccountKind, KnownAccount, LOOKUP_LIMIT, same_name};
use crate::ports::{MachineFacts, ProtectedFile, Stored};
use crate::services::Services;

/// Brings the offline users of the image to the clone, where the local accounts have the number and
/// the name that they had, but another machine's SID before it. Somebody else under the same number (a
/// new Windows with an old file) is nobody who was listed, and where Windows cannot say who it is,
/// nobody is taken over.
pub(super) fn follow(services: &Services, users: &mut [KnownAccount], machine: &MachineFacts) {
    let Stored::Bytes(bytes) = services.files.read(ProtectedFile::Agent) else { return };
    let image = envelope::open::<Configuration>(&bytes).and_then(|configuration| configuration.machine_sid);
    let (Some(image), Some(clone)) = (image, &machine.machine_sid) else { return };
    for user in users.iter_mut().filter(|user| user.account.kind == AccountKind::Local) {
        let account = &mut user.account;
        let number = account.sid.as_ref().and_then(|sid| sid.number_under(&image));
        let Some(sid) = number.and_then(|number| Sid::parse(&format!("{clone}-{number}")).ok()) else {
            continue;
        };
        let found = services.lookup.by_sid(&sid, LOOKUP_LIMIT);
        if found.is_ok_and(|found| found.is_user && same_name(&found.name, &account.name)) {
            account.sid = Some(sid);
            account.domain.clone_from(&machine.netbios_name);
        }
    }
}
