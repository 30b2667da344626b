//! The clocks of the world: what the machine's clocks say, plus what scripts added.

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::Duration;

/// Hundreds of nanoseconds, the unit of Windows' clocks.
pub type Ticks = i64;

/// Offsets against the machine's clocks. One for the whole process, shared by all threads.
#[derive(Debug, Default)]
pub struct Clock {
    /// Wall clock.
    wall: AtomicI64,
    /// Time since the start of the machine, sleep included.
    uptime: AtomicI64,
    /// The same without sleep.
    awake: AtomicI64,
    /// Sleeping and timed waiting cost nothing and advance the offsets.
    is_virtual: AtomicBool,
}

/// A duration in Windows' unit; very long ones are cut.
pub fn ticks(duration: Duration) -> Ticks {
    Ticks::try_from(duration.as_nanos() / 100).unwrap_or(Ticks::MAX / 4)
}

impl Clock {
    /// Time passes for everybody.
    pub fn advance(&self, by: Duration) {
        let by = ticks(by);
        self.wall.fetch_add(by, Ordering::SeqCst);
        self.uptime.fetch_add(by, Ordering::SeqCst);
        self.awake.fetch_add(by, Ordering::SeqCst);
    }

    /// The machine sleeps.
    pub fn suspend(&self, by: Duration) {
        let by = ticks(by);
        self.wall.fetch_add(by, Ordering::SeqCst);
        self.uptime.fetch_add(by, Ordering::SeqCst);
    }

    /// Somebody sets the wall clock, forwards or backwards.
    pub fn set_wall(&self, by: Ticks) {
        self.wall.fetch_add(by, Ordering::SeqCst);
    }

    /// The machine has been up for `by` longer than it has.
    pub fn add_uptime(&self, by: Ticks) {
        self.uptime.fetch_add(by, Ordering::SeqCst);
        self.awake.fetch_add(by, Ordering::SeqCst);
    }

    /// Offset of the wall clock.
    pub fn wall(&self) -> Ticks {
        self.wall.load(Ordering::SeqCst)
    }

    /// Offset of the clocks that count sleep.
    pub fn uptime(&self) -> Ticks {
        self.uptime.load(Ordering::SeqCst)
    }

    /// Offset of the clocks that do not.
    pub fn awake(&self) -> Ticks {
        self.awake.load(Ordering::SeqCst)
    }

    /// Whether waiting is virtual.
    pub fn is_virtual(&self) -> bool {
        self.is_virtual.load(Ordering::SeqCst)
    }

    /// Makes waiting virtual, or real.
    pub fn set_virtual(&self, on: bool) {
        self.is_virtual.store(on, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_clock_counts_what_it_should() {
        let clock = Clock::default();
        clock.advance(Duration::from_secs(1));
        clock.suspend(Duration::from_secs(2));
        clock.set_wall(-ticks(Duration::from_secs(5)));
        let seconds = |it: Ticks| it / 10_000_000;
        assert_eq!((seconds(clock.wall()), seconds(clock.uptime()), seconds(clock.awake())), (-2, 3, 1));
    }
}
