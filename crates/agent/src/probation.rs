//! Probation: the time after arming by hand in which the agent takes itself back if it locks out
//! those whose password is right.
//!
//! It ends, armed, with the first account that passes the real tile by the server's allow (a pass in
//! watch mode is none), or after 24 hours. A start of Windows in which a verified password was
//! refused counts; after the second such start the report task disarms. It is a window, and it is
//! told to the server as one.

use crate::config::envelope;
use crate::ports::{StateValue, Stored, WriteFailed};
use crate::services::Services;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// How long it lasts at most, in seconds.
pub const LIMIT_SECS: i64 = 24 * 60 * 60;
/// So many starts with a refusal end it disarmed.
const REFUSED_STARTS: usize = 2;

/// Stands in the registry value [`StateValue::Probation`] while it lasts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Probation {
    /// When it began and when it ends, Unix seconds by this machine's clock.
    began: i64,
    until: i64,
    /// Starts of Windows in which a verified password was refused.
    refused_starts: BTreeSet<String>,
}

/// How it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// There is none, or it is over.
    None,
    /// It lasts until then, Unix seconds.
    Until(i64),
    /// Those whose password is right were locked out twice: disarm.
    LockedOut,
}

/// Begins. Called after arming by hand.
///
/// # Errors
/// [`WriteFailed`]: there is no probation then.
pub fn begin(services: &Services) -> Result<(), WriteFailed> {
    let began = services.clock.unix_seconds();
    let probation =
        Probation { began, until: began.saturating_add(LIMIT_SECS), refused_starts: BTreeSet::new() };
    write(services, &probation)
}

/// How it stands now. A clock outside of the day of probation ends it: it is a window, so doubt
/// closes it.
#[must_use]
pub fn standing(services: &Services) -> Standing {
    match read(services) {
        None => Standing::None,
        Some(probation) if probation.refused_starts.len() >= REFUSED_STARTS => Standing::LockedOut,
        Some(probation) => Standing::Until(probation.until),
    }
}

/// An account passed by the server's allow, or the agent was disarmed: over.
pub fn end(services: &Services) {
    if services.registry.read(StateValue::Probation) != Stored::Missing {
        let _ = services.registry.remove(StateValue::Probation);
    }
}

/// A verified password was refused in this start of Windows.
pub(crate) fn refused(services: &Services) {
    if let Some(mut probation) = read(services)
        && probation.refused_starts.insert(services.clock.boot_id().0)
    {
        let _ = write(services, &probation);
    }
}

fn read(services: &Services) -> Option<Probation> {
    let Stored::Bytes(bytes) = services.registry.read(StateValue::Probation) else { return None };
    let now = services.clock.unix_seconds();
    envelope::open::<Probation>(&bytes).filter(|p| (p.began..p.until).contains(&now))
}

fn write(services: &Services, probation: &Probation) -> Result<(), WriteFailed> {
    // JSON of plain values cannot fail; 87 is "invalid parameter".
    let bytes = envelope::wrap(probation).map_err(|_| WriteFailed { code: 87 })?;
    services.registry.write(StateValue::Probation, &bytes)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use super::{LIMIT_SECS, Standing, begin, standing};
    use crate::config::{self, State};
    use crate::ports::Never;
    use crate::report::{Facts, report};
    use crate::testing::{Tile, World};
    use core::time::Duration;
    use protocol::reason::Reason;

    fn armed() -> World {
        let world = World::new();
        world.arm(&["anna"], false);
        begin(&world.services).unwrap();
        world.server.script(|_, request, server| server.deny(request, Reason::NotPermitted));
        world
    }

    fn try_once(world: &World, password: &str) {
        let _ = Tile::open(world).log_on("bat", password, "bat", "287082");
    }

    /// Reports to a server that answers nothing but reports, then says what became of the state.
    fn state_after_report(world: &World) -> State {
        world.server.unscript();
        report(&world.services, &Facts::default(), &Never).expect("answered");
        world.server.script(|_, request, server| server.deny(request, Reason::NotPermitted));
        config::load(&world.services).state
    }

    #[test]
    fn two_starts_that_lock_out_disarm() {
        let world = armed();
        for _ in 0..5 {
            try_once(&world, "right");
        }
        assert_eq!(state_after_report(&world), State::Armed, "one start, however often");
        world.clock.restart("second");
        try_once(&world, "wrong");
        assert_eq!(state_after_report(&world), State::Armed, "a wrong password is no lock-out");
        try_once(&world, "right");
        assert_eq!(standing(&world.services), Standing::LockedOut);
        assert_eq!(state_after_report(&world), State::Verified);
        assert_eq!(standing(&world.services), Standing::None);
        assert!(world.log().iter().any(|line| line.contains("no longer guards")));
        let requests = world.server.requests.lock().unwrap();
        let (_, last) = requests.last().unwrap();
        assert!(String::from_utf8_lossy(&last.body).contains("probation_disarmed"), "the server alarms");
    }

    #[test]
    fn the_first_allow_ends_it_armed() {
        let world = armed();
        try_once(&world, "right");
        world.server.script(|_, request, server| server.allow(request));
        try_once(&world, "right");
        assert_eq!(standing(&world.services), Standing::None);
        world.server.script(|_, request, server| server.deny(request, Reason::NotPermitted));
        for start in ["second", "third"] {
            world.clock.restart(start);
            try_once(&world, "right");
        }
        assert_eq!(state_after_report(&world), State::Armed);
    }

    #[test]
    fn it_ends_armed_after_a_day_and_when_the_clock_goes_back() {
        let world = armed();
        let until = world.services.clock.unix_seconds() + LIMIT_SECS;
        assert_eq!(standing(&world.services), Standing::Until(until));
        *world.clock.unix.lock().unwrap() -= 10;
        assert_eq!(standing(&world.services), Standing::None);
        *world.clock.unix.lock().unwrap() += 10;
        world.clock.advance(Duration::from_secs(u64::try_from(LIMIT_SECS).unwrap()));
        assert_eq!(standing(&world.services), Standing::None);
        for start in ["second", "third"] {
            world.clock.restart(start);
            try_once(&world, "right");
        }
        assert_eq!(state_after_report(&world), State::Armed);
    }

    #[test]
    fn a_pass_in_watch_or_offline_is_none() {
        let world = armed();
        world.server.script(|_, request, server| {
            crate::testing::Reply::Signed(protocol::v2::Answer::Decision(server.decision(
                request,
                protocol::v2::DecisionResult::Allow,
                Reason::Watch,
            )))
        });
        try_once(&world, "right");
        world.server.script(|_, _, _| crate::testing::Reply::Fails(crate::ports::TransportError::Connect));
        assert!(Tile::open(&world).log_on("anna", "right", "anna", "287082").is_some());
        assert!(matches!(standing(&world.services), Standing::Until(_)));
    }
}
