//! Calls that wait for a logon's end.

use protocol::id::{LogonId, MachineId};
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// The logons that calls of this process wait for. Memory for each, no thread and no timer.
#[derive(Debug, Default)]
pub struct Waiting {
    bells: Mutex<HashMap<(MachineId, LogonId), Arc<Notify>>>,
}

/// A call's place among those who wait; leaving it out of sight takes the bell down.
#[derive(Debug)]
pub struct Place<'a> {
    waiting: &'a Waiting,
    logon: (MachineId, LogonId),
    bell: Arc<Notify>,
}

impl Waiting {
    /// Takes a place. Take it before reading the store, so that no end is missed between the two.
    pub fn place(&self, machine: MachineId, logon: LogonId) -> Place<'_> {
        let logon = (machine, logon);
        let bell = Arc::clone(self.bells().entry(logon).or_default());
        Place { waiting: self, logon, bell }
    }

    /// The logon has ended: whoever waits for it looks again.
    pub fn ring(&self, machine: MachineId, logon: LogonId) {
        if let Some(bell) = self.bells().get(&(machine, logon)) {
            bell.notify_waiters();
        }
    }

    fn bells(&self) -> MutexGuard<'_, HashMap<(MachineId, LogonId), Arc<Notify>>> {
        self.bells.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place<'_> {
    /// Completes when the bell rings after this call.
    pub fn rung(&self) -> tokio::sync::futures::Notified<'_> {
        self.bell.notified()
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut bells = self.waiting.bells();
        // One count is the map's, one is this place's.
        if let Entry::Occupied(entry) = bells.entry(self.logon)
            && Arc::strong_count(entry.get()) <= 2
        {
            entry.remove();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Waiting;
    use protocol::id::{LogonId, MachineId};

    #[tokio::test]
    async fn everybody_at_the_logon_is_woken_and_nothing_stays() {
        let waiting = Waiting::default();
        let (machine, logon) = (MachineId::new([1; 16]), LogonId::new([2; 16]));
        let (first, second) = (waiting.place(machine, logon), waiting.place(machine, logon));
        {
            let rung = (first.rung(), second.rung());
            waiting.ring(machine, LogonId::new([3; 16]));
            waiting.ring(machine, logon);
            tokio::join!(rung.0, rung.1);
        }
        drop(first);
        assert_eq!(waiting.bells().len(), 1);
        drop(second);
        assert!(waiting.bells().is_empty());
    }
}
