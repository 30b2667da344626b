//! Arming that waits: an unattended installation wants to be armed as soon as the server approved
//! the machine and the check passes. The wish is written down here and carried out by the report
//! task; it is dropped by arming, by disarming, and by whoever does not want it any more.

use crate::config::envelope;
use crate::ports::{StateValue, Stored, WriteFailed};
use crate::services::Services;
use serde::{Deserialize, Serialize};

/// The wish. Stands in the registry value [`StateValue::PendingArm`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PendingArm {
    /// Arm although no local administrator is an offline user.
    pub without_offline_user: bool,
    /// With a probation.
    pub probation: bool,
    /// Since when it waits, Unix seconds.
    pub since: i64,
    /// What was in the way last: a code, and sentences.
    pub waits_for: (String, String),
}

/// The wish, where there is one. One that others could have written is none: it would arm.
#[must_use]
pub fn read(services: &Services) -> Option<PendingArm> {
    let Stored::Bytes(bytes) = services.registry.read(StateValue::PendingArm) else { return None };
    envelope::open(&bytes)
}

/// Writes it down.
///
/// # Errors
/// [`WriteFailed`]: nothing waits then.
pub fn write(services: &Services, pending: &PendingArm) -> Result<(), WriteFailed> {
    // JSON of plain values cannot fail; 87 is "invalid parameter".
    let bytes = envelope::wrap(pending).map_err(|_| WriteFailed { code: 87 })?;
    services.registry.write(StateValue::PendingArm, &bytes)
}

/// Nothing waits any more.
pub fn drop_it(services: &Services) {
    if services.registry.read(StateValue::PendingArm) != Stored::Missing {
        let _ = services.registry.remove(StateValue::PendingArm);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::{PendingArm, drop_it, read, write};
    use crate::ports::StateValue;
    use crate::testing::World;

    #[test]
    fn a_wish_that_others_could_have_written_is_none() {
        let world = World::new();
        let wish = PendingArm {
            without_offline_user: false,
            probation: false,
            since: 7,
            waits_for: ("machine_waiting".to_owned(), "It waits.".to_owned()),
        };
        assert_eq!(read(&world.services), None);
        write(&world.services, &wish).unwrap();
        assert_eq!(read(&world.services), Some(wish));
        world.registry.loose.lock().unwrap().insert(StateValue::PendingArm);
        assert_eq!(read(&world.services), None);
        drop_it(&world.services);
        world.registry.loose.lock().unwrap().clear();
        assert_eq!(read(&world.services), None);
    }
}
