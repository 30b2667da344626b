//! Time and randomness.

use core::time::Duration;

/// Names one run of Windows, from start to shut-down. Different after each restart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BootId(pub String);

/// Two clocks: one that people set, one that nobody can.
pub trait Clock: Send + Sync {
    /// Seconds since 1970 by the system clock, which may be wrong.
    fn unix_seconds(&self) -> i64;

    /// Time since the machine started, sleep included (GetTickCount64 counts it). Never goes back.
    fn ticks(&self) -> Duration;

    /// This run of Windows.
    fn boot_id(&self) -> BootId;

    /// Waits; a fake clock moves on instead.
    fn sleep(&self, time: Duration);
}

/// The system gave no random bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the system gave no random bytes")]
pub struct RandomFailed;

/// The system's generator.
pub trait Random: Send + Sync {
    /// Fills `bytes`.
    ///
    /// # Errors
    /// [`RandomFailed`]; `bytes` must not be used then.
    fn fill(&self, bytes: &mut [u8]) -> Result<(), RandomFailed>;
}
